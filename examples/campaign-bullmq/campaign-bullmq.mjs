/**
 * A campaign over several workers with BullMQ that survives `kill -9` and sends no message twice.
 *
 * `npm start` uses the server of REDIS_URL (else that of this machine), starts an emulated 8x8 and four workers, injects
 * faults into three of them, and compares the messages that 8x8 received with the results of the campaign. No account, no
 * network. Copy produce.mjs, worker.mjs and place.mjs into your program; see docs/campaigns.md.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createEmulator } from '8x8-sms-guard/testing';
import { Redis } from 'ioredis';
import { ROW_COUNT } from './customers.mjs';
import { forget, outcomesOf } from './place.mjs';
import { serve } from './pretend-8x8.mjs';
import { produce } from './produce.mjs';
import { openQueue } from './queue.mjs';

const GIVE_UP_MS = 60_000;

const redisUrl = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';
const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
const emulator = createEmulator();
// A new name in every run, so that runs do not share data on the server.
const campaign = `spring-sale-${randomUUID().slice(0, 8)}`;
const queue = openQueue(redis, campaign);
const closing = [];
const workers = [];
let jobs = [];

async function startWorker(name, watch) {
  let child;
  const { url, close } = await serve(
    emulator,
    watch(() => child),
  );
  const env = {
    ...process.env,
    REDIS_URL: redisUrl,
    QUEUE: campaign,
    WORKER: name,
    // Short, so that you need not wait for half a minute until a dead worker's job is taken over.
    LOCK_MS: '1000',
    LIMITS_SECRET: 'a secret of the demo, 32 characters or more',
    EIGHTBYEIGHT_BASE_URL: url,
    EIGHTBYEIGHT_API_KEY: 'any',
    EIGHTBYEIGHT_SUB_ACCOUNT_ID: campaign,
  };
  const program = fileURLToPath(new URL('worker.mjs', import.meta.url));
  child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const running = { name, child, lines: [] };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk) => running.lines.push(...chunk.trim().split('\n')));
  }
  workers.push(running);
  closing.push(close, () => child.kill('SIGKILL'));
  return running;
}

async function until(isTrue, what) {
  for (const end = Date.now() + GIVE_UP_MS; Date.now() < end; await pause(25)) if (await isTrue()) return;
  throw new Error(`${what}: not within ${GIVE_UP_MS} ms`);
}

/** Whether nobody but others has a job that this worker had and did not finish. */
async function isTakenOver(name) {
  const unfinished = await queue.getJobs(['active', 'waiting', 'prioritized', 'delayed']);
  return unfinished.every((job) => job?.processedBy !== name);
}

/** Kills the worker at its third request. */
function killAt(when) {
  return (child) => (moment, turn) => {
    if (turn < 3 || moment !== when) return undefined;
    child().kill('SIGKILL');
    return 'lose';
  };
}

/** Compares the messages that 8x8 received with the result of every row. */
async function compare() {
  const outcomes = new Map();
  for (const job of jobs)
    for (const [row, outcome] of await outcomesOf(redis, job)) outcomes.set(row, outcome);
  const sentTo = new Map();
  for (const { clientMessageId } of emulator.messages) {
    sentTo.set(clientMessageId, (sentTo.get(clientMessageId) ?? 0) + 1);
  }
  for (const [id, sent] of sentTo) assert.equal(sent, 1, `${id} was sent ${sent} times`);
  const counts = { accepted: 0, before: 0, blocked: 0, 'unknown: was sent': 0, 'unknown: was not sent': 0 };
  for (let row = 0; row < ROW_COUNT; row += 1) {
    const [outcome = 'lost'] = outcomes.get(row)?.split(' ') ?? [];
    const wasSent = sentTo.has(`${campaign}-${row}`);
    if (outcome !== 'unknown') assert.equal(wasSent, outcome === 'accepted', `row ${row} is ${outcome}`);
    const kind = outcome === 'unknown' ? `unknown: was ${wasSent ? '' : 'not '}sent` : outcome;
    assert(Object.hasOwn(counts, kind), `row ${row} is ${kind}`);
    counts[kind] += 1;
  }
  // Otherwise the run would prove nothing.
  for (const [kind, count] of Object.entries(counts)) assert(count > 0, `no row is "${kind}"`);
  return counts;
}

async function run() {
  // Two are killed: one when 8x8 has its messages and it has no answer, one when its request gets lost on the way.
  const killed = [await startWorker('first', killAt('after')), await startWorker('second', killAt('before'))];
  await until(() => killed.every(({ child }) => child.signalCode === 'SIGKILL'), 'two workers killed');

  // One is stopped for so long that another one gets its job, and then wakes up in the middle of it.
  let isStopped = false;
  const third = await startWorker('third', (child) => (moment, turn) => {
    if (turn === 3 && moment === 'before') isStopped = child().kill('SIGSTOP');
    return undefined;
  });
  await until(() => isStopped, 'a worker stopped');
  const fourth = await startWorker('fourth', () => () => undefined);
  await until(() => isTakenOver('third'), 'its job taken over');
  third.child.kill('SIGCONT');

  await until(async () => (await queue.getCompletedCount()) === jobs.length, 'the end of the campaign');
  await until(
    () => third.lines.some((line) => line.includes('stopped:')),
    'the third worker leaving its job',
  );
  for (const { child } of [third, fourth]) {
    child.kill('SIGTERM');
    await until(() => child.exitCode === 0, 'a clean end');
  }
}

try {
  jobs = await produce(queue, campaign, ROW_COUNT);
  await produce(queue, campaign, ROW_COUNT);
  assert.equal(await queue.getWaitingCount(), jobs.length, 'jobs after adding them twice');
  await run();
  console.log(
    `${ROW_COUNT} rows in ${jobs.length} jobs. Two workers were killed, one was taken for dead and woke up.`,
  );
  console.log(await compare());
  console.log('Nobody got two messages, and every row has its outcome.');
} catch (error) {
  for (const { name, lines } of workers) console.error(name, lines.slice(-20));
  throw error;
} finally {
  for (const close of closing) close();
  await queue.obliterate({ force: true });
  for (const job of jobs) await forget(redis, job);
  await queue.close();
  redis.disconnect();
}
