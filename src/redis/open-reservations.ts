import type { LimitRule, TakeVerdict } from '../limits/limit-store.ts';
import { LEASE_MS } from '../limits/rule-table.ts';
import { reservationKey } from './reservation-key.ts';

/** A take that this process made and has not settled. */
export interface OpenReservation {
  /** The server's stamp, by which what it wrote is found again. */
  readonly stamp: number;
  readonly rules: readonly LimitRule[];
  /** Rules that wrote nothing, or whose counter was released since. */
  skipped: readonly LimitRule[];
  /** By the local clock. */
  readonly openedAt: number;
  /** What was answered, for one that is taken again. */
  readonly verdict: TakeVerdict;
}

/**
 * The takes of this process that are not settled, so that the server need not keep a record of every message. Bounded:
 * what is older than a lease of 15 minutes, and the oldest of more than a million, is kept as it was taken.
 */
export interface OpenReservations {
  add(scope: string, reservation: string, take: OpenReservation): void;
  verdictOf(scope: string, reservation: string): TakeVerdict | undefined;
  /**
   * Gives it out, once, and not after a lease: the marks by which a server knows a settlement that comes twice last no
   * longer.
   */
  remove(scope: string, reservation: string, now: number): OpenReservation | undefined;
  /** What was taken before no longer settles these counters. */
  release(scope: string, rules: readonly LimitRule[]): void;
}

const MAX_OPEN = 1_000_000;

export function createOpenReservations(): OpenReservations {
  // In order of opening, but for the few that are opened again.
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
      // The others find what is theirs by their stamp alone.
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
