import { pathToFileURL } from 'node:url';
import { createSentAtCache } from '../src/api/sent-at-cache.ts';
import { createCalls } from '../src/call.ts';
import type { ClientContext } from '../src/client-context.ts';
import { createGuards, resolveGuards } from '../src/guards/registry.ts';
import { createLimiter } from '../src/limits/limiter.ts';
import { memoryLimits } from '../src/limits/memory-limits.ts';
import { normalisePhone } from '../src/phone/normalise-phone.ts';
import { createAdmission } from '../src/sending/admission.ts';
import { createSendBatch } from '../src/sending/send-batch.ts';
import { createEmit } from '../src/telemetry/create-emit.ts';
import type { TransportRequest } from '../src/transport/transport.ts';
import type { Clock } from '../src/types.ts';
import { best, median, type Row } from './row.ts';

const NUMBERS = 40_000;
/** Typical batch sizes: a page of a list, a chunk of `sendMany`, the most that 8x8 accepts. */
const BATCHES = [100, 1_000, 10_000];
const ROUNDS = 25;
const TARGET_US = 5;

interface BatchBody {
  readonly messages: readonly { readonly destination: string; readonly clientMessageId: string }[];
}

/** 8x8's response to a batch. */
function answerOf({ messages }: BatchBody): unknown {
  const answers = messages.map(({ destination, clientMessageId }) => {
    return {
      umid: clientMessageId,
      destination,
      clientMessageId,
      encoding: 'GSM7',
      status: { code: 'QUEUED' },
    };
  });
  return { batchId: 'bench', messages: answers };
}

/**
 * A client with the default guards and no network. The time of the fake network is measured separately, as
 * `outsideMs`.
 */
function createClient(clock: Clock) {
  const emit = createEmit(undefined, clock.now);
  const limiter = createLimiter({ limits: memoryLimits({ clock }), scope: 'bench', clock, emit });
  const guards = createGuards(resolveGuards({}), {
    holdsKey: (text) => text.includes('bench-key'),
    emit: () => {},
    limiter,
    clock,
    prices: {
      find: () => undefined,
      load: async () => undefined,
      balance: () => Promise.reject(new Error('none')),
    },
  }).atSend;
  const admission = createAdmission({ guards, limiter, clock, emit });
  let outsideMs = 0;
  async function request({ body }: TransportRequest) {
    const startedAt = performance.now();
    const answer = answerOf(body as BatchBody);
    outsideMs += performance.now() - startedAt;
    return { status: 200, body: answer, attempts: 1 };
  }
  const client = {
    calls: createCalls(undefined),
    transport: { request },
    admission,
    limiter,
    sentAtCache: createSentAtCache(clock),
    emit,
    costOf: () => ({}),
    prepare: { defaultCountry: undefined, acceptUnknownCallingCodes: false },
    subAccountId: 'bench',
    accountId: () => 'bench',
    rewrite: (text: string) => text,
  } as unknown as ClientContext;
  return { sendBatch: createSendBatch(client), outsideMs: () => outsideMs };
}

/** Microseconds per message, one figure per round. Hours pass between two rounds, so no message is refused. */
async function timesOf(batch: number, destinations: readonly string[]): Promise<number[]> {
  let skippedMs = 0;
  const now = () => Date.now() + skippedMs;
  const { sendBatch, outsideMs } = createClient({ now, monotonic: now });
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    skippedMs += 4 * 3_600_000;
    let spentMs = 0;
    const outsideBefore = outsideMs();
    for (let from = 0; from < NUMBERS; from += batch) {
      const messages = destinations.slice(from, from + batch).map((destination) => {
        return { destination, text: 'Your code is 4711', purpose: 'otp' as const };
      });
      const startedAt = performance.now();
      const { counts } = await sendBatch({ messages });
      spentMs += performance.now() - startedAt;
      if (counts.accepted !== batch) throw new Error('a message was refused');
    }
    times.push(((spentMs - (outsideMs() - outsideBefore)) * 1000) / NUMBERS);
  }
  return times;
}

/**
 * Time of the whole default pipeline, from the caller's messages to their results: 40,000 one-time passwords to numbers
 * that are in the cache.
 */
export async function benchPipeline(): Promise<Row[]> {
  const destinations = Array.from(
    { length: NUMBERS },
    (_, index) => `+6591${String(index).padStart(6, '0')}`,
  );
  for (const destination of destinations) normalisePhone(destination, undefined);
  const rows: Row[] = [];
  for (const batch of BATCHES) {
    const times = await timesOf(batch, destinations);
    rows.push({
      measure: `whole default pipeline, warm, per message, ${batch.toLocaleString('en')} at once`,
      ours: `${best(times).toFixed(2)} µs (median ${median(times).toFixed(2)} µs)`,
      compared: '-',
      ratio: '-',
      target: `at most ${TARGET_US} µs`,
      met: best(times) <= TARGET_US,
    });
  }
  return rows;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.table(await benchPipeline());
}
