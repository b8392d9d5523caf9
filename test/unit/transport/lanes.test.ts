import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sharedState } from '../../../src/internal/shared-state.ts';
import { createDetailsLane, DETAILS_INTERVAL_MS } from '../../../src/transport/details-lane.ts';
import { createLanes } from '../../../src/transport/lanes.ts';
import { SEND } from '../../support/transport.ts';

const never = new AbortController().signal;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('createLanes', () => {
  it('keeps a bounded number of sub-accounts, and drops none that is still paced', async () => {
    const laneOf = (subAccountId: string) =>
      createLanes({ subAccountId, pace: { requestsPerSecond: 1, maxQueued: 9 }, sharedState: true })(
        'sms.8x8.com',
        SEND,
      );
    const { pacers } = sharedState();
    for (let index = 0; index < 1000; index++) laneOf(`idle-${index}`);
    expect(pacers.size).toBe(1000);
    await laneOf('idle-0').take(never);
    laneOf('one-more');
    expect(pacers.size).toBe(1000);
    expect(pacers.has('sms.8x8.com idle-1')).toBe(false);
    for (let index = 0; index < 1500; index++) laneOf(`later-${index}`);
    expect(pacers.size).toBe(1000);
    expect(pacers.has('sms.8x8.com idle-0')).toBe(true);
    const waits = laneOf('idle-0').take(never);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(1001);
    await waits;
  });
});

describe('createDetailsLane', () => {
  it('keeps no timer of who left', async () => {
    const lane = createDetailsLane(() => performance.now());
    const caller = new AbortController();
    await lane.take(never);
    const waiting = [1, 2, 3].map(() => lane.take(caller.signal));
    expect(vi.getTimerCount()).toBe(3);
    caller.abort(new Error('left'));
    for (const one of waiting) await expect(one).rejects.toThrow('left');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is idle once its last turn is over', async () => {
    const lane = createDetailsLane(() => performance.now());
    expect(lane.isIdle()).toBe(true);
    await lane.take(never);
    expect(lane.isIdle()).toBe(false);
    await vi.advanceTimersByTimeAsync(DETAILS_INTERVAL_MS);
    expect(lane.isIdle()).toBe(true);
  });
});
