import { afterEach, expect, it, vi } from 'vitest';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import { PEOPLE, tellStory } from '../support/window-story.ts';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** More on demand: `SCHEDULES=100000` takes two minutes. All of them held on 2026-11-29. */
const SCHEDULES = Number(process.env.SCHEDULES ?? 1_000);

it('no window holds more than its limit by the time of the write, whatever waits between the take and the write', async () => {
  const windows = [1_000, 5_000, 30_000, 1_800_000];
  let written = 0;
  for (let seed = 1; seed <= SCHEDULES / PEOPLE; seed += 1) {
    written += await tellStory({ seed, windows, limits: (clock) => memoryLimits({ clock }) });
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  }
  expect(written).toBeGreaterThan(SCHEDULES);
}, 3_600_000);
