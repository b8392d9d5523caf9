import { createGuards } from '8x8-sms-guard/guards';

export const guards = createGuards({
  defaultCountry: 'SG',
  guards: { countries: { allow: ['SG', 'ID'] }, budget: { perDay: 50, prices: { default: 0.3, SG: 0.05 } } },
});

/** Failures of a connection that was never made: nothing was written. */
const NEVER_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);

/** A 4xx status, and a connection that was never made, sent nothing. Any other failure may have sent it. */
function outcomeOf({ status, code }) {
  const isRefused = status >= 400 && status < 500 && status !== 408;
  return isRefused || NEVER_CONNECTED.has(code) ? 'not-sent' : 'unknown';
}

/** Sends one message through Twilio after all guards have admitted it. */
export async function send(client, message) {
  const admitted = await guards.admit(message);
  // At once: whatever waits over a second, such as a queue, asks the guards again with guards.lookAgain(admitted).
  let outcome = 'sent';
  try {
    return await client.messages.create({
      to: admitted.destination,
      from: process.env.TWILIO_FROM,
      body: admitted.text,
    });
  } catch (error) {
    outcome = outcomeOf(error);
    throw error;
  } finally {
    await guards.settle(admitted, outcome);
  }
}
