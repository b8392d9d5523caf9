import { GuardError, SmsClient } from '../src/index.ts';
import { createEmulator } from '../src/testing/index.ts';

// An emulator of 8x8, so that this runs without an account. `new SmsClient()` reads the environment and sends for real.
const sms = new SmsClient({ apiKey: 'any', subAccountId: 'demo', fetch: createEmulator().fetch });
const code = { destination: '9123 4567', country: 'SG', text: 'Your code is 4711', purpose: 'otp' } as const;

const sent = await sms.messages.send(code);
console.log(sent.status, sent.parts, sent.umid);
try {
  await sms.messages.send(code); // the same again, at once
} catch (error) {
  if (!GuardError.isInstance(error)) throw error;
  console.log(error.guard, error.reason, error.retryAfterMs); // backoff too-soon, about 30000 ms
}
