import type { DoubtNotice } from '../doubt-store.ts';
import {
  ACQUAINTANCE_ASKED,
  ACQUAINTANCE_CONVERSION,
  COLD_ENTERED,
  MISSING_ENTERED,
  MISSING_SENT,
} from './parameters.ts';
import { dayOf, overdue, type World } from './statistics.ts';

/** A fault in the outcomes that are reported, told at most once per day. */
export function outcomesNotice(world: World, nowMs: number): DoubtNotice | undefined {
  if (world.warnedDay === dayOf(nowMs)) return undefined;
  const notice = problemOf(world, nowMs);
  if (notice !== undefined) world.warnedDay = dayOf(nowMs);
  return notice;
}

function problemOf(world: World, nowMs: number): DoubtNotice | undefined {
  const { everEntered, sent, knownAsked, knownEntered } = world;
  if (everEntered < COLD_ENTERED) {
    return sent >= MISSING_SENT ? { kind: 'outcomes', outcomes: 'none' } : undefined;
  }
  const expected = overdue(world, nowMs);
  if (expected > MISSING_ENTERED)
    return { kind: 'outcomes', outcomes: 'stopped', expected: Math.floor(expected) };
  const part = knownEntered / knownAsked;
  if (knownAsked < ACQUAINTANCE_ASKED || part >= ACQUAINTANCE_CONVERSION) return undefined;
  return { kind: 'outcomes', outcomes: 'few', part };
}
