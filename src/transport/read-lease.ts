import type { Permit, PermitLease } from './shared-pace.ts';

const isTime = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value);
const isDuration = (value: unknown): boolean => isTime(value) && (value as number) >= 0;
/** No store grants permits so far ahead: they are times of another clock, such as `Date.now()`, and would hold every sender. */
const MAX_AHEAD_MS = 3_600_000;
const isPermit = (value: Permit | null | undefined, nowMs: number): boolean =>
  isTime(value?.fromMs) && isTime(value?.untilMs) && (value as Permit).fromMs - nowMs <= MAX_AHEAD_MS;

/**
 * Checks the lease of a store that may be the team's own.
 *
 * @param nowMs the time on the clock of the permits
 * @throws TypeError it is no lease; the caller gets a `StoreError`, and `onError` this one
 */
export function readLease(lease: PermitLease | null | undefined, nowMs: number): PermitLease {
  const { permits, retryAfterMs, pauseMs, probeInMs } = lease ?? {};
  // A copy: an empty place of an array is not visited.
  if (!Array.isArray(permits) || ![...permits].every((permit) => isPermit(permit, nowMs))) {
    throw new TypeError(
      'A lease needs permits: an array of { fromMs, untilMs }, in milliseconds of performance.now().',
    );
  }
  if (!isDuration(retryAfterMs) || !isDuration(pauseMs) || !isDuration(probeInMs ?? 0)) {
    throw new TypeError('The durations of a lease must be milliseconds, 0 or more.');
  }
  return lease as PermitLease;
}
