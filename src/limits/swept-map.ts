import type { LimitKey } from './limit-store.ts';

const STEPS = 2;
const STEPS_WHEN_FULL = 1024;

/** A bounded map that never drops a live entry. It looks for dead ones a few at a time, round robin. */
export class SweptMap<Entry> {
  /** Total size of the entries, counted by the owner of the map. */
  size = 0;
  readonly #maxSize: number;
  readonly #entries = new Map<LimitKey, Entry>();
  #cursor: Iterator<[LimitKey, Entry]> = this.#entries.entries();

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
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
    const steps = this.size + inserts > this.#maxSize ? STEPS_WHEN_FULL : STEPS;
    for (let step = 0; step < steps && this.#entries.size > 0; step += 1) {
      let next = this.#cursor.next();
      if (next.done) {
        this.#cursor = this.#entries.entries();
        next = this.#cursor.next();
      }
      const [key, entry] = next.value as [LimitKey, Entry];
      if (clean(entry)) this.#entries.delete(key);
    }
    return this.size + inserts <= this.#maxSize;
  }
}
