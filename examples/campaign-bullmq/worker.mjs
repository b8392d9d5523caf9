/**
 * A worker of a campaign: run as many as you like, on as many machines as you like, and kill any of them at any time.
 *
 *   REDIS_URL=redis://… node worker.ts
 */

import { SmsClient, SmsError } from '8x8-sms-guard';
import { redisLimits } from '8x8-sms-guard/redis';
import { UnrecoverableError, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { customers } from './customers.mjs';
import { claim } from './place.mjs';
import { PREFIX } from './queue.mjs';

const {
  REDIS_URL = '',
  LIMITS_SECRET,
  QUEUE = 'campaigns',
  WORKER = 'worker',
  LOCK_MS = '30000',
} = process.env;
const lockMs = Number(LOCK_MS);

const redis = new Redis(REDIS_URL, { maxRetriesPerRequest: null });
const limits = redisLimits({
  client: new Redis(REDIS_URL),
  secret: LIMITS_SECRET,
  // A campaign can wait until the server is back.
  onStoreError: 'refuse',
  timeoutMs: 1_000,
});
const sms = new SmsClient({
  limits,
  // Ask your own store who agreed to advertising; here, nine of ten customers did.
  guards: {
    consent: { checkMany: (queries) => queries.map(({ destination }) => !destination.endsWith('7')) },
  },
});

/** Errors that no later attempt fixes: another list, a wrong key. */
const HOPELESS = new Set(['validation', 'configuration', 'authentication', 'permission-denied', 'not-found']);

/**
 * Ends by throwing: rows that were read are sent, requests in progress are awaited, and the rest is left to the next
 * attempt.
 */
async function* until(signal, rows) {
  for await (const row of rows) {
    signal?.throwIfAborted();
    yield row;
  }
}

async function send({ id, data }, signal) {
  const place = await claim(redis, data);
  try {
    const results = sms.messages.sendMany(until(signal, customers(data)), {
      purpose: 'marketing',
      template: { text: 'Spring sale: 20 % off until Sunday. Reply STOP to get no more.' },
      chunkSize: 250,
      checkpoint: (token) => place.save(token),
      resumeFrom: place.resumeFrom,
    });
    for await (const result of results) place.note(result);
  } catch (error) {
    console.log(`${id} stopped: ${error.message}`);
    const isHopeless = SmsError.isInstance(error) && HOPELESS.has(error.code) && !signal?.aborted;
    if (isHopeless) throw new UnrecoverableError(error.message);
    throw error;
  }
}

const worker = new Worker(QUEUE, (job, _token, signal) => send(job, signal), {
  connection: redis,
  prefix: PREFIX,
  name: WORKER,
  lockDuration: lockMs,
  stalledInterval: lockMs,
  // A job resumes where it stopped, any number of times.
  maxStalledCount: 1_000,
});
// Without the lock, another worker owns the job: end cleanly instead of at the next checkpoint.
worker.on('lockRenewalFailed', (ids) => {
  for (const id of ids) worker.cancelJob(id);
});
worker.on('error', (error) => console.log(error.message));

/** A clean end leaves nothing unknown. */
async function stop() {
  worker.cancelAllJobs();
  await worker.close();
  await sms.close();
  await limits.close();
  process.exit();
}
process.once('SIGTERM', () => void stop());
