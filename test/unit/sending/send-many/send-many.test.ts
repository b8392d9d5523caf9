import '../../../support/load-ky.ts';
import { describe, expect, it, vi } from 'vitest';
import {
  AbortedError,
  ApiError,
  AuthenticationError,
  BadRequestError,
  ConfigurationError,
  ConnectionError,
  PermissionDeniedError,
  QueueFullError,
  RateLimitError,
  ServerError,
  type SmsError,
  StoreError,
  ValidationError,
} from '../../../../src/errors.ts';
import type { SendManyOptions } from '../../../../src/sending/send-many/send-many.ts';
import type { BatchMessage } from '../../../../src/sending/sms-message.ts';
import type { TransportResponse } from '../../../../src/transport/transport.ts';
import { countingSignal } from '../../../support/counting-signal.ts';
import {
  acceptAll,
  collect,
  countedRows,
  gate,
  manyOver,
  messagesOf,
  numberOf,
  rowOf,
  summary,
} from '../../../support/send-many.ts';

function accepted(from: number, to: number): readonly string[] {
  return Array.from({ length: to - from }, (_, place) => `${from + place} accepted`);
}

function stopped(from: number, to: number): readonly string[] {
  return Array.from({ length: to - from }, (_, place) => `${from + place} failed not-submitted`);
}

describe('sendMany', () => {
  it('sends every row once, in chunks, and gives the results in the order of the input', async () => {
    const many = manyOver(acceptAll);
    const { results, error } = await collect(many.sendMany(countedRows(10).rows(), { chunkSize: 4 }));
    expect(error).toBeUndefined();
    expect(summary(results)).toEqual(accepted(0, 10));
    expect(many.written().sort((one, other) => (one[0] ?? 0) - (other[0] ?? 0))).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ]);
  });

  it('keeps the order when a later chunk is answered first', async () => {
    const first = gate();
    const many = manyOver(async (request) => {
      if (rowOf(messagesOf(request)[0]?.destination ?? '') === 0) await first.promise;
      else first.open();
      return acceptAll(request);
    });
    const { results } = await collect(many.sendMany(countedRows(6).rows(), { chunkSize: 3 }));
    expect(summary(results)).toEqual(accepted(0, 6));
  });

  it('takes 1,000 rows a chunk and two chunks at a time when nothing is said', async () => {
    const two = gate();
    const many = manyOver(async (request) => {
      if (many.requests.length === 2) two.open();
      await two.promise;
      return acceptAll(request);
    });
    await collect(many.sendMany(countedRows(3001).rows()));
    expect(
      many
        .written()
        .map((rows) => rows.length)
        .sort(),
    ).toEqual([1, 1000, 1000, 1000]);
    expect(many.mostInFlight()).toBe(2);
  });

  it.each([1, 2, 5])('has at most %i chunks on their way, and does use them all', async (concurrency) => {
    const all = gate();
    const many = manyOver(async (request) => {
      if (many.requests.length === concurrency) all.open();
      await all.promise;
      return acceptAll(request);
    });
    await collect(many.sendMany(countedRows(40).rows(), { chunkSize: 2, concurrency }));
    expect(many.mostInFlight()).toBe(concurrency);
  });

  it.each([
    { chunkSize: 1, concurrency: 1 },
    { chunkSize: 3, concurrency: 2 },
    { chunkSize: 7, concurrency: 4 },
  ])('reads at most concurrency x chunkSize rows ahead of the consumer: %o', async (options) => {
    const many = manyOver(acceptAll);
    const { rows, state } = countedRows(100);
    let taken = 0;
    let furthest = 0;
    for await (const result of many.sendMany(rows(), options)) {
      expect(result.index).toBe(taken);
      furthest = Math.max(furthest, state.pulled - taken);
      taken += 1;
    }
    expect(taken).toBe(100);
    expect(furthest).toBe(options.chunkSize * options.concurrency);
  });

  it('gives results of a full chunk while the source is still slow with the next', async () => {
    const many = manyOver(acceptAll);
    const more = gate();
    async function* slow(): AsyncGenerator<BatchMessage> {
      yield { destination: numberOf(0), text: 'Hello' };
      await more.promise;
      yield { destination: numberOf(1), text: 'Hello' };
    }
    const run = many.sendMany(slow(), { chunkSize: 1 });
    expect((await run.next()).value).toMatchObject({ index: 0, status: 'accepted' });
    more.open();
    expect((await run.next()).value).toMatchObject({ index: 1, status: 'accepted' });
    expect((await run.next()).done).toBe(true);
  });

  it('does nothing before the first result is asked for', async () => {
    const many = manyOver(acceptAll);
    const { rows, state } = countedRows(3);
    const run = many.sendMany(rows());
    await Promise.resolve();
    expect(state.pulled).toBe(0);
    await run.return();
    expect(state.pulled).toBe(0);
    expect(many.requests).toHaveLength(0);
  });

  it('ends at once for an empty input', async () => {
    const many = manyOver(acceptAll);
    expect(await collect(many.sendMany([]))).toEqual({ results: [], error: undefined });
    expect(many.requests).toHaveLength(0);
  });

  it('tells of every chunk that starts and finishes', async () => {
    const many = manyOver(acceptAll);
    await collect(many.sendMany(countedRows(3).rows(), { chunkSize: 2, concurrency: 1 }));
    expect(many.events.filter(({ type }) => type.startsWith('chunk-'))).toEqual([
      { type: 'chunk-started', chunk: 1, messages: 2, accepted: 0, at: 0 },
      { type: 'chunk-finished', chunk: 1, messages: 2, accepted: 2, batchId: 'batch-of-2', at: 0 },
      { type: 'chunk-started', chunk: 2, messages: 1, accepted: 0, at: 0 },
      { type: 'chunk-finished', chunk: 2, messages: 1, accepted: 1, batchId: 'batch-of-1', at: 0 },
    ]);
  });

  it('hands template, defaults and switches on', async () => {
    const many = manyOver(acceptAll);
    const input = [
      { destination: '9123 4567' },
      { destination: '+6591234567' },
      { destination: '12', country: 'DE' },
    ];
    const { results } = await collect(
      many.sendMany(input, {
        template: { text: 'Hello', source: 'Shop' },
        country: 'SG',
        purpose: 'marketing',
        clientIp: '192.0.2.1',
        mergeDuplicates: true,
      }),
    );
    expect(results).toMatchObject([
      { index: 0, status: 'accepted' },
      { index: 1, status: 'accepted', duplicateOf: 0 },
      { index: 2, status: 'blocked' },
    ]);
    expect(many.requests[0]?.body).toMatchObject({
      template: { text: 'Hello', source: 'Shop' },
      clientIp: '192.0.2.1',
      includeMessagesInResponse: true,
      messages: [{ destination: '+6591234567' }],
    });
    expect(many.events).toContainEqual(
      expect.objectContaining({ type: 'message-sent', purpose: 'marketing' }),
    );
  });

  it('hands time limits and attempts to each chunk: a slow consumer does not use them up', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const many = manyOver(acceptAll);
      const limits = { timeoutMs: 500, deadlineMs: 1000, maxAttempts: 1 };
      const options = { ...limits, chunkSize: 1, concurrency: 1 };
      let taken = 0;
      for await (const { status } of many.sendMany(countedRows(3).rows(), options)) {
        expect(status).toBe('accepted');
        taken += 1;
        vi.advanceTimersByTime(900);
      }
      expect(taken).toBe(3);
      expect(many.openCalls).toHaveLength(3);
      for (const call of many.openCalls) expect(call).toMatchObject(limits);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('refuses a repeated id within a chunk, unless told otherwise', async () => {
    const input = [0, 1].map((row) => ({
      destination: numberOf(row),
      text: 'Hello',
      clientMessageId: 'same',
    }));
    const refused = await collect(manyOver(acceptAll).sendMany(input));
    expect(summary(refused.results)).toEqual(['0 accepted', '1 failed not-submitted']);
    expect(refused.results[1]).toMatchObject({ error: { path: 'input[1].clientMessageId' } });
    const allowed = await collect(manyOver(acceptAll).sendMany(input, { allowRepeatedIds: true }));
    expect(summary(allowed.results)).toEqual(accepted(0, 2));
  });

  it('keeps ids of the rows, and makes the others from one run id and the place', async () => {
    const many = manyOver(acceptAll);
    const input = [
      { destination: numberOf(0), text: 'Hello', clientMessageId: 'mine' },
      { destination: numberOf(1), text: 'Hello' },
      { destination: numberOf(2), text: 'Hello' },
    ];
    const { results } = await collect(many.sendMany(input, { chunkSize: 1 }));
    const [own, second, third] = results.map(({ clientMessageId }) => clientMessageId);
    expect(own).toBe('mine');
    expect(second).toMatch(/^[0-9a-f-]{36}-1$/);
    expect(third).toBe(`${second?.slice(0, -1)}2`);
  });

  it('gives each bad row its own result and loses nothing else', async () => {
    const bad = [
      null,
      undefined,
      42,
      '+6591234567',
      [],
      { destination: 'nonsense', text: 'Hello' },
      { text: 'Hello' },
      { destination: numberOf(1), text: 'Hello', unknownField: 1 },
      JSON.parse('{"destination":"+6591234567","text":"Hello","__proto__":{"text":"x"}}'),
      Object.defineProperty({ text: 'Hello' }, 'destination', {
        enumerable: true,
        get: () => {
          throw new Error('+6591234567');
        },
      }),
    ];
    const many = manyOver(acceptAll);
    const good = { destination: numberOf(0), text: 'Hello' };
    const { results, error } = await collect(many.sendMany([...bad, good] as BatchMessage[]));
    expect(error).toBeUndefined();
    expect(results.map(({ status }) => status)).toEqual([
      ...bad.map((_, row) => (row === 5 ? 'blocked' : 'failed')),
      'accepted',
    ]);
    expect(JSON.stringify(results.slice(0, -1))).not.toContain('91234567');
    expect(results[9]).toMatchObject({ error: { path: 'input[9]', submission: 'not-submitted' } });
  });

  it('reads rows when they are given: a source may reuse its object', async () => {
    const many = manyOver(acceptAll);
    function* reusing(): Generator<BatchMessage> {
      const row = { destination: '', text: 'Hello' };
      for (let place = 0; place < 3; place += 1) {
        row.destination = numberOf(place);
        yield row;
      }
    }
    await collect(many.sendMany(reusing()));
    expect(many.written()).toEqual([[0, 1, 2]]);
  });

  it.each([
    [{ chunkSize: 0 }, 'options.chunkSize'],
    [{ chunkSize: 10_001 }, 'options.chunkSize'],
    [{ chunkSize: Number.NaN }, 'options.chunkSize'],
    [{ concurrency: 1.5 }, 'options.concurrency'],
    [{ concurrency: 33 }, 'options.concurrency'],
    [{ checkpoint: 'file' }, 'options.checkpoint'],
    [{ resumeFrom: 7 }, 'options.resumeFrom'],
    [{ purpose: 'spam' }, 'options.purpose'],
    [{ template: { txt: 'x' } }, 'options.template.txt'],
    [{ signal: {} }, 'options.signal'],
    [{ timeoutMs: -1 }, 'options.timeoutMs'],
    [{ concurency: 2 }, 'options.concurency'],
    [null, 'options'],
  ])('refuses %o before anything is read', async (options, path) => {
    const many = manyOver(acceptAll);
    const { rows, state } = countedRows(1);
    const { error } = await collect(many.sendMany(rows(), options as unknown as SendManyOptions));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path, submission: 'not-submitted' });
    expect(state.pulled).toBe(0);
  });

  it.each([
    undefined,
    null,
    5,
    'rows',
    {},
    { [Symbol.iterator]: 1 },
    {
      [Symbol.asyncIterator]: () => {
        throw new Error('+6591234567');
      },
    },
  ])('refuses %o as an input', async (input) => {
    const { error } = await collect(manyOver(acceptAll).sendMany(input as never));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path: 'input' });
    expect(String(error)).not.toContain('91234567');
  });
});

describe('sendMany, an input that throws', () => {
  function* failing(): Generator<BatchMessage> {
    for (let row = 0; row < 5; row += 1) yield { destination: numberOf(row), text: 'Hello' };
    throw new Error('line 6 of /home/ann: +6591234567');
  }
  async function* failingLater(): AsyncGenerator<BatchMessage> {
    yield* failing();
  }

  it.each([failing, failingLater])('sends what was read, then says which row could not be', async (input) => {
    const many = manyOver(acceptAll);
    const { results, error } = await collect(many.sendMany(input(), { chunkSize: 3 }));
    expect(summary(results)).toEqual(accepted(0, 5));
    expect(many.written().flat()).toEqual([0, 1, 2, 3, 4]);
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path: 'input[5]' });
    expect(`${error} ${JSON.stringify(error)} ${(error as Error).cause}`).not.toMatch(/ann|91234567/);
  });

  it('takes a step that is no object as a throw', async () => {
    const input = { [Symbol.iterator]: () => ({ next: () => undefined }) };
    const { error } = await collect(manyOver(acceptAll).sendMany(input as never));
    expect(error).toMatchObject({ path: 'input[0]' });
  });
});

describe('sendMany, ended by its signal', () => {
  it('reads nothing when the signal has fired before', async () => {
    const many = manyOver(acceptAll);
    const { rows, state } = countedRows(3);
    const { results, error } = await collect(many.sendMany(rows(), { signal: AbortSignal.abort() }));
    expect(results).toEqual([]);
    expect(error).toBeInstanceOf(AbortedError);
    expect(state.pulled).toBe(0);
  });

  it('finishes what is on its way, hands out what was read, then throws', async () => {
    const controller = new AbortController();
    const answers = [gate<TransportResponse>(), gate<TransportResponse>()];
    const many = manyOver((request, { signal }) => {
      const turn = many.requests.length - 1;
      if (turn === 1) controller.abort();
      signal.addEventListener('abort', () => answers[turn]?.fail(lost()), { once: true });
      if (signal.aborted) answers[turn]?.fail(lost());
      return answers[turn]?.promise ?? acceptAll(request);
    });
    function lost(): SmsError {
      return new AbortedError({ message: 'cut off', submission: 'unknown' });
    }
    const { rows, state } = countedRows(20);
    const { results, error } = await collect(
      many.sendMany(rows(), { chunkSize: 2, concurrency: 3, signal: controller.signal }),
    );
    expect(summary(results)).toEqual([
      ...[0, 1, 2, 3].map((row) => `${row} failed unknown`),
      ...stopped(4, state.pulled),
    ]);
    expect(results.every(({ clientMessageId }) => clientMessageId.length > 36)).toBe(true);
    expect(error).toBeInstanceOf(AbortedError);
    expect(error).toMatchObject({ name: 'AbortError', submission: 'not-submitted' });
    expect(many.requests).toHaveLength(2);
    expect(state.returned).toBe(1);
  });

  it('does not wait for a source that never goes on', async () => {
    const controller = new AbortController();
    const many = manyOver(acceptAll);
    const late = gate();
    async function* hanging(): AsyncGenerator<BatchMessage> {
      yield { destination: numberOf(0), text: 'Hello', clientMessageId: 'mine' };
      controller.abort();
      await late.promise;
      yield { destination: numberOf(1), text: 'Hello' };
    }
    const { results, error } = await collect(many.sendMany(hanging(), { signal: controller.signal }));
    expect(summary(results)).toEqual(stopped(0, 1));
    expect(results[0]?.clientMessageId).toBe('mine');
    expect(error).toBeInstanceOf(AbortedError);
    late.open();
    await late.promise;
    expect(many.requests).toHaveLength(0);
  });

  it('leaves no listener behind', async () => {
    for (const count of [0, 5]) {
      const counted = countingSignal();
      await collect(
        manyOver(acceptAll).sendMany(countedRows(count).rows(), { signal: counted.signal, chunkSize: 2 }),
      );
      expect(counted.listeners).toBe(0);
    }
    const counted = countingSignal();
    const run = manyOver(acceptAll).sendMany(countedRows(9).rows(), { signal: counted.signal, chunkSize: 2 });
    await run.next();
    await run.return();
    expect(counted.listeners).toBe(0);
  });
});

describe('sendMany, left early by its consumer', () => {
  it('writes no new chunk, waits for those under way and closes the source', async () => {
    const second = gate();
    const many = manyOver(async (request) => {
      if (many.requests.length === 2) await second.promise;
      return acceptAll(request);
    });
    const { rows, state } = countedRows(50);
    const run = many.sendMany(rows(), { chunkSize: 2, concurrency: 2 });
    await run.next();
    let isLeft = false;
    const leaving = run.return().then(() => {
      isLeft = true;
    });
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
    expect(isLeft).toBe(false);
    second.open();
    await leaving;
    expect(many.written()).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(state).toEqual({ pulled: 4, returned: 1 });
    expect((await run.next()).done).toBe(true);
  });

  it('closes an async source, and is not disturbed when that throws or the source has no return', async () => {
    for (const close of [
      undefined,
      () => Promise.reject(new Error('disk')),
      () => Promise.resolve({ done: true }),
    ]) {
      let row = 0;
      const iterator = {
        next: async () => ({ done: false, value: { destination: numberOf(row++), text: 'Hello' } }),
        ...(close && { return: close }),
      };
      const many = manyOver(acceptAll);
      const run = many.sendMany({ [Symbol.asyncIterator]: () => iterator } as never, { chunkSize: 1 });
      expect((await run.next()).value).toMatchObject({ status: 'accepted' });
      expect(await run.return()).toEqual({ done: true, value: undefined });
    }
  });

  it('does not wait for a source that never goes on', async () => {
    async function* hanging(): AsyncGenerator<BatchMessage> {
      yield { destination: numberOf(0), text: 'Hello' };
      await new Promise(() => {});
    }
    const run = manyOver(acceptAll).sendMany(hanging(), { chunkSize: 1 });
    expect((await run.next()).value).toMatchObject({ status: 'accepted' });
    expect(await run.return()).toEqual({ done: true, value: undefined });
  });
});

describe('sendMany, ended by what the next chunk would meet too', () => {
  const base = { message: 'no', submission: 'rejected', status: 401, attempts: 1 } as const;
  const rejected: readonly SmsError[] = [
    new AuthenticationError(base),
    new PermissionDeniedError({ ...base, status: 403 }),
    new RateLimitError({ ...base, status: 429, submission: 'not-submitted', retryAfterMs: 60_000 }),
    new ConnectionError({ message: 'no', submission: 'not-submitted', reason: 'refused', attempts: 3 }),
    new QueueFullError(1, 'no'),
    new StoreError('no'),
  ];

  it.each(rejected)('stops after the first chunk: $name', async (problem) => {
    const many = manyOver(() => Promise.reject(problem));
    const { rows, state } = countedRows(1000);
    const { results, error } = await collect(many.sendMany(rows(), { chunkSize: 10, concurrency: 2 }));
    expect(error).toEqual(problem);
    expect(many.requests.length).toBeLessThanOrEqual(2);
    expect(state.pulled).toBeLessThanOrEqual(20);
    expect(results.map(({ index }) => index)).toEqual(Array.from({ length: state.pulled }, (_, row) => row));
    expect(results.every(({ status }) => status !== 'accepted')).toBe(true);
  });

  it.each([
    [400, 1001],
    [400, 1007],
    [400, 1014],
    [400, 1100],
    [400, 2003],
    [400, 2006],
    [400, 2007],
    [400, 3001],
    [422, 1001],
    [402, undefined],
    [404, undefined],
    [405, 2001],
    [407, undefined],
    [410, 2002],
    [413, undefined],
    [426, 1014],
  ])(
    'ends at a refusal of the account, and a resumed run sends every row: HTTP %i, code %s',
    async (status, apiCode) => {
      const problem = new BadRequestError({ ...base, status, apiCode });
      const many = manyOver(() => Promise.reject(problem));
      let token = '';
      const options: SendManyOptions = {
        chunkSize: 10,
        concurrency: 2,
        checkpoint: (next) => {
          token = next;
        },
      };
      const { error } = await collect(many.sendMany(countedRows(50).rows(), options));
      expect(error).toEqual(problem);
      expect(many.requests.length).toBeLessThanOrEqual(2);
      const again = manyOver(acceptAll);
      const rest = await collect(again.sendMany(countedRows(50).rows(), { ...options, resumeFrom: token }));
      expect(rest.error).toBeUndefined();
      expect(summary(rest.results)).toEqual(accepted(0, 50));
    },
  );

  it.each([
    [400, 1000],
    [400, 1002],
    [400, 3006],
    [422, undefined],
  ])('goes on after a refusal that may concern a row: HTTP %i, code %s', async (status, apiCode) => {
    const problem = new BadRequestError({ ...base, status, apiCode });
    const many = manyOver((request) =>
      many.requests.length === 1 ? Promise.reject(problem) : acceptAll(request),
    );
    const { results, error } = await collect(
      many.sendMany(countedRows(4).rows(), { chunkSize: 2, concurrency: 1 }),
    );
    expect(error).toBeUndefined();
    expect(summary(results)).toEqual(['0 rejected rejected', '1 rejected rejected', ...accepted(2, 4)]);
  });

  it('goes on after one chunk that was refused as a whole or lost', async () => {
    const problems = [
      new BadRequestError({ ...base, status: 400 }),
      undefined,
      new ServerError({ ...base, submission: 'unknown', status: 500 }),
    ];
    const many = manyOver((request) => {
      const problem = problems[many.requests.length - 1];
      return problem === undefined ? acceptAll(request) : Promise.reject(problem);
    });
    const { results, error } = await collect(
      many.sendMany(countedRows(8).rows(), { chunkSize: 2, concurrency: 1 }),
    );
    expect(error).toBeUndefined();
    expect(summary(results)).toEqual([
      '0 rejected rejected',
      '1 rejected rejected',
      ...accepted(2, 4),
      '4 failed unknown',
      '5 failed unknown',
      ...accepted(6, 8),
    ]);
  });

  it.each([
    new BadRequestError({ ...base, status: 400 }),
    new ServerError({ ...base, submission: 'unknown', status: 500 }),
    new ApiError({ ...base, submission: 'unknown', status: 302 }),
  ])('stops after three chunks in a row without an answer to their messages: $name', async (problem) => {
    const many = manyOver((request) =>
      many.requests.length === 2 ? acceptAll(request) : Promise.reject(problem),
    );
    const { rows, state } = countedRows(1000);
    const { error } = await collect(many.sendMany(rows(), { chunkSize: 2, concurrency: 1 }));
    expect(error).toMatchObject({ name: problem.name, submission: problem.submission });
    expect(many.requests).toHaveLength(5);
    expect(state.pulled).toBe(10);
  });

  it('does not take messages that 8x8 refuses one by one, or that never came so far, for such chunks', async () => {
    const many = manyOver((request) => ({
      status: 200,
      attempts: 1,
      body: {
        messages: messagesOf(request).map((message) => ({ ...message, status: { code: 'REJECTED' } })),
      },
    }));
    const refused = await collect(many.sendMany(countedRows(8).rows(), { chunkSize: 1 }));
    expect(refused.error).toBeUndefined();
    expect(many.requests).toHaveLength(8);
    const blocked = await collect(
      many.sendMany(Array(8).fill({ destination: '1', text: 'x' }), { chunkSize: 1 }),
    );
    expect(blocked.error).toBeUndefined();
    expect(blocked.results).toHaveLength(8);
  });

  it('stops when the client is closed', async () => {
    const many = manyOver(acceptAll);
    const { rows, state } = countedRows(100);
    const run = many.sendMany(rows(), { chunkSize: 2, concurrency: 1 });
    await run.next();
    await many.calls.close(0);
    const { results, error } = await collect(run);
    expect(summary(results)).toEqual([...accepted(1, 2), ...stopped(2, 4)]);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(state.returned).toBe(1);
  });

  it('hides no fault of its own, and finishes what is on its way first', async () => {
    const second = gate();
    let isFinished = false;
    const many = manyOver(async (request) => {
      if (many.requests.length === 1) throw new TypeError('a fault in the library');
      await second.promise;
      isFinished = true;
      return acceptAll(request);
    });
    const run = many.sendMany(countedRows(10).rows(), { chunkSize: 2 });
    const ending = collect(run);
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
    second.open();
    expect((await ending).error).toBeInstanceOf(TypeError);
    expect(isFinished).toBe(true);
  });
});
