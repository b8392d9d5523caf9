import { sharedState } from '../internal/shared-state.ts';
import type { Clock } from '../types.ts';
import type { LimitStore } from './limit-store.ts';
import { memoryLimits } from './memory-limits.ts';

/** Reads the clock only when asked, because a client may be created in the global scope of a Worker. */
export const SYSTEM_CLOCK: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/**
 * The default store exists once per process, for both module formats: a team that creates a client in every request
 * must still be limited. A client with its own clock gets its own store.
 */
export function defaultLimits(clock: Clock | undefined): LimitStore {
  if (clock !== undefined) return memoryLimits({ clock });
  const shared = sharedState();
  shared.limits ??= memoryLimits();
  return shared.limits as LimitStore;
}
