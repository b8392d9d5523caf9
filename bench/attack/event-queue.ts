interface Entry<Event> {
  readonly atMs: number;
  readonly serial: number;
  readonly event: Event;
}

/** The next event: a binary heap. Events of one time come in the order in which they were added. */
export class EventQueue<Event> {
  readonly #entries: Entry<Event>[] = [];
  #serial = 0;

  /** When the next event is; infinity for none. */
  get nextMs(): number {
    return this.#entries[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  add(atMs: number, event: Event): void {
    const entry = { atMs, serial: this.#serial, event };
    this.#serial += 1;
    const entries = this.#entries;
    let index = entries.length;
    entries.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(entry, entries[parent] as Entry<Event>)) break;
      entries[index] = entries[parent] as Entry<Event>;
      index = parent;
    }
    entries[index] = entry;
  }

  take(): Event | undefined {
    const entries = this.#entries;
    const first = entries[0];
    const last = entries.pop();
    if (first === undefined || last === undefined || entries.length === 0) return first?.event;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= entries.length) break;
      const right = entries[child + 1];
      if (right !== undefined && isBefore(right, entries[child] as Entry<Event>)) child += 1;
      const smaller = entries[child] as Entry<Event>;
      if (!isBefore(smaller, last)) break;
      entries[index] = smaller;
      index = child;
    }
    entries[index] = last;
    return first.event;
  }
}

function isBefore<Event>(one: Entry<Event>, other: Entry<Event>): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.serial < other.serial);
}
