/**
 * The clock of a server, told by its answers: what it said, against the moment before it was asked. That is late by the
 * way to the server at most, so a deadline made with it is never too early.
 */
export interface ServerClock {
  /** The server's time in milliseconds now, or undefined before its first answer. */
  now(): number | undefined;
  /** An answer said `serverMs`, to a question asked at `askedAt` of `local()`. */
  learn(serverMs: number, askedAt: number): void;
  /** The local clock, which never goes back. */
  local(): number;
}

/** Reads nothing until it is asked. */
export function createServerClock(): ServerClock {
  let offsetMs: number | undefined;
  const local = () => performance.now();
  return {
    local,
    now: () => (offsetMs === undefined ? undefined : local() + offsetMs),
    learn(serverMs, askedAt) {
      offsetMs = serverMs - askedAt;
    },
  };
}
