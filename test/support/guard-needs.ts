import type { GuardNeeds } from '../../src/guards/registry.ts';
import { createLimiter } from '../../src/limits/limiter.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import { createFakeClock } from './fake-clock.ts';

/** The parts of a client that guards use, with counters of their own. */
export function guardNeeds(): GuardNeeds {
  const clock = createFakeClock();
  const emit = () => {};
  const limiter = createLimiter({ limits: memoryLimits({ clock }), scope: 'test', clock, emit });
  const unknown = async () => Promise.reject(new Error('no account'));
  const prices = { find: () => undefined, load: unknown, balance: unknown };
  return { clock, emit, limiter, prices, holdsKey: () => false };
}
