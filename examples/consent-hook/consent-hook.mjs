/** Asks your own table before every message. `npm start` needs no account and no network. */
import { GuardError, SmsClient } from '8x8-sms-guard';
import { createEmulator } from '8x8-sms-guard/testing';

// Your database. People who are not in it did not choose.
const choices = new Map([
  ['+6591234567', { marketing: true, messages: true }],
  ['+6598765432', { marketing: false, messages: true }],
  ['+6581234567', { marketing: false, messages: false }],
]);

/** Only `true` admits a message; an exception, a time-out or any other result is a no. */
async function mayText({ destination, purpose }) {
  const choice = choices.get(destination);
  if (purpose === 'marketing') return choice?.marketing === true;
  return choice?.messages !== false;
}

const sms = new SmsClient({
  apiKey: 'any',
  subAccountId: 'demo',
  fetch: createEmulator().fetch,
  guards: { consent: { check: mayText } },
});

for (const destination of [...choices.keys(), '+6582345678']) {
  for (const purpose of ['transactional', 'marketing']) {
    try {
      await sms.messages.send({ destination, purpose, text: 'We open at 9 today.' });
      console.log(destination, purpose, 'sent');
    } catch (error) {
      if (!GuardError.isInstance(error)) throw error;
      console.log(destination, purpose, 'refused:', error.reason);
    }
  }
}
await sms.close();
