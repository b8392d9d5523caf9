import { expect } from 'vitest';
import { SmsClient } from '../../src/client.ts';
import { SmsError } from '../../src/errors.ts';
import type { LimitStore } from '../../src/limits/limit-store.ts';
import type { Clock, Fetch } from '../../src/types.ts';
import { API_KEY, numberOf, SUB_ACCOUNT_ID } from './client.ts';
import { NOON } from './fake-clock.ts';
import { jsonResponse, lostConnection, refusedConnection } from './respond-with.ts';
import { startVirtualTime, type VirtualTime } from './virtual-time.ts';

/** One schedule is everything that is sent to one person. */
export const PEOPLE = 50;

/** A small generator with a seed, so that a run that fails can be repeated. */
function randomFrom(seed: number) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
  return {
    next,
    pick: <Item>(items: readonly Item[]): Item => items[Math.floor(next() * items.length)] as Item,
  };
}
type Random = ReturnType<typeof randomFrom>;

const LIMITED = { status: 429, headers: { 'retry-after': '1' } };

/** An 8x8 that writes down when each message came: late, because `fetch` may wait for a name or a connection. */
function createFake8x8(time: VirtualTime, random: Random, writes: Map<string, number[]>): Fetch {
  return async (_url, init) => {
    const { destination } = JSON.parse(String(init?.body)) as { destination: string };
    await time.sleep(random.pick([0, 0, 0, 1, 200, 900, 3_000, 8_000]));
    const fate = random.pick(['accept', 'accept', 'accept', 'accept', 'pause', 'refuse', 'lose', 'reject']);
    if (init?.signal?.aborted) throw new Error('aborted');
    if (fate === 'refuse') throw refusedConnection();
    if (fate === 'accept' || fate === 'lose') {
      const stamps = writes.get(destination) ?? [];
      writes.set(destination, stamps);
      stamps.push(time.now());
    }
    await time.sleep(random.pick([0, 1, 100, 2_500]));
    if (fate === 'lose') throw lostConnection();
    if (fate === 'pause') return new Response('{}', LIMITED);
    return jsonResponse({ umid: 'u', status: { code: fate === 'reject' ? 'REJECTED' : 'QUEUED' } });
  };
}

function mostInAnyWindow(stamps: readonly number[], windowMs: number): number {
  return Math.max(
    ...stamps.map((at) => stamps.filter((other) => other > at - windowMs && other <= at).length),
  );
}

export interface Story {
  readonly seed: number;
  /** Lengths of the window to choose from. */
  readonly windows: readonly number[];
  limits(clock: Required<Clock>): LimitStore;
  /** Resolves when no reply of a server is on its way. */
  idle?(): Promise<void>;
}

/**
 * One story of 50 people and three clients of a scope: slow keys, a slow pace, repeats, pauses and a `fetch` that waits
 * before it writes. Fails when a window held too many messages by the time of their write. Gives how many were written.
 */
export async function tellStory({ seed, windows, limits: createLimits, idle }: Story): Promise<number> {
  const random = randomFrom(seed);
  const time = startVirtualTime(idle);
  const clock = { now: () => NOON + time.now(), monotonic: time.now };
  const limit = random.pick([1, 2, 3]);
  const windowMs = random.pick(windows);
  const writes = new Map<string, number[]>();
  const fetch = createFake8x8(time, random, writes);
  const limits = createLimits(clock);
  const requestsPerSecond = random.pick([1, 2, 20]);
  const clients = [0, 1, 2].map(
    () =>
      new SmsClient({
        subAccountId: SUB_ACCOUNT_ID,
        scope: 'one',
        clock,
        limits,
        fetch,
        async apiKey() {
          await time.sleep(random.pick([0, 0, 5, 900, 1_100, 4_000, 9_000]));
          return { key: API_KEY, expiresAt: clock.now() + random.pick([0, 20_000]) };
        },
        pace: { requestsPerSecond, maxQueued: 10_000 },
        retry: { maxAttempts: 3, baseMs: 500, maxMs: 8_000 },
        guards: { recipient: { limit, windowMs }, backoff: false },
      }),
  );
  async function follow(person: number): Promise<void> {
    for (let sent = 0; sent < 8; sent += 1) {
      await time.sleep(random.pick([0, 0, 1, windowMs / 2, windowMs - 1, windowMs, windowMs + 1]));
      const sending = random.pick(clients).messages.send({ destination: numberOf(person), text: 'a' });
      sending.catch((error: unknown) => {
        if (!SmsError.isInstance(error)) throw error;
      });
    }
  }
  for (let person = 0; person < PEOPLE; person += 1) void follow(person);
  await time.run();
  let written = 0;
  for (const stamps of writes.values()) {
    written += stamps.length;
    const most = mostInAnyWindow(stamps, windowMs);
    expect(most, `seed ${seed}: ${most} in ${windowMs} ms, where ${limit} may`).toBeLessThanOrEqual(limit);
  }
  return written;
}
