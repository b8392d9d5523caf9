import { KeyMap } from './key-map.ts';
import type { LimitKey } from './limit-store.ts';

const STEPS = 2;
/** Enough to find one dead entry in 64 with every call, and a few microseconds at any fill. */
const STEPS_WHEN_FULL = 64;

/** A bounded map that never drops a live entry. It looks for dead ones a few at a time, round robin. */
export class SweptMap<Entry> {
  /** Total size of the entries, counted by the owner of the map. */
  size = 0;
  readonly maxSize: number;
  readonly #entries = new KeyMap<Entry>();

  constructor(maxSize: number) {
    this.maxSize = maxSize;
  }

  get(key: LimitKey): Entry | undefined {
    return this.#entries.get(key);
  }

  set(key: LimitKey, entry: Entry): void {
    this.#entries.set(key, entry);
  }

  delete(key: LimitKey): void {
    this.#entries.delete(key);
  }

  /**
   * Makes room: `clean` removes the dead parts of an entry, subtracts them from `size`, and returns whether the entry
   * is empty.
   */
  hasRoom(inserts: number, clean: (entry: Entry) => boolean): boolean {
    const most = this.size + inserts > this.maxSize ? STEPS_WHEN_FULL : STEPS;
    for (let steps = Math.min(most, this.#entries.size); steps > 0; steps -= 1) {
      const [key, entry] = this.#entries.next() as [LimitKey, Entry];
      if (clean(entry)) this.#entries.delete(key);
    }
    return this.size + inserts <= this.maxSize;
  }
}
