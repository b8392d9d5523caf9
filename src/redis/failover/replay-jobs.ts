import { isWritten } from '../../limits/conditions.ts';
import type { LimitRule, Settlement, TakeRequest } from '../../limits/limit-store.ts';

/** A message that this process granted on its own. */
export interface GrantJob {
  readonly kind: 'grant';
  readonly scope: string;
  readonly reservation: string;
  rules: readonly LimitRule[];
  readonly grantedMs: number;
  /** When the grant stops to matter. */
  readonly untilMs: number;
  /** The takes that are writing it back now. */
  writes: readonly TakeRequest[] | undefined;
  settlement: Settlement | undefined;
}

/** Settlements of reservations that the shared store may hold. */
export interface SettleJob {
  readonly kind: 'settle';
  readonly scope: string;
  readonly settlements: readonly Settlement[];
  /** The job was sent before and maybe carried out. It is sent alone and unchanged, so that the store recognises it. */
  readonly isTried: boolean;
  readonly untilMs: number;
}

export type ReplayJob = GrantJob | SettleJob;

/** Jobs for one call to the shared store. */
export type ReplayChunk =
  | { readonly kind: 'grant'; readonly scope: string; readonly jobs: readonly GrantJob[] }
  | { readonly kind: 'settle'; readonly scope: string; readonly jobs: readonly SettleJob[] };

/** Number of messages of a job. */
export function sizeOf(job: ReplayJob): number {
  return job.kind === 'grant' ? 1 : job.settlements.length;
}

/**
 * The takes that write a grant back. They have new reservations: the shared store may know the original one from a call
 * without a reply, which is given back.
 */
export function takesOf(rules: readonly LimitRule[], nameNext: () => string): TakeRequest[] {
  const written = rules.filter(isWritten);
  const counted = written.filter(({ kind }) => kind !== 'once');
  // Another process may have done it first, which must not keep the other rules from being counted.
  const once = written.filter(({ kind }) => kind === 'once').map((rule) => [rule]);
  return [counted, ...once]
    .filter(({ length }) => length > 0)
    .map((each) => ({ reservation: nameNext(), rules: each }));
}

export function toReturn({ reservation, rules }: TakeRequest): Settlement {
  return { reservation, rules, outcome: 'return' };
}

/** The settlement of a message, for the takes that wrote it back `lateMs` after its grant. */
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
 * The jobs after a call whose outcome is unknown. Grants are given back before they are written again; settlements are
 * sent unchanged.
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
