import type { LimitRule, TakeVerdict } from '../limits/limit-store.ts';
import { LEASE_MS } from '../limits/rule-table.ts';

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
  // By scope and reservation: a name made of both would be made for each message. In order of opening, except for takes that were
  // put back.
  const scopes = new Map<string, Map<string, OpenReservation>>();
  let count = 0;

  function forgetOld(scope: string, takes: Map<string, OpenReservation>, now: number): void {
    for (const [reservation, { openedAt }] of takes) {
      if (count < MAX_OPEN && now - openedAt < LEASE_MS) return;
      takes.delete(reservation);
      count -= 1;
    }
    scopes.delete(scope);
  }

  function makeRoom(now: number): void {
    for (const [scope, takes] of scopes) {
      if (count < MAX_OPEN) return;
      forgetOld(scope, takes, now);
    }
  }

  return {
    add(scope, reservation, take) {
      const known = scopes.get(scope);
      if (known !== undefined) forgetOld(scope, known, take.openedAt);
      if (count >= MAX_OPEN) makeRoom(take.openedAt);
      let takes = scopes.get(scope);
      if (takes === undefined) {
        takes = new Map();
        scopes.set(scope, takes);
      }
      const before = takes.size;
      takes.set(reservation, take);
      count += takes.size - before;
    },
    verdictOf: (scope, reservation) => scopes.get(scope)?.get(reservation)?.verdict,
    remove(scope, reservation, now) {
      const takes = scopes.get(scope);
      const take = takes?.get(reservation);
      if (takes === undefined || take === undefined) return undefined;
      takes.delete(reservation);
      count -= 1;
      if (takes.size === 0) scopes.delete(scope);
      return now - take.openedAt < LEASE_MS ? take : undefined;
    },
    release(scope, rules) {
      // The other kinds match their writes by the stamp alone.
      const movable = rules.filter(({ kind }) => kind === 'window' || kind === 'distinct');
      if (movable.length === 0) return;
      for (const take of scopes.get(scope)?.values() ?? []) {
        for (const rule of take.rules) {
          if (movable.some(({ id, key }) => id === rule.id && key === rule.key))
            take.skipped = [...take.skipped, rule];
        }
      }
    },
  };
}
