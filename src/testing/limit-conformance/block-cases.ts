import type { BlockRule } from '../../limits/limit-store.ts';
import type { ConformanceCheck } from './basic-cases.ts';
import { activeBlockRule, blockRule, ensure, type Session, type Taken, windowRule } from './kit.ts';

const HOUR_MS = 3_600_000;
const NUMBER = 6591234567;

async function activatedAndRead(session: Session): Promise<void> {
  const [read, active] = [blockRule(NUMBER, HOUR_MS), activeBlockRule(NUMBER, HOUR_MS)];
  const sent = windowRule(NUMBER, 10, HOUR_MS);
  await session.sent('a number that nobody blocked', read, sent);
  ensure((await session.countOf(read)) === 0, 'reading blocks nothing');
  await session.sent('an activation', active);
  await session.granted('an activation while it is blocked', active);
  const { reason, observed } = await session.refused('a blocked number', read, sent);
  ensure(
    reason === 'blocked-number' && observed === 1,
    `a blocked number is refused as blocked, not as ${reason}`,
  );
  ensure((await session.countOf(sent)) === 1, 'what is taken with a blocked key is not counted');
  ensure((await session.countOf(read)) === 1, 'inspect counts 1 while it is blocked');
  await session.sent('another number', blockRule(NUMBER + 1, HOUR_MS));
  await session.sent('the same digits as a string', blockRule(String(NUMBER), HOUR_MS));
  const watched = await session.granted('in monitor mode', { ...read, mode: 'monitor' }, sent);
  ensure(watched.verdict.observed[0]?.reason === 'blocked-number', 'monitor mode reports a blocked key');
  await session.store.release(session.scope, [read]);
  await session.sent('after its release', read, sent);
  const taken = await Promise.all(
    Array.from({ length: 20 }, (_, index) => session.take(index === 10 ? active : read)),
  );
  ensure(taken[10]?.verdict.granted === true, 'an activation is granted whatever races with it');
  await session.refused('after the race', read);
}

async function givenBack(session: Session): Promise<void> {
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];
  let key = 0;
  for (const order of orders) {
    for (let kept = 0; kept < 8; kept += 1) {
      key += 1;
      const lengths = [4, 2, 3].map((hours) => hours * HOUR_MS);
      const taken: Taken[] = [];
      for (const windowMs of lengths)
        taken.push(await session.granted('an activation', activeBlockRule(key, windowMs)));
      for (const index of order) {
        await session.settle(taken[index] as Taken, (kept >> index) & 1 ? 'keep' : 'return');
      }
      const count = await session.countOf(blockRule(key, HOUR_MS));
      ensure(count === Number(kept > 0), `activations settled ${order} with mask ${kept}: counts ${count}`);
    }
  }
}

/** Cases in which no time has to pass. */
export const BLOCK_CASES: readonly (readonly [name: string, check: ConformanceCheck])[] = [
  ['block: set by an activation, read without writing, lifted by a release', activatedAndRead],
  ['block: activations given back in every order leave what was kept', givenBack],
];

async function leftOf(session: Session, rule: BlockRule): Promise<number | undefined> {
  return (await session.refused('a blocked key', rule)).retryAfterMs;
}

async function ends(session: Session): Promise<void> {
  const read = blockRule(NUMBER, 1);
  await session.sent('for a second', activeBlockRule(NUMBER, 1000));
  await session.subject.advance(400);
  ensure((await leftOf(session, read)) === 600, 'retryAfterMs is what is left, whatever windowMs reads it');
  await session.sent('shorter than what is left', activeBlockRule(NUMBER, 100));
  ensure((await leftOf(session, read)) === 600, 'a shorter activation ends nothing sooner');
  const longer = await session.granted('longer than what is left', activeBlockRule(NUMBER, 5000));
  ensure((await leftOf(session, read)) === 5000, 'a longer activation blocks it longer');
  await session.settle(longer, 'return');
  ensure((await leftOf(session, read)) === 600, 'given back, what was there before is left');
  await session.subject.advance(599);
  await session.refused('a millisecond early', read);
  const states = await session.store.inspect(session.scope, [read]);
  ensure(states[0]?.retryAfterMs === 1, 'inspect tells what is left');
  await session.subject.advance(1);
  await session.sent('at its end', read);
  ensure((await session.countOf(read)) === 0, 'nothing is counted once it ended');
}

/** Cases that let milliseconds pass exactly. */
export const BLOCK_TIME_CASES: readonly (readonly [name: string, check: ConformanceCheck])[] = [
  ['block: ends to the millisecond, at the latest end', ends],
];
