import { describe, expect, it, vi } from 'vitest';
import { drawCode } from '../../../src/one-time-passwords/draw-code.ts';

describe('drawCode', () => {
  it('draws every digit equally often', () => {
    const counts = new Array<number>(10).fill(0);
    for (let draw = 0; draw < 5_000; draw += 1) {
      for (const digit of drawCode(8)) counts[Number(digit)] = (counts[Number(digit)] as number) + 1;
    }
    const expected = 4_000;
    const chiSquared = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // Exceeded once in ten million runs, with nine degrees of freedom.
    expect(chiSquared).toBeLessThan(50);
  });

  it('skips the bytes that would make six digits likelier than four', () => {
    const bytes = [255, 250, 249, 251, 0, 13];
    const spy = vi.spyOn(crypto, 'getRandomValues').mockImplementation((array) => {
      const view = array as unknown as Uint8Array;
      for (let index = 0; index < view.length; index += 1) view[index] = bytes.shift() ?? 7;
      return array;
    });
    try {
      expect(drawCode(4)).toBe('9037');
    } finally {
      spy.mockRestore();
    }
  });
});
