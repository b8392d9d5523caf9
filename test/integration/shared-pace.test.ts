import { describe, expect, it } from 'vitest';
import { LimitError, StoreError } from '../../src/errors.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import type { PermitLease, SharedPace } from '../../src/transport/shared-pace.ts';
import { numberOf, testClient } from '../support/client.ts';
import { failureOf } from '../support/transport.ts';

const PERSON = { destination: numberOf(1), text: 'Hello' };

/** One permit at a time, of a store that may refuse to give any. */
function startPace() {
  const state = { isAway: false, asked: 0 };
  const pace: SharedPace = {
    lane: () => ({
      async lease(): Promise<PermitLease> {
        state.asked += 1;
        if (state.isAway) throw new StoreError('no answer');
        const fromMs = performance.now();
        return { permits: [{ fromMs, untilMs: fromMs + 38 }], retryAfterMs: 0, pauseMs: 0 };
      },
      pause: () => {},
    }),
  };
  return { state, pace };
}

/** A client that may send one message to a person; `posts` is what left. */
function start(retry: false | { maxAttempts: number } = false) {
  const { state, pace } = startPace();
  const posts: string[] = [];
  const answers: ((() => Response) | undefined)[] = [];
  const { sms, emulator } = testClient({
    limits: Object.assign(memoryLimits(), { pace }),
    guards: { recipient: { limit: 1, windowMs: 60_000 } },
    retry: retry && { ...retry, baseMs: 1, maxMs: 1 },
  });
  const client = sms.withOptions({
    fetch(input, init) {
      posts.push(`${init?.method}`);
      const answer = answers.shift();
      return answer === undefined ? emulator.fetch(input, init) : Promise.resolve(answer());
    },
  });
  return { sms: client, state, posts, answers };
}

describe('a message that gets no turn', () => {
  it('costs nothing: it was not sent, and what was taken for it is given back', async () => {
    const { sms, state, posts } = start();
    state.isAway = true;
    const error = await failureOf(sms.messages.send(PERSON));
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ submission: 'not-submitted' });
    const batch = await sms.messages.sendBatch({
      messages: [PERSON, { ...PERSON, destination: numberOf(2) }],
    });
    expect(batch.results).toMatchObject([
      { status: 'failed', error: { code: 'store', submission: 'not-submitted' } },
      { status: 'failed', error: { code: 'store', submission: 'not-submitted' } },
    ]);
    expect(posts).toEqual([]);
    state.isAway = false;
    expect((await sms.messages.send(PERSON)).status).toBe('accepted');
    expect(await failureOf(sms.messages.send(PERSON))).toBeInstanceOf(LimitError);
    expect(posts).toEqual(['POST']);
  });

  it('for its second attempt, after 8x8 refused the first one, costs nothing either', async () => {
    const { sms, state, posts, answers } = start({ maxAttempts: 3 });
    answers.push(() => {
      state.isAway = true;
      return new Response('{}', { status: 429 });
    });
    const error = await failureOf(sms.messages.send(PERSON));
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ submission: 'not-submitted' });
    state.isAway = false;
    expect((await sms.messages.send(PERSON)).attempts).toBe(1);
    expect(posts).toEqual(['POST', 'POST']);
  });

  it('a repetition after 429 waits for its own permit', async () => {
    const { sms, state, posts, answers } = start({ maxAttempts: 3 });
    answers.push(() => new Response('{}', { status: 429 }));
    expect((await sms.messages.send(PERSON)).attempts).toBe(2);
    expect(posts).toEqual(['POST', 'POST']);
    expect(state.asked).toBe(2);
  });

  it('asks for none once its caller has left, and costs nothing', async () => {
    const { sms, state, posts } = start();
    const failure = failureOf(sms.messages.send(PERSON, { signal: AbortSignal.abort() }));
    expect(await failure).toMatchObject({ name: 'AbortError', submission: 'not-submitted' });
    expect(state.asked).toBe(0);
    expect((await sms.messages.send(PERSON)).status).toBe('accepted');
    expect(posts).toEqual(['POST']);
  });
});
