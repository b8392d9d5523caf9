import { describe, expect, it } from 'vitest';
import type { LimitRule } from '../../../src/limits/limit-store.ts';
import { createOpenReservations } from '../../../src/redis/open-reservations.ts';
import { createUnansweredTakes } from '../../../src/redis/unanswered-takes.ts';
import { backoffRule, windowRule } from '../../../src/testing/limit-conformance/kit.ts';

const LEASE_MS = 15 * 60 * 1000;
const verdict = { granted: true, observed: [] } as const;
const take = (openedAt: number, rules: LimitRule[] = []) => ({
  stamp: 1,
  rules,
  skipped: [],
  openedAt,
  verdict,
});

describe('createOpenTakes', () => {
  it('gives a take once, to its own scope', () => {
    const open = createOpenReservations();
    const one = take(0);
    open.add('a', 'r', one);
    expect(open.remove('b', 'r', 0)).toBeUndefined();
    expect(open.verdictOf('b', 'r')).toBeUndefined();
    expect(open.verdictOf('a', 'r')).toBe(verdict);
    expect(open.remove('a', 'r', 0)).toMatchObject(one);
    expect(open.remove('a', 'r', 0)).toBeUndefined();
  });

  it('forgets what nobody settled within a lease', () => {
    const open = createOpenReservations();
    open.add('a', 'old', take(0));
    open.add('a', 'young', take(1));
    open.add('a', 'new', take(LEASE_MS));
    expect(open.remove('a', 'old', 1)).toBeUndefined();
    expect(open.remove('a', 'young', 1)).toBeDefined();
    // Nor one that nothing has evicted yet: its mark on the server is gone as well.
    expect(open.remove('a', 'new', 2 * LEASE_MS)).toBeUndefined();
  });

  it('holds a million at most over all scopes, and forgets the oldest', () => {
    const open = createOpenReservations();
    for (let at = 0; at <= 1_000_000; at += 1) open.add(`${at % 100}`, `${at}`, take(0));
    expect(open.remove('0', '0', 0)).toBeUndefined();
    expect(open.remove('1', '1', 0)).toBeDefined();
  });

  it('a release takes its counters out of the takes of that scope', () => {
    const open = createOpenReservations();
    const rules = [windowRule(1, 5, 1000), windowRule(2, 5, 1000), backoffRule(1, 1, 1, 1)];
    open.add('a', 'r', take(0, rules));
    open.add('b', 'r', take(0, rules));
    open.release('a', [windowRule(1, 5, 1000), backoffRule(1, 1, 1, 1)]);
    open.release('a', [backoffRule(1, 1, 1, 1)]);
    open.release('c', rules);
    expect(open.remove('a', 'r', 0)?.skipped).toEqual([rules[0]]);
    expect(open.remove('b', 'r', 0)?.skipped).toEqual([]);
  });
});

describe('createLostTakes', () => {
  it('knows the command of a lost message until it is found, a hundred thousand at most', () => {
    const lost = createUnansweredTakes();
    const call = (reservation: string) => {
      return {
        keys: [],
        args: [],
        requests: [{ reservation, rules: [] }],
        dependsOnEarlier: false,
        hasDoubt: false,
        home: undefined,
      };
    };
    const first = call('0');
    lost.add('a', first);
    expect(lost.callOf('a', '0')).toBe(first);
    expect(lost.callOf('b', '0')).toBeUndefined();
    for (let at = 1; at <= 100_000; at += 1) lost.add('a', call(`${at}`));
    expect(lost.callOf('a', '0')).toBeUndefined();
    expect(lost.callOf('a', '1')).toBeDefined();
    lost.remove('a', call('1'));
    expect(lost.callOf('a', '1')).toBeUndefined();
  });
});
