/** Numbers that look random and are the same in every run with the same seeds. */
export interface Random {
  /** From 0 up to, but not including, 1. */
  next(): number;
  /** A whole number from 0 up to, but not including, `end`. */
  below(end: number): number;
  between(least: number, most: number): number;
  chance(probability: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
  exponential(mean: number): number;
  normal(): number;
  /** Times of people: half of them are below the median. */
  logNormal(median: number, sigma: number): number;
  poisson(mean: number): number;
}

/** FNV-1a, so that a name may be a seed. */
function hashOf(seeds: readonly (number | string)[]): number {
  let hash = 0x811c9dc5;
  for (const seed of seeds) {
    const text = typeof seed === 'number' ? seed.toString(36) : seed;
    for (let index = 0; index < text.length; index += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
    }
    hash = Math.imul(hash ^ 0x7c, 0x01000193);
  }
  return hash >>> 0;
}

/** Mulberry32: 2^32 numbers before it repeats, and cheap enough to create one per person. */
export function createRandom(...seeds: readonly (number | string)[]): Random {
  let state = hashOf(seeds);

  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }
  const below = (end: number) => Math.floor(next() * end);
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());

  /** Knuth's method in pieces, because `exp(-mean)` is 0 for large means. */
  function poisson(mean: number): number {
    let count = 0;
    for (let left = mean; left > 0; left -= 50) {
      const limit = Math.exp(-Math.min(left, 50));
      for (let product = next(); product > limit; product *= next()) count += 1;
    }
    return count;
  }

  return {
    next,
    below,
    between: (least, most) => least + next() * (most - least),
    chance: (probability) => next() < probability,
    pick<Item>(items: readonly Item[]): Item {
      return items[below(items.length)] as Item;
    },
    exponential: (mean) => -mean * Math.log(1 - next()),
    normal,
    logNormal: (median, sigma) => median * Math.exp(sigma * normal()),
    poisson,
  };
}
