import { parentPort, workerData } from 'node:worker_threads';
import { Redis } from 'ioredis';
import { SmsClient } from '../../src/client.ts';
import { redisLimits } from '../../src/redis/index.ts';

/** Sends messages to one number in a thread of its own, and tells how many were accepted. */
const { messages, redisPort } = workerData as { readonly messages: number; readonly redisPort?: number };

const client = redisPort === undefined ? undefined : new Redis(redisPort);
const sms = new SmsClient({
  apiKey: 'test-key-0123456789',
  subAccountId: 'team',
  fetch: async () => new Response(JSON.stringify({ umid: crypto.randomUUID(), status: { code: 'QUEUED' } })),
  ...(client !== undefined && {
    limits: redisLimits({ client, secret: 's'.repeat(32), onStoreError: 'refuse', timeoutMs: 4_000 }),
  }),
});
let accepted = 0;
for (let sent = 0; sent < messages; sent += 1) {
  await sms.messages.send({ destination: '+6591234567', text: 'Hello', purpose: 'otp' }).then(
    () => {
      accepted += 1;
    },
    () => {},
  );
}
await sms.close();
client?.disconnect();
parentPort?.postMessage(accepted);
