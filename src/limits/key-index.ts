/**
 * An entry is a slot plus one in 24 bits, 4 bits of the hash, which spare a look at most wrong rows, and in 4 bits how far behind its
 * home it lies, which spares a look at any row when one before it is removed.
 */
const PLACE = 0xffffff;
const MARK = 0xf0000000 | 0;
const DISTANCE_BITS = 24;
/** As far or farther. */
const FAR = 15;

const FIRST_ENTRIES = 8;
/** Entries of a full page: placing them anew takes a tenth of a millisecond. */
const PAGE_BITS = 12;
const PAGE_ENTRIES = 1 << PAGE_BITS;
/** Bits of the hash that may choose a page: those between the place in it and the mark, and some of the mark. */
const MAX_DEPTH = 32 - PAGE_BITS;

interface Page {
  entries: Int32Array;
  size: number;
  /** How many bits of the hash all its entries have in common. */
  depth: number;
}

/**
 * From hashes to slots, by open addressing in pages. A page that is full is split in two by one more bit of the hash
 * (extendible hashing), so that no insertion places more than one page anew, however large the index is.
 */
export class KeyIndex {
  readonly #hashOf: (slot: number) => number;
  /** By the bits of the hash above those in a page; pages of a lower depth are listed more than once. */
  #directory: Page[] = [{ entries: new Int32Array(FIRST_ENTRIES), size: 0, depth: 0 }];
  #depth = 0;

  /** @param hashOf the hash that a slot was added with */
  constructor(hashOf: (slot: number) => number) {
    this.#hashOf = hashOf;
  }

  /** The slot of that hash that the rows accept, or -1. */
  find(hash: number, rows: { isSought(slot: number): boolean }): number {
    const { entries } = this.#pageOf(hash);
    const mask = entries.length - 1;
    const mark = hash & MARK;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const entry = entries[at] as number;
      if (entry === 0) return -1;
      if ((entry & MARK) === mark) {
        const slot = (entry & PLACE) - 1;
        if (rows.isSought(slot)) return slot;
      }
    }
  }

  add(hash: number, slot: number): void {
    for (;;) {
      const page = this.#pageOf(hash);
      if ((page.size + 1) * 10 <= page.entries.length * 7) {
        place(page, hash, slot);
        return;
      }
      if (page.entries.length < PAGE_ENTRIES || page.depth === MAX_DEPTH) this.#enlarge(page);
      else this.#split(page, hash);
    }
  }

  remove(hash: number, slot: number): void {
    const page = this.#pageOf(hash);
    const { entries } = page;
    const mask = entries.length - 1;
    let hole = hash & mask;
    while (((entries[hole] as number) & PLACE) !== slot + 1) hole = (hole + 1) & mask;
    // Closing the gap at once keeps every probe short; tombstones would pile up under a flood.
    for (let at = (hole + 1) & mask; entries[at] !== 0; at = (at + 1) & mask) {
      const entry = entries[at] as number;
      const known = (entry >>> DISTANCE_BITS) & FAR;
      const distance = known < FAR ? known : (at - this.#hashOf((entry & PLACE) - 1)) & mask;
      const gap = (at - hole) & mask;
      if (distance < gap) continue;
      entries[hole] = entryOf(entry, distance - gap, entry & PLACE);
      hole = at;
    }
    entries[hole] = 0;
    page.size -= 1;
  }

  #pageOf(hash: number): Page {
    return this.#directory[(hash >>> PAGE_BITS) & ((1 << this.#depth) - 1)] as Page;
  }

  #enlarge(page: Page): void {
    const before = page.entries;
    page.entries = new Int32Array(before.length * 2);
    page.size = 0;
    for (const entry of before) {
      if (entry !== 0) place(page, this.#hashOf((entry & PLACE) - 1), (entry & PLACE) - 1);
    }
  }

  #split(page: Page, hash: number): void {
    if (page.depth === this.#depth) {
      this.#directory = [...this.#directory, ...this.#directory];
      this.#depth += 1;
    }
    const bit = 1 << page.depth;
    const before = page.entries;
    page.depth += 1;
    page.entries = new Int32Array(PAGE_ENTRIES);
    page.size = 0;
    const other: Page = { entries: new Int32Array(PAGE_ENTRIES), size: 0, depth: page.depth };
    for (const entry of before) {
      if (entry === 0) continue;
      const slot = (entry & PLACE) - 1;
      const moved = this.#hashOf(slot);
      place(((moved >>> PAGE_BITS) & bit) === 0 ? page : other, moved, slot);
    }
    const first = ((hash >>> PAGE_BITS) & (bit - 1)) | bit;
    for (let at = first; at < this.#directory.length; at += bit * 2) this.#directory[at] = other;
  }
}

function place(page: Page, hash: number, slot: number): void {
  const { entries } = page;
  const mask = entries.length - 1;
  const home = hash & mask;
  let at = home;
  while (entries[at] !== 0) at = (at + 1) & mask;
  entries[at] = entryOf(hash, (at - home) & mask, slot + 1);
  page.size += 1;
}

/** @param marked the hash, or another entry of it */
function entryOf(marked: number, distance: number, placed: number): number {
  return (marked & MARK) | (Math.min(distance, FAR) << DISTANCE_BITS) | placed;
}
