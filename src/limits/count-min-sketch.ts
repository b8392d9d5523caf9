const ROWS = 4;

/**
 * Counts the rows that were folded out of a full table. It can only over-count. Four cells per key, conservative
 * update, two generations of one window each: a folded amount counts for one to two windows.
 */
export class CountMinSketch {
  readonly #width: number;
  readonly #periodMs: number;
  readonly #ceiling: number;
  #current: Uint8Array | Float64Array;
  #previous: Uint8Array | Float64Array;
  #endsMs: number;
  /** Increases by one whenever a generation is dropped. */
  generation = 0;

  /** Counts up to 255 take one byte per cell (2.1 MB in total), amounts a double. */
  constructor(periodMs: number, nowMs: number, amounts: boolean) {
    // With 2^18 cells per row, a flood of a million numbers refuses fewer than 1 in 1,000 honest first sends
    // (measured).
    this.#width = amounts ? 2 ** 16 : 2 ** 18;
    this.#ceiling = amounts ? Number.MAX_SAFE_INTEGER : 255;
    this.#periodMs = periodMs;
    const cells = this.#width * ROWS;
    this.#current = amounts ? new Float64Array(cells) : new Uint8Array(cells);
    this.#previous = amounts ? new Float64Array(cells) : new Uint8Array(cells);
    this.#endsMs = nowMs + periodMs;
  }

  /** When the older and the newer generation are dropped. */
  get dropsMs(): readonly [number, number] {
    return [this.#endsMs, this.#endsMs + this.#periodMs];
  }

  /** Drops expired generations. Call before reading. */
  advance(nowMs: number): void {
    if (nowMs < this.#endsMs) return;
    const spare = this.#previous.fill(0);
    if (nowMs < this.#endsMs + this.#periodMs) {
      this.#previous = this.#current;
      this.#current = spare;
      this.#endsMs += this.#periodMs;
      this.generation += 1;
    } else {
      this.#current.fill(0);
      this.#endsMs = nowMs + this.#periodMs;
      this.generation += 2;
    }
  }

  /** Adds an amount that must count until `untilMs`. */
  fold(hash: number, amount: number, untilMs: number): void {
    const cells = this.#current;
    const total = Math.min(this.#ceiling, this.#lowest(cells, hash) + amount);
    for (let row = 0; row < ROWS; row += 1) {
      const at = this.#cell(hash, row);
      if ((cells[at] as number) < total) cells[at] = total;
    }
    if (untilMs - this.#periodMs > this.#endsMs) this.#endsMs = untilMs - this.#periodMs;
  }

  older(hash: number): number {
    return this.#lowest(this.#previous, hash);
  }

  newer(hash: number): number {
    return this.#lowest(this.#current, hash);
  }

  #lowest(cells: Uint8Array | Float64Array, hash: number): number {
    let lowest = this.#ceiling;
    for (let row = 0; row < ROWS; row += 1) {
      const value = cells[this.#cell(hash, row)] as number;
      if (value < lowest) lowest = value;
    }
    return lowest;
  }

  #cell(hash: number, row: number): number {
    const step = Math.imul(hash ^ 0x3c6ef372, 0x9e3779b1) | 1;
    const spread = Math.imul(hash + Math.imul(row, step), 0x85ebca6b);
    return row * this.#width + (((spread ^ (spread >>> 15)) >>> 0) & (this.#width - 1));
  }
}
