import { pathToFileURL } from 'node:url';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { drawSeed } from '../src/limits/key-hash.ts';
import type { LimitRule, WindowRule } from '../src/limits/limit-store.ts';
import { memoryLimits } from '../src/limits/memory-limits.ts';
import { WindowTable } from '../src/limits/window-table.ts';
import { best, type Row } from './row.ts';

const NUMBERS = 1_000_000;
const ROUNDS = 7;
const COMPARED_ROUNDS = 3;
const COMPARED_CHECKS = 200_000;
const WINDOW_MS = 30 * 60 * 1000;
const LIMIT = 10;
const SENDS = 100_000;

const TARGET_NS = 150;
const TARGET_BYTES = 110;

interface Measured {
  readonly ns: number;
  readonly bytes: number;
}

/** Visits all numbers once, in an order that no cache foresees. */
function scattered(index: number): number {
  return 6_590_000_000 + ((index * 777_767_777 + 12_345) % NUMBERS);
}

function bytesInUse(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function recipientRule(key: number): WindowRule {
  const shape = { kind: 'window', id: 'recipient:all', guard: 'recipient', mode: 'enforce' } as const;
  return { ...shape, key, limit: LIMIT, windowMs: WINDOW_MS };
}

/** A check of a number that is in the table, among a million in random order. */
function measureTable(): Measured {
  const before = bytesInUse();
  const sizes = { maxRecipients: NUMBERS, maxEntries: NUMBERS, maxIdempotencyKeys: NUMBERS };
  const table = new WindowTable(recipientRule(0), sizes, drawSeed());
  const rule = { ...recipientRule(0) };
  const at = (index: number): WindowRule => Object.assign(rule, { key: scattered(index) });
  for (let index = 0; index < NUMBERS; index += 1) table.write(at(index), 0).keep(0, 0, undefined);
  const bytes = (bytesInUse() - before) / NUMBERS;
  const rounds: number[] = [];
  let refused = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now();
    for (let index = 0; index < NUMBERS; index += 1) {
      (rule as { key: number }).key = scattered(index + round);
      if (table.check(rule, round, 1) !== undefined) refused += 1;
    }
    rounds.push(((performance.now() - start) * 1e6) / NUMBERS);
  }
  if (refused > 0 || table.inspect(at(NUMBERS - 1), 0).count !== 1)
    throw new Error('The bench did not count what it says.');
  return { ns: best(rounds), bytes };
}

async function measureCompared(): Promise<Measured> {
  const before = bytesInUse();
  const limiter = new RateLimiterMemory({ points: LIMIT, duration: WINDOW_MS / 1000 });
  for (let index = 0; index < NUMBERS; index += 1) await limiter.consume(String(scattered(index)));
  const bytes = (bytesInUse() - before) / NUMBERS;
  const rounds: number[] = [];
  for (let round = 0; round < COMPARED_ROUNDS; round += 1) {
    const start = performance.now();
    for (let index = 0; index < COMPARED_CHECKS; index += 1) {
      await limiter.consume(String(scattered(index + round)));
    }
    rounds.push(((performance.now() - start) * 1e6) / COMPARED_CHECKS);
  }
  // It holds a timer for every number, which would keep the process for the whole window.
  for (let index = 0; index < NUMBERS; index += 1) await limiter.delete(String(scattered(index)));
  return { ns: best(rounds), bytes };
}

/** Cost of a one-time password in the store: take and settle of a recipient window and a backoff. */
async function measureSend(): Promise<number> {
  const store = memoryLimits({ maxRecipients: NUMBERS, maxEntries: NUMBERS });
  const rounds: number[] = [];
  let sent = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now();
    for (let index = 0; index < SENDS; index += 1) {
      sent += 1;
      const key = scattered(sent);
      const shape = { kind: 'backoff', id: 'backoff:otp', guard: 'backoff', mode: 'enforce' } as const;
      const backoff = { ...shape, key, baseMs: 30_000, maxMs: 3_600_000, forgetMs: 3_600_000 };
      const rules: LimitRule[] = [recipientRule(key), backoff];
      const reservation = `reservation-${sent}`;
      await store.take('bench', [{ reservation, rules }]);
      await store.settle('bench', [{ reservation, rules, outcome: 'keep' }]);
    }
    rounds.push(((performance.now() - start) * 1e3) / SENDS);
  }
  return best(rounds);
}

async function measureComparedSend(): Promise<number> {
  const recipient = new RateLimiterMemory({ keyPrefix: 'recipient', points: LIMIT, duration: 60 });
  const backoff = new RateLimiterMemory({ keyPrefix: 'backoff', points: LIMIT, duration: 60 });
  const rounds: number[] = [];
  let sent = 0;
  for (let round = 0; round < COMPARED_ROUNDS; round += 1) {
    const start = performance.now();
    for (let index = 0; index < SENDS; index += 1) {
      sent += 1;
      const key = String(scattered(sent));
      await recipient.consume(key);
      await backoff.consume(key);
    }
    rounds.push(((performance.now() - start) * 1e3) / SENDS);
  }
  for (let index = 1; index <= sent; index += 1) {
    await recipient.delete(String(scattered(index)));
    await backoff.delete(String(scattered(index)));
  }
  return best(rounds);
}

/** The limit store beside rate-limiter-flexible's memory store, in one run. Bytes need `node --expose-gc`. */
export async function benchLimits(): Promise<Row[]> {
  const ours = measureTable();
  const send = await measureSend();
  const compared = await measureCompared();
  const comparedSend = await measureComparedSend();
  return [
    {
      measure: 'recipient check at 1M numbers',
      ours: `${ours.ns.toFixed(0)} ns`,
      compared: `rate-limiter-flexible ${compared.ns.toFixed(0)} ns`,
      ratio: `${(compared.ns / ours.ns).toFixed(1)}x faster`,
      target: `<= ${TARGET_NS} ns`,
      met: ours.ns <= TARGET_NS,
    },
    {
      measure: 'memory per number at 1M numbers',
      ours: `${ours.bytes.toFixed(0)} B`,
      compared: `rate-limiter-flexible ${compared.bytes.toFixed(0)} B`,
      ratio: `${(compared.bytes / ours.bytes).toFixed(1)}x smaller`,
      target: `<= ${TARGET_BYTES} B`,
      met: ours.bytes <= TARGET_BYTES,
    },
    {
      measure: 'take and settle of window + backoff, fresh numbers',
      ours: `${send.toFixed(2)} us`,
      compared: `two rate-limiter-flexible limiters, no give-back ${comparedSend.toFixed(2)} us`,
      ratio: `${(comparedSend / send).toFixed(1)}x faster`,
      target: 'no target',
    },
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.table(await benchLimits());
}
