import fc from 'fast-check';
import { describe, it } from 'vitest';
import { memoryLimits } from '../../../src/limits/memory-limits.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { checkMixedHistory, mixedHistory } from '../../support/mixed-windows.ts';

describe('clients of one scope with different windows', () => {
  it('are each refused exactly when their own window is full of what all have sent', async () => {
    await fc.assert(
      fc.asyncProperty(mixedHistory, async (history) => {
        const clock = createFakeClock();
        await checkMixedHistory(memoryLimits({ clock }), 'scope', history, (ms) => clock.advance(ms));
      }),
      { numRuns: 2_000 },
    );
  });
});
