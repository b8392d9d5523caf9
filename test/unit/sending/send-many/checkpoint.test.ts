import { afterEach, describe, expect, it, vi } from 'vitest';
import { AbortedError, AuthenticationError, StoreError, ValidationError } from '../../../../src/errors.ts';
import type { BatchMessage } from '../../../../src/sending/sms-message.ts';
import {
  acceptAll,
  collect,
  countedRows,
  gate,
  manyOver,
  messagesOf,
  numberOf,
  summary,
} from '../../../support/send-many.ts';

interface ReadableToken {
  readonly settled: readonly (readonly [number, number])[];
  readonly begun: readonly (readonly [number, number])[];
  readonly rows: number;
}

function read(token: string | undefined): ReadableToken {
  const { settled, begun, rows } = JSON.parse(token ?? '') as ReadableToken;
  return { settled, begun, rows };
}

function last(tokens: readonly string[]): string {
  return tokens.at(-1) ?? '';
}

describe('checkpoints of sendMany', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('come before a chunk is written and after its last result was taken', async () => {
    const steps: string[] = [];
    const many = manyOver((request) => {
      steps.push(`write ${messagesOf(request).length}`);
      return acceptAll(request);
    });
    const checkpoint = async (token: string): Promise<void> => {
      steps.push('saving');
      await Promise.resolve();
      const { settled, begun } = read(token);
      steps.push(`settled ${JSON.stringify(settled)} begun ${JSON.stringify(begun)}`);
    };
    const options = { chunkSize: 2, concurrency: 1, checkpoint };
    for await (const { index } of many.sendMany(countedRows(3).rows(), options)) steps.push(`take ${index}`);
    expect(steps).toEqual([
      'saving',
      'settled [] begun [[0,2]]',
      'write 2',
      'take 0',
      'take 1',
      'saving',
      'settled [[0,2]] begun []',
      'saving',
      'settled [[0,2]] begun [[2,3]]',
      'write 1',
      'take 2',
      'saving',
      'settled [[0,3]] begun []',
    ]);
  });

  it('are made one at a time, each newer than the one before', async () => {
    let open = 0;
    let most = 0;
    const sizes: number[] = [];
    const many = manyOver(acceptAll);
    const checkpoint = async (token: string): Promise<void> => {
      open += 1;
      most = Math.max(most, open);
      await Promise.resolve();
      const { settled, begun } = read(token);
      sizes.push((settled[0]?.[1] ?? 0) * 1000 + (begun.at(-1)?.[1] ?? 0));
      open -= 1;
    };
    await collect(many.sendMany(countedRows(40).rows(), { chunkSize: 3, concurrency: 4, checkpoint }));
    expect(most).toBe(1);
    expect(sizes.length).toBe(28);
    // The last token has nothing begun any more.
    expect(sizes).toEqual([...sizes].sort((one, other) => one - other));
  });

  it('hold neither numbers, texts nor ids, and stay small however long the input is', async () => {
    const tokens: string[] = [];
    const input = Array.from({ length: 5000 }, (_, row) => ({
      destination: numberOf(row),
      text: 'a secret',
      clientMessageId: `customer-${row}`,
    }));
    const options = { chunkSize: 10, concurrency: 4, checkpoint: (token: string) => void tokens.push(token) };
    await collect(manyOver(acceptAll).sendMany(input, options));
    expect(tokens).toHaveLength(1000);
    expect(Math.max(...tokens.map((token) => token.length))).toBeLessThan(250);
    expect(tokens.join()).not.toMatch(/secret|customer|\+65|6591/);
  });

  it('are not made for an empty input, nor for rows that need nothing', async () => {
    const checkpoint = vi.fn();
    await collect(manyOver(acceptAll).sendMany([], { checkpoint }));
    expect(checkpoint).not.toHaveBeenCalled();
    const tokens: string[] = [];
    await collect(
      manyOver(acceptAll).sendMany(countedRows(4).rows(), { checkpoint: (token) => void tokens.push(token) }),
    );
    await collect(
      manyOver(acceptAll).sendMany(countedRows(4).rows(), { checkpoint, resumeFrom: last(tokens) }),
    );
    expect(checkpoint).not.toHaveBeenCalled();
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('disk full at /home/ann');
      },
    ],
    ['rejects', () => Promise.reject(new Error('disk full at /home/ann'))],
  ])('that %s before a chunk: nothing of it is written, the chunk before it is finished', async (_, fail) => {
    const many = manyOver(acceptAll);
    const tokens: string[] = [];
    let calls = 0;
    const checkpoint = (token: string): void | Promise<void> => {
      calls += 1;
      if (calls === 2) return fail();
      tokens.push(token);
    };
    const { rows, state } = countedRows(50);
    const { results, error } = await collect(many.sendMany(rows(), { chunkSize: 2, checkpoint }));
    expect(many.written()).toEqual([[0, 1]]);
    expect(summary(results)).toEqual([
      '0 accepted',
      '1 accepted',
      '2 failed not-submitted',
      '3 failed not-submitted',
    ]);
    expect(error).toBeInstanceOf(StoreError);
    expect(`${error} ${JSON.stringify(error)}`).not.toContain('ann');
    expect(state).toEqual({ pulled: 4, returned: 1 });
    expect(read(last(tokens))).toEqual({ settled: [[0, 2]], begun: [], rows: 2 });

    const again = manyOver(acceptAll);
    const rest = await collect(again.sendMany(countedRows(6).rows(), { resumeFrom: last(tokens) }));
    expect(again.written().flat()).toEqual([2, 3, 4, 5]);
    expect(rest.results.map(({ index }) => index)).toEqual([2, 3, 4, 5]);
  });

  it('that fails after a chunk ends the run as well', async () => {
    const many = manyOver(acceptAll);
    let calls = 0;
    const checkpoint = (): void => {
      calls += 1;
      if (calls > 1) throw new Error('no');
    };
    const options = { chunkSize: 2, concurrency: 1, checkpoint };
    const { results, error } = await collect(many.sendMany(countedRows(50).rows(), options));
    expect(summary(results)).toEqual(['0 accepted', '1 accepted']);
    expect(error).toBeInstanceOf(StoreError);
    expect(many.requests).toHaveLength(1);
  });

  it('that hangs for 30 seconds has failed', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const many = manyOver(acceptAll);
    const asked = gate();
    const checkpoint = (): Promise<void> => {
      asked.open();
      return new Promise(() => {});
    };
    const ending = collect(many.sendMany(countedRows(2).rows(), { checkpoint }));
    await asked.promise;
    await vi.advanceTimersByTimeAsync(30_000);
    // The last attempt to say that nothing is begun.
    await vi.advanceTimersByTimeAsync(30_000);
    const { results, error } = await ending;
    expect(summary(results)).toEqual(['0 failed not-submitted', '1 failed not-submitted']);
    expect(error).toBeInstanceOf(StoreError);
    expect(many.requests).toHaveLength(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives way to an abort, and what was not written stays open', async () => {
    const controller = new AbortController();
    const many = manyOver(acceptAll);
    const tokens: string[] = [];
    const checkpoint = (token: string): void | Promise<void> => {
      tokens.push(token);
      if (tokens.length > 1) return;
      controller.abort();
      return new Promise(() => {});
    };
    const options = { chunkSize: 2, checkpoint, signal: controller.signal };
    const { results, error } = await collect(many.sendMany(countedRows(9).rows(), options));
    expect(summary(results)).toEqual(['0 failed not-submitted', '1 failed not-submitted']);
    expect(error).toBeInstanceOf(AbortedError);
    expect(read(last(tokens))).toEqual({ settled: [], begun: [], rows: 0 });
    expect(many.requests).toHaveLength(0);
  });

  it('an abort settles what was written and leaves the rest to a resumed run', async () => {
    const controller = new AbortController();
    const many = manyOver(acceptAll);
    const tokens: string[] = [];
    const checkpoint = (token: string): void => void tokens.push(token);
    const options = { chunkSize: 2, concurrency: 2, checkpoint, signal: controller.signal };
    const first: string[] = [];
    const run = many.sendMany(countedRows(11).rows(), options);
    const ending = (async () => {
      for await (const result of run) {
        first.push(...summary([result]));
        if (result.index === 3) controller.abort();
      }
    })();
    await expect(ending).rejects.toBeInstanceOf(AbortedError);
    const again = manyOver(acceptAll);
    const rest = await collect(
      again.sendMany(countedRows(11).rows(), { chunkSize: 3, resumeFrom: last(tokens) }),
    );
    const sent = [...many.written().flat(), ...again.written().flat()].sort((one, other) => one - other);
    expect(sent).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const final = [...first.filter((line) => line.endsWith('accepted')), ...summary(rest.results)];
    expect(final).toEqual(sent.map((row) => `${row} accepted`));
  });

  it('a chunk that 8x8 refused for its key stays open: the resumed run sends it', async () => {
    const problem = new AuthenticationError({
      message: 'no',
      submission: 'rejected',
      status: 401,
      attempts: 1,
    });
    const many = manyOver((request) =>
      many.requests.length === 1 ? acceptAll(request) : Promise.reject(problem),
    );
    const tokens: string[] = [];
    const input: BatchMessage[] = [0, 1, 2, 3].map((row) => ({ destination: numberOf(row), text: 'Hello' }));
    input[3] = { destination: '12', text: 'Hello', country: 'SG' };
    const options = { chunkSize: 2, concurrency: 1, checkpoint: (token: string) => void tokens.push(token) };
    const { results, error } = await collect(many.sendMany(input, options));
    expect(summary(results)).toEqual([
      '0 accepted',
      '1 accepted',
      '2 rejected rejected',
      '3 blocked not-submitted',
    ]);
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(error).not.toHaveProperty('clientMessageId');
    // Row 3 has its final result; row 2 goes on.
    expect(read(last(tokens))).toEqual({
      settled: [
        [0, 2],
        [3, 4],
      ],
      begun: [],
      rows: 2,
    });
    const again = manyOver(acceptAll);
    const rest = await collect(again.sendMany(input, { ...options, resumeFrom: last(tokens) }));
    expect(summary(rest.results)).toEqual(['2 accepted']);
    expect(read(last(tokens)).settled).toEqual([[0, 4]]);
  });

  it('a consumer that leaves gets back as unknown what it did not take, and never a second message', async () => {
    const many = manyOver(acceptAll);
    const tokens: string[] = [];
    const checkpoint = (token: string): void => void tokens.push(token);
    for await (const { index } of many.sendMany(countedRows(9).rows(), {
      chunkSize: 2,
      concurrency: 2,
      checkpoint,
    })) {
      if (index === 2) break;
    }
    const before = many.written().flat();
    const again = manyOver(acceptAll);
    const { results } = await collect(again.sendMany(countedRows(9).rows(), { resumeFrom: last(tokens) }));
    expect(
      again
        .written()
        .flat()
        .some((row) => before.includes(row)),
    ).toBe(false);
    expect(results.map(({ index }) => index)).toEqual([2, 3, 4, 5, 6, 7, 8]);
    expect(results.slice(0, 2)).toMatchObject([
      { error: { submission: 'unknown' } },
      { error: { submission: 'unknown' } },
    ]);
  });

  it('a consumer that leaves while a chunk is being begun: the chunk is not written and stays open', async () => {
    const many = manyOver(acceptAll);
    const stored = gate();
    const tokens: string[] = [];
    const checkpoint = async (token: string): Promise<void> => {
      tokens.push(token);
      if (tokens.length === 2) await stored.promise;
    };
    const run = many.sendMany(countedRows(9).rows(), { chunkSize: 2, concurrency: 2, checkpoint });
    await run.next();
    await run.return();
    stored.open();
    expect(many.written()).toEqual([[0, 1]]);
    expect(read(last(tokens))).toMatchObject({ begun: [[0, 2]] });
  });
});

describe('resuming sendMany', () => {
  async function crashAfterFirstChunk(
    input: readonly BatchMessage[],
  ): Promise<{ token: string; ids: readonly string[] }> {
    const tokens: string[] = [];
    const many = manyOver(acceptAll);
    const run = many.sendMany(input, {
      chunkSize: 2,
      concurrency: 1,
      checkpoint: (token) => void tokens.push(token),
    });
    for (let row = 0; row < 3; row += 1) await run.next();
    const ids = many.requests.flatMap((request) =>
      messagesOf(request).map(({ clientMessageId }) => clientMessageId),
    );
    return { token: last(tokens), ids };
  }
  const input: readonly BatchMessage[] = [0, 1, 2, 3, 4].map((row) => ({
    destination: numberOf(row),
    text: 'Hello',
    ...(row === 3 && { clientMessageId: 'mine' }),
  }));

  it('gives begun rows back as unknown, under the very ids that were sent', async () => {
    const { token, ids } = await crashAfterFirstChunk(input);
    const many = manyOver(acceptAll);
    const { results } = await collect(many.sendMany(input, { resumeFrom: token, chunkSize: 10 }));
    expect(summary(results)).toEqual(['2 failed unknown', '3 failed unknown', '4 accepted']);
    expect(results.slice(0, 2).map(({ clientMessageId }) => clientMessageId)).toEqual(ids.slice(2));
    expect(ids[3]).toBe('mine');
    const [unknown] = results;
    expect(unknown).toMatchObject({ error: { code: 'aborted', clientMessageId: ids[2] } });
    expect(unknown?.status === 'failed' && unknown.error.message).toContain('reconcile');
    expect(many.written()).toEqual([[4]]);
  });

  it.each([
    ['another row', [0, 9, 2, 3, 4]],
    ['another order', [1, 0, 2, 3, 4]],
    ['a row more at its start', [9, 0, 1, 2, 3, 4]],
    ['rows missing', [0, 1]],
    ['no rows', []],
  ])('refuses an input with %s, and sends nothing', async (_, rows) => {
    const { token } = await crashAfterFirstChunk(input);
    const changed = rows.map((row) => ({ ...input[0], destination: numberOf(row), text: 'Hello' }));
    const checkpoint = vi.fn();
    const many = manyOver(acceptAll);
    const { error } = await collect(many.sendMany(changed, { resumeFrom: token, checkpoint, chunkSize: 10 }));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path: 'input' });
    expect(many.requests).toHaveLength(0);
  });

  it('takes an input that has grown at its end', async () => {
    const { token } = await crashAfterFirstChunk(input);
    const many = manyOver(acceptAll);
    const longer = [...input, { destination: numberOf(5), text: 'Hello' }];
    expect((await collect(many.sendMany(longer, { resumeFrom: token }))).error).toBeUndefined();
    expect(many.written()).toEqual([[4, 5]]);
  });

  it('is not disturbed by rows that cannot be read', async () => {
    const bad = {
      get destination(): string {
        throw new Error('no');
      },
    };
    const rows = [bad, null, ...input] as unknown as BatchMessage[];
    const { token } = await crashAfterFirstChunk(rows);
    const { results, error } = await collect(manyOver(acceptAll).sendMany(rows, { resumeFrom: token }));
    expect(error).toBeUndefined();
    expect(results.map(({ index }) => index)).toEqual([2, 3, 4, 5, 6]);
  });

  const good = {
    kind: '8x8-sms-guard/sendMany',
    version: 1,
    run: '00000000-0000-4000-8000-000000000000',
    settled: [[0, 2]],
    begun: [[2, 4]],
    rows: 4,
    digest: 'abcd',
  };
  it.each([
    'nonsense',
    'null',
    '[]',
    '{}',
    { ...good, kind: 'other' },
    { ...good, version: 2 },
    { ...good, run: '+6591234567' },
    { ...good, settled: [[2, 2]] },
    {
      ...good,
      settled: [
        [0, 3],
        [2, 4],
      ],
    },
    {
      ...good,
      settled: [
        [0, 2],
        [2, 4],
      ],
    },
    { ...good, begun: [[-1, 2]] },
    { ...good, begun: [[0.5, 2]] },
    { ...good, begun: [[0, 1, 2]] },
    { ...good, rows: '4' },
    { ...good, digest: 'zzzz' },
    { ...good, more: 1 },
  ])('refuses what is no token of it before anything is read: %j', async (token) => {
    const { rows, state } = countedRows(3);
    const resumeFrom = typeof token === 'string' ? token : JSON.stringify(token);
    const { error } = await collect(manyOver(acceptAll).sendMany(rows(), { resumeFrom }));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path: 'resumeFrom', submission: 'not-submitted' });
    expect(state.pulled).toBe(0);
  });
});
