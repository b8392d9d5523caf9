import type { LimitRule } from '../limits/limit-store.ts';
import { LEASE_MS } from '../limits/rule-table.ts';

/** A take that this process made and has not settled. */
export interface OpenTake {
  /** The server's stamp, by which what it wrote is found again. */
  readonly stamp: number;
  readonly rules: readonly LimitRule[];
  /** Rules that wrote nothing, or whose counter was released since. */
  skipped: readonly LimitRule[];
  /** By the local clock. */
  readonly openedAt: number;
}

/**
 * The takes of this process that are not settled, so that the server need not keep a record of every message. Bounded:
 * what is older than a lease of 15 minutes, and the oldest of more than a million, is kept as it was taken.
 */
export interface OpenTakes {
  open(scope: string, reservation: string, take: OpenTake): void;
  /** Gives it out, once. */
  close(scope: string, reservation: string): OpenTake | undefined;
  /** What was taken before no longer settles these counters. */
  release(scope: string, rules: readonly LimitRule[]): void;
}

const MAX_OPEN = 1_000_000;

export function createOpenTakes(): OpenTakes {
  const scopes = new Map<string, Map<string, OpenTake>>();

  function forgetOld(takes: Map<string, OpenTake>, now: number): void {
    for (const [reservation, { openedAt }] of takes) {
      if (takes.size < MAX_OPEN && now - openedAt < LEASE_MS) return;
      takes.delete(reservation);
    }
  }

  return {
    open(scope, reservation, take) {
      let takes = scopes.get(scope);
      if (takes === undefined) {
        takes = new Map();
        scopes.set(scope, takes);
      }
      forgetOld(takes, take.openedAt);
      takes.set(reservation, take);
    },
    close(scope, reservation) {
      const takes = scopes.get(scope);
      const take = takes?.get(reservation);
      if (takes?.delete(reservation) === true && takes.size === 0) scopes.delete(scope);
      return take;
    },
    release(scope, rules) {
      // The others find what is theirs by their stamp alone.
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
