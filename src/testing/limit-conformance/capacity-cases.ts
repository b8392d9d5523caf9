import type { LimitRule, TakeRequest } from '../../limits/limit-store.ts';
import type { ConformanceCheck } from './basic-cases.ts';
import {
  activeBlockRule,
  backoffRule,
  blockRule,
  distinctRule,
  ensure,
  leasedRule,
  onceRule,
  type Session,
  slotRule,
  type Taken,
  windowRule,
} from './kit.ts';

const HOUR_MS = 3_600_000;
const VICTIM = 6591234567;
const BATCH = 500;

/** Sizes of the store for the capacity cases. */
export const SMALL = { maxRecipients: 3, maxEntries: 3 };

export async function capacity(session: Session): Promise<void> {
  const kinds: ((key: number) => LimitRule)[] = [
    (key) => slotRule(key, 1, 1000, session.subject.now() + 1000),
    (key) => backoffRule(key, 1000, 1000, 1000),
    (key) => distinctRule(key, 1, 1, 1000),
    (key) => onceRule(`key-${key}`, 'print', 1000),
    (key) => activeBlockRule(key, 1000),
  ];
  for (const kind of kinds) {
    for (const key of [1, 2, 3]) await session.sent('up to the size', kind(key));
    const { reason } = await session.refused('a fourth live key', kind(4));
    ensure(reason === 'capacity', `${kind(4).id}: full of live entries refuses with capacity, not ${reason}`);
    await session.subject.advance(10_000);
    await session.sent('when the others have expired', kind(4));
  }
}

/** Only an activation needs room; a take that nobody settled makes room when its lease ends. */
export async function blocksAndLeases(session: Session): Promise<void> {
  for (const key of [1, 2, 3]) await session.sent('up to the size', activeBlockRule(key, HOUR_MS));
  await session.sent('a reading of a full table', blockRule(4, HOUR_MS));
  const { reason } = await session.refused('a blocked key of a full table', blockRule(3, HOUR_MS));
  ensure(reason === 'blocked-number', `a full table still says blocked-number, not ${reason}`);
  await session.sent('a key that has its place', activeBlockRule(3, HOUR_MS));
  const event = (key: number) => leasedRule(`event-${key}`, HOUR_MS, 1000);
  for (const key of [1, 2, 3]) await session.granted('leased', event(key));
  const full = await session.refused('a fourth while all are leased', event(4));
  ensure(full.reason === 'capacity', `full of leased takes refuses with capacity, not ${full.reason}`);
  await session.subject.advance(1000);
  await session.sent('when the leases are over', event(4));
}

export async function folding(session: Session): Promise<void> {
  const rule = (key: number) => windowRule(key, 2, HOUR_MS);
  await session.sent('the oldest', rule(1));
  await session.sent('the oldest, again', rule(1));
  const open: Taken[] = [await session.granted('one still open', rule(2))];
  for (const key of [3, 4, 5, 6, 7]) await session.sent('fresh numbers', rule(key));
  const violation = await session.refused('a folded number at its limit', rule(1));
  ensure(violation.approximate === true, 'a count from the sketch says approximate');
  await session.settle(open[0] as Taken, 'return');
  ensure((await session.countOf(rule(2))) === 0, 'a counter with an open take is never folded');
  open.length = 0;
  for (const key of [11, 12, 13]) open.push(await session.granted('three open at once', rule(key)));
  const { reason } = await session.refused('a fourth', rule(14));
  ensure(reason === 'capacity', `full of open takes refuses with capacity, not ${reason}`);
  for (const taken of open) await session.settle(taken, 'keep');
  await session.store.release(session.scope, [rule(1)]);
  await session.sent('a folded number after its release', rule(1));
  await session.subject.advance(2 * HOUR_MS + 1);
  ensure((await session.countOf(rule(3))) === 0, 'a folded number is free two windows later');
}

/** A flood of fresh numbers neither lifts the limit of one number nor blocks honest first sends. */
export function flood(size: number): ConformanceCheck {
  return async (session) => {
    const rule = (key: number) => windowRule(key, 10, HOUR_MS);
    for (let sent = 0; sent < 10; sent += 1) await session.sent('to the victim', rule(VICTIM));
    let refused = 0;
    for (let from = 0; from < size; from += BATCH) {
      const requests: TakeRequest[] = Array.from({ length: BATCH }, (_, at) => ({
        reservation: session.nextReservation(),
        rules: [rule(10_000_000_000 + from + at)],
      }));
      const verdicts = await session.store.take(session.scope, requests);
      refused += verdicts.filter(({ granted }) => !granted).length;
      await session.store.settle(
        session.scope,
        requests.map((request) => ({ ...request, outcome: 'keep' as const })),
      );
      if (from % (BATCH * 50) === 0)
        await session.refused(`the victim after ${from} fresh numbers`, rule(VICTIM));
    }
    await session.refused('the victim at the end', rule(VICTIM));
    ensure(refused * 1000 < size, `${refused} of ${size} honest first sends were refused, 0.1 % are allowed`);
    await session.subject.advance(2 * HOUR_MS + 1);
    await session.sent('to the victim, two windows later', rule(VICTIM));
  };
}
