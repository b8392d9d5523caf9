import { type LimitRule, MAX_KNOWN_MEMBERS, MAX_VISITORS } from '../../limits/limit-store.ts';
import type { ConformanceCheck } from './basic-cases.ts';
import {
  backoffRule,
  ensure,
  knownRule,
  rememberRule,
  type Session,
  visitorRule,
  windowRule,
} from './kit.ts';

const HOUR_MS = 3_600_000;
const NUMBER = 6591234567;

async function isKnown(session: Session, member: number | string, key: number | string = NUMBER) {
  const { verdict } = await session.granted('whether a member is known', knownRule(key, member));
  ensure(verdict.observed.length === 0, 'a noting rule is not reported as a monitored one');
  return verdict.noted?.[0]?.reason === 'known';
}

async function knows(session: Session): Promise<void> {
  ensure(!(await isKnown(session, 'owner')), 'nobody is known at first');
  const first = await session.granted('remembering', rememberRule(NUMBER, 'owner', HOUR_MS));
  ensure(first.verdict.noted === undefined, 'a new member was not known before');
  ensure(await isKnown(session, 'owner'), 'a member is known from the take on');
  await session.settle(first, 'return');
  ensure(await isKnown(session, 'owner'), 'giving the take back does not forget the member');
  const again = await session.granted('remembering again', rememberRule(NUMBER, 'owner', 1));
  ensure(again.verdict.noted?.[0]?.reason === 'known', 'a known member is found when it is remembered again');
  ensure(!(await isKnown(session, 'stranger')), 'another member is not known');
  ensure(!(await isKnown(session, 'owner', NUMBER + 1)), 'nor is the member known under another key');
  await session.granted('a number', rememberRule(NUMBER, 1, HOUR_MS));
  ensure(!(await isKnown(session, '1')), 'the number 1 is not the string 1');
  const all = { ...knownRule(NUMBER, 1), member: undefined };
  ensure((await session.countOf(all)) === 2, 'inspect counts the members');
  await session.store.release(session.scope, [all]);
  ensure(!(await isKnown(session, 'owner')) && !(await isKnown(session, 1)), 'release forgets all members');
}

async function forgetsTheOldestMember(session: Session): Promise<void> {
  for (let member = 0; member <= MAX_KNOWN_MEMBERS; member += 1) {
    await session.granted('remembering', rememberRule(NUMBER, member, HOUR_MS));
    // Written again, it is not the oldest.
    if (member === 1) await session.granted('remembering again', rememberRule(NUMBER, 0, HOUR_MS));
  }
  ensure(await isKnown(session, 0), 'a member that was remembered again stays');
  ensure(!(await isKnown(session, 1)), 'the member remembered longest ago makes room');
  ensure(await isKnown(session, MAX_KNOWN_MEMBERS), 'a new member is always remembered');
}

async function conditions(session: Session): Promise<void> {
  const known = knownRule(NUMBER, 'owner');
  const own = windowRule(NUMBER, 10, HOUR_MS);
  const shared = { ...own, limit: 2 };
  const request = (limit: LimitRule = shared): LimitRule[] => [
    known,
    { ...own, when: { rule: 'known', found: true } },
    { ...limit, when: { rule: 'known', found: false } },
  ];
  const first = await session.granted('a stranger', ...request());
  ensure((await session.countOf(own)) === 1, 'of two rules that exclude each other one counts, once');
  await session.settle(first, 'return');
  ensure((await session.countOf(own)) === 0, 'and is given back once');
  await session.sent('a stranger again', ...request());
  await session.sent('the second stranger', ...request());
  await session.refused('the third stranger', ...request());
  await session.granted('remembering', rememberRule(NUMBER, 'owner', HOUR_MS));
  const { verdict } = await session.granted('the owner', ...request());
  ensure(verdict.noted?.[0]?.rule.id === 'known', 'the verdict says what was noted');
  ensure((await session.countOf(own)) === 3, 'both count in one window');
  const { verdict: refused } = await session.take(...request(), windowRule('full', 1, HOUR_MS), {
    ...windowRule('none', 1, HOUR_MS),
    id: 'never',
    weighted: true,
    weight: 2,
  });
  ensure(!refused.granted && refused.noted?.length === 1, 'a refusal says what was noted, too');
  ensure((await session.countOf(own)) === 3, 'and nothing is recorded for it');
}

async function notedWindow(session: Session): Promise<void> {
  const noting = { ...windowRule('first', 1, HOUR_MS), mode: 'note' } as const;
  const chained = {
    ...windowRule('chained', 1, 2 * HOUR_MS),
    mode: 'note',
    when: { rule: noting.id, found: true },
  } as const;
  const counted = windowRule('counted', 60, HOUR_MS);
  const request = [noting, chained, { ...counted, when: { rule: chained.id, found: false } }];
  const first = await session.granted('within the noted limit', ...request);
  ensure(first.verdict.noted === undefined, 'a noted window with room finds nothing');
  ensure((await session.countOf(noting)) === 1, 'it records up to its limit');
  ensure((await session.countOf(counted)) === 0, 'a rule whose noting rule did not apply does not apply');
  await session.settle(first, 'return');
  ensure((await session.countOf(noting)) === 0, 'and gives back');
  await session.sent('once more', ...request);
  const second = await session.granted('over the noted limit', ...request);
  ensure(
    second.verdict.noted?.[0]?.rule.id === noting.id,
    'a full noted window refuses nothing, and is noted',
  );
  ensure((await session.countOf(noting)) === 1, 'it records no more than its limit');
  ensure((await session.countOf(counted)) === 1, 'what depends on it counts');
  await session.settle(second, 'return');
  ensure((await session.countOf(noting)) === 1, 'what was not recorded is not given back');
}

/** `known` beside rules that depend on it, none of which was ever counted: the usual case of a store. */
async function chainedKnown(session: Session): Promise<void> {
  const first = knownRule(NUMBER, 'owner');
  const second = { ...first, id: 'chained', when: { rule: first.id, found: true } };
  const counted = backoffRule(NUMBER, HOUR_MS, HOUR_MS, HOUR_MS);
  for (const found of [true, false]) {
    const { verdict } = await session.granted('a rule whose noting rule did not apply', first, second, {
      ...counted,
      when: { rule: second.id, found },
    });
    ensure(verdict.granted && verdict.waitMs === undefined, 'it starts no wait');
  }
  ensure((await session.countOf(counted)) === 0, 'it records nothing');
  await session.sent('the same rule on its own', counted);
  await session.refused('the same rule on its own, once more', counted);
}

async function visitorsApart(session: Session): Promise<void> {
  const visitor = (member: number | string) =>
    visitorRule(NUMBER, member, HOUR_MS, 8 * HOUR_MS, 24 * HOUR_MS);
  const { verdict } = await session.granted('the first', visitor(1));
  ensure(verdict.granted && verdict.waitMs === HOUR_MS, 'a grant says which wait it has started');
  await session.refused('the same visitor', visitor(1));
  const other = await session.granted('another visitor', visitor('1'));
  await session.settle(other, 'return');
  await session.sent('another visitor, given back', visitor('1'));
  ensure((await session.countOf(visitor(1))) === 1, 'inspect counts a visitor');
  const all = { ...visitor(1), member: undefined };
  ensure((await session.countOf(all)) === 1, 'without a visitor inspect reads the one who waits longest');
  await session.sent('a rule of another kind with the same key', backoffRule(NUMBER, 1, 1, HOUR_MS));
  await session.store.release(session.scope, [all]);
  await session.granted('after the release', visitor(1));
  await session.granted('after the release, another', visitor('1'));
}

async function replacesTheOldestVisitor(session: Session): Promise<void> {
  const visitor = (member: number) => visitorRule(NUMBER, member, HOUR_MS, 8 * HOUR_MS, 24 * HOUR_MS);
  for (let member = 0; member <= MAX_VISITORS; member += 1) {
    await session.sent(`visitor ${member}`, visitor(member));
    await session.subject.advance(1);
  }
  await session.refused('the newest visitor', visitor(MAX_VISITORS));
  await session.refused('the second oldest visitor', visitor(1));
  await session.granted('the oldest visitor is forgotten', visitor(0));
}

/** Cases in which no time has to pass. */
export const VISITOR_CASES: readonly (readonly [name: string, check: ConformanceCheck])[] = [
  ['known: remembered members are found until they are released', knows],
  ['known: a full key forgets the member that was remembered longest ago', forgetsTheOldestMember],
  ['conditions: a rule applies to members that are known, or to the others', conditions],
  ['conditions: a noted window records up to its limit and refuses nothing', notedWindow],
  ['known: what depends on one that does not apply does not apply either', chainedKnown],
  ['visitor-backoff: visitors of one key wait apart', visitorsApart],
];

async function knownUntil(session: Session): Promise<void> {
  await session.granted('remembering', rememberRule(NUMBER, 'owner', 1000));
  await session.subject.advance(400);
  await session.granted('remembering for a shorter time', rememberRule(NUMBER, 'owner', 100));
  await session.granted('somebody else', rememberRule(NUMBER, 'other', 100));
  await session.subject.advance(599);
  ensure(await isKnown(session, 'owner'), 'a member is known until its time is over');
  ensure(!(await isKnown(session, 'other')), 'each member for its own time');
  await session.subject.advance(1);
  ensure(!(await isKnown(session, 'owner')), 'and not longer');
  ensure((await session.countOf(knownRule(NUMBER, 'owner'))) === 0, 'nobody is counted then');
}

async function visitorsInOrder(session: Session): Promise<void> {
  const visitor = visitorRule(NUMBER, 'visitor', 1000, 8000, 60_000);
  const first = await session.granted('first', visitor);
  await session.subject.advance(1000);
  const second = await session.granted('second', visitor);
  ensure(second.verdict.granted && second.verdict.waitMs === 2000, 'the wait doubles');
  await session.settle(first, 'return');
  const { observed, retryAfterMs } = await session.refused('after the first was given back', visitor);
  ensure(observed === 1 && retryAfterMs === 1000, 'what is left is what would be there without it');
  await session.settle(second, 'keep');
  await session.subject.advance(1000);
  await session.sent('third', visitor);
}

/** Cases that let milliseconds pass exactly. */
export const VISITOR_TIME_CASES: readonly (readonly [name: string, check: ConformanceCheck])[] = [
  ['known: ends to the millisecond', knownUntil],
  ['visitor-backoff: takes given back in any order', visitorsInOrder],
  ['visitor-backoff: the visitor whose last grant is the oldest makes room', replacesTheOldestVisitor],
];
