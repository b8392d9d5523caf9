import type { Seed } from './key-hash.ts';
import { hashTag, tagOf } from './key-hash.ts';
import { KeyIndex } from './key-index.ts';
import type { LimitKey } from './limit-store.ts';
import { SlotValues } from './slot-values.ts';

/** Words of a row: an even number, so that doubles are aligned. */
function strideOf(payloadWords: number): number {
  return (PAYLOAD + payloadWords + 1) & ~1;
}

const FIRST_ROWS = 2;
/** A table of so few rows is searched without an index: a service with 100,000 accounts has as many small tables. */
const ROWS_WITHOUT_INDEX = 8;
/** Rows per chunk. A power of two, so that a slot says where its row is. */
const CHUNK_BITS = 11;
const CHUNK_ROWS = 1 << CHUNK_BITS;
const SWEEP_STEPS = 64;
const PREVIOUS = 2;
const NEXT = 3;
const SERIAL = 4;
/** 0 marks a freed row. */
const LAST_SERIAL = 2 ** 31 - 1;

/** First word of a row that its user may fill; words 6 and on are aligned for doubles. */
export const PAYLOAD = 5;

/** Rows that lie together. */
export interface RowChunk {
  words: Uint32Array;
  doubles: Float64Array;
  /** Words per row. */
  stride: number;
  /** For the user of the table: the time that its stamps count from. */
  baseMs: number;
}

/**
 * Rows of 32-bit words, found by number or string: about 45 bytes for a phone number with one stamp and 80 with ten, where
 * a Map of arrays takes 245. Rows are allocated in chunks and the index in pages, so that growing never copies more than a
 * page. A row never moves while it lives, so its user can come back by slot; its serial shows whether it is still the
 * same one.
 *
 * A number is its own tag. A string is found by a negative tag, 53 bits of a seeded hash, and then compared in full.
 *
 * Rows may form a queue, oldest first, from which a full table is relieved.
 */
export class RowTable {
  readonly maxRows: number;
  #stride: number;
  readonly #chunks: RowChunk[] = [];
  #index: KeyIndex | undefined;
  readonly #strings = new SlotValues<string>();
  #used = 0;
  #size = 0;
  #freed = 0;
  #oldest = 0;
  #newest = 0;
  #queued = 0;
  #serial = 0;
  #cursor = 0;
  /** The last lookup: a write follows its check. No key when its answer may no longer hold. */
  #soughtKey: LimitKey | undefined;
  #soughtTag = 0;
  #soughtHash = 0;
  #soughtSlot = -1;
  readonly #seed: Seed;

  constructor(payloadWords: number, maxRows: number, seed: Seed) {
    this.#stride = strideOf(payloadWords);
    this.maxRows = maxRows;
    this.#seed = seed;
  }

  get size(): number {
    return this.#size;
  }

  /** How many new rows find a place, if every queued row may be taken out for them. */
  get room(): number {
    return this.maxRows - this.#size + this.#queued;
  }

  get isFull(): boolean {
    return this.#size >= this.maxRows;
  }

  /** The chunk of a row, as wide as the widest row so far. */
  chunkOf(slot: number): RowChunk {
    const chunk = this.#chunks[slot >>> CHUNK_BITS] as RowChunk;
    if (chunk.stride !== this.#stride) this.#resize(chunk, chunk.words.length / chunk.stride);
    return chunk;
  }

  /** First word of a row in its chunk. Call after `chunkOf`. */
  startOf(slot: number): number {
    return (slot & (CHUNK_ROWS - 1)) * this.#stride;
  }

  hashOf(slot: number): number {
    const chunk = this.#chunks[slot >>> CHUNK_BITS] as RowChunk;
    return hashTag(chunk.doubles[((slot & (CHUNK_ROWS - 1)) * chunk.stride) >>> 1] as number, this.#seed);
  }

  hashKey(key: LimitKey): number {
    return hashTag(tagOf(key, this.#seed), this.#seed);
  }

  /** The slot of a key, or -1. */
  find(key: LimitKey): number {
    if (key === this.#soughtKey) return this.#soughtSlot;
    this.#soughtKey = key;
    this.#soughtTag = tagOf(key, this.#seed);
    this.#soughtHash = hashTag(this.#soughtTag, this.#seed);
    this.#soughtSlot = this.#index === undefined ? this.#scan() : this.#index.find(this.#soughtHash, this);
    return this.#soughtSlot;
  }

  /** Whether a row is the one that is looked for. */
  isSought(slot: number): boolean {
    const chunk = this.#chunks[slot >>> CHUNK_BITS] as RowChunk;
    const tag = chunk.doubles[((slot & (CHUNK_ROWS - 1)) * chunk.stride) >>> 1];
    return tag === this.#soughtTag && (this.#soughtTag >= 0 || this.#strings.get(slot) === this.#soughtKey);
  }

  /**
   * Makes every row this long or longer, each when it is next used. Slots, serials, queue and payload stay; the new words are
   * zero.
   */
  widen(payloadWords: number): void {
    this.#stride = Math.max(this.#stride, strideOf(payloadWords));
  }

  serialOf(slot: number): number {
    return this.chunkOf(slot).words[this.startOf(slot) + SERIAL] as number;
  }

  /** Adds a zeroed row for a key that is not there. The table must not be full. @param baseMs of a new chunk */
  insert(key: LimitKey, baseMs = 0): number {
    this.find(key);
    let slot = this.#freed - 1;
    if (slot >= 0) {
      this.#freed = this.chunkOf(slot).words[this.startOf(slot) + NEXT] as number;
    } else {
      slot = this.#used;
      this.#makeRow(slot, baseMs);
      this.#used += 1;
    }
    const { words, doubles } = this.chunkOf(slot);
    const start = this.startOf(slot);
    // One by one: `fill` takes longer for so few.
    for (let at = start + this.#stride - 1; at >= start; at -= 1) words[at] = 0;
    doubles[start >>> 1] = this.#soughtTag;
    if (typeof key === 'string') this.#strings.set(slot, key);
    this.#serial = (this.#serial % LAST_SERIAL) + 1;
    words[start + SERIAL] = this.#serial;
    this.#size += 1;
    this.#soughtSlot = slot;
    if (this.#index !== undefined) this.#index.add(this.#soughtHash, slot);
    else if (this.#used > ROWS_WITHOUT_INDEX) this.#startIndex();
    return slot;
  }

  #startIndex(): void {
    const index = new KeyIndex((slot) => this.hashOf(slot));
    this.forEach((slot) => {
      index.add(this.hashOf(slot), slot);
    });
    this.#index = index;
  }

  #scan(): number {
    for (let slot = 0; slot < this.#used; slot += 1) {
      if (this.serialOf(slot) !== 0 && this.isSought(slot)) return slot;
    }
    return -1;
  }

  /** Takes out a row that is not in the queue. */
  remove(slot: number): void {
    this.#soughtKey = undefined;
    this.#index?.remove(this.hashOf(slot), slot);
    const { words, doubles } = this.chunkOf(slot);
    const start = this.startOf(slot);
    if ((doubles[start >>> 1] as number) < 0) this.#strings.delete(slot);
    words[start + SERIAL] = 0;
    words[start + NEXT] = this.#freed;
    this.#freed = slot + 1;
    this.#size -= 1;
  }

  /** The slot at the head of the queue, or -1. */
  get oldest(): number {
    return this.#oldest - 1;
  }

  enqueue(slot: number): void {
    this.#set(slot, PREVIOUS, this.#newest);
    this.#set(slot, NEXT, 0);
    if (this.#newest === 0) this.#oldest = slot + 1;
    else this.#set(this.#newest - 1, NEXT, slot + 1);
    this.#newest = slot + 1;
    this.#queued += 1;
  }

  dequeue(slot: number): void {
    const { words } = this.chunkOf(slot);
    const start = this.startOf(slot);
    const previous = words[start + PREVIOUS] as number;
    const next = words[start + NEXT] as number;
    if (previous === 0) this.#oldest = next;
    else this.#set(previous - 1, NEXT, next);
    if (next === 0) this.#newest = previous;
    else this.#set(next - 1, PREVIOUS, previous);
    this.#queued -= 1;
  }

  /** Every live row, for work that must touch all. */
  forEach(visit: (slot: number) => void): void {
    for (let slot = 0; slot < this.#used; slot += 1) {
      if (this.serialOf(slot) !== 0) visit(slot);
    }
  }

  /**
   * Removes dead rows of a table without a queue: looks at a few per call, and at more when the table is full.
   *
   * @param isFull for a table that is bounded by something else than its rows
   */
  sweep(isDead: (slot: number) => boolean, isFull = this.isFull): void {
    const steps = Math.min(this.#used, isFull ? SWEEP_STEPS : 2);
    for (let step = 0; step < steps; step += 1) {
      this.#cursor = this.#cursor + 1 < this.#used ? this.#cursor + 1 : 0;
      if (this.serialOf(this.#cursor) !== 0 && isDead(this.#cursor)) this.remove(this.#cursor);
    }
  }

  #set(slot: number, word: number, value: number): void {
    this.chunkOf(slot).words[this.startOf(slot) + word] = value;
  }

  /** The first chunk doubles, so that a table of a few rows is small; the others have their size at once. */
  #makeRow(slot: number, baseMs: number): void {
    const chunk = this.#chunks[slot >>> CHUNK_BITS];
    if (chunk === undefined) {
      const rows = slot === 0 ? Math.min(FIRST_ROWS, this.maxRows) : CHUNK_ROWS;
      const words = new Uint32Array(rows * this.#stride);
      this.#chunks.push({ words, doubles: new Float64Array(words.buffer), stride: this.#stride, baseMs });
      return;
    }
    const rows = chunk.words.length / chunk.stride;
    if ((slot & (CHUNK_ROWS - 1)) >= rows) this.#resize(chunk, Math.min(rows * 2, CHUNK_ROWS));
  }

  #resize(chunk: RowChunk, rows: number): void {
    const { words: before, stride: strideBefore } = chunk;
    const words = new Uint32Array(rows * this.#stride);
    if (strideBefore === this.#stride) words.set(before);
    else {
      for (let row = 0; row * strideBefore < before.length; row += 1) {
        const start = row * strideBefore;
        words.set(before.subarray(start, start + strideBefore), row * this.#stride);
      }
    }
    chunk.words = words;
    chunk.doubles = new Float64Array(words.buffer);
    chunk.stride = this.#stride;
  }
}
