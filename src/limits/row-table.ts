import type { LimitKey } from './limit-store.ts';

/** Random seeds, so that an attacker cannot choose keys that collide. */
export interface Seed {
  readonly first: number;
  readonly second: number;
}

export function drawSeed(): Seed {
  const words = crypto.getRandomValues(new Uint32Array(2));
  return { first: words[0] as number, second: words[1] as number };
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

/** Spreads a tag over 32 bits (murmur3's finaliser over both halves of the double's integer). */
function hashTag(tag: number, seed: Seed): number {
  let hash = Math.imul(tag ^ seed.first, 0x85ebca6b);
  hash = Math.imul((hash ^ (hash >>> 15)) + ((tag / 4294967296) ^ seed.second), 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 13), 0x27d4eb2f);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Words per row: an even number, so that doubles are aligned. */
function strideOf(payloadWords: number): number {
  return (PAYLOAD + payloadWords + 1) & ~1;
}

const FIRST_ROWS = 16;
const DOUBLING_UP_TO = 4096;
const SWEEP_STEPS = 1024;
/** An index entry is a slot plus one in 24 bits, and 8 bits of the hash, which rule out most wrong rows. */
const PLACE = 0xffffff;
const MARK = 0xff000000 | 0;
const PREVIOUS = 2;
const NEXT = 3;
const SERIAL = 4;
/** 0 marks a freed row. */
const LAST_SERIAL = 2 ** 32 - 1;

/** First word of the payload of a row; the words from 6 on are aligned for doubles. */
export const PAYLOAD = 5;

/**
 * Rows of 32-bit words in one buffer, found by number or string through an open-addressing index: about 70 bytes per
 * phone number with ten stamps, where a Map of arrays takes 245. A live row never moves, so its writer can return to
 * it by slot; its serial tells whether it is still the same row.
 *
 * A number is its own tag. A string has a negative tag, 53 bits of a seeded hash, and is then compared in full.
 *
 * Rows may be in a queue, oldest first, from which a full table drops rows.
 */
export class RowTable {
  words: Uint32Array;
  doubles: Float64Array;
  stride: number;
  readonly maxRows: number;
  #index: Int32Array;
  #strings: (string | undefined)[] = [];
  #capacity = FIRST_ROWS;
  #used = 0;
  #size = 0;
  #freed = 0;
  #oldest = 0;
  #newest = 0;
  #queued = 0;
  #serial = 0;
  #cursor = 0;
  /** The last lookup, cached because a write follows its check. */
  #soughtTag = 0.5;
  #soughtSlot = -1;
  readonly #seed: Seed;

  constructor(payloadWords: number, maxRows: number, seed: Seed) {
    this.stride = strideOf(payloadWords);
    this.maxRows = maxRows;
    this.#seed = seed;
    this.words = new Uint32Array(FIRST_ROWS * this.stride);
    this.doubles = new Float64Array(this.words.buffer);
    this.#index = new Int32Array(FIRST_ROWS * 2);
  }

  get size(): number {
    return this.#size;
  }

  /** The number of new rows that fit if every queued row may be dropped for them. */
  get room(): number {
    return this.maxRows - this.#size + this.#queued;
  }

  get isFull(): boolean {
    return this.#size >= this.maxRows;
  }

  tagOf(key: LimitKey): number {
    return tagOf(key, this.#seed);
  }

  hashOf(slot: number): number {
    return hashTag(this.doubles[(slot * this.stride) >>> 1] as number, this.#seed);
  }

  hashKey(key: LimitKey): number {
    return hashTag(this.tagOf(key), this.#seed);
  }

  /** Slot of a key, or -1. */
  find(key: LimitKey): number {
    const tag = this.tagOf(key);
    const sought = this.#soughtSlot;
    if (sought >= 0 && tag === this.#soughtTag && (tag >= 0 || this.#strings[sought] === key)) return sought;
    const slot = this.#probe(key, tag);
    this.#soughtTag = tag;
    this.#soughtSlot = slot;
    return slot;
  }

  #probe(key: LimitKey, tag: number): number {
    const index = this.#index;
    const mask = index.length - 1;
    const hash = hashTag(tag, this.#seed);
    const mark = hash & MARK;
    let at = hash & mask;
    for (;;) {
      const entry = index[at] as number;
      if (entry === 0) return -1;
      if ((entry & MARK) === mark) {
        const slot = (entry & PLACE) - 1;
        const isSame = this.doubles[(slot * this.stride) >>> 1] === tag;
        if (isSame && (tag >= 0 || this.#strings[slot] === key)) return slot;
      }
      at = (at + 1) & mask;
    }
  }

  /** Makes every row longer. Slots, serials, queue and payload stay as they are; the new words are zero. */
  widen(payloadWords: number): void {
    const before = this.words;
    const strideBefore = this.stride;
    this.stride = strideOf(payloadWords);
    this.#allocate();
    for (let slot = 0; slot < this.#used; slot += 1) {
      const start = slot * strideBefore;
      this.words.set(before.subarray(start, start + strideBefore), slot * this.stride);
    }
  }

  serialOf(slot: number): number {
    return this.words[slot * this.stride + SERIAL] as number;
  }

  /** Adds a zeroed row for a new key. The table must not be full. */
  insert(key: LimitKey): number {
    if ((this.#size + 1) * 10 > this.#index.length * 7) this.#growIndex();
    let slot = this.#freed - 1;
    if (slot >= 0) {
      this.#freed = this.words[slot * this.stride + NEXT] as number;
    } else {
      if (this.#used === this.#capacity) this.#growRows();
      slot = this.#used;
      this.#used += 1;
    }
    const start = slot * this.stride;
    this.words.fill(0, start, start + this.stride);
    const tag = this.tagOf(key);
    this.doubles[start >>> 1] = tag;
    if (typeof key === 'string') this.#strings[slot] = key;
    this.#serial = (this.#serial % LAST_SERIAL) + 1;
    this.words[start + SERIAL] = this.#serial;
    this.#place(slot, hashTag(tag, this.#seed));
    this.#size += 1;
    return slot;
  }

  /** Removes a row that is not in the queue. */
  remove(slot: number): void {
    this.#soughtSlot = -1;
    const index = this.#index;
    const mask = index.length - 1;
    let hole = this.hashOf(slot) & mask;
    while (((index[hole] as number) & PLACE) !== slot + 1) hole = (hole + 1) & mask;
    // Closing the gap at once keeps every probe short; tombstones would pile up under a flood.
    for (let at = (hole + 1) & mask; index[at] !== 0; at = (at + 1) & mask) {
      const home = this.hashOf(((index[at] as number) & PLACE) - 1) & mask;
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        index[hole] = index[at] as number;
        hole = at;
      }
    }
    index[hole] = 0;
    const start = slot * this.stride;
    if ((this.doubles[start >>> 1] as number) < 0) this.#strings[slot] = undefined;
    this.words[start + SERIAL] = 0;
    this.words[start + NEXT] = this.#freed;
    this.#freed = slot + 1;
    this.#size -= 1;
  }

  /** The slot at the head of the queue, or -1. */
  get oldest(): number {
    return this.#oldest - 1;
  }

  enqueue(slot: number): void {
    const start = slot * this.stride;
    this.words[start + PREVIOUS] = this.#newest;
    this.words[start + NEXT] = 0;
    if (this.#newest === 0) this.#oldest = slot + 1;
    else this.words[(this.#newest - 1) * this.stride + NEXT] = slot + 1;
    this.#newest = slot + 1;
    this.#queued += 1;
  }

  dequeue(slot: number): void {
    const start = slot * this.stride;
    const previous = this.words[start + PREVIOUS] as number;
    const next = this.words[start + NEXT] as number;
    if (previous === 0) this.#oldest = next;
    else this.words[(previous - 1) * this.stride + NEXT] = next;
    if (next === 0) this.#newest = previous;
    else this.words[(next - 1) * this.stride + PREVIOUS] = previous;
    this.#queued -= 1;
  }

  /** Every live row. */
  forEach(visit: (slot: number) => void): void {
    for (let slot = 0; slot < this.#used; slot += 1) {
      if (this.serialOf(slot) !== 0) visit(slot);
    }
  }

  /** Removes dead rows of a table without a queue: a few per call, more when the table is full. */
  sweep(isDead: (slot: number) => boolean): void {
    const steps = Math.min(this.#used, this.isFull ? SWEEP_STEPS : 2);
    for (let step = 0; step < steps; step += 1) {
      this.#cursor = (this.#cursor + 1) % this.#used;
      if (this.serialOf(this.#cursor) !== 0 && isDead(this.#cursor)) this.remove(this.#cursor);
    }
  }

  #place(slot: number, hash: number): void {
    const mask = this.#index.length - 1;
    let at = hash & mask;
    while (this.#index[at] !== 0) at = (at + 1) & mask;
    this.#index[at] = (hash & MARK) | (slot + 1);
  }

  #growIndex(): void {
    this.#index = new Int32Array(this.#index.length * 2);
    // The table grows only when every row is in use, so none of these rows was freed.
    for (let slot = 0; slot < this.#used; slot += 1) this.#place(slot, this.hashOf(slot));
  }

  #growRows(): void {
    const factor = this.#capacity < DOUBLING_UP_TO ? 2 : 1.25;
    this.#capacity = Math.min(this.maxRows, Math.ceil(this.#capacity * factor));
    const before = this.words;
    this.#allocate();
    this.words.set(before);
  }

  #allocate(): void {
    this.words = new Uint32Array(this.#capacity * this.stride);
    this.doubles = new Float64Array(this.words.buffer);
  }
}
