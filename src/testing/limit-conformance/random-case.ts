import { unmetRules } from '../../limits/conditions.ts';
import type { LimitRule, RuleViolation, TakeRequest, TakeVerdict } from '../../limits/limit-store.ts';
import {
  activeBlockRule,
  amountRule,
  backoffRule,
  blockRule,
  distinctRule,
  ensure,
  knownRule,
  leasedRule,
  onceRule,
  Random,
  rememberRule,
  SCOPE,
  Session,
  type StoreUnderTest,
  slotRule,
  visitorRule,
  windowRule,
} from './kit.ts';
import { type Entry, type Expected, type OpenTakes, Oracle } from './oracle.ts';

interface OpenTake {
  readonly reservation: string;
  readonly rules: readonly LimitRule[];
  readonly entries: readonly Entry[];
  readonly takenMs: number;
}

/** Shorter than any lease: a store may decide what happens to a take that is never settled. */
const SETTLED_WITHIN_MS = 60_000;
const LONGEST_WINDOW_MS = 20_000;
const IGNORED_DELAY_MS = 250;
const KEYS = [6591234567, 6591234568, '6591234567', 'a', 'ünïcode', '__proto__'] as const;

const MEMBERS = [1, '1', 2, 'b'] as const;

/** A rule that others may depend on, first in its request. */
function notingRule(random: Random, key: number | string): LimitRule {
  return random.below(2) === 0
    ? knownRule(key, random.pick(MEMBERS))
    : { ...windowRule(key, random.pick([1, 3]), 9000), id: 'noted', mode: 'note' };
}

/** Whether a rule may depend on another, see `RuleCondition`. */
function mayDepend(rule: LimitRule, noting: LimitRule): boolean {
  return rule.key === noting.key || (typeof noting.key === 'number' && typeof rule.key === 'string');
}

/** Makes about half of the rules depend on an earlier noting one. */
function withConditions(random: Random, rules: readonly LimitRule[]): readonly LimitRule[] {
  const noting: LimitRule[] = [];
  return rules.map((rule) => {
    const candidates = noting.filter((other) => mayDepend(rule, other));
    if (rule.mode === 'note') noting.push(rule);
    if (candidates.length === 0 || random.below(4) === 0) return rule;
    return { ...rule, when: { rule: random.pick(candidates).id, found: random.below(2) === 0 } };
  });
}

function randomRule(random: Random, epochMs: number): LimitRule {
  const key = random.pick(KEYS);
  const rule = pickRule(random, key, epochMs);
  return rule.kind !== 'once' && rule.kind !== 'known' && random.below(12) === 0
    ? { ...rule, id: `${rule.id}:monitored`, mode: 'monitor' }
    : rule;
}

function pickRule(random: Random, key: number | string, epochMs: number): LimitRule {
  switch (random.below(24)) {
    case 0:
      return windowRule(key, 1, 1000);
    case 1:
      return windowRule(key, 3, 10_000);
    case 2:
      return windowRule(key, 10, LONGEST_WINDOW_MS);
    case 3:
      return windowRule(key, 70, LONGEST_WINDOW_MS);
    case 4:
      return amountRule(key, 100, 7001, 1 + random.below(110));
    case 5:
      return slotRule(key, 4, 5000, epochMs + random.below(25_000));
    case 6:
      return backoffRule(key, 500, 8000, 6000);
    case 7:
      return distinctRule(key, random.pick([1, '1', 2, 3, 4, 5]), 3, 8000);
    // One counter, used by clients with different options.
    case 8:
      return { ...windowRule(key, random.pick([1, 2, 5, 9]), 9000), id: 'window:mixed' };
    case 9:
      return { ...windowRule(key, random.pick([2, 5, 64, 65, 70]), LONGEST_WINDOW_MS), id: 'window:large' };
    case 10:
      return {
        ...slotRule(key, random.pick([2, 3, 5]), 5000, epochMs + random.below(25_000)),
        id: 'slot:mixed',
      };
    case 11:
      return {
        ...backoffRule(key, random.pick([200, 500]), random.pick([3000, 8000]), 6000),
        id: 'backoff:mixed',
      };
    case 12:
      return { ...distinctRule(key, random.below(6), random.pick([1, 2, 4]), 8000), id: 'distinct:mixed' };
    case 13:
      return {
        ...leasedRule(key, 4000, random.pick([300, 1000, 6000])),
        fingerprint: random.pick(['a', 'b']),
      };
    case 14:
      return blockRule(key, random.pick([1, 5000]));
    case 15:
      return activeBlockRule(key, random.pick([1, 700, 4000, LONGEST_WINDOW_MS]));
    case 16:
      return visitorRule(key, random.pick(MEMBERS), 500, 8000, 6000);
    case 17:
      return {
        ...visitorRule(key, random.pick(MEMBERS), random.pick([200, 500]), random.pick([3000, 8000]), 6000),
        id: 'visitor:mixed',
      };
    case 18:
      return rememberRule(key, random.pick(MEMBERS), random.pick([1, 700, 4000, LONGEST_WINDOW_MS]));
    // One counter, used by clients with different windows.
    case 19:
      return { ...windowRule(key, 4, random.pick([1000, 5000, LONGEST_WINDOW_MS])), id: 'window:both' };
    case 20:
      return {
        ...windowRule(key, random.pick([65, 70]), random.pick([3000, LONGEST_WINDOW_MS])),
        id: 'window:both-large',
      };
    case 21:
      return {
        ...amountRule(key, 100, random.pick([4000, 7001, 9000]), 1 + random.below(110)),
        id: 'amount:both',
      };
    case 22:
      return {
        ...slotRule(key, 4, random.pick([4000, 5000, 6000]), epochMs + random.below(25_000)),
        id: 'slot:both',
      };
    default:
      return onceRule(key, random.pick(['first', 'second']), 4000);
  }
}

/** Runs the same random operations on a store and an oracle; every verdict must agree. */
export class RandomRun {
  readonly #subject: StoreUnderTest;
  readonly #session: Session;
  readonly #random: Random;
  readonly #oracle: Oracle;
  #open: OpenTake[] = [];
  #elapsedMs = 0;

  constructor(subject: StoreUnderTest, seed: number, openTakes: OpenTakes) {
    this.#subject = subject;
    this.#session = new Session(subject);
    this.#random = new Random(seed);
    this.#oracle = new Oracle(openTakes);
  }

  async run(operations: number): Promise<void> {
    for (let done = 0; done < operations; done += 1) {
      const choice = this.#random.below(100);
      if (choice < 45) await this.#take();
      else if (choice < 75) await this.#settle(this.#random.below(Math.max(1, this.#open.length)));
      else if (choice < 96) await this.#advance();
      else if (choice < 98) await this.#inspect();
      else await this.#release();
    }
  }

  #rule(): LimitRule {
    return randomRule(this.#random, this.#subject.now());
  }

  async #take(): Promise<void> {
    const requests: TakeRequest[] = [];
    for (let count = 1 + this.#random.below(2); count > 0; count -= 1) {
      const rules = new Map<string, LimitRule>();
      for (let left = 1 + this.#random.below(3); left > 0; left -= 1) {
        const rule = this.#rule();
        rules.set(rule.id, rule);
      }
      const remembered = [...rules.values()].find((rule) => rule.kind === 'known');
      if (remembered !== undefined) {
        requests.push({ reservation: this.#session.nextReservation(), rules: [remembered] });
        continue;
      }
      const noting = Array.from({ length: this.#random.below(3) }, () =>
        notingRule(this.#random, this.#random.pick([...rules.values()]).key),
      );
      for (const rule of noting) rules.delete(rule.id);
      const all = new Map([...noting, ...rules.values()].map((rule) => [rule.id, rule]));
      requests.push({
        reservation: this.#session.nextReservation(),
        rules: withConditions(this.#random, [...all.values()]),
      });
    }
    const verdicts = await this.#session.store.take(SCOPE, requests);
    requests.forEach((request, at) => {
      this.#compare(request, verdicts[at] as TakeVerdict);
    });
  }

  #compare({ reservation, rules }: TakeRequest, verdict: TakeVerdict): void {
    const refusals = verdict.granted ? [] : verdict.refusals;
    const writes: LimitRule[] = [];
    const { observed, noted = [] } = verdict;
    const unmet = unmetRules(rules, noted);
    for (const rule of rules) {
      const list = { monitor: observed, note: noted, enforce: refusals }[rule.mode];
      const violation = list.find(({ rule: other }) => other.id === rule.id);
      if (unmet.includes(rule)) {
        ensure(violation === undefined, `${rule.id}: a rule whose condition does not hold finds nothing`);
        continue;
      }
      this.#compareRule(this.#oracle.expect(rule, this.#elapsedMs), rule, violation);
      if (violation === undefined || rule.kind === 'known') writes.push(rule);
    }
    ensure(verdict.granted === (refusals.length === 0), 'a refusal names the rules that refused');
    if (!verdict.granted) return;
    const entries = writes.map((rule) => this.#oracle.add(rule, this.#elapsedMs));
    const waits = writes.flatMap((rule) =>
      rule.kind === 'backoff' || rule.kind === 'visitor-backoff' ? [this.#oracle.waitMs(rule)] : [],
    );
    const waitMs = waits.length === 0 ? undefined : Math.max(...waits);
    ensure(verdict.waitMs === waitMs, `waitMs ${verdict.waitMs} of a grant, expected ${waitMs}`);
    this.#open.push({ reservation, rules, entries, takenMs: this.#elapsedMs });
  }

  #compareRule(expected: Expected, rule: LimitRule, violation: RuleViolation | undefined): void {
    const where = `${rule.id} of '${rule.key}' after ${this.#elapsedMs} ms`;
    if (violation === undefined) {
      ensure(expected.refuses !== true, `${where}: granted, expected ${expected.reason}`);
      return;
    }
    ensure(expected.refuses !== false, `${where}: refused (${violation.reason}), expected to be granted`);
    ensure(
      violation.reason === expected.reason,
      `${where}: ${violation.reason}, expected ${expected.reason}`,
    );
    ensure(violation.result === expected.result, `${where}: the result is not the one that was kept`);
    const { observed = violation.observed, retryAfterMs = violation.retryAfterMs } = expected;
    ensure(violation.observed === observed, `${where}: observed ${violation.observed}, expected ${observed}`);
    ensure(
      violation.retryAfterMs === retryAfterMs,
      `${where}: retryAfterMs ${violation.retryAfterMs}, expected ${retryAfterMs}`,
    );
    ensure(retryAfterMs === undefined || retryAfterMs > 0, `${where}: retryAfterMs is not above 0`);
  }

  async #settle(index: number): Promise<void> {
    const taken = this.#open[index];
    if (taken === undefined) return;
    this.#open.splice(index, 1);
    const { reservation, rules, entries, takenMs } = taken;
    const outcome = this.#random.below(2) === 0 ? 'keep' : 'return';
    const delay = this.#random.below(this.#elapsedMs - takenMs + 1);
    // A store may ignore this settlement, so the oracle skips it.
    const delayMs = delay <= IGNORED_DELAY_MS ? 0 : delay;
    const result = this.#random.pick(['sent', undefined]);
    const more = result === undefined ? {} : { result };
    await this.#session.store.settle(SCOPE, [{ reservation, rules, outcome, delayMs, ...more }]);
    for (const entry of entries) {
      if (outcome === 'keep') this.#oracle.keep(entry, delayMs, this.#elapsedMs, result);
      else this.#oracle.giveBack(entry);
    }
  }

  async #advance(): Promise<void> {
    const ms = this.#random.pick([0, 1, 3, 100, 333, 500, 999, 1000, 4000, LONGEST_WINDOW_MS]);
    await this.#subject.advance(ms);
    this.#elapsedMs += ms;
    while (this.#elapsedMs - (this.#open[0]?.takenMs ?? this.#elapsedMs) >= SETTLED_WITHIN_MS) {
      await this.#settle(0);
    }
    const nowMs = this.#subject.now();
    this.#oracle.forget(
      this.#elapsedMs - 3 * LONGEST_WINDOW_MS,
      (dueAt) => dueAt > nowMs - LONGEST_WINDOW_MS,
    );
  }

  async #inspect(): Promise<void> {
    const rule = this.#rule();
    const expected = this.#oracle.countOf(rule, this.#elapsedMs);
    if (expected === undefined) return;
    const count = await this.#session.countOf(rule);
    ensure(count === expected, `${rule.id}: inspect counts ${count}, expected ${expected}`);
  }

  async #release(): Promise<void> {
    const rule = this.#rule();
    await this.#session.store.release(SCOPE, [rule]);
    this.#oracle.release(rule);
  }
}
