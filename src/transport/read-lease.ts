import type { Permit, PermitLease } from './shared-pace.ts';

const isTime = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value);
const isDuration = (value: unknown): boolean => isTime(value) && (value as number) >= 0;
const isPermit = (value: Permit | null | undefined): boolean =>
  isTime(value?.fromMs) && isTime(value?.untilMs);

/**
 * Checks the lease of a store that may be the team's own.
 *
 * @throws TypeError it is no lease; the caller gets a `StoreError`, and `onError` this one
 */
export function readLease(lease: PermitLease | null | undefined): PermitLease {
  const { permits, retryAfterMs, pauseMs, probeInMs } = lease ?? {};
  if (!Array.isArray(permits) || !permits.every(isPermit)) {
    throw new TypeError('A lease needs permits: an array of { fromMs, untilMs }, in milliseconds.');
  }
  if (!isDuration(retryAfterMs) || !isDuration(pauseMs) || !isDuration(probeInMs ?? 0)) {
    throw new TypeError('The durations of a lease must be milliseconds, 0 or more.');
  }
  return lease as PermitLease;
}
