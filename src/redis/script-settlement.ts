import type { LimitRule, Settlement } from '../limits/limit-store.ts';
import { LEASE_MS } from '../limits/rule-table.ts';
import type { OpenReservation } from './open-reservations.ts';
import type { ScriptSettlement } from './script-calls.ts';
import { STAMPS_PER_MS } from './stamps.ts';

/** A delay that a store may ignore. */
const IGNORED_DELAY_MS = 250;

/** Returns the settlement with only the rules that it affects, or nothing when the take stays as it is. */
export function toScriptSettlement(
  { reservation, outcome, delayMs = 0, result }: Settlement,
  { stamp, rules, skipped }: OpenReservation,
): ScriptSettlement | undefined {
  const isReturned = outcome === 'return';
  const isMoved = delayMs > IGNORED_DELAY_MS;
  const concerns = (rule: LimitRule): boolean => {
    if (skipped.includes(rule)) return false;
    if (isReturned) return rule.kind !== 'block' || rule.activate === true;
    return rule.kind === 'once' || (isMoved && (rule.kind === 'window' || rule.kind === 'distinct'));
  };
  if (!rules.some(concerns)) return undefined;
  const movedTo = isMoved ? stamp + Math.min(Math.ceil(delayMs), LEASE_MS) * STAMPS_PER_MS : undefined;
  return { reservation, outcome, stamp, movedTo, result, rules: rules.filter(concerns) };
}
