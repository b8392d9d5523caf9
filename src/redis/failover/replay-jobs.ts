import type { LimitRule, Settlement, TakeRequest } from '../../limits/limit-store.ts';
import { isWritten } from './fallback-rules.ts';

/** A message that this process let through alone. */
export interface GrantJob {
  readonly kind: 'grant';
  readonly scope: string;
  readonly reservation: string;
  rules: readonly LimitRule[];
  readonly grantedMs: number;
  /** When it matters to nobody any more. */
  readonly untilMs: number;
  /** As what it is being written back just now. */
  writes: readonly TakeRequest[] | undefined;
  settlement: Settlement | undefined;
}

/** What became of reservations that the shared store may hold. */
export interface SettleJob {
  readonly kind: 'settle';
  readonly scope: string;
  readonly settlements: readonly Settlement[];
  /** Was asked before and maybe done: it goes alone and unchanged, so that the store can know it again. */
  readonly isTried: boolean;
  readonly untilMs: number;
}

export type ReplayJob = GrantJob | SettleJob;

/** What goes to the shared store in one call. */
export type ReplayChunk =
  | { readonly kind: 'grant'; readonly scope: string; readonly jobs: readonly GrantJob[] }
  | { readonly kind: 'settle'; readonly scope: string; readonly jobs: readonly SettleJob[] };

/** Messages that a job is about. */
export function sizeOf(job: ReplayJob): number {
  return job.kind === 'grant' ? 1 : job.settlements.length;
}

/**
 * The takes that write a grant back. Each has a new reservation: the shared store may know that of the message from a
 * call that got no answer, and gives such a one back.
 */
export function takesOf(rules: readonly LimitRule[], nameNext: () => string): TakeRequest[] {
  const written = rules.filter(isWritten);
  const counted = written.filter(({ kind }) => kind !== 'once');
  // Somebody else may have done it first: that must not keep the rest from being counted.
  const once = written.filter(({ kind }) => kind === 'once').map((rule) => [rule]);
  return [counted, ...once]
    .filter(({ length }) => length > 0)
    .map((each) => ({ reservation: nameNext(), rules: each }));
}

export function toReturn({ reservation, rules }: TakeRequest): Settlement {
  return { reservation, rules, outcome: 'return' };
}

/** What became of a message, for what it was written back as, `lateMs` after it was granted. */
export function settlementsOf(
  writes: readonly TakeRequest[],
  { outcome, delayMs, result }: Settlement,
  lateMs?: number,
): Settlement[] {
  return writes.map(({ reservation, rules }) => ({
    reservation,
    rules,
    outcome,
    ...(delayMs !== undefined && lateMs !== undefined && { delayMs: Math.max(0, delayMs - lateMs) }),
    ...(result !== undefined && rules[0]?.kind === 'once' && { result }),
  }));
}

/**
 * What to do again when nobody knows whether a chunk was told. Grants that were carried out are given back, and only then
 * written anew; settlements go as they went.
 */
export function retriesOf({ scope, kind, jobs }: ReplayChunk, returnUntilMs: number): SettleJob[] {
  if (kind === 'settle') {
    const settlements = jobs.flatMap((job) => job.settlements);
    const untilMs = Math.min(...jobs.map((job) => job.untilMs));
    return [{ kind, scope, settlements, isTried: true, untilMs }];
  }
  const settlements = jobs.flatMap(({ writes = [] }) => writes.map(toReturn));
  return [{ kind: 'settle', scope, settlements, isTried: false, untilMs: returnUntilMs }];
}
