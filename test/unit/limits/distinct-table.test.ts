import { describe, expect, it } from 'vitest';
import { DistinctTable } from '../../../src/limits/distinct-table.ts';
import type { DistinctRule, LimitKey } from '../../../src/limits/limit-store.ts';
import { type Hold, LEASE_MS } from '../../../src/limits/rule-table.ts';
import { Random } from '../../../src/testing/limit-conformance/kit.ts';

interface Taken {
  readonly key: LimitKey;
  readonly member: LimitKey;
  readonly hold: Hold;
  atMs: number;
  isOpen: boolean;
}

const KEYS: readonly LimitKey[] = [0, 1, '1', 2 ** 32, 2 ** 53 - 1, 'a', 'b', '__proto__'];
const MEMBERS: readonly LimitKey[] = [0, '0', 1, '1', 2 ** 32, 2 ** 53 - 1, 'a'];
const nameOf = (value: LimitKey) => `${typeof value} ${value}`;

/** One table beside a plain list of everything that was granted. */
class Run {
  readonly #random: Random;
  readonly #windowMs: number;
  readonly #table: DistinctTable;
  #taken: Taken[] = [];
  #nowMs: number;

  constructor(seed: number, windowMs: number, maxSize: number) {
    this.#random = new Random(seed);
    this.#windowMs = windowMs;
    this.#nowMs = this.#random.pick([-1000, 0, 1e12]);
    this.#table = new DistinctTable(this.#rule(), maxSize, { first: seed, second: ~seed });
  }

  #rule(): DistinctRule {
    const limit = this.#random.pick([1, 2, 4]);
    const [key, member] = [this.#random.pick(KEYS), this.#random.pick(MEMBERS)];
    return {
      kind: 'distinct',
      id: 'd',
      guard: 'g',
      mode: 'enforce',
      key,
      member,
      limit,
      windowMs: this.#windowMs,
    };
  }

  #membersOf(key: LimitKey): ReadonlySet<string> {
    const edge = Math.floor(this.#nowMs) - this.#windowMs;
    const live = this.#taken.filter((each) => each.key === key && (each.isOpen || each.atMs > edge));
    return new Set(live.map(({ member }) => nameOf(member)));
  }

  step(): void {
    for (const each of this.#taken) if (this.#nowMs - each.atMs >= LEASE_MS) this.#settle(each, true);
    const choice = this.#random.below(20);
    if (choice < 10) this.#take();
    else if (choice < 16) {
      const open = this.#taken.filter(({ isOpen }) => isOpen);
      if (open.length > 0) this.#settle(this.#random.pick(open), this.#random.below(3) > 0);
    } else if (choice < 18)
      this.#nowMs += this.#random.pick([0.25, 1, this.#windowMs, this.#windowMs + 1, 3.5e10]);
    else if (choice < 19) this.#inspect();
    else if (this.#random.below(5) === 0) this.#release();
  }

  #take(): void {
    const rule = this.#rule();
    const members = this.#membersOf(rule.key);
    const violation = this.#table.check(rule, this.#nowMs, 1);
    const isFull = !members.has(nameOf(rule.member)) && members.size >= rule.limit;
    if (violation !== undefined) {
      expect(violation.reason).toBe(isFull ? 'over-limit' : 'capacity');
      expect(members.has(nameOf(rule.member))).toBe(false);
      if (isFull) expect(violation.observed).toBe(members.size);
      expect(violation.retryAfterMs).toBeGreaterThan(0);
      return;
    }
    expect(isFull).toBe(false);
    const hold = this.#table.write(rule, this.#nowMs);
    expect(this.#table.size).toBeLessThanOrEqual(this.#table.maxSize);
    this.#taken.push({ ...rule, hold, atMs: Math.ceil(this.#nowMs), isOpen: true });
  }

  #settle(each: Taken, isKept: boolean): void {
    if (!each.isOpen) return;
    each.isOpen = false;
    if (isKept) each.hold.keep(0, this.#nowMs, undefined);
    else {
      each.hold.giveBack(this.#nowMs);
      this.#taken = this.#taken.filter((other) => other !== each);
    }
  }

  #inspect(): void {
    const rule = this.#rule();
    expect(this.#table.inspect(rule, this.#nowMs).count).toBe(this.#membersOf(rule.key).size);
  }

  #release(): void {
    const { key } = this.#rule();
    this.#table.release(key);
    this.#taken = this.#taken.filter((each) => each.key !== key);
  }

  /** Whether a table whose members have all left has room for as many again. */
  isEmptyAtLast(): boolean {
    for (const each of this.#taken) this.#settle(each, true);
    this.#nowMs += LEASE_MS + this.#windowMs;
    const rule = { ...this.#rule(), key: 'fresh' };
    return Array.from({ length: 50 }, () =>
      this.#table.check(rule, this.#nowMs, this.#table.maxSize),
    ).includes(undefined);
  }
}

describe('DistinctTable', () => {
  it.each([
    [1, 1],
    [2, 5],
    [50, 12],
    [1000, 100],
  ])('agrees with a plain list: a window of %d ms, room for %d', (windowMs, maxSize) => {
    for (let seed = 1; seed <= 8; seed += 1) {
      const run = new Run(seed, windowMs, maxSize);
      for (let step = 0; step < 1_000; step += 1) run.step();
      expect(run.isEmptyAtLast()).toBe(true);
    }
  });

  it('has room again when the member leaves that was taken later and written earlier', () => {
    const rule = {
      kind: 'distinct',
      id: 'd',
      guard: 'g',
      mode: 'enforce',
      limit: 5,
      windowMs: 1_000,
    } as const;
    const table = new DistinctTable({ ...rule, key: 1, member: 1 }, 2, { first: 1, second: 2 });
    const take = (key: number, member: number, atMs: number) => {
      if (table.check({ ...rule, key, member }, atMs, 1) !== undefined) return undefined;
      return table.write({ ...rule, key, member }, atMs);
    };
    take(1, 1, 0)?.keep(500, 500, undefined);
    take(1, 2, 100)?.keep(0, 500, undefined);
    expect(take(2, 1, 1_099)).toBeUndefined();
    expect(take(2, 1, 1_100)).toBeDefined();
    expect(table.size).toBe(2);
  });
});
