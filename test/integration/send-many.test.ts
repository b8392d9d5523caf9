import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SmsClient } from '../../src/client.ts';
import type { SmsClientOptions } from '../../src/config/options.ts';
import { createEmulator } from '../../src/emulator/emulator.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import type { SendResult } from '../../src/sending/results.ts';
import type { SendManyOptions } from '../../src/sending/send-many/send-many.ts';
import type { BatchMessage } from '../../src/sending/sms-message.ts';
import { acceptAll, collect, countedRows, manyOver, numberOf, rowOf, summary } from '../support/send-many.ts';

const SUB_ACCOUNT = 'campaigns';

function clientOf(options: SmsClientOptions): SmsClient {
  return new SmsClient({
    apiKey: 'a-key-for-the-emulator',
    subAccountId: SUB_ACCOUNT,
    limits: memoryLimits(),
    retry: false,
    ...options,
  });
}

function rowsOf(count: number, isBad: (row: number) => boolean = () => false): readonly BatchMessage[] {
  return Array.from({ length: count }, (_, row) => ({
    destination: isBad(row) ? 'nonsense' : numberOf(row),
    text: 'Hello',
  }));
}

/** A process that dies at a chosen moment: whatever it waits for from then on never comes. */
function createProcess(dieAt: number) {
  let moments = 0;
  let isDead = false;
  let bury: (error: Error) => void = () => {};
  let notify: () => void = () => {};
  const buried = new Promise<never>((_, reject) => {
    bury = reject;
  });
  buried.catch(() => {});
  const died = new Promise<'died'>((resolve) => {
    notify = () => resolve('died');
  });
  return {
    died,
    /** One of the moments at which it may die. */
    async moment(): Promise<void> {
      moments += 1;
      if (moments === dieAt) {
        isDead = true;
        notify();
      }
      if (isDead) await buried;
    },
    moments: () => moments,
    /** Ends what still waits, so that the test leaves nothing behind. */
    bury: () => bury(new Error('the process is dead')),
  };
}

/** What is on disk, and at 8x8: it outlives the processes. */
function createWorld(input: readonly BatchMessage[], options: SendManyOptions) {
  const emulator = createEmulator({ requestsPerSecond: false });
  const recorded: SendResult[] = [];
  let token: string | undefined;

  /** Runs, from the last checkpoint, until the end or until the process dies. True when it came to its end. */
  async function run(dieAt: number): Promise<{ readonly isDone: boolean; readonly moments: number }> {
    const process = createProcess(dieAt);
    const sms = clientOf({
      async fetch(url, init) {
        await process.moment();
        const response = await emulator.fetch(url, init);
        await process.moment();
        return response;
      },
    });
    const results = sms.messages.sendMany(input, {
      ...options,
      async checkpoint(next) {
        await process.moment();
        // A disk takes longer than a request that was not held back.
        for (let index = 0; index < 20; index += 1)
          await new Promise<void>((resolve) => setImmediate(resolve));
        await process.moment();
        token = next;
        await process.moment();
      },
      resumeFrom: token,
    });
    const consumer = (async (): Promise<'done'> => {
      for await (const result of results) {
        await process.moment();
        recorded.push(result);
      }
      return 'done';
    })();
    const ending = await Promise.race([consumer, process.died]);
    process.bury();
    if (ending === 'died') await consumer.catch(() => {});
    return { isDone: ending === 'done', moments: process.moments() };
  }

  /** What must hold however often a process died. */
  function check(): void {
    const sent = emulator.messages.map(({ destination }) => rowOf(destination));
    expect(new Set(sent).size).toBe(sent.length);
    for (const row of input.keys()) {
      const results = recorded.filter(({ index }) => index === row);
      const [first, ...more] = results;
      expect(first).toBeDefined();
      // Told twice only when the process died between the two: then it says that it does not know.
      for (const result of more) {
        expect(result).toMatchObject({ status: 'failed', error: { submission: 'unknown' } });
      }
      const isSent = sent.includes(row);
      for (const result of results) {
        if (result.status === 'accepted') expect(isSent).toBe(true);
        else if (result.error.submission !== 'unknown') expect(isSent).toBe(false);
      }
      // Whoever looks for an unknown message finds it under the id of the result.
      if (isSent) {
        const message = emulator.messages.find(({ destination }) => rowOf(destination) === row);
        for (const { clientMessageId } of results) expect(message?.clientMessageId).toBe(clientMessageId);
      }
    }
  }

  return { run, check, emulator, recorded };
}

describe('sendMany through the client and the emulator', () => {
  it('sends a stream of rows past the guards', async () => {
    const emulator = createEmulator();
    const contexts = new Set<unknown>();
    const sms = clientOf({
      fetch: emulator.fetch,
      guards: { recipient: { limit: 1, windowMs: 60_000 } },
      onEvent: (_, { context }) => void contexts.add(context),
    });
    async function* stream(): AsyncGenerator<BatchMessage> {
      yield { destination: numberOf(0), clientMessageId: 'first' };
      yield { destination: numberOf(0) };
      yield { destination: 'nonsense' };
      yield { destination: numberOf(1), text: 'Dear Ann' };
    }
    const options = { template: { text: 'Hello' }, chunkSize: 2, context: 'spring' };
    const run = sms.messages.sendMany(stream(), options);
    const { results, error } = await collect(run);
    expect(error).toBeUndefined();
    expect(summary(results)).toEqual([
      '0 accepted',
      '1 blocked not-submitted',
      '2 blocked not-submitted',
      '3 accepted',
    ]);
    expect(emulator.messages.map(({ text }) => text).sort()).toEqual(['Dear Ann', 'Hello']);
    expect([...contexts]).toEqual(['spring']);
    await sms.close();
  });

  it('ends with the error of a wrong key after one round', async () => {
    const emulator = createEmulator({ apiKey: 'another-key' });
    const sms = clientOf({ fetch: emulator.fetch });
    const { rows, state } = countedRows(1000);
    const { results, error } = await collect(sms.messages.sendMany(rows(), { chunkSize: 10 }));
    expect(error).toMatchObject({ name: 'AuthenticationError', status: 401 });
    expect(state).toEqual({ pulled: results.length, returned: 1 });
    expect(results.length).toBeLessThanOrEqual(20);
    await sms.close();
  });

  it('ends at a sub-account of another account, and loses no row when it is resumed with the right one', async () => {
    const emulator = createEmulator({ subAccountIds: ['the_right_one'], requestsPerSecond: false });
    const input = rowsOf(60);
    let token = '';
    const options: SendManyOptions = {
      chunkSize: 10,
      checkpoint: (next) => {
        token = next;
      },
    };
    const wrong = clientOf({ fetch: emulator.fetch });
    const { results, error } = await collect(wrong.messages.sendMany(input, options));
    expect(error).toMatchObject({ name: 'BadRequestError', status: 400, apiCode: 1001 });
    expect((error as Error).message).toContain('Check subAccountId and the key');
    expect(results.length).toBeLessThanOrEqual(20);
    expect(results.every(({ status }) => status !== 'accepted')).toBe(true);
    const right = clientOf({ fetch: emulator.fetch, subAccountId: 'the_right_one' });
    const rest = await collect(right.messages.sendMany(input, { ...options, resumeFrom: token }));
    expect(rest.error).toBeUndefined();
    expect(emulator.messages.map(({ destination }) => rowOf(destination)).sort((a, b) => a - b)).toEqual([
      ...input.keys(),
    ]);
    await Promise.all([wrong.close(), right.close()]);
  });

  it('ends, instead of spoiling every row, when 8x8 asks for a long pause', async () => {
    const emulator = createEmulator();
    emulator.failNext('429', { retryAfterSeconds: 3600 });
    const sms = clientOf({ fetch: emulator.fetch });
    const { rows, state } = countedRows(1000);
    const { error } = await collect(sms.messages.sendMany(rows(), { chunkSize: 10, concurrency: 1 }));
    expect(error).toMatchObject({ name: 'RateLimitError', retryAfterMs: 3_600_000 });
    expect(state.pulled).toBe(10);
    await sms.close();
  });

  it('a second campaign with the same idempotency keys sends nothing twice', async () => {
    const emulator = createEmulator();
    const sms = clientOf({ fetch: emulator.fetch });
    const input = rowsOf(5).map((row, index) => ({ ...row, idempotencyKey: `spring-${index}` }));
    await collect(sms.messages.sendMany(input, { chunkSize: 2 }));
    const { results } = await collect(sms.messages.sendMany(input, { chunkSize: 2 }));
    expect(results).toMatchObject(input.map(() => ({ status: 'accepted', repeated: true })));
    expect(emulator.messages).toHaveLength(5);
    await sms.close();
  });
});

describe('sendMany after a crash', () => {
  const input = rowsOf(10, (row) => row === 4);

  it('sends nothing twice and loses nothing, whatever moment the process died at', async () => {
    let dieAt = 1;
    for (let isSurvived = false; !isSurvived; dieAt += 1) {
      const world = createWorld(input, { chunkSize: 3, concurrency: 2 });
      isSurvived = (await world.run(dieAt)).isDone;
      if (!isSurvived) expect((await world.run(Number.POSITIVE_INFINITY)).isDone).toBe(true);
      world.check();
    }
    // Eight checkpoints of three moments, four requests of two, and ten results.
    expect(dieAt - 2).toBe(3 * 8 + 2 * 4 + 10);
  });

  it('holds for any sizes, bad rows and any number of crashes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          rows: fc.integer({ min: 0, max: 24 }),
          bad: fc.array(fc.nat(23), { maxLength: 4 }),
          options: fc.record({
            chunkSize: fc.integer({ min: 1, max: 9 }),
            concurrency: fc.integer({ min: 1, max: 4 }),
          }),
          deaths: fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 4 }),
        }),
        async ({ rows, bad, options, deaths }) => {
          const world = createWorld(
            rowsOf(rows, (row) => bad.includes(row)),
            options,
          );
          for (const dieAt of [...deaths, Number.POSITIVE_INFINITY]) {
            if ((await world.run(dieAt)).isDone) break;
          }
          world.check();
        },
      ),
      { numRuns: 80 },
    );
  });
});

/** `ROWS=1000000 npx vitest run test/integration/send-many.test.ts` takes half a minute. */
const ROWS = Number(process.env.ROWS ?? 150_000);

describe(`sendMany with ${ROWS} rows`, () => {
  it('reads no further ahead than it says', async () => {
    const options = { chunkSize: 5000, concurrency: 2 };
    const many = manyOver((request) => {
      // The test must not be what fills the memory.
      many.requests.length = 0;
      many.events.length = 0;
      return acceptAll(request);
    });
    const { rows, state } = countedRows(ROWS);
    const heapAtStart = process.memoryUsage().heapUsed;
    let mostHeap = 0;
    let taken = 0;
    let furthest = 0;
    let tokens = 0;
    let longestToken = 0;
    const startedAt = performance.now();
    const checkpoint = (token: string): void => {
      tokens += 1;
      longestToken = Math.max(longestToken, token.length);
      mostHeap = Math.max(mostHeap, process.memoryUsage().heapUsed - heapAtStart);
    };
    for await (const { index, status } of many.sendMany(rows(), { ...options, checkpoint })) {
      if (index !== taken || status !== 'accepted') throw new Error(`row ${taken}: ${index} ${status}`);
      furthest = Math.max(furthest, state.pulled - taken);
      taken += 1;
    }
    const seconds = (performance.now() - startedAt) / 1000;
    console.info(
      `${ROWS} rows: ${seconds.toFixed(1)} s, peak heap growth ${(mostHeap / 2 ** 20).toFixed(0)} MiB`,
    );
    expect(taken).toBe(ROWS);
    expect(furthest).toBe(options.chunkSize * options.concurrency);
    expect(tokens).toBe((2 * ROWS) / options.chunkSize);
    expect(longestToken).toBeLessThan(250);
  }, 300_000);
});
