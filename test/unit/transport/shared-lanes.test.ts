import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StoreError } from '../../../src/errors.ts';
import { DETAILS_INTERVAL_MS } from '../../../src/transport/details-lane.ts';
import { createLanes } from '../../../src/transport/lanes.ts';
import type { PermitLease, RateLane, SharedPace } from '../../../src/transport/shared-pace.ts';
import type { SecondLook } from '../../../src/transport/transport.ts';
import { countingSignal } from '../../support/counting-signal.ts';
import { type FakeTimeLine, fakeTimeLine, LATE_MS, leaseOf } from '../../support/pace-lane.ts';
import {
  DETAILS,
  failureOf,
  finish,
  json,
  ok,
  playFetch,
  READ,
  requestOf,
  SEND,
  testTransport,
} from '../../support/transport.ts';

const now = () => performance.now();
const HOST = 'sms.example.test';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** Time lines as a server has them, by name. */
function startPace() {
  const lines = new Map<string, FakeTimeLine>();
  const pace: SharedPace = {
    lane(host, subAccountId, kind) {
      const name = `${host} ${subAccountId} ${kind}`;
      const line = lines.get(name) ?? fakeTimeLine(now);
      lines.set(name, line);
      return line;
    },
  };
  return { pace, lines, line: (kind: string) => lines.get(`${HOST} team&co ${kind}`) as FakeTimeLine };
}

/** A store that does not answer, and a team that chose to refuse then. */
const refusing: SharedPace = {
  lane: (): RateLane => ({
    lease: (): Promise<PermitLease> => Promise.reject(new StoreError('no answer')),
    pause: () => {},
  }),
};

describe('lanes shared with other processes', () => {
  it('are asked for nothing before the first request, and keep the rate over all clients', async () => {
    const { pace: sharedPace, lines } = startPace();
    const { fetch, calls } = playFetch(ok);
    const pace = { requestsPerSecond: 5, maxQueued: 100 };
    // Two stores of two processes, which one server stands behind.
    const transports = [sharedPace, { ...sharedPace }].map(
      (each) => testTransport(fetch, { pace, sharedPace: each }).transport,
    );
    expect(lines.size).toBe(0);
    const all = transports.flatMap((transport) =>
      Array.from({ length: 10 }, () => transport.request(requestOf(SEND))),
    );
    await vi.advanceTimersByTimeAsync(990);
    expect(calls).toHaveLength(5);
    await finish(Promise.all(all));
    expect(calls).toHaveLength(20);
  });

  it('clients with one store wait in one line, and ask one question at a time', async () => {
    const { pace: sharedPace, line } = startPace();
    const { fetch } = playFetch(ok);
    const pace = { requestsPerSecond: 100, maxQueued: 100 };
    const sends = [1, 2, 3].map(() =>
      testTransport(fetch, { pace, sharedPace }).transport.request(requestOf(SEND)),
    );
    await finish(Promise.all(sends));
    expect(line('fast').requests.length).toBeLessThanOrEqual(2);
  });

  it('without a pace only the slow lane is shared', async () => {
    const { pace: sharedPace, lines } = startPace();
    const { transport } = testTransport(playFetch(ok).fetch, { pace: false, sharedPace });
    await transport.request(requestOf(SEND));
    expect(lines.size).toBe(0);
    await finish(transport.request(requestOf(DETAILS)));
    expect([...lines.keys()]).toContain(`${HOST} team&co details`);
  });

  it('message details go one at a time, over all processes', async () => {
    const { pace: sharedPace, line } = startPace();
    const { fetch } = playFetch(ok);
    const times: number[] = [];
    const noted: typeof fetch = (...call) => {
      times.push(now());
      return fetch(...call);
    };
    const reads = [sharedPace, { ...sharedPace }].flatMap((each) => {
      const { transport } = testTransport(noted, { sharedPace: each });
      return [1, 2, 3].map(() => transport.request(requestOf(DETAILS)));
    });
    await finish(Promise.all(reads));
    const gaps = times.slice(1).map((time, at) => time - (times[at] as number));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(DETAILS_INTERVAL_MS);
    expect(line('details').requests.every(({ permits }) => permits === 1)).toBe(true);
  });

  it('tell the others of a pause', async () => {
    const { pace: sharedPace, line } = startPace();
    const { fetch } = playFetch(() => json({}, 429, { 'retry-after': '3' }), ok);
    const { transport } = testTransport(fetch, { sharedPace });
    expect((await finish(transport.request(requestOf(SEND)))).attempts).toBe(2);
    expect(line('fast').pauses).toEqual([3000]);
    expect(line('details').pauses).toEqual([]);
  });

  it('keep a bounded number of sub-accounts', () => {
    const { pace: sharedPace, lines } = startPace();
    const laneOf = (subAccountId: string) =>
      createLanes({
        subAccountId,
        pace: { requestsPerSecond: 1, maxQueued: 9 },
        sharedState: false,
        sharedPace,
      })(HOST, SEND);
    for (let index = 0; index < 1001; index++) laneOf(`team-${index}`);
    laneOf('team-1000');
    expect(lines.size).toBe(2002);
    // Dropped as the oldest, so it is made anew.
    lines.delete(`${HOST} team-0 fast`);
    laneOf('team-0');
    expect(lines.has(`${HOST} team-0 fast`)).toBe(true);
  });
});

describe('a permit that is over before the request could leave', () => {
  /** The process stands still before the first write, for longer than its permit lasts. */
  function blockOnce(then: () => void = () => {}): SecondLook {
    let isFirst = true;
    return {
      isRecent() {
        if (isFirst) {
          isFirst = false;
          vi.advanceTimersByTime(LATE_MS + 1);
          then();
        }
        return true;
      },
      lookAgain: async () => undefined,
    };
  }

  it('is not used: nothing is written, and the call waits for another', async () => {
    const { pace: sharedPace, line } = startPace();
    const { fetch, calls } = playFetch(ok);
    const { transport, events } = testTransport(fetch, {
      sharedPace,
      pace: { requestsPerSecond: 20, maxQueued: 9 },
      retry: false,
    });
    const answer = await finish(transport.request(requestOf(SEND, { secondLook: blockOnce() })));
    expect(answer.attempts).toBe(1);
    expect(calls).toHaveLength(1);
    expect(line('fast').requests).toHaveLength(2);
    expect(events.filter(({ type }) => type.startsWith('attempt'))).toMatchObject([
      { type: 'attempt-started', attempt: 1 },
      { type: 'attempt-failed', attempt: 1, submission: 'not-submitted', retryInMs: 0 },
      { type: 'attempt-started', attempt: 1 },
      { type: 'attempt-finished', attempt: 1 },
    ]);
  });

  it('leaves nothing unknown when the caller leaves meanwhile', async () => {
    const { pace: sharedPace } = startPace();
    const { fetch, calls } = playFetch(ok);
    const { transport } = testTransport(fetch, {
      sharedPace,
      pace: { requestsPerSecond: 1, maxQueued: 9 },
    });
    const caller = countingSignal();
    const failure = failureOf(
      transport.request(
        requestOf(SEND, { secondLook: blockOnce(caller.abort), options: { signal: caller.signal } }),
      ),
    );
    await vi.runAllTimersAsync();
    expect(await failure).toMatchObject({ name: 'AbortError', submission: 'not-submitted' });
    expect(calls).toHaveLength(0);
    expect(caller.listeners).toBe(0);
  });
});

describe('a store that refuses to say whose turn it is', () => {
  it('lets nothing be sent, and says so', async () => {
    const { fetch, calls } = playFetch(ok);
    const { transport } = testTransport(fetch, { sharedPace: refusing });
    const error = await failureOf(transport.request(requestOf(SEND)));
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({
      message:
        'messages.send: the shared limit store does not answer, so the pace cannot be coordinated. Nothing was sent.',
      submission: 'not-submitted',
      clientMessageId: 'cm-1',
    });
    expect(calls).toHaveLength(0);
  });

  it('holds up nobody who only reads: such calls take the pace of this process', async () => {
    const { fetch, calls } = playFetch(ok);
    const pace = { requestsPerSecond: 1, maxQueued: 9 };
    const { transport } = testTransport(fetch, { pace, sharedPace: refusing });
    const reads = [READ, READ, DETAILS, DETAILS].map((each) => transport.request(requestOf(each)));
    await vi.advanceTimersByTimeAsync(0);
    expect(calls).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(DETAILS_INTERVAL_MS);
    await Promise.all(reads);
    expect(calls).toHaveLength(4);
  });

  it('a caller that leaves a full line is told so, not of the store', async () => {
    const { pace: sharedPace } = startPace();
    const { transport } = testTransport(playFetch(ok).fetch, {
      sharedPace,
      pace: { requestsPerSecond: 1, maxQueued: 0 },
    });
    sharedPace.lane(HOST, 'team&co', 'fast').lease = async () => leaseOf([], { retryAfterMs: 50 });
    const first = failureOf(transport.request(requestOf(READ, { options: { deadlineMs: 100 } })));
    await vi.advanceTimersByTimeAsync(10);
    expect(await failureOf(transport.request(requestOf(READ)))).toMatchObject({ name: 'QueueFullError' });
    await vi.advanceTimersByTimeAsync(100);
    expect(await first).toMatchObject({ name: 'TimeoutError', submission: 'not-submitted' });
  });
});
