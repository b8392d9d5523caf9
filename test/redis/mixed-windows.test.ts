import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { LimitStore } from '../../src/limits/limit-store.ts';
import { createRedisStore } from '../../src/redis/redis-store.ts';
import { toRedisCommands } from '../../src/redis/to-redis-commands.ts';
import { createFakeClock, NOON } from '../support/fake-clock.ts';
import { checkMixedHistory, mixedHistory } from '../support/mixed-windows.ts';
import { describeOnRedis } from './redis-kit.ts';
import { keyNamesOf, PREVIOUS_SECRET, SECRET } from './store-under-test.ts';

describeOnRedis('clients of one scope with different windows, on Redis', (kit) => {
  it.each([
    ['with one secret', [keyNamesOf()]],
    ['while a secret is changed', [keyNamesOf(PREVIOUS_SECRET), keyNamesOf(SECRET, PREVIOUS_SECRET)]],
  ])(
    'are each refused exactly when their own window is full of what all have sent: %s',
    async (_, versions) => {
      let runs = 0;
      await fc.assert(
        fc.asyncProperty(mixedHistory, async (history) => {
          runs += 1;
          const clock = createFakeClock(NOON);
          let micros = 0;
          const testClock = () => {
            micros = Math.max(micros + 20, clock.now() * 1000);
            return micros;
          };
          const [first, ...later] = versions.map((names) =>
            createRedisStore({ commands: toRedisCommands(kit.client), names, deadlineMs: 5000, testClock }),
          );
          let takes = 0;
          let taker = first;
          // The first takes go through the store that knows the old secret only. Who took settles.
          const store = {
            take: (...asked) => {
              takes += 1;
              if (takes > 5) taker = later[0] ?? first;
              return taker?.take(...asked);
            },
            settle: (...asked) => taker?.settle(...asked),
          } as LimitStore;
          await checkMixedHistory(store, `run-${runs}`, history, (ms) => clock.advance(ms));
        }),
        { numRuns: 150 },
      );
      expect(runs).toBe(150);
    },
    60_000,
  );
});
