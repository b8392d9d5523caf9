import { beforeEach, describe, expect, it } from 'vitest';
import { createStoreTime } from '../../../src/limits/store-time.ts';
import type { ReplayChunk } from '../../../src/redis/failover/replay-jobs.ts';
import { createReplayQueue, type ReplayQueue } from '../../../src/redis/failover/replay-queue.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { backoffRule, MINUTE_MS, onceRule, SCOPE, windowRule } from './kit.ts';

const TEN = windowRule(10);
const ROOM = 50_000;

let clock: FakeClock;
let queue: ReplayQueue;

beforeEach(() => {
  clock = createFakeClock();
  queue = createReplayQueue(createStoreTime(clock), (rule) => rule);
});

function settlementOf(reservation: string) {
  return { reservation, rules: [TEN], outcome: 'return' } as const;
}

function fill(): void {
  for (let at = 0; at < ROOM; at += 1) queue.addGrant(SCOPE, { reservation: `full-${at}`, rules: [TEN] });
}

/** The reservations of the messages in a chunk. */
function namesIn(chunk: ReplayChunk | undefined): string[] {
  if (chunk?.kind === 'grant') return chunk.jobs.map(({ reservation }) => reservation);
  return chunk?.jobs.flatMap((job) => job.settlements.map(({ reservation }) => reservation)) ?? [];
}

describe('reports that wait for the server', () => {
  it('goes in order, in calls of a hundred of one kind and one scope', () => {
    queue.addSettlements(SCOPE, [settlementOf('a')]);
    queue.addSettlements(SCOPE, [settlementOf('b'), settlementOf('c')]);
    for (let at = 0; at < 101; at += 1) {
      queue.addGrant(SCOPE, { reservation: `d${at}`, rules: [windowRule(10, { key: at })] });
    }
    queue.addGrant('another', { reservation: 'e', rules: [TEN] });
    const chunks = [];
    for (let chunk = queue.next(); chunk !== undefined; chunk = queue.next()) {
      chunks.push(namesIn(chunk));
      queue.drop(chunk);
    }
    expect(chunks.map(({ length }) => length)).toEqual([3, 100, 1, 1]);
    expect(chunks[0]).toEqual(['a', 'b', 'c']);
    expect(chunks[3]).toEqual(['e']);
    expect(queue.isEmpty()).toBe(true);
  });

  it('goes alone and unchanged when it was tried before', () => {
    queue.addSettlements(SCOPE, [settlementOf('a')]);
    queue.addSettlements(SCOPE, [settlementOf('b'), settlementOf('c')], clock.now());
    queue.addSettlements(SCOPE, [settlementOf('d')]);
    const chunks = [];
    for (let chunk = queue.next(); chunk !== undefined; chunk = queue.next()) {
      chunks.push(namesIn(chunk));
      queue.complete(chunk);
    }
    expect(chunks).toEqual([['a'], ['b', 'c'], ['d']]);
  });

  it('goes in two calls when two messages share a wait, so that their stamps differ', () => {
    const wait = {
      ...TEN,
      kind: 'backoff',
      id: 'otp',
      baseMs: 1_000,
      maxMs: 1_000,
      forgetMs: MINUTE_MS,
    } as const;
    queue.addGrant(SCOPE, { reservation: 'a', rules: [wait] });
    queue.addGrant(SCOPE, { reservation: 'b', rules: [{ ...wait, key: 6591234568 }] });
    queue.addGrant(SCOPE, { reservation: 'c', rules: [wait] });
    const first = queue.next() as ReplayChunk;
    expect(namesIn(first)).toEqual(['a', 'b']);
    queue.complete(first);
    expect(namesIn(queue.next())).toEqual(['c']);
  });

  it('is bounded', () => {
    fill();
    expect(queue.addGrant(SCOPE, { reservation: 'more', rules: [TEN] })).toBe(false);
    expect(queue.addSettlements(SCOPE, [settlementOf('more')])).toBe(false);
    expect(queue.addSettlements(SCOPE, [])).toBe(true);
    queue.absorb([settlementOf('full-7')]);
    expect(queue.addGrant(SCOPE, { reservation: 'more', rules: [TEN] })).toBe(true);
  });

  it('makes room by what has left its window, and by nothing else', () => {
    queue.addGrant(SCOPE, { reservation: 'old', rules: [windowRule(10, { windowMs: MINUTE_MS })] });
    fill();
    expect(queue.addGrant(SCOPE, { reservation: 'more', rules: [TEN] })).toBe(false);
    clock.advance(MINUTE_MS);
    expect(queue.addGrant(SCOPE, { reservation: 'more', rules: [TEN] })).toBe(true);
    expect(queue.absorb([settlementOf('old')])).toEqual([settlementOf('old')]);
    expect(queue.absorb([settlementOf('full-0')])).toEqual([]);
  });

  it('counts what was told and is not settled, for a lease of 15 minutes', () => {
    queue.addGrant(SCOPE, { reservation: 'a', rules: [TEN] });
    queue.complete(queue.next() as ReplayChunk);
    expect(queue.pendingGrants()).toBe(0);
    for (let at = 1; at < ROOM; at += 1)
      queue.addGrant(SCOPE, { reservation: `b${at}`, rules: [onceRule()] });
    expect(queue.addGrant(SCOPE, { reservation: 'more', rules: [TEN] })).toBe(false);
    clock.advance(15 * MINUTE_MS);
    expect(queue.addGrant(SCOPE, { reservation: 'more', rules: [TEN] })).toBe(true);
    expect(queue.absorb([settlementOf('a')])).toEqual([settlementOf('a')]);
  });

  it('takes a reservation once', () => {
    queue.addGrant(SCOPE, { reservation: 'a', rules: [TEN] });
    queue.addGrant(SCOPE, { reservation: 'a', rules: [TEN] });
    expect(namesIn(queue.next())).toEqual(['a']);
  });

  it('waits for a scheduled message until its slot and its neighbours are over', () => {
    const dueAt = clock.now() + 60 * MINUTE_MS;
    const slot = { ...TEN, kind: 'slot', id: 'slot', dueAt } as const;
    queue.addGrant(SCOPE, { reservation: 'a', rules: [slot] });
    clock.advance(60 * MINUTE_MS + 3 * TEN.windowMs - 1);
    expect(namesIn(queue.next())).toEqual(['a']);
    clock.advance(1);
    expect(queue.next()).toBeUndefined();
    expect(queue.isEmpty()).toBe(true);
  });

  it('is not told anew when it was given back while it was told in vain', () => {
    queue.addGrant(SCOPE, { reservation: 'a', rules: [TEN] });
    const chunk = queue.next() as ReplayChunk;
    expect(queue.absorb([settlementOf('a')])).toEqual([]);
    queue.requeue(chunk, true);
    expect(namesIn(queue.next())).toHaveLength(1);
    queue.complete(queue.next() as ReplayChunk);
    expect(queue.isEmpty()).toBe(true);
    expect(queue.pendingGrants()).toBe(0);
  });

  it('is settled once', () => {
    queue.addGrant(SCOPE, { reservation: 'a', rules: [TEN] });
    queue.complete(queue.next() as ReplayChunk);
    const [settled] = queue.absorb([settlementOf('a')]);
    expect(settled).toMatchObject({ outcome: 'return', rules: [TEN] });
    expect(settled?.reservation).not.toBe('a');
    expect(queue.absorb([settlementOf('a')])).toEqual([settlementOf('a')]);
  });

  it('is reported again with new reservations when its outcome is unknown, after the first is given back', () => {
    queue.addGrant(SCOPE, { reservation: 'a', rules: [TEN] });
    const first = queue.next() as ReplayChunk & { kind: 'grant' };
    const [before] = first.jobs.flatMap(({ writes = [] }) => writes);
    // A late reply to the earlier take: it may be given back only after the grant is counted again.
    queue.addSettlements(SCOPE, [settlementOf('late')]);
    queue.requeue(first, true);
    const told = [];
    for (let chunk = queue.next(); chunk !== undefined; chunk = queue.next()) {
      told.push(chunk.kind === 'grant' ? chunk.jobs.flatMap(({ writes = [] }) => writes) : namesIn(chunk));
      queue.complete(chunk);
    }
    expect(told).toEqual([
      [before?.reservation],
      [{ reservation: expect.any(String), rules: [TEN] }],
      ['late'],
    ]);
    expect(told[1]).not.toEqual([before]);
  });

  it('is told again unchanged, before the rest and as long as it is known, when it was a settlement', () => {
    queue.addSettlements(SCOPE, [settlementOf('a')]);
    clock.advance(MINUTE_MS);
    queue.addSettlements(SCOPE, [settlementOf('b')]);
    const first = queue.next() as ReplayChunk;
    expect(namesIn(first)).toEqual(['a', 'b']);
    queue.addSettlements(SCOPE, [settlementOf('c')]);
    queue.requeue(first, true);
    expect(namesIn(queue.next())).toEqual(['a', 'b']);
    clock.advance(14 * MINUTE_MS - 1);
    expect(namesIn(queue.next())).toEqual(['a', 'b']);
    clock.advance(1);
    expect(namesIn(queue.next())).toEqual(['c']);
  });

  it('stays where it is when it was not told', () => {
    queue.addSettlements(SCOPE, [settlementOf('a')]);
    queue.addGrant(SCOPE, { reservation: 'b', rules: [TEN] });
    queue.requeue(queue.next() as ReplayChunk, false);
    queue.addSettlements(SCOPE, [settlementOf('c')]);
    expect(namesIn(queue.next())).toEqual(['a']);
  });

  it('does not hold a scope up with the messages of another', () => {
    for (let at = 0; at < 50; at += 1) {
      queue.addGrant(`scope-${at % 2}`, { reservation: `m${at}`, rules: [windowRule(10, { key: at })] });
    }
    const sizes = [];
    for (let chunk = queue.next(); chunk !== undefined; chunk = queue.next()) {
      sizes.push(namesIn(chunk).length);
      queue.complete(chunk);
    }
    expect(sizes).toEqual([25, 25]);
  });

  it('goes in calls of 25 settlements, each of which may need a question', () => {
    const many = Array.from({ length: 60 }, (_, at) => settlementOf(`m${at}`));
    queue.addSettlements(SCOPE, many);
    const told: string[][] = [];
    for (let chunk = queue.next(); chunk !== undefined; chunk = queue.next()) {
      told.push(namesIn(chunk));
      queue.complete(chunk);
    }
    expect(told.map(({ length }) => length)).toEqual([25, 25, 10]);
    expect(told.flat()).toEqual(many.map(({ reservation }) => reservation));
  });

  it('is not told of a rule that was released, and not at all when none is left', () => {
    const wait = backoffRule();
    queue.addGrant(SCOPE, { reservation: 'a', rules: [wait, TEN] });
    queue.addGrant(SCOPE, { reservation: 'b', rules: [wait] });
    queue.addGrant('another', { reservation: 'c', rules: [wait] });
    queue.release(SCOPE, [wait]);
    const first = queue.next() as ReplayChunk & { kind: 'grant' };
    expect(first.jobs.flatMap(({ writes = [] }) => writes)).toMatchObject([{ rules: [TEN] }]);
    // Released while it is being sent in vain.
    queue.release(SCOPE, [TEN]);
    queue.requeue(first, false);
    expect(queue.pendingGrants()).toBe(1);
    expect(queue.next()).toMatchObject({ scope: 'another', jobs: [{ reservation: 'c' }] });
  });

  it('waits for every step of a backoff to be forgotten', () => {
    // Eight grants make a wait of an hour, and the last of them is forgotten after eight hours.
    queue.addGrant(SCOPE, { reservation: 'a', rules: [backoffRule()] });
    clock.advance(8 * 60 * MINUTE_MS - 1);
    expect(namesIn(queue.next())).toEqual(['a']);
    clock.advance(1);
    expect(queue.next()).toBeUndefined();
  });
});
