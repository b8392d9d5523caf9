import { describe, expect, it } from 'vitest';
import { KeyIndex } from '../../../src/limits/key-index.ts';
import { Random } from '../../../src/testing/limit-conformance/kit.ts';

/** Hashes that an attacker would choose, and those that nobody does. */
const HASHES: readonly (readonly [name: string, most: number, hash: (random: Random) => number])[] = [
  ['any hashes', 12_000, (random) => random.below(2 ** 32)],
  ['hashes of one page', 2_500, (random) => random.below(4096) + random.below(16) * 2 ** 28],
  ['homes at the end of a page', 2_500, (random) => 4090 + random.below(6) + random.below(2 ** 20) * 4096],
  ['seven hashes', 600, (random) => random.below(7)],
];

describe('KeyIndex', () => {
  it.each(HASHES)('finds every slot, and no other, with %s', (_, most, hashOf) => {
    const random = new Random(7);
    const hashes: number[] = [];
    const live = new Set<number>();
    const freed: number[] = [];
    const index = new KeyIndex((slot) => hashes[slot] as number);
    const find = (slot: number) => index.find(hashes[slot] as number, { isSought: (each) => each === slot });

    for (let step = 0; step < 25_000; step += 1) {
      const isGrowing = random.below(100) < (step < 12_500 ? 65 : 35);
      if (isGrowing && live.size < most) {
        const slot = freed.pop() ?? hashes.length;
        hashes[slot] = hashOf(random);
        index.add(hashes[slot] as number, slot);
        live.add(slot);
      } else {
        const slot = random.below(Math.max(1, hashes.length));
        if (!live.delete(slot)) continue;
        index.remove(hashes[slot] as number, slot);
        expect(find(slot)).toBe(-1);
        freed.push(slot);
      }
      if (step % 5_000 === 0) expect([...live].filter((slot) => find(slot) !== slot)).toEqual([]);
    }
    expect([...live].filter((slot) => find(slot) !== slot)).toEqual([]);
  });
});
