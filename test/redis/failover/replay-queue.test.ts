import { beforeEach, describe, expect, it } from 'vitest';
import { createStoreTime } from '../../../src/limits/store-time.ts';
import type { Chunk } from '../../../src/redis/failover/replay-jobs.ts';
import { createOutbox, type Outbox } from '../../../src/redis/failover/replay-queue.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { backoffRule, MINUTE_MS, onceRule, SCOPE, windowRule } from './kit.ts';

const TEN = windowRule(10);
const ROOM = 50_000;

let clock: FakeClock;
let outbox: Outbox;

beforeEach(() => {
  clock = createFakeClock();
  outbox = createOutbox(createStoreTime(clock), (rule) => rule);
});

function settlementOf(reservation: string) {
  return { reservation, rules: [TEN], outcome: 'return' } as const;
}

function fill(): void {
  for (let at = 0; at < ROOM; at += 1) outbox.addGrant(SCOPE, { reservation: `full-${at}`, rules: [TEN] });
}

/** The reservations of the messages in a chunk. */
function namesIn(chunk: Chunk | undefined): string[] {
  if (chunk?.kind === 'grant') return chunk.jobs.map(({ reservation }) => reservation);
  return chunk?.jobs.flatMap((job) => job.settlements.map(({ reservation }) => reservation)) ?? [];
}

describe('what waits to be told', () => {
  it('goes in order, in calls of a hundred of one kind and one scope', () => {
    outbox.addSettlements(SCOPE, [settlementOf('a')]);
    outbox.addSettlements(SCOPE, [settlementOf('b'), settlementOf('c')]);
    for (let at = 0; at < 101; at += 1) {
      outbox.addGrant(SCOPE, { reservation: `d${at}`, rules: [windowRule(10, { key: at })] });
    }
    outbox.addGrant('another', { reservation: 'e', rules: [TEN] });
    const chunks = [];
    for (let chunk = outbox.next(); chunk !== undefined; chunk = outbox.next()) {
      chunks.push(namesIn(chunk));
      outbox.drop(chunk);
    }
    expect(chunks.map(({ length }) => length)).toEqual([3, 100, 1, 1]);
    expect(chunks[0]).toEqual(['a', 'b', 'c']);
    expect(chunks[3]).toEqual(['e']);
    expect(outbox.isEmpty()).toBe(true);
  });

  it('goes alone and unchanged when it was tried before', () => {
    outbox.addSettlements(SCOPE, [settlementOf('a')]);
    outbox.addSettlements(SCOPE, [settlementOf('b'), settlementOf('c')], clock.now());
    outbox.addSettlements(SCOPE, [settlementOf('d')]);
    const chunks = [];
    for (let chunk = outbox.next(); chunk !== undefined; chunk = outbox.next()) {
      chunks.push(namesIn(chunk));
      outbox.end(chunk);
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
    outbox.addGrant(SCOPE, { reservation: 'a', rules: [wait] });
    outbox.addGrant(SCOPE, { reservation: 'b', rules: [{ ...wait, key: 6591234568 }] });
    outbox.addGrant(SCOPE, { reservation: 'c', rules: [wait] });
    const first = outbox.next() as Chunk;
    expect(namesIn(first)).toEqual(['a', 'b']);
    outbox.end(first);
    expect(namesIn(outbox.next())).toEqual(['c']);
  });

  it('is bounded', () => {
    fill();
    expect(outbox.addGrant(SCOPE, { reservation: 'more', rules: [TEN] })).toBe(false);
    expect(outbox.addSettlements(SCOPE, [settlementOf('more')])).toBe(false);
    expect(outbox.addSettlements(SCOPE, [])).toBe(true);
    outbox.sort([settlementOf('full-7')]);
    expect(outbox.addGrant(SCOPE, { reservation: 'more', rules: [TEN] })).toBe(true);
  });

  it('makes room by what has left its window, and by nothing else', () => {
    outbox.addGrant(SCOPE, { reservation: 'old', rules: [windowRule(10, { windowMs: MINUTE_MS })] });
    fill();
    expect(outbox.addGrant(SCOPE, { reservation: 'more', rules: [TEN] })).toBe(false);
    clock.advance(MINUTE_MS);
    expect(outbox.addGrant(SCOPE, { reservation: 'more', rules: [TEN] })).toBe(true);
    expect(outbox.sort([settlementOf('old')])).toEqual([settlementOf('old')]);
    expect(outbox.sort([settlementOf('full-0')])).toEqual([]);
  });

  it('counts what was told and is not settled, for a lease of 15 minutes', () => {
    outbox.addGrant(SCOPE, { reservation: 'a', rules: [TEN] });
    outbox.end(outbox.next() as Chunk);
    expect(outbox.grants()).toBe(0);
    for (let at = 1; at < ROOM; at += 1)
      outbox.addGrant(SCOPE, { reservation: `b${at}`, rules: [onceRule()] });
    expect(outbox.addGrant(SCOPE, { reservation: 'more', rules: [TEN] })).toBe(false);
    clock.advance(15 * MINUTE_MS);
    expect(outbox.addGrant(SCOPE, { reservation: 'more', rules: [TEN] })).toBe(true);
    expect(outbox.sort([settlementOf('a')])).toEqual([settlementOf('a')]);
  });

  it('takes a reservation once', () => {
    outbox.addGrant(SCOPE, { reservation: 'a', rules: [TEN] });
    outbox.addGrant(SCOPE, { reservation: 'a', rules: [TEN] });
    expect(namesIn(outbox.next())).toEqual(['a']);
  });

  it('waits for a scheduled message until its slot and its neighbours are over', () => {
    const dueAt = clock.now() + 60 * MINUTE_MS;
    const slot = { ...TEN, kind: 'slot', id: 'slot', dueAt } as const;
    outbox.addGrant(SCOPE, { reservation: 'a', rules: [slot] });
    clock.advance(60 * MINUTE_MS + 3 * TEN.windowMs - 1);
    expect(namesIn(outbox.next())).toEqual(['a']);
    clock.advance(1);
    expect(outbox.next()).toBeUndefined();
    expect(outbox.isEmpty()).toBe(true);
  });

  it('is not told anew when it was given back while it was told in vain', () => {
    outbox.addGrant(SCOPE, { reservation: 'a', rules: [TEN] });
    const chunk = outbox.next() as Chunk;
    expect(outbox.sort([settlementOf('a')])).toEqual([]);
    outbox.putBack(chunk, true);
    expect(namesIn(outbox.next())).toHaveLength(1);
    outbox.end(outbox.next() as Chunk);
    expect(outbox.isEmpty()).toBe(true);
    expect(outbox.grants()).toBe(0);
  });

  it('is settled once', () => {
    outbox.addGrant(SCOPE, { reservation: 'a', rules: [TEN] });
    outbox.end(outbox.next() as Chunk);
    const [settled] = outbox.sort([settlementOf('a')]);
    expect(settled).toMatchObject({ outcome: 'return', rules: [TEN] });
    expect(settled?.reservation).not.toBe('a');
    expect(outbox.sort([settlementOf('a')])).toEqual([settlementOf('a')]);
  });

  it('is told anew with other reservations when nobody knows whether it was, after that is given back', () => {
    outbox.addGrant(SCOPE, { reservation: 'a', rules: [TEN] });
    const first = outbox.next() as Chunk & { kind: 'grant' };
    const [before] = first.jobs.flatMap(({ writes = [] }) => writes);
    // A late answer to the question of before: only when the grant is counted anew may it be given back.
    outbox.addSettlements(SCOPE, [settlementOf('late')]);
    outbox.putBack(first, true);
    const told = [];
    for (let chunk = outbox.next(); chunk !== undefined; chunk = outbox.next()) {
      told.push(chunk.kind === 'grant' ? chunk.jobs.flatMap(({ writes = [] }) => writes) : namesIn(chunk));
      outbox.end(chunk);
    }
    expect(told).toEqual([
      [before?.reservation],
      [{ reservation: expect.any(String), rules: [TEN] }],
      ['late'],
    ]);
    expect(told[1]).not.toEqual([before]);
  });

  it('is told again unchanged, before the rest and as long as it is known, when it was a settlement', () => {
    outbox.addSettlements(SCOPE, [settlementOf('a')]);
    clock.advance(MINUTE_MS);
    outbox.addSettlements(SCOPE, [settlementOf('b')]);
    const first = outbox.next() as Chunk;
    expect(namesIn(first)).toEqual(['a', 'b']);
    outbox.addSettlements(SCOPE, [settlementOf('c')]);
    outbox.putBack(first, true);
    expect(namesIn(outbox.next())).toEqual(['a', 'b']);
    clock.advance(14 * MINUTE_MS - 1);
    expect(namesIn(outbox.next())).toEqual(['a', 'b']);
    clock.advance(1);
    expect(namesIn(outbox.next())).toEqual(['c']);
  });

  it('stays where it is when it was not told', () => {
    outbox.addSettlements(SCOPE, [settlementOf('a')]);
    outbox.addGrant(SCOPE, { reservation: 'b', rules: [TEN] });
    outbox.putBack(outbox.next() as Chunk, false);
    outbox.addSettlements(SCOPE, [settlementOf('c')]);
    expect(namesIn(outbox.next())).toEqual(['a']);
  });

  it('does not hold a scope up with the messages of another', () => {
    for (let at = 0; at < 50; at += 1) {
      outbox.addGrant(`scope-${at % 2}`, { reservation: `m${at}`, rules: [windowRule(10, { key: at })] });
    }
    const sizes = [];
    for (let chunk = outbox.next(); chunk !== undefined; chunk = outbox.next()) {
      sizes.push(namesIn(chunk).length);
      outbox.end(chunk);
    }
    expect(sizes).toEqual([25, 25]);
  });

  it('goes in calls of 25 settlements, each of which may need a question', () => {
    const many = Array.from({ length: 60 }, (_, at) => settlementOf(`m${at}`));
    outbox.addSettlements(SCOPE, many);
    const told: string[][] = [];
    for (let chunk = outbox.next(); chunk !== undefined; chunk = outbox.next()) {
      told.push(namesIn(chunk));
      outbox.end(chunk);
    }
    expect(told.map(({ length }) => length)).toEqual([25, 25, 10]);
    expect(told.flat()).toEqual(many.map(({ reservation }) => reservation));
  });

  it('is not told of a rule that was released, and not at all when none is left', () => {
    const wait = backoffRule();
    outbox.addGrant(SCOPE, { reservation: 'a', rules: [wait, TEN] });
    outbox.addGrant(SCOPE, { reservation: 'b', rules: [wait] });
    outbox.addGrant('another', { reservation: 'c', rules: [wait] });
    outbox.release(SCOPE, [wait]);
    const first = outbox.next() as Chunk & { kind: 'grant' };
    expect(first.jobs.flatMap(({ writes = [] }) => writes)).toMatchObject([{ rules: [TEN] }]);
    // Released while it is told in vain.
    outbox.release(SCOPE, [TEN]);
    outbox.putBack(first, false);
    expect(outbox.grants()).toBe(1);
    expect(outbox.next()).toMatchObject({ scope: 'another', jobs: [{ reservation: 'c' }] });
  });

  it('waits for every step of a backoff to be forgotten', () => {
    // Eight grants make a wait of an hour, and the last of them is forgotten after eight hours.
    outbox.addGrant(SCOPE, { reservation: 'a', rules: [backoffRule()] });
    clock.advance(8 * 60 * MINUTE_MS - 1);
    expect(namesIn(outbox.next())).toEqual(['a']);
    clock.advance(1);
    expect(outbox.next()).toBeUndefined();
  });
});
