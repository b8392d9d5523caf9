/** How a request that went through a gate ended. */
export type PassOutcome =
  /** 8x8 answered something else than 429. */
  | 'passed'
  /** 8x8 answered 429. */
  | 'limited'
  /** No answer, or one that says nothing about the limit. */
  | 'lost'
  /** It never left: the next one may go in its place. */
  | 'unused';

/**
 * A pause that 8x8 asked for. It holds everybody for 60 s at most. After that a single request tries whether the pause
 * still holds: an answer other than 429 ends the pause, another 429 doubles the time until the next probe.
 */
export interface PauseGate {
  /** Milliseconds until a request may go, or may ask again while a probe is out; 0 for now. */
  waitMs(time: number): number;
  isPaused(time: number): boolean;
  /** One request goes now, as the probe of a pause. */
  probe(time: number): void;
  /** Ends the probe. Returns true when that ended the pause. */
  finish(outcome: PassOutcome, time: number): boolean;
  /** No request except a probe leaves for `ms` from now; the longest pause wins. */
  pause(ms: number, time: number): void;
  /** Takes over a pause that another process keeps. @param probeInMs 0 for now, when this process has the probe */
  sync(pauseMs: number, probeInMs: number, time: number): void;
}

/** Time until the first probe of a pause; ours. */
const FIRST_PROBE_MS = 60_000;
/** Longest time between two probes; ours. */
const MAX_PROBE_MS = 900_000;
/** A probe without an outcome for so long makes room for another one: its caller may be gone (Workers). */
const PROBE_LOST_MS = 60_000;
/** How often callers look whether the probe that is out has an outcome. */
const POLL_MS = 250;

export function createPauseGate(): PauseGate {
  let pausedUntil = Number.NEGATIVE_INFINITY;
  let probeAt = Number.NEGATIVE_INFINITY;
  let intervalMs = FIRST_PROBE_MS;
  /** When the probe that is out went. */
  let probedAt = Number.NEGATIVE_INFINITY;

  const isPaused = (time: number) => time < pausedUntil;
  const isProbing = (time: number) => time - probedAt < PROBE_LOST_MS;

  return {
    isPaused,
    waitMs(time) {
      if (!isPaused(time)) return 0;
      return isProbing(time) ? POLL_MS : Math.max(0, probeAt - time);
    },
    probe(time) {
      probedAt = time;
    },
    finish(outcome, time) {
      probedAt = Number.NEGATIVE_INFINITY;
      if (outcome === 'unused') return false;
      if (outcome === 'passed') {
        const wasPaused = isPaused(time);
        pausedUntil = Number.NEGATIVE_INFINITY;
        return wasPaused;
      }
      if (outcome === 'limited') intervalMs = Math.min(intervalMs * 2, MAX_PROBE_MS);
      probeAt = Math.min(pausedUntil, time + intervalMs);
      return false;
    },
    pause(ms, time) {
      if (!isPaused(time)) {
        intervalMs = FIRST_PROBE_MS;
        probeAt = Number.NEGATIVE_INFINITY;
      }
      pausedUntil = Math.max(pausedUntil, time + ms);
      probeAt = Math.min(pausedUntil, Math.max(probeAt, time + intervalMs));
    },
    sync(pauseMs, probeInMs, time) {
      pausedUntil = time + pauseMs;
      probeAt = Math.min(pausedUntil, time + probeInMs);
    },
  };
}
