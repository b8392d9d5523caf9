import type { LimitRule } from '../../limits/limit-store.ts';
import type { ConformanceCheck } from './basic-cases.ts';
import {
  amountRule,
  backoffRule,
  distinctRule,
  ensure,
  onceRule,
  type Session,
  type Taken,
  windowRule,
} from './kit.ts';

const NUMBER = 6591234567;

/** Expects a refusal a millisecond before `retryAfterMs`, and a grant at it. */
async function isMinimal(session: Session, name: string, rule: LimitRule): Promise<void> {
  const { retryAfterMs = Number.NaN } = await session.refused(name, rule);
  await session.subject.advance(retryAfterMs - 1);
  await session.refused(`${name}, a millisecond early`, rule);
  await session.subject.advance(1);
  await session.sent(`${name}, at retryAfterMs`, rule);
}

async function expiry(session: Session): Promise<void> {
  const rule = windowRule(NUMBER, 3, 600);
  for (const ms of [0, 100, 200]) {
    await session.subject.advance(ms === 0 ? 0 : 100);
    await session.sent(`the one at ${ms} ms`, rule);
  }
  await isMinimal(session, 'the fourth', rule);
  await isMinimal(session, 'the fifth', rule);
  await session.subject.advance(10_000);
  ensure((await session.countOf(rule)) === 0, 'all is forgotten after the window');
}

async function retryAfter(session: Session): Promise<void> {
  const backoff = backoffRule(NUMBER, 100, 1000, 60_000);
  await session.sent('the first password', backoff);
  for (const name of ['second', 'third', 'fourth', 'fifth', 'sixth']) {
    await isMinimal(session, `the ${name} password`, backoff);
  }
  const distinct = (member: number) => distinctRule('range', member, 2, 500);
  await session.sent('first member', distinct(1));
  await session.subject.advance(100);
  await session.sent('second member', distinct(2));
  await isMinimal(session, 'third member', distinct(3));
  const once = onceRule('key', 'print', 700);
  await session.sent('the first time', once);
  await isMinimal(session, 'the second time', once);
  const amount = (weight: number) => amountRule('budget', 10, 3000, weight);
  for (const weight of [4, 3, 2]) {
    await session.sent('an amount', amount(weight));
    await session.subject.advance(450);
  }
  // The `retryAfterMs` of sub-buckets is not minimal, but it must hold.
  const { retryAfterMs = Number.NaN } = await session.refused('an amount too many', amount(8));
  await session.subject.advance(retryAfterMs);
  await session.sent('the amount at retryAfterMs', amount(8));
}

async function largestWait(session: Session): Promise<void> {
  const [short, long] = [windowRule(NUMBER, 1, 500), windowRule(NUMBER, 1, 2000)];
  await session.sent('the first', short, long);
  const { verdict } = await session.take(short, long);
  ensure(!verdict.granted && verdict.refusals.length === 2, 'every refusing rule is named');
  await session.subject.advance(
    Math.max(...verdict.refusals.map((violation) => violation.retryAfterMs ?? 0)),
  );
  await session.sent('at the largest retryAfterMs', short, long);
}

async function openTakes(session: Session): Promise<void> {
  const rules = [
    windowRule(NUMBER, 1, 1000),
    amountRule(NUMBER, 1, 3000, 1),
    distinctRule(NUMBER, 1, 1, 1000),
  ];
  const other = [rules[0], rules[1], distinctRule(NUMBER, 2, 1, 1000)] as LimitRule[];
  const taken: Taken = await session.granted('the first', ...rules);
  await session.subject.advance(20_000);
  for (const rule of other) await session.refused(`${rule.id} while a take is open, however old`, rule);
  await session.settle(taken, 'keep', { delayMs: 19_990 });
  await session.subject.advance(900);
  for (const rule of other) await session.refused(`${rule.id} 910 ms after the first write`, rule);
  await session.subject.advance(2_200);
  for (const rule of other) await session.sent(`${rule.id} a window after the first write`, rule);
}

async function backoffOrders(session: Session): Promise<void> {
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];
  for (const [run, order] of orders.entries()) {
    const rule = backoffRule(`backoff-${run}`, 100, 100_000, 1_000_000);
    const taken: Taken[] = [];
    await session.sent('before them', rule);
    for (const waitMs of [100, 200, 400]) {
      await session.subject.advance(waitMs);
      taken.push(await session.granted('after its wait', rule));
    }
    for (const index of order) await session.settle(taken[index] as Taken, 'return');
    ensure((await session.countOf(rule)) === 1, `given back in the order ${order}: one grant is left`);
    await session.sent('its wait was over long ago', rule);
    await isMinimal(session, `the doubled wait after ${order}`, rule);
  }
}

async function forgetting(session: Session): Promise<void> {
  const rule = backoffRule(NUMBER, 100, 100_000, 10_000);
  for (const waitMs of [0, 100, 200]) {
    await session.subject.advance(waitMs);
    await session.sent('a password', rule);
  }
  await session.subject.advance(10_000);
  ensure((await session.countOf(rule)) === 2, 'one step is forgotten in a quiet spell');
  await session.sent('the next', rule);
  await isMinimal(session, 'its wait is that of the third', rule);
  await session.subject.advance(100_000);
  ensure((await session.countOf(rule)) === 0, 'all is forgotten in time');
}

async function jumpingClock(session: Session): Promise<void> {
  const { subject } = session;
  const jump = subject.jump?.bind(subject);
  if (jump === undefined) return;
  const rule = windowRule(NUMBER, 2, 60_000);
  await session.sent('the first', rule);
  jump(-30 * 60_000);
  await session.sent('the second, with the calendar set back', rule);
  await session.refused('the third', rule);
  jump(30 * 60_000);
  await session.refused('the third, with the calendar corrected', rule);
  await subject.advance(60_000);
  await session.sent('a minute later', rule);
}

/** Two clients of one scope with different options share their counters. */
async function mixedNumbers(session: Session): Promise<void> {
  const of = (limit: number): LimitRule => ({ ...windowRule(NUMBER, limit, 1000), id: 'window:two-clients' });
  for (let sent = 0; sent < 4; sent += 1) {
    await session.sent('within 5', of(5));
    await session.subject.advance(100);
  }
  const small = await session.refused('3 in all is the limit of this client', of(3));
  ensure(
    small.observed === 4 && small.retryAfterMs === 700,
    'a smaller limit waits for its own stamp to leave',
  );
  await session.sent('the fifth', of(5));
  await session.refused('the sixth', of(5));
  await isMinimal(session, 'a smaller limit', of(2));
  const range = (member: number, limit: number): LimitRule => {
    return { ...distinctRule('range', member, limit, 1000), id: 'distinct:two-clients' };
  };
  for (const member of [1, 2, 3]) {
    await session.sent('a member', range(member, 3));
    await session.subject.advance(100);
  }
  await session.sent('a member that is counted, whatever the limit', range(3, 1));
  await isMinimal(session, 'a new member under a smaller limit', range(4, 2));
  const wait = (baseMs: number, maxMs: number, forgetMs: number): LimitRule => {
    return { ...backoffRule(NUMBER, baseMs, maxMs, forgetMs), id: 'backoff:two-clients' };
  };
  await session.sent('a password', wait(400, 60_000, 10_000));
  await session.refused('the patient client', wait(400, 60_000, 10_000));
  await session.subject.advance(100);
  await session.sent('the quick client', wait(100, 150, 20_000));
  const { retryAfterMs } = await session.refused('the patient client', wait(400, 60_000, 10_000));
  ensure(retryAfterMs === 800, `the patient client waits 800 ms after the second grant, not ${retryAfterMs}`);
  await isMinimal(session, 'the quick client', wait(100, 150, 20_000));
  await session.subject.advance(10_000);
  ensure(
    (await session.countOf(wait(400, 60_000, 10_000))) === 2,
    'a step is forgotten by the options of the client that asks',
  );
  ensure(
    (await session.countOf(wait(100, 150, 20_000))) === 3,
    'a step is not forgotten by the options of another client',
  );
  const once = (windowMs: number): LimitRule => ({
    ...onceRule('key', 'print', windowMs),
    id: 'once:two-clients',
  });
  await session.sent('kept for long', once(5000));
  await session.subject.advance(1000);
  ensure((await session.countOf(once(1000))) === 0, 'a shorter window looks no further back');
  await session.refused('the longer window', once(5000));
  await session.settle(await session.granted('the shorter window', once(1000)), 'return');
  await isMinimal(session, 'the longer window after that one was given back', once(5000));
}

/** A counter changes to sub-buckets with its first large limit: no count is lost, and open takes can still be given back. */
async function outgrowing(session: Session): Promise<void> {
  const of = (limit: number): LimitRule => ({ ...windowRule(NUMBER, limit, 3000), id: 'window:outgrown' });
  for (let sent = 0; sent < 3; sent += 1) await session.sent('within 4', of(4));
  const open = await session.granted('the fourth', of(4));
  await session.subject.advance(100);
  await session.refused('the fifth within 4', of(4));
  await session.sent('the fifth within 100', of(100));
  const { observed, retryAfterMs = Number.NaN } = await session.refused('the sixth within 4', of(4));
  ensure(observed === 5, `${observed} are counted once a large limit was met, expected 5`);
  await session.settle(open, 'return');
  ensure((await session.countOf(of(100))) === 4, 'a take from before can be given back');
  await session.subject.advance(retryAfterMs);
  await session.sent('within 4, at retryAfterMs', of(4));
  for (let left = 100 - (await session.countOf(of(100))); left > 0; left -= 1) {
    await session.sent('up to 100', of(100));
  }
  await session.refused('over 100', of(100));
  await session.subject.advance(2999);
  await session.refused('a small limit while the window lasts', of(64));
}

async function waits(session: Session): Promise<void> {
  const window = windowRule(NUMBER, 10, 60_000);
  const backoff = (key: string, mode: LimitRule['mode'] = 'enforce'): LimitRule => {
    return { ...backoffRule(key, 100, 350, 60_000), mode };
  };
  const waitOf = async (...rules: LimitRule[]) => {
    const { verdict } = await session.granted('a password', window, ...rules);
    return verdict.granted ? verdict.waitMs : undefined;
  };
  ensure((await waitOf()) === undefined, 'no waitMs without a backoff rule');
  for (const expected of [100, 200, 350, 350]) {
    const waitMs = await waitOf(backoff('a'));
    ensure(waitMs === expected, `waitMs ${waitMs} of a grant, expected ${expected}`);
    await session.subject.advance(expected);
  }
  ensure(
    (await waitOf(backoff('b'), { ...backoff('a'), id: 'other' })) === 100,
    'each starts with its own wait',
  );
  await session.subject.advance(100);
  ensure((await waitOf(backoff('c'), backoff('b'))) === 200, 'waitMs is the longest wait of several');
  const watched = await waitOf(backoff('c', 'monitor'));
  ensure(watched === undefined, 'a monitored rule that is not over its wait starts none');
}

/** Cases for stores that count an open take however old it is. */
export const OPEN_TAKE_CASES: readonly (readonly [name: string, check: ConformanceCheck])[] = [
  ['an open take counts however old it is, and settles at the time of its write', openTakes],
];

/** Cases that let milliseconds pass exactly. */
export const TIME_CASES: readonly (readonly [name: string, check: ConformanceCheck])[] = [
  ['a window ends to the millisecond', expiry],
  ['retryAfterMs holds, and is minimal for exact rules', retryAfter],
  ['every refusing rule is named, and the largest wait is enough', largestWait],
  ['backoff given back in every order', backoffOrders],
  ['backoff forgets one step per quiet period', forgetting],
  ['clients with different limits share a counter, each held to its own limit', mixedNumbers],
  ['an exact counter changes to sub-buckets with its first large limit', outgrowing],
  ['a grant returns the wait that it started', waits],
  ['a calendar that jumps back and forth lifts no limit', jumpingClock],
];
