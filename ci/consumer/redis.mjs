// Two clients, as two processes would have them, count together on the server whose port is given.
import process from 'node:process';
import { LimitError, SmsClient } from '8x8-sms-guard';
import { redisLimits } from '8x8-sms-guard/redis';
import { createEmulator } from '8x8-sms-guard/testing';
import { Redis } from './ioredis.cjs';

const emulator = createEmulator();
const scope = `consumer-${crypto.randomUUID()}`;
const connections = [1, 2].map(() => new Redis(Number(process.argv[2]), '127.0.0.1'));
const stores = connections.map((client) =>
  redisLimits({ client, secret: 'thirty-two characters or more of it', onStoreError: 'refuse' }),
);
const clients = stores.map(
  (limits) =>
    new SmsClient({ apiKey: 'key', subAccountId: 'consumer', scope, limits, fetch: emulator.fetch }),
);
for (const limits of stores) await limits.check();
const sends = Array.from({ length: 20 }, (_, at) =>
  clients[at % 2].messages.send({ destination: '+6591234567', text: 'hi' }),
);
const settled = await Promise.allSettled(sends);
const sent = settled.filter(({ status }) => status === 'fulfilled').length;
const refused = settled.filter(({ reason }) => LimitError.isInstance(reason)).length;
// The default of ten keeps the last three for one-time passwords.
if (sent !== 7 || refused !== 13) throw new Error(`${sent} sent and ${refused} refused, of 20`);
for (const client of clients) await client.close();
for (const limits of stores) await limits.close();
for (const connection of connections) connection.disconnect();
console.log('OK');
