import type {
  BackoffRule,
  BlockRule,
  DistinctRule,
  KnownRule,
  LimitKey,
  LimitRule,
  LimitStore,
  OnceRule,
  Settlement,
  SlotRule,
  TakeVerdict,
  VisitorBackoffRule,
  WindowRule,
} from '../../limits/limit-store.ts';

/** A limit store, and the control over its time that the conformance cases need. */
export interface StoreUnderTest {
  /** The store to test; must be empty. */
  readonly store: LimitStore;
  /**
   * Lets milliseconds pass for the store: advances the test's clock, or sleeps when the store uses the clock of a server.
   */
  advance(ms: number): void | Promise<void>;
  /** The time of the store in epoch milliseconds. */
  now(): number;
  /** Moves the calendar (`clock.now`) by milliseconds, forward or back, without time passing. Omit it where impossible. */
  jump?(ms: number): void;
}

/** One conformance case, for any test runner. */
export interface ConformanceCase {
  /** The title of the test. */
  readonly name: string;
  /**
   * Runs the case.
   *
   * @throws Error the implementation does not conform; the message says what was expected
   */
  run(): Promise<void>;
}

export function ensure(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(`Limit store: ${message}`);
}

/** A small seeded generator (mulberry32): the same seed reproduces the same failure. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Returns an integer from 0 up to, but not including, `below`. */
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

export function visitorRule(
  key: LimitKey,
  member: LimitKey,
  baseMs: number,
  maxMs: number,
  forgetMs: number,
): VisitorBackoffRule {
  const id = `visitor:${baseMs}:${maxMs}:${forgetMs}`;
  return { ...common, kind: 'visitor-backoff', id, key, member, baseMs, maxMs, forgetMs };
}

/** Whether a member is known. */
export function knownRule(key: LimitKey, member: LimitKey): KnownRule {
  return { ...common, mode: 'note', kind: 'known', id: 'known', key, member, windowMs: 1 };
}

export function rememberRule(key: LimitKey, member: LimitKey, windowMs: number): KnownRule {
  return { ...knownRule(key, member), windowMs, activate: true };
}

export function distinctRule(key: LimitKey, member: LimitKey, limit: number, windowMs: number): DistinctRule {
  return { ...common, kind: 'distinct', id: `distinct:${limit}:${windowMs}`, key, member, limit, windowMs };
}

export function onceRule(key: LimitKey, fingerprint: string, windowMs: number): OnceRule {
  return { ...common, kind: 'once', id: `once:${windowMs}`, key, fingerprint, windowMs };
}

/** A webhook event: available again unless it is settled within its lease. */
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

/** Takes and settles one request at a time, as a send does. */
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

  /** An id that is unique among all runs on one server. */
  nextReservation(): string {
    this.#count += 1;
    return `${this.scope}-${this.#count}-${crypto.randomUUID()}`;
  }

  async take(...rules: LimitRule[]): Promise<Taken> {
    const reservation = this.nextReservation();
    const verdicts = await this.store.take(this.scope, [{ reservation, rules }]);
    ensure(verdicts.length === 1, 'take returns one verdict per request');
    return { reservation, rules, verdict: verdicts[0] as TakeVerdict };
  }

  async granted(message: string, ...rules: LimitRule[]): Promise<Taken> {
    const taken = await this.take(...rules);
    ensure(taken.verdict.granted, `${message}: should be granted`);
    return taken;
  }

  /** Takes, expects a refusal, and returns its first violation. */
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

  /** Takes and keeps, as a send that is written immediately. */
  async sent(message: string, ...rules: LimitRule[]): Promise<void> {
    await this.settle(await this.granted(message, ...rules), 'keep');
  }

  async countOf(rule: LimitRule): Promise<number> {
    const states = await this.store.inspect(this.scope, [rule]);
    return states[0]?.count ?? Number.NaN;
  }
}
