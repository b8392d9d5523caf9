import type {
  BackoffRule,
  BlockRule,
  DistinctRule,
  LimitKey,
  LimitRule,
  LimitStore,
  OnceRule,
  Settlement,
  SlotRule,
  TakeVerdict,
  WindowRule,
} from '../../limits/limit-store.ts';

/** A store with the handles the suite needs. */
export interface StoreUnderTest {
  readonly store: LimitStore;
  /**
   * Lets time pass for the store: sets a clock of your own forward, or sleeps when the store counts by the clock of a
   * server.
   */
  advance(ms: number): void | Promise<void>;
  /** Epoch milliseconds as the store sees them. */
  now(): number;
  /** Sets the calendar (`clock.now`) forward or back without time passing. Leave out where it cannot be done. */
  jump?(ms: number): void;
}

/** One named check. It throws an `Error` that says what was expected when the store does not hold. */
export interface ConformanceCase {
  readonly name: string;
  run(): Promise<void>;
}

export function ensure(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(`Limit store: ${message}`);
}

/** Small seeded generator (mulberry32): the same seed finds the same fault again. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer of at least 0, below `below`. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }
}

const common = { guard: 'conformance', mode: 'enforce' } as const;

export function windowRule(key: LimitKey, limit: number, windowMs: number): WindowRule {
  return { ...common, kind: 'window', id: `window:${limit}:${windowMs}`, key, limit, windowMs };
}

export function amountRule(key: LimitKey, limit: number, windowMs: number, weight: number): WindowRule {
  const id = `amount:${limit}:${windowMs}`;
  return { ...common, kind: 'window', id, key, limit, windowMs, weighted: true, weight };
}

export function slotRule(key: LimitKey, limit: number, windowMs: number, dueAt: number): SlotRule {
  return { ...common, kind: 'slot', id: `slot:${limit}:${windowMs}`, key, limit, windowMs, dueAt };
}

export function backoffRule(key: LimitKey, baseMs: number, maxMs: number, forgetMs: number): BackoffRule {
  const id = `backoff:${baseMs}:${maxMs}:${forgetMs}`;
  return { ...common, kind: 'backoff', id, key, baseMs, maxMs, forgetMs };
}

export function distinctRule(key: LimitKey, member: LimitKey, limit: number, windowMs: number): DistinctRule {
  return { ...common, kind: 'distinct', id: `distinct:${limit}:${windowMs}`, key, member, limit, windowMs };
}

export function onceRule(key: LimitKey, fingerprint: string, windowMs: number): OnceRule {
  return { ...common, kind: 'once', id: `once:${windowMs}`, key, fingerprint, windowMs };
}

/** A webhook event: free again when nobody settled it within the lease. */
export function leasedRule(key: LimitKey, windowMs: number, leaseMs: number): OnceRule {
  return { ...onceRule(key, 'event', windowMs), id: `leased:${windowMs}`, leaseMs };
}

export function blockRule(key: LimitKey, windowMs: number): BlockRule {
  return { ...common, kind: 'block', id: 'block', key, windowMs };
}

export function activeBlockRule(key: LimitKey, windowMs: number): BlockRule {
  return { ...blockRule(key, windowMs), activate: true };
}

export const SCOPE = 'conformance';

export interface Taken {
  readonly reservation: string;
  readonly rules: readonly LimitRule[];
  readonly verdict: TakeVerdict;
}

/** Single takes and settlements, as a send makes them. */
export class Session {
  readonly subject: StoreUnderTest;
  readonly store: LimitStore;
  readonly scope: string;
  #count = 0;

  constructor(subject: StoreUnderTest, scope: string = SCOPE) {
    this.subject = subject;
    this.store = subject.store;
    this.scope = scope;
  }

  /** Unique among all runs on one server. */
  nextReservation(): string {
    this.#count += 1;
    return `${this.scope}-${this.#count}-${crypto.randomUUID()}`;
  }

  async take(...rules: LimitRule[]): Promise<Taken> {
    const reservation = this.nextReservation();
    const verdicts = await this.store.take(this.scope, [{ reservation, rules }]);
    ensure(verdicts.length === 1, 'take gives one verdict a request');
    return { reservation, rules, verdict: verdicts[0] as TakeVerdict };
  }

  async granted(message: string, ...rules: LimitRule[]): Promise<Taken> {
    const taken = await this.take(...rules);
    ensure(taken.verdict.granted, `${message}: should be granted`);
    return taken;
  }

  /** The first refusal. */
  async refused(message: string, ...rules: LimitRule[]) {
    const { verdict } = await this.take(...rules);
    ensure(!verdict.granted, `${message}: should be refused`);
    const first = verdict.refusals[0];
    ensure(first !== undefined, `${message}: a refusal names its rule`);
    return first;
  }

  async settle(taken: Taken, outcome: Settlement['outcome'], more: Partial<Settlement> = {}): Promise<void> {
    const { reservation, rules } = taken;
    await this.store.settle(this.scope, [{ reservation, rules, outcome, ...more }]);
  }

  /** A send that went out at once. */
  async sent(message: string, ...rules: LimitRule[]): Promise<void> {
    await this.settle(await this.granted(message, ...rules), 'keep');
  }

  async countOf(rule: LimitRule): Promise<number> {
    const states = await this.store.inspect(this.scope, [rule]);
    return states[0]?.count ?? Number.NaN;
  }
}
