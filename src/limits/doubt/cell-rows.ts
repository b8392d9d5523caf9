import type { Seed } from '../key-hash.ts';
import { PAYLOAD, RowTable } from '../row-table.ts';
import { type Cell, endOf, newCell } from './cell.ts';

/** Words of a row after its header: nine doubles and three counts. */
const PAYLOAD_WORDS = 21;
const IS_ALERT = PAYLOAD;
/** Offset from the start of a row, in doubles. */
const FIRST_DOUBLE = (PAYLOAD + 1) / 2;
const YOUNG = PAYLOAD + 1 + 18;
const EARLIER = YOUNG + 1;

/**
 * Cells of one kind of place, about 115 bytes each. A full table counts in no new place, and never forgets a live one for it:
 * countries and the pool, which have no row, still hold whoever comes.
 */
export class CellRows {
  readonly #rows: RowTable;
  readonly #perDay: number;
  readonly #swept: Cell = newCell();
  #sweptMs = 0;
  /** Reads no more of a cell than tells when it ends. */
  readonly #isDead = (slot: number): boolean => {
    const { words, doubles } = this.#rows.chunkOf(slot);
    const start = this.#rows.startOf(slot);
    const first = (start >>> 1) + FIRST_DOUBLE;
    const swept = this.#swept;
    swept.doubt = doubles[first] as number;
    swept.atMs = doubles[first + 1] as number;
    swept.endedMs = doubles[first + 5] as number;
    swept.isAlert = words[start + IS_ALERT] === 1;
    return endOf(swept, this.#perDay) <= this.#sweptMs;
  };

  /** @param perDay doubt that a day takes back */
  constructor(perDay: number, maxRows: number, seed: Seed) {
    this.#rows = new RowTable(PAYLOAD_WORDS, maxRows, seed);
    this.#perDay = perDay;
  }

  get size(): number {
    return this.#rows.size;
  }

  get maxSize(): number {
    return this.#rows.maxRows;
  }

  /** Reads the cell of a key; false when it has none. */
  load(key: number, cell: Cell): boolean {
    const slot = this.#rows.find(key);
    if (slot < 0) return false;
    this.#read(slot, cell);
    return true;
  }

  /** Writes a cell that has a row, or for which there is room. */
  save(key: number, cell: Cell, nowMs: number): void {
    let slot = this.#rows.find(key);
    if (slot < 0) {
      this.#sweptMs = nowMs;
      this.#rows.sweep(this.#isDead);
      if (this.#rows.isFull) return;
      slot = this.#rows.insert(key);
    }
    const { words, doubles } = this.#rows.chunkOf(slot);
    const start = this.#rows.startOf(slot);
    const first = (start >>> 1) + FIRST_DOUBLE;
    // One by one: a loop over the names takes three times as long.
    doubles[first] = cell.doubt;
    doubles[first + 1] = cell.atMs;
    doubles[first + 2] = cell.minute;
    doubles[first + 3] = cell.alertMs;
    doubles[first + 4] = cell.budget;
    doubles[first + 5] = cell.endedMs;
    doubles[first + 6] = cell.pauseMs;
    doubles[first + 7] = cell.nextMs;
    doubles[first + 8] = cell.score;
    words[start + IS_ALERT] = cell.isAlert ? 1 : 0;
    words[start + YOUNG] = cell.young;
    words[start + EARLIER] = cell.earlier;
  }

  remove(key: number): void {
    const slot = this.#rows.find(key);
    if (slot >= 0) this.#rows.remove(slot);
  }

  /** Visits every cell with its key. The cell is the same object each time. */
  forEach(visit: (key: number, cell: Cell) => void): void {
    const cell = newCell();
    this.#rows.forEach((slot) => {
      this.#read(slot, cell);
      const { doubles } = this.#rows.chunkOf(slot);
      visit(doubles[this.#rows.startOf(slot) >>> 1] as number, cell);
    });
  }

  #read(slot: number, cell: Cell): void {
    const { words, doubles } = this.#rows.chunkOf(slot);
    const start = this.#rows.startOf(slot);
    const first = (start >>> 1) + FIRST_DOUBLE;
    cell.doubt = doubles[first] as number;
    cell.atMs = doubles[first + 1] as number;
    cell.minute = doubles[first + 2] as number;
    cell.alertMs = doubles[first + 3] as number;
    cell.budget = doubles[first + 4] as number;
    cell.endedMs = doubles[first + 5] as number;
    cell.pauseMs = doubles[first + 6] as number;
    cell.nextMs = doubles[first + 7] as number;
    cell.score = doubles[first + 8] as number;
    cell.isAlert = words[start + IS_ALERT] === 1;
    cell.young = words[start + YOUNG] as number;
    cell.earlier = words[start + EARLIER] as number;
  }
}
