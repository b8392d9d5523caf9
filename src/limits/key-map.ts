import { drawSeed, hashTag, type Seed, tagOf } from './key-hash.ts';
import type { LimitKey } from './limit-store.ts';

/** Entries of a full page: splitting it takes less than a millisecond, where a `Map` of a million stops for 100. */
const PAGE_ENTRIES = 4096;
const MAX_DEPTH = 20;

interface Page<Entry> {
  readonly entries: Map<LimitKey, Entry>;
  /** How many bits of the hash all its keys have in common. */
  depth: number;
}

/**
 * A map in pages. A page that is full is split in two by one more bit of the hash, so that no insertion moves more than
 * one page, however large the map is. It also visits its entries in turn, a few at a time.
 */
export class KeyMap<Entry> {
  /** Drawn for the second page: not in a global scope. */
  #seed: Seed | undefined;
  /** By the low bits of the hash; pages of a lower depth are listed more than once. */
  #directory: Page<Entry>[] = [{ entries: new Map(), depth: 0 }];
  #depth = 0;
  #size = 0;
  #place = 0;
  #visiting: Iterator<[LimitKey, Entry]> | undefined;

  get size(): number {
    return this.#size;
  }

  get(key: LimitKey): Entry | undefined {
    return this.#pageOf(key).entries.get(key);
  }

  set(key: LimitKey, entry: Entry): void {
    const page = this.#pageOf(key);
    const before = page.entries.size;
    page.entries.set(key, entry);
    this.#size += page.entries.size - before;
    if (page.entries.size > PAGE_ENTRIES && page.depth < MAX_DEPTH) this.#split(page, key);
  }

  delete(key: LimitKey): void {
    if (this.#pageOf(key).entries.delete(key)) this.#size -= 1;
  }

  /** The next entry in turn, endlessly; undefined when there is none. */
  next(): [LimitKey, Entry] | undefined {
    if (this.#size === 0) return undefined;
    for (;;) {
      this.#visiting ??= (this.#directory[this.#place] as Page<Entry>).entries.entries();
      const { done, value } = this.#visiting.next();
      if (done !== true) return value;
      this.#visiting = undefined;
      this.#place = this.#placeAfter(this.#place);
    }
  }

  /** The next place with another page: a page of depth d is listed first below 2^d. */
  #placeAfter(place: number): number {
    for (let next = place + 1; next < this.#directory.length; next += 1) {
      if (next < 1 << (this.#directory[next] as Page<Entry>).depth) return next;
    }
    return 0;
  }

  #hashOf(key: LimitKey): number {
    this.#seed ??= drawSeed();
    return hashTag(tagOf(key, this.#seed), this.#seed);
  }

  #pageOf(key: LimitKey): Page<Entry> {
    const at = this.#depth === 0 ? 0 : this.#hashOf(key) & ((1 << this.#depth) - 1);
    return this.#directory[at] as Page<Entry>;
  }

  #split(page: Page<Entry>, key: LimitKey): void {
    if (page.depth === this.#depth) {
      this.#directory = [...this.#directory, ...this.#directory];
      this.#depth += 1;
    }
    const bit = 1 << page.depth;
    page.depth += 1;
    const one: Page<Entry> = { entries: new Map(), depth: page.depth };
    const other: Page<Entry> = { entries: new Map(), depth: page.depth };
    for (const [each, entry] of page.entries) {
      ((this.#hashOf(each) & bit) === 0 ? one : other).entries.set(each, entry);
    }
    const first = this.#hashOf(key) & (bit - 1);
    for (let at = first; at < this.#directory.length; at += bit) {
      this.#directory[at] = (at & bit) === 0 ? one : other;
    }
    this.#visiting = undefined;
  }
}
