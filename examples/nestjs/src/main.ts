import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createEmulator } from '8x8-sms-guard/testing';
import { RemindersService } from './reminders.service.js';
import { SmsModule } from './sms.module.js';

// The emulator answers in place of 8x8. In production: `SmsModule.forRoot()`, and the variables in the environment.
@Module({
  imports: [SmsModule.forRoot({ apiKey: 'any', subAccountId: 'clinic', fetch: createEmulator().fetch })],
  providers: [RemindersService],
})
class AppModule {}

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'], abortOnError: false });
app.enableShutdownHooks();
const reminders = app.get(RemindersService);
console.log('sent', await reminders.remind('+6591234567'));
console.log('refused', await reminders.remind('+6512')); // phone: not a number that can receive SMS
await app.close();
