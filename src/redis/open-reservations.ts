import type { LimitRule, TakeVerdict } from '../limits/limit-store.ts';
import { LEASE_MS } from '../limits/rule-table.ts';
import { reservationKey } from './reservation-key.ts';

/** A take of this process that is not settled. */
export interface OpenReservation {
  /** Server stamp that identifies the writes of the take. */
  readonly stamp: number;
  readonly rules: readonly LimitRule[];
  /** Rules that wrote nothing, or whose counter was released since. */
  skipped: readonly LimitRule[];
  /** The counts of its rule of doubt. */
  readonly doubtHold?: string | undefined;
  /** Milliseconds of the local clock. */
  readonly openedAt: number;
  /** Returned when the reservation is taken again. */
  readonly verdict: TakeVerdict;
}

/**
 * The unsettled takes of this process, so that the server keeps no record per message. Bounded: a take older than the
 * lease of 15 minutes is kept as taken, and so is the oldest beyond a million.
 */
export interface OpenReservations {
  add(scope: string, reservation: string, take: OpenReservation): void;
  verdictOf(scope: string, reservation: string): TakeVerdict | undefined;
  /**
   * Returns the take once, and not after its lease: the marks that identify repeated settlements do not last longer.
   */
  remove(scope: string, reservation: string, now: number): OpenReservation | undefined;
  /** Detaches these counters from earlier takes, which must no longer settle them. */
  release(scope: string, rules: readonly LimitRule[]): void;
}

const MAX_OPEN = 1_000_000;

export function createOpenReservations(): OpenReservations {
  // In order of opening, except for takes that were put back.
  const takes = new Map<string, OpenReservation & { readonly scope: string }>();

  function forgetOld(now: number): void {
    for (const [key, { openedAt }] of takes) {
      if (takes.size < MAX_OPEN && now - openedAt < LEASE_MS) return;
      takes.delete(key);
    }
  }

  return {
    add(scope, reservation, take) {
      forgetOld(take.openedAt);
      takes.set(reservationKey(scope, reservation), { scope, ...take });
    },
    verdictOf: (scope, reservation) => takes.get(reservationKey(scope, reservation))?.verdict,
    remove(scope, reservation, now) {
      const key = reservationKey(scope, reservation);
      const take = takes.get(key);
      takes.delete(key);
      return take !== undefined && now - take.openedAt < LEASE_MS ? take : undefined;
    },
    release(scope, rules) {
      // The other kinds match their writes by the stamp alone.
      const movable = rules.filter(({ kind }) => kind === 'window' || kind === 'distinct');
      if (movable.length === 0) return;
      for (const take of takes.values()) {
        if (take.scope !== scope) continue;
        for (const rule of take.rules) {
          if (movable.some(({ id, key }) => id === rule.id && key === rule.key))
            take.skipped = [...take.skipped, rule];
        }
      }
    },
  };
}
