import { afterEach, describe, expect, it, vi } from 'vitest';
import { createSlices, inSlices, mapInSlices } from '../../../src/internal/slices.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe('slices of a long list', () => {
  async function turnsOf(items: number, msPerItem: number): Promise<number> {
    let nowMs = 0;
    const look = vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
    const turns = vi.spyOn(globalThis, 'setImmediate');
    const slices = createSlices();
    for (let item = 0; item < items; item += 1) {
      if (slices.isDue()) await slices.yield();
      nowMs += msPerItem;
    }
    expect(look.mock.calls.length).toBeLessThanOrEqual(items / 16 + turns.mock.calls.length);
    return turns.mock.calls.length;
  }

  it('never end for a few items, and the clock is not read', async () => {
    expect(await turnsOf(15, 100)).toBe(0);
  });

  it('end every 4 ms, by a look at the clock every 16 items', async () => {
    expect(await turnsOf(16 * 100, 0.25)).toBe(99);
  });

  it('end every 512 items where the clock stands still', async () => {
    expect(await turnsOf(10_000, 0)).toBe(19);
  });

  it('map a list in order, with other work in between', async () => {
    vi.spyOn(performance, 'now').mockReturnValue(0);
    const turns = vi.spyOn(globalThis, 'setImmediate');
    const items = Array.from({ length: 1_100 }, (_, index) => index);
    const mapped = await mapInSlices(items, (item, index) => [item, index]);
    expect(mapped).toEqual(items.map((item) => [item, item]));
    expect(turns).toHaveBeenCalledTimes(2);
  });

  it('end without setImmediate too', async () => {
    vi.stubGlobal('setImmediate', undefined);
    const slices = createSlices();
    for (let item = 0; item < 511; item += 1) slices.isDue();
    expect(slices.isDue()).toBe(true);
    await expect(slices.yield()).resolves.toBeUndefined();
  });

  it('are none for a few items, whose work is done at once', () => {
    const done: number[] = [];
    expect(inSlices(15, (index) => done.push(index))).toBeUndefined();
    expect(done).toHaveLength(15);
  });

  it('end for good when the look after a pause throws', async () => {
    vi.spyOn(performance, 'now').mockReturnValue(0);
    const done: number[] = [];
    const work = inSlices(
      1_000,
      (index) => done.push(index),
      () => {
        throw new Error('ended');
      },
    );
    await expect(work).rejects.toThrow('ended');
    expect(done).toHaveLength(511);
  });
});
