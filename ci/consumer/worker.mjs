// The client is created in the global scope, where a Worker may not read a clock, start a timer or draw a random
// number.
import * as library from '8x8-sms-guard';
import * as audit from '8x8-sms-guard/audit';
import * as postgres from '8x8-sms-guard/postgres';
import * as redis from '8x8-sms-guard/redis';
import * as testing from '8x8-sms-guard/testing';
import * as webhooks from '8x8-sms-guard/webhooks';
import { countAlone, exercise, hearBack, keepConsent, keepRecords } from './exercise.mjs';

const emulator = testing.createEmulator();
const sms = new library.SmsClient({
  apiKey: 'consumer-key',
  subAccountId: 'global-scope',
  fetch: emulator.fetch,
});
const receiver = webhooks.createWebhookReceiver({ client: sms, authentication: 'none', handlers: {} });

export default {
  async fetch() {
    try {
      const sent = await sms.messages.send({ destination: '+6591234567', text: 'hi' });
      await exercise(library, testing, 'worker');
      await hearBack(library, testing, webhooks);
      await keepConsent(postgres);
      await keepRecords(library, testing, audit);
      await countAlone(library, testing, redis);
      const unknown = await receiver.handle(
        new Request('https://example.com', { method: 'POST', body: '{}' }),
      );
      if (unknown.status !== 200) throw new Error(`an unknown event was answered ${unknown.status}`);
      return new Response(sent.umid ? 'OK' : 'no umid');
    } catch (error) {
      return new Response(String(error.stack), { status: 500 });
    }
  },
};
