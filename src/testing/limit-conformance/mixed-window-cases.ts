import type { LimitRule, SlotRule, WindowRule } from '../../limits/limit-store.ts';
import type { ConformanceCheck } from './basic-cases.ts';
import { amountRule, ensure, type Session, slotRule, windowRule } from './kit.ts';

const NUMBER = 6591234567;
const MINUTE_MS = 60_000;

/** One counter, as clients with different windows use it. */
function windowOf(limit: number, windowMs: number): WindowRule {
  return { ...windowRule(NUMBER, limit, windowMs), id: 'window' };
}

async function send(session: Session, times: number, rule: LimitRule): Promise<void> {
  for (let sent = 0; sent < times; sent += 1) await session.sent(`${sent + 1} of ${times}`, rule);
}

/** 10 in 30 minutes, and a child with 10 in 29 minutes. */
async function countTogether(session: Session): Promise<void> {
  const longer = windowOf(10, 30 * MINUTE_MS);
  const shorter = windowOf(10, 29 * MINUTE_MS);
  await send(session, 5, longer);
  await send(session, 5, shorter);
  const full = await session.refused('the shorter one counts both', shorter);
  ensure(full.retryAfterMs === 29 * MINUTE_MS, 'a refusal waits for its own window');
  const other = await session.refused('the longer one counts both', longer);
  ensure(other.retryAfterMs === 30 * MINUTE_MS, 'a refusal waits for its own window');
  ensure((await session.countOf(longer)) === 10, 'both are counted once');
  await session.subject.advance(29 * MINUTE_MS);
  ensure((await session.countOf(shorter)) === 0, 'the shorter window is over');
  await session.refused('the longer window is not', longer);
  await send(session, 5, shorter);
  await session.subject.advance(MINUTE_MS);
  await send(session, 5, longer);
  await session.refused('the longer one counts what the shorter one sent since', longer);
}

/** Many short windows fit into a long one: only what decides is kept, and it decides exactly. */
async function outlives(session: Session): Promise<void> {
  const longer = windowOf(3, 100_000);
  const shorter = windowOf(3, 1000);
  await session.sent('the first', longer);
  for (let round = 0; round < 90; round += 1) {
    await session.subject.advance(1000);
    await send(session, 3, shorter);
    const full = await session.refused('a full short window', shorter);
    ensure(full.retryAfterMs === 1000, `round ${round}: the short window is exact`);
  }
  const full = await session.refused('the long window is full of what the short one let through', longer);
  ensure(full.retryAfterMs === 100_000, 'it waits until the last three have left');
  await session.subject.advance(99_999);
  await session.refused('one millisecond early', longer);
  await session.subject.advance(1);
  await send(session, 3, longer);
}

/** A take that is given back leaves those before it where they were. */
async function givesBack(session: Session): Promise<void> {
  const longer = windowOf(2, 100_000);
  const shorter = windowOf(2, 1000);
  await session.sent('the first', longer);
  await session.sent('the second', longer);
  await session.subject.advance(1000);
  const third = await session.granted('a short window is free again', shorter);
  const fourth = await session.granted('a short window has two', shorter);
  await session.settle(third, 'return');
  await session.settle(fourth, 'return');
  const full = await session.refused('the first two still count', longer);
  ensure(full.retryAfterMs === 99_000, 'the first two still count, at their own time');
}

/** A window that is longer than all before counts from then on. */
async function grows(session: Session): Promise<void> {
  const day = 24 * 60 * MINUTE_MS;
  const [minute, month] = [windowOf(5, MINUTE_MS), windowOf(5, 30 * day)];
  await send(session, 2, minute);
  await session.sent('one in the longer window', month);
  await session.subject.advance(29 * day);
  await send(session, 2, minute);
  await session.refused('all five are in the longer window', month);
  await session.subject.advance(day);
  ensure((await session.countOf(month)) === 2, 'three have left it');
  await session.sent('one fits again', month);
}

/** The limit and the window of a counter grow at once. */
async function growsInBoth(session: Session): Promise<void> {
  await send(session, 2, windowOf(2, 1000));
  const larger = windowOf(4, 50_000);
  await send(session, 2, larger);
  await session.refused('four are counted', larger);
  await session.subject.advance(49_999);
  await session.refused('they count until the end of the longer window', larger);
  await session.subject.advance(1);
  await send(session, 4, larger);
}

/** Sub-buckets of the longest window: never early, and at most one of them late. */
async function coarse(session: Session): Promise<void> {
  const amount = (windowMs: number) => ({ ...amountRule(NUMBER, 100, windowMs, 50), id: 'amount' });
  const [shorter, longer] = [amount(30_000), amount(60_000)];
  await session.sent('half by the shorter one', shorter);
  await session.sent('half by the longer one', longer);
  await session.refused('the shorter one counts both', shorter);
  await session.refused('the longer one counts both', longer);
  await session.subject.advance(29_999);
  await session.refused('the shorter window is not over', shorter);
  await session.subject.advance(4001);
  await session.sent('two sub-buckets late at most', shorter);
  await session.subject.advance(25_999);
  await session.refused('the longer window is not over', longer);
  await session.subject.advance(4001);
  await session.sent('half has left the longer window', longer);
  await session.refused('half has not', longer);
}

/** A log that becomes sub-buckets while windows differ. */
async function becomesCoarse(session: Session): Promise<void> {
  await send(session, 3, windowOf(3, 60_000));
  await session.refused('three in a minute', windowOf(3, 30_000));
  const large = windowOf(65, 30_000);
  await send(session, 62, large);
  await session.refused('65 are counted', large);
  await session.subject.advance(60_000 + 4000);
  await session.sent('all have left every window', windowOf(3, 60_000));
}

/** Each client cuts time into slots of its own. */
async function slots(session: Session): Promise<void> {
  const startMs = Math.ceil(session.subject.now() / 21_000) * 21_000 + 21_000;
  const slot = (windowMs: number, atMs: number): SlotRule => {
    return { ...slotRule(NUMBER, 2, windowMs, startMs + atMs), id: 'slot' };
  };
  await session.sent('at 0', slot(3000, 0));
  await session.sent('at 6,000', slot(7000, 6000));
  await session.refused('both are in one slot of 7 s', slot(7000, 3000));
  await session.sent('neither is in the slots of 3 s from 9 to 12 s, nor before them', slot(3000, 9000));
  await session.refused('9 s is in the next slot of 7 s', slot(7000, 8000));
  const taken = await session.granted('at 21,000', slot(7000, 21_000));
  await session.sent('at 21,500', slot(3000, 21_500));
  await session.refused('two in one slot', slot(3000, 22_000));
  await session.settle(taken, 'return');
  await session.sent('one was given back', slot(3000, 22_000));
}

/** Windows of one counter that differ between calls. */
export const MIXED_WINDOW_CASES: readonly (readonly [name: string, check: ConformanceCheck])[] = [
  ['clients with different windows count together, each in its own window', countTogether],
  ['many short windows fill a long one', outlives],
  ['a take that is given back takes nothing else out of a longer window', givesBack],
  ['a longer window finds what was kept for a shorter one', grows],
  ['a counter whose limit and window grow', growsInBoth],
  ['amounts in windows that differ', coarse],
  ['a large limit on a counter with windows that differ', becomesCoarse],
  ['slots of different lengths', slots],
];
