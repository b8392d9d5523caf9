// The client stands in the global scope, where a Worker may not read a clock, start a timer or draw a random number.
import * as library from '8x8-sms-guard';
import * as testing from '8x8-sms-guard/testing';
import { exercise } from './exercise.mjs';

const emulator = testing.createEmulator();
const sms = new library.SmsClient({
  apiKey: 'consumer-key',
  subAccountId: 'global-scope',
  fetch: emulator.fetch,
});

export default {
  async fetch() {
    try {
      const sent = await sms.messages.send({ destination: '+6591234567', text: 'hi' });
      await exercise(library, testing, 'worker');
      return new Response(sent.umid ? 'OK' : 'no umid');
    } catch (error) {
      return new Response(String(error.stack), { status: 500 });
    }
  },
};
