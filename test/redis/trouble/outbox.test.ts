import { beforeEach, describe, expect, it } from 'vitest';
import { createStoreTime } from '../../../src/limits/store-time.ts';
import type { Chunk } from '../../../src/redis/trouble/jobs.ts';
import { createOutbox, type Outbox } from '../../../src/redis/trouble/outbox.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { MINUTE_MS, onceRule, SCOPE, windowRule } from './kit.ts';

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
    outbox.addSettlements(SCOPE, [settlementOf('a')], false);
    outbox.addSettlements(SCOPE, [settlementOf('b'), settlementOf('c')], false);
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
    outbox.addSettlements(SCOPE, [settlementOf('a')], false);
    outbox.addSettlements(SCOPE, [settlementOf('b'), settlementOf('c')], true);
    outbox.addSettlements(SCOPE, [settlementOf('d')], false);
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
    expect(outbox.addSettlements(SCOPE, [settlementOf('more')], false)).toBe(false);
    expect(outbox.addSettlements(SCOPE, [], false)).toBe(true);
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
    expect(outbox.hasGrants()).toBe(false);
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
    outbox.putBack(chunk);
    expect(outbox.isEmpty()).toBe(true);
    expect(outbox.hasGrants()).toBe(false);
  });

  it('is settled once', () => {
    outbox.addGrant(SCOPE, { reservation: 'a', rules: [TEN] });
    outbox.end(outbox.next() as Chunk);
    const [settled] = outbox.sort([settlementOf('a')]);
    expect(settled).toMatchObject({ outcome: 'return', rules: [TEN] });
    expect(settled?.reservation).not.toBe('a');
    expect(outbox.sort([settlementOf('a')])).toEqual([settlementOf('a')]);
  });

  it('is told anew, after the rest, with other reservations when nobody knows whether it was told', () => {
    outbox.addGrant(SCOPE, { reservation: 'a', rules: [TEN] });
    const first = outbox.next() as Chunk & { kind: 'grant' };
    const [before] = first.jobs.flatMap(({ writes = [] }) => writes);
    outbox.addSettlements(SCOPE, [settlementOf('b')], false);
    outbox.putBack(first);
    const settling = outbox.next() as Chunk;
    expect(namesIn(settling)).toEqual(['b']);
    outbox.end(settling);
    const second = outbox.next() as Chunk & { kind: 'grant' };
    const [after] = second.jobs.flatMap(({ writes = [] }) => writes);
    expect(after?.rules).toEqual(before?.rules);
    expect(after?.reservation).not.toBe(before?.reservation);
  });
});
