import type { LimitRule, Settlement } from '../../limits/limit-store.ts';
import {
  activeBlockRule,
  amountRule,
  backoffRule,
  blockRule,
  distinctRule,
  ensure,
  leasedRule,
  onceRule,
  Session,
  slotRule,
  type Taken,
  windowRule,
} from './kit.ts';

export type ConformanceCheck = (session: Session) => Promise<void>;

/** Long enough that nothing expires while a case runs, on any clock. */
const HOUR_MS = 3_600_000;
const NUMBER = 6591234567;

async function times(count: number, run: (index: number) => Promise<unknown>): Promise<void> {
  for (let index = 0; index < count; index += 1) await run(index);
}

async function races(session: Session): Promise<void> {
  const rules = [windowRule(NUMBER, 10, HOUR_MS), windowRule('shared', 64, HOUR_MS)];
  const taken = await Promise.all(Array.from({ length: 200 }, () => session.take(...rules)));
  const granted = taken.filter(({ verdict }) => verdict.granted);
  ensure(granted.length === 10, `200 racing takes of a limit of 10 let ${granted.length} through`);
  await Promise.all(granted.map((one, index) => session.settle(one, index < 5 ? 'return' : 'keep')));
  const again = await Promise.all(Array.from({ length: 50 }, () => session.take(...rules)));
  const more = again.filter(({ verdict }) => verdict.granted).length;
  ensure(more === 5, `after 5 of 10 were given back, ${more} more were let through, expected 5`);
}

async function allOrNothing(session: Session): Promise<void> {
  const full = windowRule('full', 1, HOUR_MS);
  await session.granted('the first', full);
  const others: LimitRule[] = [
    windowRule(NUMBER, 2, HOUR_MS),
    amountRule(NUMBER, 10, HOUR_MS, 10),
    slotRule(NUMBER, 1, HOUR_MS, session.subject.now() + HOUR_MS),
    backoffRule(NUMBER, HOUR_MS, HOUR_MS, HOUR_MS),
    distinctRule(NUMBER, 1, 1, HOUR_MS),
    onceRule('key', 'print', HOUR_MS),
    leasedRule('event', HOUR_MS, 60_000),
    activeBlockRule(NUMBER, HOUR_MS),
  ];
  await times(3, () => session.refused('one full rule of many', ...others, full));
  await times(3, () => session.refused('the full rule first', full, ...others));
  for (const rule of others) {
    ensure((await session.countOf(rule)) === 0, `a refused take wrote under ${rule.id}`);
  }
  await session.granted('rules that were never taken', ...others);
  const [ok, bad] = [session.nextReservation(), session.nextReservation()];
  const verdicts = await session.store.take(session.scope, [
    { reservation: bad, rules: [full] },
    { reservation: ok, rules: [windowRule('other', 1, HOUR_MS)] },
  ]);
  const answers = verdicts.map(({ granted }) => granted).join();
  ensure(answers === 'false,true', 'each request of one call is decided separately, in order');
}

/** Settling four takes in every order, with every combination of outcomes, leaves exactly the kept ones. */
async function settleInEveryOrder(session: Session): Promise<void> {
  let run = 0;
  for (const order of permutations([0, 1, 2, 3])) {
    for (let kept = 0; kept < 16; kept += 1) {
      run += 1;
      const key = `order-${run}`;
      const rulesOf = (index: number): LimitRule[] => [
        windowRule(key, 4, HOUR_MS),
        amountRule(key, 40, HOUR_MS, 10),
        slotRule(key, 4, HOUR_MS, 0),
        distinctRule(key, index >> 1, 4, HOUR_MS),
      ];
      const taken: Taken[] = [];
      await times(4, async (index) => taken.push(await session.granted(key, ...rulesOf(index))));
      for (const index of order) {
        const outcome = (kept >> index) & 1 ? 'keep' : 'return';
        await session.settle(taken[index] as Taken, outcome);
      }
      const count = [0, 1, 2, 3].filter((index) => (kept >> index) & 1).length;
      const members = Number((kept & 3) !== 0) + Number((kept & 12) !== 0);
      const expected = [count, count * 10, count, members];
      for (const [at, rule] of rulesOf(0).entries()) {
        const found = await session.countOf(rule);
        ensure(
          found === expected[at],
          `${rule.id}, settled ${order} with mask ${kept}: counts ${found}, expected ${expected[at]}`,
        );
      }
    }
  }
}

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) =>
    permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
  );
}

async function settlesOnce(session: Session): Promise<void> {
  const rule = windowRule(NUMBER, 2, HOUR_MS);
  const kept = await session.granted('first', rule);
  // Later than the delay that a store may ignore.
  await session.settle(kept, 'keep', { delayMs: 251 });
  await session.settle(kept, 'return');
  ensure((await session.countOf(rule)) === 1, 'a kept take cannot be given back afterwards');
  const returned = await session.granted('second', rule);
  await session.settle(returned, 'return');
  await session.settle(returned, 'return');
  await session.settle(returned, 'keep');
  const stranger = { ...returned, reservation: session.nextReservation() };
  await session.settle(stranger, 'return');
  ensure((await session.countOf(rule)) === 1, 'a settled or unknown reservation changes nothing');
}

async function takesOnce(session: Session): Promise<void> {
  const rule = windowRule(NUMBER, 2, HOUR_MS);
  const repeat = async ({ reservation, rules }: Taken): Promise<boolean> => {
    const [verdict] = await session.store.take(session.scope, [{ reservation, rules }]);
    return verdict?.granted === true;
  };
  const first = await session.granted('first', rule);
  ensure(await repeat(first), 'a repeated take returns the first verdict, granted');
  ensure((await session.countOf(rule)) === 1, 'a repeated take counts once');
  await session.settle(first, 'keep');
  ensure(await repeat(first), 'a take repeated after it was settled returns the first verdict');
  ensure((await session.countOf(rule)) === 1, 'a take repeated after it was settled counts nothing');
  const second = await session.granted('second', rule);
  const third = await session.take(rule);
  await session.settle(second, 'return');
  ensure(
    !(await repeat(third)),
    'a repeated take returns the first verdict, refused, although there is room now',
  );
  await session.granted('a new reservation', rule);
}

async function weights(session: Session): Promise<void> {
  const spend = (weight: number) => amountRule('budget', 1_000_000, HOUR_MS, weight);
  const first = await session.granted('600,000 of 1,000,000', spend(600_000));
  const over = await session.refused('500,000 more', spend(500_000));
  ensure(over.observed === 600_000, `observed is the amount counted, not ${over.observed}`);
  ensure((over.retryAfterMs ?? 0) > 0, 'a weight that fits later has a retryAfterMs');
  const never = await session.refused('more than the limit', spend(1_000_001));
  ensure(never.retryAfterMs === undefined, 'a weight over the limit never fits: no retryAfterMs');
  await session.sent('exactly the rest', spend(400_000));
  await session.settle(first, 'return');
  await session.sent('an amount that was given back', spend(600_000));
  await session.refused('one more', spend(1));
}

async function monitor(session: Session): Promise<void> {
  const rule: LimitRule = { ...windowRule(NUMBER, 2, HOUR_MS), mode: 'monitor' };
  const enforced = windowRule('enforced', 4, HOUR_MS);
  await times(2, async () => {
    const { verdict } = await session.granted('below the limit', rule, enforced);
    ensure(verdict.observed.length === 0, 'a monitored rule below its limit is not reported');
  });
  await times(2, async () => {
    const over = await session.granted('over the limit in monitor mode', rule, enforced);
    ensure(over.verdict.observed[0]?.rule.id === rule.id, 'a monitored rule over its limit is reported');
    await session.settle(over, 'keep');
  });
  ensure((await session.countOf(rule)) === 2, 'a monitored rule records up to its limit only');
  const { verdict } = await session.take(rule, enforced);
  ensure(!verdict.granted && verdict.refusals.length === 1, 'only the enforcing rule refuses');
  ensure(verdict.observed.length === 1, 'a refusal reports monitored rules too');
}

async function onceStates(session: Session): Promise<void> {
  const rule = (print: string, key = 'order-7') => onceRule(key, print, HOUR_MS);
  const reasonOf = async (print: string, key?: string) => {
    const { reason, result } = await session.refused(print, rule(print, key));
    return `${reason} ${result}`;
  };
  const first = await session.granted('the first', rule('same'));
  ensure(
    (await reasonOf('same')) === 'in-progress undefined',
    'the same message during its send: in-progress',
  );
  ensure((await reasonOf('other')) === 'conflict undefined', 'another message under the key: conflict');
  await session.settle(first, 'return');
  const second = await session.granted('after it was given back', rule('other'));
  await session.settle(second, 'keep', { result: '{"umid":"1"}' });
  ensure((await reasonOf('other')) === 'done {"umid":"1"}', 'a repeated message returns the kept result');
  ensure((await reasonOf('same')) === 'conflict undefined', 'a conflict returns no result');
  const silent = await session.granted('kept without a result', rule('same', 'order-8'));
  await session.settle(silent, 'keep');
  ensure((await reasonOf('same', 'order-8')) === 'done undefined', 'kept without a result still blocks');
}

async function apart(session: Session): Promise<void> {
  const other = new Session(session.subject, `${session.scope}-other`);
  const rule = windowRule(NUMBER, 1, HOUR_MS);
  await session.granted('here', rule);
  await other.granted('another scope', rule);
  await session.granted('the same digits as a string', windowRule(String(NUMBER), 1, HOUR_MS));
  await session.granted('another rule', windowRule(NUMBER, 2, HOUR_MS));
  await session.refused('here again', rule);
}

async function releases(session: Session): Promise<void> {
  const rules: LimitRule[] = [
    windowRule(NUMBER, 1, HOUR_MS),
    amountRule(NUMBER, 1, HOUR_MS, 1),
    slotRule(NUMBER, 1, HOUR_MS, 0),
    backoffRule(NUMBER, HOUR_MS, HOUR_MS, HOUR_MS),
    distinctRule(NUMBER, 1, 1, HOUR_MS),
    onceRule('key', 'print', HOUR_MS),
    leasedRule('event', HOUR_MS, 60_000),
    activeBlockRule(NUMBER, HOUR_MS),
  ];
  const outcomes: Settlement['outcome'][] = ['keep', 'return'];
  for (const outcome of outcomes) {
    const before = await session.granted('before the release', ...rules);
    await session.store.release(session.scope, rules);
    const after = await session.granted('after the release', ...rules);
    await session.settle(before, outcome);
    for (const rule of rules) {
      const count = await session.countOf(rule);
      ensure(count === 1, `${rule.id}: a take from before the release changes the count after it (${count})`);
    }
    await session.settle(after, 'return');
  }
}

async function badRules(session: Session): Promise<void> {
  const good = windowRule(NUMBER, 5, HOUR_MS);
  const bad = [
    { ...good, limit: Number.NaN },
    { ...good, limit: 1.5 },
    { ...good, windowMs: 32 * 24 * HOUR_MS },
    { ...good, key: Number.NaN },
    { ...good, key: 2 ** 60 },
    { ...good, id: '' },
    { ...good, weight: 2 },
    { ...amountRule(NUMBER, 5, HOUR_MS, 1), weight: 0 },
    { ...backoffRule(NUMBER, 1000, 1000, 1000), baseMs: -1 },
    { ...slotRule(NUMBER, 1, HOUR_MS, 0), dueAt: Number.POSITIVE_INFINITY },
    { ...onceRule('key', 'print', HOUR_MS), fingerprint: '' },
    leasedRule('event', HOUR_MS, 0),
    leasedRule('event', HOUR_MS, HOUR_MS),
    activeBlockRule(NUMBER, 0),
    { ...blockRule(NUMBER, HOUR_MS), activate: 1 as never },
  ];
  await session.sent('a good one', good);
  for (const rule of [...bad, { ...good, weighted: true }]) {
    const requests = [[good], [rule]].map((rules) => ({ reservation: session.nextReservation(), rules }));
    const threw = await session.store.take(session.scope, requests).then(
      () => false,
      () => true,
    );
    ensure(threw, `a malformed rule is refused by throwing: ${JSON.stringify(rule)}`);
  }
  ensure((await session.countOf(good)) === 1, 'nothing is taken when any rule of a call is malformed');
}

/** Cases that need no time to pass. */
export const BASIC_CASES: readonly (readonly [name: string, check: ConformanceCheck])[] = [
  ['races never exceed the limit, and takes that are given back are free again', races],
  ['a request is taken whole or not at all', allOrNothing],
  ['settling in every order leaves exactly the kept takes', settleInEveryOrder],
  ['a reservation is settled once', settlesOnce],
  ['a reservation is taken once', takesOnce],
  ['weights', weights],
  ['monitor mode records, reports and never refuses', monitor],
  ['once: in progress, done, conflict', onceStates],
  ['scopes, key types and rules are counted apart', apart],
  ['release forgets, and late settlements do not disturb', releases],
  ['malformed rules are refused before anything is taken', badRules],
];
