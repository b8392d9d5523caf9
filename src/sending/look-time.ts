import type { Limiter } from '../limits/limiter.ts';

/**
 * When the guards looked, by the client's clock and by the runtime's: a clock of the team may stand still while a request
 * waits, and a fake one may pass hours in a moment.
 */
export interface LookTime {
  readonly clockMs: number;
  readonly runtimeMs: number;
}

/** Longest wait between the guards' look and the call of `fetch`. Our number: a reply of STOP takes longer to arrive. */
const MAX_LOOK_AGE_MS = 1_000;

export function lookTime({ elapsed }: Pick<Limiter, 'elapsed'>): LookTime {
  return { clockMs: elapsed(), runtimeMs: performance.now() };
}

export function isRecentLook({ clockMs, runtimeMs }: LookTime, limiter: Pick<Limiter, 'elapsed'>): boolean {
  const now = lookTime(limiter);
  return now.clockMs - clockMs <= MAX_LOOK_AGE_MS && now.runtimeMs - runtimeMs <= MAX_LOOK_AGE_MS;
}
