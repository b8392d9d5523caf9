import { describe, expect, it } from 'vitest';
import { mapLimited } from '../../../src/internal/map-limited.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('mapLimited', () => {
  it('gives the results in order, and runs no more than so many at a time', async () => {
    let running = 0;
    let most = 0;
    const results = await mapLimited(numbers(50), 8, async (number) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return number * 2;
    });
    expect(results).toEqual(numbers(50).map((number) => number * 2));
    expect(most).toBe(8);
  });

  it('lets other work run between items that are done at once', async () => {
    let turns = 0;
    let isOver = false;
    const turn = (): void => {
      turns += 1;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    const results = await mapLimited(numbers(10_000), 32, async (number) => number);
    isOver = true;
    expect(results).toHaveLength(10_000);
    // A turn is over after 512 items at the latest.
    expect(turns).toBeGreaterThan(15);
  });

  it('does not wait for a few items', async () => {
    let isNextTurn = false;
    setImmediate(() => {
      isNextTurn = true;
    });
    await mapLimited(numbers(15), 4, async (number) => number);
    expect(isNextTurn).toBe(false);
  });

  it('rejects with the first failure', async () => {
    const failing = mapLimited(numbers(100), 4, async (number) => {
      if (number === 50) throw new Error('no. 50');
    });
    await expect(failing).rejects.toThrow('no. 50');
  });
});
