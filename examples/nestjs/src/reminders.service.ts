import { Inject, Injectable } from '@nestjs/common';
import { GuardError, SmsClient } from '8x8-sms-guard';

@Injectable()
export class RemindersService {
  @Inject(SmsClient) private readonly sms!: SmsClient;

  /** Sends a reminder; gives the reason when a guard refuses it. */
  async remind(destination: string): Promise<string> {
    try {
      const { umid } = await this.sms.messages.send({ destination, text: 'See you at ten.' });
      return umid;
    } catch (error) {
      if (GuardError.isInstance(error)) return `${error.guard}: ${error.reason}`;
      throw error;
    }
  }
}
