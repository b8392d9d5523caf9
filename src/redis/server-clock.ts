import { createCache } from '../internal/cache.ts';

/**
 * Clocks of the servers, derived from their replies: server time against the moment before the call. The error is at
 * most the round trip, in the direction that makes deadlines later, never earlier. Each scope has its own clock,
 * because in a cluster another node may count for it.
 */
export interface ServerClocks {
  /** Milliseconds of server time of a scope, or undefined before its first reply. */
  now(scope: string): number | undefined;
  /** Records a reply with `serverMs` to a call made at `askedAt` of `local()`. */
  record(scope: string, serverMs: number, askedAt: number): void;
  /** Milliseconds of the local monotonic clock. */
  local(): number;
}

/** Cached scopes, 1.5 MB. A sharded scope counts as 65. An evicted one is learned again. */
const MAX_SCOPES = 10_000;

/** Reads no clock before the first call. */
export function createServerClocks(): ServerClocks {
  const offsets = createCache<string, number>(MAX_SCOPES);
  const local = () => performance.now();
  return {
    local,
    now(scope) {
      const offsetMs = offsets.get(scope);
      return offsetMs === undefined ? undefined : local() + offsetMs;
    },
    record(scope, serverMs, askedAt) {
      offsets.set(scope, serverMs - askedAt);
    },
  };
}
