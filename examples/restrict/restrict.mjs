/** Hands clients out that can do no more than their part. `npm start` needs no account and no network. */
import assert from 'node:assert/strict';
import { RestrictionError, SmsClient } from '8x8-sms-guard';
import { createEmulator } from '8x8-sms-guard/testing';

const emulator = createEmulator();
const sms = new SmsClient({ apiKey: 'any', subAccountId: 'demo', fetch: emulator.fetch });

// One part of the service: the login sends codes to two countries, and can send nothing else.
const login = sms.restrict({
  name: 'login',
  operations: ['messages.send'],
  purposes: ['otp'],
  countries: ['SG', 'ID'],
});

/** One tenant of a platform: their own sender ID, and a budget that is counted under their name. */
const clientOf = (tenant) =>
  sms.restrict({
    name: `tenant:${tenant.id}`,
    operations: ['messages.send', 'messages.get'],
    senders: [tenant.sender],
    budget: { perDay: tenant.perDay, prices: { SG: 0.05 } },
  });
const bakery = clientOf({ id: 'bakery', sender: 'BAKERY', perDay: 0.1 });
const florist = clientOf({ id: 'florist', sender: 'FLORIST', perDay: 0.1 });

/** Prints the restriction that refused, or that it was sent. */
async function report(title, outcome) {
  try {
    const result = await outcome;
    console.log(`${title}: sent`);
    return result;
  } catch (error) {
    if (!RestrictionError.isInstance(error)) throw error;
    console.log(`${title}: refused by ${error.restriction}`);
    return error.restriction;
  }
}

const code = { destination: '+6591234567', text: 'Your code is 4711', purpose: 'otp' };
const order = { destination: '+6598765432', text: 'Your order is ready.' };

await report('login, a code', login.messages.send(code));
assert.equal(
  await report('login, advertising', login.messages.send({ ...order, purpose: 'marketing' })),
  'purposes',
);
assert.equal(
  await report('login, France', login.messages.send({ ...code, destination: '+33612345678' })),
  'countries',
);
assert.equal(await report('login, the balance of the account', login.account.balance()), 'operations');

const { umid } = await report('bakery, an order', bakery.messages.send(order));
await report('bakery, a second order', bakery.messages.send(order));
assert.equal(await report('bakery, beyond its budget', bakery.messages.send(order)), 'budget');
await report('florist, an order: its budget is its own', florist.messages.send(order));
assert.equal(
  await report(
    'florist, with the sender ID of the bakery',
    florist.messages.send({ ...order, source: 'BAKERY' }),
  ),
  'senders',
);
assert.equal(
  await report('florist, the status of a message of the bakery', florist.messages.get(umid)),
  'messages',
);

assert.equal(emulator.messages.length, 4);
console.log('Each part did its work, and no more.');
await sms.close();
