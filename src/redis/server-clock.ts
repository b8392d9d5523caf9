import { createCache } from '../cache.ts';

/**
 * The clocks of servers, told by their answers: what one said, against the moment before it was asked. That is late by the
 * way to the server at most, so a deadline made with it is never too early. Each scope has its own: in a cluster another
 * node may count for it, with another clock.
 */
export interface ServerClocks {
  /** The time in milliseconds now on the server of a scope, or undefined before its first answer. */
  now(scope: string): number | undefined;
  /** An answer said `serverMs`, to a question asked at `askedAt` of `local()`. */
  record(scope: string, serverMs: number, askedAt: number): void;
  /** The local clock, which never goes back. */
  local(): number;
}

/** Scopes whose clock is remembered, 1.5 MB; a sharded one is 65. One that is forgotten is asked again. */
const MAX_SCOPES = 10_000;

/** Reads nothing until it is asked. */
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
