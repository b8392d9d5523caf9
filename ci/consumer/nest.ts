// The client in the container of NestJS: injected by its class, shared by all, closed with the application.
import 'reflect-metadata';
import { Inject, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LimitError, SmsClient } from '8x8-sms-guard';
import { createEmulator } from '8x8-sms-guard/testing';

const emulator = createEmulator();

@Injectable()
class Reminders implements OnApplicationShutdown {
  constructor(readonly sms: SmsClient) {}

  send(destination: string) {
    return this.sms.messages.send({ destination, text: 'See you at ten.' });
  }

  onApplicationShutdown(): Promise<void> {
    return this.sms.close();
  }
}

@Injectable()
class Receipts {
  @Inject(SmsClient) readonly sms!: SmsClient;
}

@Module({
  providers: [
    Reminders,
    Receipts,
    {
      provide: SmsClient,
      useFactory: async () =>
        new SmsClient({ apiKey: 'consumer-key', subAccountId: 'nest', fetch: emulator.fetch }),
    },
  ],
})
class AppModule {}

const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
const reminders = app.get(Reminders);
if (reminders.sms !== app.get(Receipts).sms || !(reminders.sms instanceof SmsClient)) {
  throw new Error('not one client for all');
}
for (let count = 1; count <= 7; count += 1) await reminders.send('+6591234567');
const refusal = await reminders.send('+6591234567').catch((error: unknown) => error);
if (!(refusal instanceof LimitError)) throw new Error('the guards do not work in the container');
await app.close();
const closed = await reminders.send('+6591234568').catch((error: unknown) => error);
if (!(closed instanceof Error)) throw new Error('the client was not closed with the application');
console.log('OK');
