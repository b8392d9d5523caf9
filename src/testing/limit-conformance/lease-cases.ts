import type { ConformanceCheck } from './basic-cases.ts';
import { ensure, leasedRule, onceRule, type Session } from './kit.ts';

const HOUR_MS = 3_600_000;
const LEASE_MS = 10_000;
const event = (key: string) => leasedRule(key, HOUR_MS, LEASE_MS);

async function oneOfMany(session: Session): Promise<void> {
  const taken = await Promise.all(Array.from({ length: 50 }, () => session.take(event('e'))));
  const granted = taken.filter(({ verdict }) => verdict.granted);
  ensure(granted.length === 1, `50 racing takes of a leased key let ${granted.length} through`);
  for (const one of granted) await session.settle(one, 'return');
  await session.sent('given back within its lease', event('e'));
  const { reason } = await session.refused('kept within its lease', event('e'));
  ensure(reason === 'done', `a kept event is done, not ${reason}`);
}

/** Cases that need no time to pass. */
export const LEASE_CASES: readonly (readonly [name: string, check: ConformanceCheck])[] = [
  ['once with a lease: one of many takes is granted, as without a lease', oneOfMany],
];

async function lapses(session: Session): Promise<void> {
  const late = await session.granted('the first', event('e'));
  await session.subject.advance(LEASE_MS - 1);
  const { reason } = await session.refused('a millisecond before the lease ends', event('e'));
  ensure(reason === 'in-progress', `while leased it is in progress, not ${reason}`);
  await session.subject.advance(1);
  ensure((await session.countOf(event('e'))) === 0, 'nothing is counted once the lease is over');
  const racing = await Promise.all(Array.from({ length: 20 }, () => session.take(event('e'))));
  const winners = racing.filter(({ verdict }) => verdict.granted);
  ensure(winners.length === 1, `when a lease is over one is let through, not ${winners.length}`);
  await session.settle(late, 'keep');
  const during = await session.refused('the first settled late', event('e'));
  ensure(during.reason === 'in-progress', 'a late keep does not settle the take that came in between');
  for (const winner of winners) await session.settle(winner, 'return');
  await session.sent('the second gave it back', event('e'));
  const after = await session.refused('kept in time', event('e'));
  ensure(after.reason === 'done', 'an event kept in time is done');
}

async function settlesLate(session: Session): Promise<void> {
  const kept = await session.granted('kept late', event('kept'));
  const returned = await session.granted('given back late', event('returned'));
  const overtaken = await session.granted('overtaken', event('overtaken'));
  await session.subject.advance(LEASE_MS + 5000);
  await session.sent('the one that overtakes', event('overtaken'));
  await session.settle(kept, 'keep', { result: 'late' });
  await session.settle(returned, 'return');
  await session.settle(overtaken, 'return');
  const { reason, result } = await session.refused('kept late, nobody took it', event('kept'));
  ensure(reason === 'done' && result === 'late', 'an event settled late, without a take in between, is done');
  await session.sent('given back late', event('returned'));
  const done = await session.refused('overtaken', event('overtaken'));
  ensure(done.reason === 'done', 'a late give-back does not undo the take that came in between');
}

/** Advances past every lease of a reservation: an unsettled take is kept by then, unless its rule has its own lease. */
async function outlives(session: Session): Promise<void> {
  await session.granted('never settled', event('e'));
  await session.granted('never settled, without a lease', onceRule('key', 'print', HOUR_MS));
  await session.subject.advance(20 * 60_000);
  await session.refused('without a lease it stays taken', onceRule('key', 'print', HOUR_MS));
  await session.sent('with a lease it is free', event('e'));
}

/** Cases that let milliseconds pass exactly. */
export const LEASE_TIME_CASES: readonly (readonly [name: string, check: ConformanceCheck])[] = [
  ['once with a lease: available to one take when the lease is over', lapses],
  ['once with a lease: a late settlement counts unless another take came in between', settlesLate],
  ['once with a lease: an unsettled take is never kept', outlives],
];
