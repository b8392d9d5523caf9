import { SmsClient } from '8x8-sms-guard';

/** Reminds of an appointment. It makes its client itself, from the environment: its tests catch the requests with msw. */
export async function sendReminder(destination: string, time: string): Promise<string> {
  const sms = new SmsClient();
  const { umid } = await sms.messages.send({ destination, text: `See you at ${time}.` });
  return umid;
}
