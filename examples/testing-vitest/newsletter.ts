import { ConsentError, type SmsClient } from '8x8-sms-guard';
import { createWebhookReceiver } from '8x8-sms-guard/webhooks';

/** Advertising for those who want it. The client is given, so that a test can give its own. */
export function createNewsletter(sms: SmsClient, webhookAuthorization: string) {
  const receiver = createWebhookReceiver({
    client: sms,
    authentication: { authorization: webhookAuthorization },
    // STOP and START are taken in before any handler runs.
    handlers: {},
  });
  return {
    /** The route for 8x8's webhooks. */
    handleWebhook: receiver.handle,
    /** Gives how many got it. */
    async publish(people: readonly string[], text: string): Promise<number> {
      let sent = 0;
      for (const destination of people) {
        try {
          await sms.messages.send({ destination, text, source: '+6580000001', purpose: 'marketing' });
          sent += 1;
        } catch (error) {
          if (!ConsentError.isInstance(error)) throw error;
        }
      }
      return sent;
    },
  };
}
