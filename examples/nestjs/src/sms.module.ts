import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { SmsClient, type SmsClientOptions } from '8x8-sms-guard';

/** Gives `SmsClient` to every provider that asks for it by its class, and closes it with the application. */
@Module({})
export class SmsModule implements OnApplicationShutdown {
  @Inject(SmsClient) private readonly sms!: SmsClient;

  static forRoot(options: SmsClientOptions = {}): DynamicModule {
    return {
      module: SmsModule,
      global: true,
      providers: [{ provide: SmsClient, useFactory: () => new SmsClient(options) }],
      exports: [SmsClient],
    };
  }

  onApplicationShutdown(): Promise<void> {
    return this.sms.close();
  }
}
