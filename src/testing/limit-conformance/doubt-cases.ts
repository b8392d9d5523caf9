import type { DoubtOutcome, DoubtRule, DoubtStore, DoubtTarget } from '../../limits/doubt-store.ts';
import type { RuleViolation } from '../../limits/limit-store.ts';
import type { ConformanceCheck } from './basic-cases.ts';
import { DoubtOracle, type DoubtTake, type ExpectedDoubt } from './doubt-oracle.ts';
import { ensure, Random, SCOPE, Session, type StoreUnderTest, windowRule } from './kit.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const FIRST_NUMBER = 6_281_200_000_000;

export function doubtRule(key: number, more: Partial<DoubtRule> = {}): DoubtRule {
  const common = { kind: 'doubt', id: 'doubt', guard: 'conformance', mode: 'enforce' } as const;
  return { ...common, key, country: 'ID', action: 'ask', allowance: 9.375, ...more };
}

function doubtsOf({ store }: StoreUnderTest): DoubtStore {
  ensure(store.doubts !== undefined, 'a store that keeps rules of doubt has doubts');
  return store.doubts;
}

/** Eight strangers of one block are normal where nobody entered a code yet. */
async function fillBlock(session: Session, more: Partial<DoubtRule> = {}, from = 0): Promise<void> {
  for (let index = from; index < from + 8; index += 1) {
    await session.sent('a normal crowd', doubtRule(FIRST_NUMBER + index, more));
  }
}

const NEXT = FIRST_NUMBER + 8;

export const DOUBT_CASES: readonly (readonly [name: string, check: ConformanceCheck])[] = [
  [
    'doubt: a full crowd holds strangers, and says how many are normal',
    async (session) => {
      await fillBlock(session);
      const held = await session.refused('the ninth of a block', doubtRule(NEXT));
      ensure(held.reason === 'captcha-needed' && held.observed === 8, 'eight of eight ask for a captcha');
      ensure(held.doubt?.place === 'crowd' && held.doubt.limit === 8, 'the crowd holds it');
      ensure((held.retryAfterMs ?? 0) > 11 * HOUR_MS, 'the first pause of a crowd is twelve hours');
      await session.granted('another block', doubtRule(FIRST_NUMBER + 10_000));
      await session.granted('who passed a test', doubtRule(NEXT, { isHuman: true }));
      const refused = await session.refused('no way to ask', doubtRule(NEXT + 1, { action: 'refuse' }));
      ensure(refused.reason === 'suspended', 'is suspended');
    },
  ],
  [
    'doubt: a monitored rule holds nobody, and counts nobody that it would have held',
    async (session) => {
      await fillBlock(session, { mode: 'monitor' });
      for (let index = 0; index < 3; index += 1) {
        const { verdict } = await session.granted('monitored', doubtRule(NEXT + index, { mode: 'monitor' }));
        ensure(verdict.observed[0]?.observed === 8, 'eight strangers count');
      }
    },
  ],
  [
    'doubt: a take that is refused or given back counts nothing',
    async (session) => {
      const full = windowRule(1, 1, 1_000_000);
      await session.sent('fills the window', full);
      for (let index = 0; index < 20; index += 1) {
        await session.refused('another rule', doubtRule(FIRST_NUMBER + index), full);
        const taken = await session.granted('not full', doubtRule(FIRST_NUMBER + index));
        await session.settle(taken, 'return');
      }
      await fillBlock(session);
    },
  ],
  [
    'doubt: a place is lifted and trusted, and told of once',
    async (session) => {
      const doubts = doubtsOf(session.subject);
      await fillBlock(session);
      const notices: unknown[] = [];
      for (let index = 0; index < 2; index += 1) {
        const { verdict } = await session.take(doubtRule(NEXT));
        notices.push(...(verdict.notices ?? []));
      }
      ensure(notices.length === 1, 'an alert is noticed once');
      const [alert] = await doubts.alerts(SCOPE, 'doubt');
      ensure(alert?.place === 'crowd' && alert.prefix === String(NEXT).slice(0, -4), 'the crowd is in alert');
      await doubts.lift(SCOPE, 'doubt', { prefix: alert.prefix });
      ensure((await doubts.alerts(SCOPE, 'doubt')).length === 0, 'a lifted place is not in alert');
      await fillBlock(session, {}, 100);
      await session.refused('full again', doubtRule(NEXT));
      ensure(
        await doubts.trust(SCOPE, 'doubt', { country: 'ID' }, DAY_MS),
        'there is room for a trusted country',
      );
      await session.granted('trusted', doubtRule(NEXT));
      await doubts.trust(SCOPE, 'doubt', { country: 'ID' }, 0);
      await session.refused('not trusted any more', doubtRule(NEXT + 1));
    },
  ],
  [
    'doubt: another scope and another id count apart',
    async (session) => {
      await fillBlock(session);
      await session.refused('the same', doubtRule(NEXT));
      await session.granted('another id', doubtRule(NEXT, { id: 'doubt:other' }));
      await new Session(session.subject, 'another').granted('another scope', doubtRule(NEXT));
    },
  ],
];

/** Cases that need exact time. */
export const DOUBT_TIME_CASES: readonly (readonly [name: string, check: ConformanceCheck])[] = [
  [
    'doubt: who entered a code is an acquaintance from 6 hours to 90 days after it',
    async (session) => {
      const { subject } = session;
      const rule = doubtRule(NEXT, { member: 'subject' });
      await doubtsOf(subject).enter(SCOPE, [{ rule, outcome: 'entered' }]);
      await subject.advance(6 * HOUR_MS);
      await fillBlock(session);
      await session.granted('an acquaintance', doubtRule(NEXT));
      await session.granted('whose subject vouches', doubtRule(NEXT + 1, { member: 'subject' }));
      await session.refused('a stranger', doubtRule(NEXT + 2));
      await doubtsOf(subject).forget(SCOPE, [doubtRule(NEXT)]);
      await session.refused('forgotten', doubtRule(NEXT));
      await session.refused('forgotten with it', doubtRule(NEXT + 3, { member: 'subject' }));
      await subject.advance(91 * DAY_MS);
      await doubtsOf(subject).enter(SCOPE, [{ rule, outcome: 'entered' }]);
      await subject.advance(90 * DAY_MS);
      await fillBlock(session, { action: 'refuse' });
      const { retryAfterMs } = await session.refused('long ago', doubtRule(NEXT, { action: 'refuse' }));
      ensure(retryAfterMs === 12 * HOUR_MS, 'the first pause is exact');
      await subject.advance(12 * HOUR_MS);
      await session.granted('the one stranger', doubtRule(NEXT, { action: 'refuse' }));
      await session.refused('the next', doubtRule(NEXT + 1, { action: 'refuse' }));
    },
  ],
];

/** 240 numbers in four blocks and two ranges of one country, and 20 of another. */
function numberOf(random: Random, isElsewhere: boolean): number {
  if (isElsewhere) return 65_910_000_000 + random.below(20);
  return FIRST_NUMBER + random.pick([0, 10_000, 20_000, 1_000_000]) + random.below(60);
}

const ADDRESSES = ['203.0.113.1', '203.0.113.2', '198.51.100.7', '2001:db8:0:0::/64'];

/** Times of people, of which some enter their codes, and of an attack; operations out of 100, and the time that passes. */
interface Season {
  readonly take: number;
  readonly enter: number;
  readonly stepsMs: readonly number[];
  /** One in so many passed a test for people. */
  readonly humans: number;
  /** Most people who may still enter a code. */
  readonly waiting: number;
}
const SEASONS: readonly Season[] = [
  { take: 42, enter: 38, stepsMs: [0, 1_000, 20_000, MINUTE_MS, 7 * MINUTE_MS], humans: 8, waiting: 20 },
  { take: 42, enter: 38, stepsMs: [0, 15_000, 50_000, 4 * MINUTE_MS, HOUR_MS], humans: 4, waiting: 10 },
  { take: 70, enter: 4, stepsMs: [0, 1, 500, 15_000, MINUTE_MS], humans: 5, waiting: 30 },
  { take: 55, enter: 12, stepsMs: [1_000, 4 * MINUTE_MS, 20 * MINUTE_MS, HOUR_MS], humans: 2, waiting: 3 },
  {
    take: 42,
    enter: 34,
    stepsMs: [10 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, 13 * HOUR_MS],
    humans: 3,
    waiting: 4,
  },
  { take: 42, enter: 36, stepsMs: [HOUR_MS, 7 * HOUR_MS, DAY_MS, 2 * DAY_MS], humans: 6, waiting: 2 },
];
const OPERATIONS_PER_SEASON = 150;
const OUTCOMES = [
  ...new Array<'entered'>(12).fill('entered'),
  'other-way',
  'fraud',
] as const satisfies readonly DoubtOutcome['outcome'][];

interface OpenDoubt {
  readonly reservation: string;
  readonly take: DoubtTake;
}

/** Random operations, each compared with the oracle. */
export class DoubtRun {
  readonly #subject: StoreUnderTest;
  readonly #session: Session;
  readonly #random: Random;
  readonly #oracle = new DoubtOracle();
  readonly #open: OpenDoubt[] = [];
  /** Strangers of the last takes, who may enter a code. */
  #waiting: DoubtRule[] = [];
  #season: Season = SEASONS[0] as Season;
  #action: DoubtRule['action'] = 'ask';
  /** Time of the store from which days, minutes and weeks are counted. */
  #nowMs: number;

  constructor(subject: StoreUnderTest, seed: number, startMs: number) {
    this.#subject = subject;
    this.#session = new Session(subject);
    this.#random = new Random(seed);
    this.#nowMs = startMs;
  }

  async run(operations: number): Promise<void> {
    for (let at = 0; at < operations; at += 1) {
      if (at % OPERATIONS_PER_SEASON === 0) {
        this.#season = this.#random.pick(SEASONS);
        // One action at a time, so that each goes through a whole alert.
        this.#action = this.#random.below(4) === 0 ? 'refuse' : 'ask';
      }
      const { take, enter } = this.#season;
      const choice = this.#random.below(100);
      if (choice < take) await this.#take();
      else if (choice < take + enter) await this.#enter();
      else if (choice < 87) await this.#settle();
      else if (choice < 99) await this.#advance();
      else await this.#desk();
    }
  }

  #rule(): DoubtRule {
    const random = this.#random;
    const isElsewhere = random.below(6) === 0;
    return doubtRule(numberOf(random, isElsewhere), {
      country: isElsewhere ? 'SG' : 'ID',
      mode: random.below(8) === 0 ? 'monitor' : 'enforce',
      action: random.below(50) === 0 ? 'refuse' : this.#action,
      address: random.below(3) === 0 ? undefined : random.pick(ADDRESSES),
      member: random.below(4) === 0 ? random.pick(['a', 'b', 7]) : undefined,
      isHuman: random.below(this.#season.humans) === 0,
      isReturning: random.below(30) === 0,
      allowance: isElsewhere ? 66.5 : 9.375,
    });
  }

  async #take(): Promise<void> {
    const rule = this.#rule();
    const expected = this.#oracle.expect(rule, this.#nowMs);
    const { reservation, verdict } = await this.#session.take(rule);
    const held = verdict.granted ? verdict.observed[0] : verdict.refusals[0];
    compare(expected, held, `${rule.key} in ${rule.country} at ${this.#nowMs}`);
    ensure(verdict.granted === (held === undefined || rule.mode === 'monitor'), 'a held message is refused');
    if (rule.isReturning !== true) this.#waiting = [...this.#waiting, rule].slice(-this.#season.waiting);
    if (held !== undefined) this.#oracle.hold(rule, this.#nowMs);
    else this.#open.push({ reservation, take: this.#oracle.take(rule, this.#nowMs) });
  }

  async #settle(): Promise<void> {
    const [open] = this.#open.splice(this.#random.below(Math.max(1, this.#open.length)), 1);
    if (open === undefined) return;
    const { reservation, take } = open;
    const outcome = this.#random.below(4) === 0 ? 'return' : 'keep';
    await this.#session.store.settle(SCOPE, [{ reservation, rules: [take.rule], outcome }]);
    if (outcome === 'return') this.#oracle.giveBack(take, this.#nowMs);
  }

  async #enter(): Promise<void> {
    const random = this.#random;
    const outcome = random.pick(OUTCOMES);
    // Mostly somebody who got a code, or was asked for more.
    const waiting = this.#waiting.splice(random.below(Math.max(1, this.#waiting.length)), 1);
    const rule = waiting[0] ?? this.#rule();
    await doubtsOf(this.#subject).enter(SCOPE, [{ rule, outcome }]);
    this.#oracle.enter({ rule, outcome }, this.#nowMs);
  }

  async #advance(): Promise<void> {
    const ms = this.#random.below(400) === 0 ? 80 * DAY_MS : this.#random.pick(this.#season.stepsMs);
    // A take that nobody settles for a lease is kept, and cannot be given back any more.
    const oldestMs = Math.min(...this.#open.map(({ take }) => take.at));
    if (this.#nowMs + ms - oldestMs > 10 * MINUTE_MS) while (this.#open.length > 0) await this.#settle();
    await this.#subject.advance(ms);
    this.#nowMs += ms;
  }

  async #desk(): Promise<void> {
    const rule = this.#rule();
    const doubts = doubtsOf(this.#subject);
    switch (this.#random.below(4)) {
      case 0:
        await this.#session.store.release(SCOPE, [rule]);
        this.#oracle.release(rule);
        return;
      case 1:
        await doubts.forget(SCOPE, [rule]);
        this.#oracle.forget(rule, this.#nowMs);
        return;
      case 2: {
        const expected = this.#oracle.peek(rule, this.#nowMs);
        const [state] = await this.#session.store.inspect(SCOPE, [rule]);
        const wait = state?.retryAfterMs;
        ensure(
          wait === expected,
          `${rule.key}: inspect says ${wait} ms at ${this.#nowMs}, expected ${expected}`,
        );
        return;
      }
      default: {
        const prefix: DoubtTarget = { prefix: String(rule.key).slice(0, -4) };
        await doubts.lift(SCOPE, 'doubt', prefix);
        this.#oracle.lift(rule, ['block', 'crowd']);
      }
    }
  }
}

function compare(expected: ExpectedDoubt, held: RuleViolation | undefined, where: string): void {
  const { reason, observed, retryAfterMs, doubt } = held ?? {};
  const found = JSON.stringify([reason, doubt?.place, observed, doubt?.limit, retryAfterMs]);
  const { place, limit } = expected;
  const wanted = JSON.stringify([expected.reason, place, expected.observed, limit, expected.retryAfterMs]);
  ensure(found === wanted, `${where}: ${found}, expected ${wanted}`);
}
