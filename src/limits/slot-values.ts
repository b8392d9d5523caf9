/** Values of a full page: copying them when the page grows takes microseconds, where an array of a million stops for 10 ms. */
const PAGE_BITS = 12;
const PAGE_MASK = (1 << PAGE_BITS) - 1;

/** Values beside the rows of a table, by slot, in pages, so that growing never copies more than a page. */
export class SlotValues<Value> {
  readonly #pages: (Value | undefined)[][] = [];

  get(slot: number): Value | undefined {
    return this.#pages[slot >>> PAGE_BITS]?.[slot & PAGE_MASK];
  }

  set(slot: number, value: Value): void {
    const at = slot >>> PAGE_BITS;
    let page = this.#pages[at];
    if (page === undefined) {
      page = [];
      this.#pages[at] = page;
    }
    page[slot & PAGE_MASK] = value;
  }

  delete(slot: number): void {
    const page = this.#pages[slot >>> PAGE_BITS];
    if (page?.[slot & PAGE_MASK] !== undefined) page[slot & PAGE_MASK] = undefined;
  }
}
