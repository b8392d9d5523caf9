/** Question, YES, advertising, STOP, silence. `npm start` needs no account and no network. */
import { ConsentError, memoryConsentLedger } from '8x8-sms-guard';
import { createTestClient } from '8x8-sms-guard/testing';
import { createWebhookReceiver } from '8x8-sms-guard/webhooks';

// In your program: new SmsClient() with a ledger on your database, and the real 8x8.
const { sms, emulator, outbox, clock } = createTestClient({
  now: '2026-11-22T09:00:00Z',
  guards: {
    consent: {
      ledger: memoryConsentLedger(),
      reconfirmAfterMonths: 6,
      forgetSecret: 'from your secret store, 32 characters or more',
      inbound: {
        optInReply: 'Welcome. Reply STOP to end.',
        optOutReply: 'You will get no more messages from Example.',
        helpReply: 'Example: write to help@example.com.',
      },
    },
  },
});
const authorization = 'Basic a-secret-of-your-own';
const receiver = createWebhookReceiver({
  client: sms,
  authentication: { authorization },
  handlers: { onInbound: ({ body }, { consent }) => console.log(`${body}: ${consent.intent}`) },
});
emulator.connect(receiver.handle, { authorization });

const person = '+6591234567';
const source = '+6580001234';

async function advertise() {
  try {
    await sms.messages.send({ destination: person, source, text: 'Two for one today', purpose: 'marketing' });
    console.log('advertising: sent');
  } catch (error) {
    if (!ConsentError.isInstance(error)) throw error;
    console.log('advertising:', error.reason);
  }
}

/** A minute later the person writes. */
async function write(text) {
  clock.advance(60_000);
  await emulator.reply(person, text);
}

await advertise(); // no-record
await sms.consent.requestOptIn(person, {
  source,
  text: 'Example: reply YES to get our offers, STOP to end.',
});
await advertise(); // no-record: a question is no opt-in
await write('Yes!'); // confirm
await advertise(); // sent
await write('Stop. Thank you'); // opt-out
await advertise(); // opted-out

for (const { at, state, source: from, text } of await sms.consent.history(person)) {
  console.log(new Date(at).toISOString(), state, from, text);
}
console.log(outbox.to(person).map(({ text }) => text));

await sms.consent.forget(person);
console.log(await sms.consent.status(person)); // still opted out, under a hash, and nothing else
await sms.close();
