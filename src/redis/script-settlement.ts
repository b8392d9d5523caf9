import { isWritten } from '../limits/conditions.ts';
import type { LimitRule, Settlement } from '../limits/limit-store.ts';
import { LEASE_MS } from '../limits/rule-table.ts';
import type { OpenReservation } from './open-reservations.ts';
import type { ScriptSettlement } from './script-calls.ts';
import { STAMPS_PER_MS } from './stamps.ts';

/**
 * A delay that a store may ignore, so that a send whose answer came at once needs no second round trip; and the shortest
 * window in which it is small enough to.
 */
const IGNORED_DELAY_MS = 250;
const LONG_WINDOW_MS = 60_000;

function isMoved(rule: LimitRule, delayMs: number): boolean {
  if (rule.kind !== 'window' && rule.kind !== 'distinct') return false;
  return delayMs > (rule.windowMs < LONG_WINDOW_MS ? 0 : IGNORED_DELAY_MS);
}

/** Returns the settlement with only the rules that it affects, or nothing when the take stays as it is. */
export function toScriptSettlement(
  { reservation, outcome, delayMs = 0, result }: Settlement,
  { stamp, rules, skipped, doubtHold }: OpenReservation,
): ScriptSettlement | undefined {
  const isReturned = outcome === 'return';
  const concerns = (rule: LimitRule): boolean => {
    if (skipped.includes(rule)) return false;
    // To be remembered is final.
    if (isReturned) return isWritten(rule) && rule.kind !== 'known';
    return rule.kind === 'once' || isMoved(rule, delayMs);
  };
  const concerned = rules.filter(concerns);
  if (concerned.length === 0) return undefined;
  const isAnyMoved = !isReturned && concerned.some((rule) => isMoved(rule, delayMs));
  const movedTo = isAnyMoved ? stamp + Math.min(Math.ceil(delayMs), LEASE_MS) * STAMPS_PER_MS : undefined;
  return { reservation, outcome, stamp, movedTo, result, doubtHold, rules: concerned };
}
