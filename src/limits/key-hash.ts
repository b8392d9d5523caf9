import type { LimitKey } from './limit-store.ts';

/** Two random words, so that nobody can choose keys that collide. */
export interface Seed {
  readonly first: number;
  readonly second: number;
}

export function drawSeed(): Seed {
  const words = crypto.getRandomValues(new Uint32Array(2));
  return { first: words[0] as number, second: words[1] as number };
}

/** Spreads a tag over 32 bits (murmur3's finaliser over both halves of the double's integer). */
export function hashTag(tag: number, seed: Seed): number {
  let hash = Math.imul(tag ^ seed.first, 0x85ebca6b);
  hash = Math.imul((hash ^ (hash >>> 15)) + ((tag / 4294967296) ^ seed.second), 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 13), 0x27d4eb2f);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A number is its own tag; a string has a negative one, 53 bits of a seeded hash. */
export function tagOf(key: LimitKey, seed: Seed): number {
  if (typeof key === 'number') return key;
  let low = seed.first;
  let high = seed.second;
  for (let at = 0; at < key.length; at += 1) {
    const unit = key.charCodeAt(at);
    low = Math.imul(low ^ unit, 0x9e3779b1);
    high = Math.imul(high ^ unit, 0x5f356495) ^ (low >>> 15);
  }
  low ^= low >>> 16;
  high ^= high >>> 13;
  return -1 - ((high & 0x1fffff) * 4294967296 + (low >>> 0));
}
