import { CountMinSketch } from './count-min-sketch.ts';
import type { LimitKey } from './limit-store.ts';
import type { RowTable } from './row-table.ts';
import type { Expiry } from './rule-table.ts';

/** Most releases remembered against the sketch. Past it the oldest is forgotten, which is only stricter. */
const MAX_FORGIVEN = 1024;

interface Share {
  readonly older: number;
  readonly newer: number;
}

const NOTHING: Share = { older: 0, newer: 0 };

/**
 * Over-counting sketch of the rows that a full window table gave up. Counts never return to a row that is created again: they
 * would be folded twice and lock the number out. Costs nothing until the first fold.
 */
export class WindowFold {
  readonly #rows: RowTable;
  readonly #windowMs: number;
  readonly #amounts: boolean;
  /** Fold of the table that was used before this one; only read. */
  readonly #former: WindowFold | undefined;
  #sketch: CountMinSketch | undefined;
  /** Counts of released keys at the time of the release, because nothing can be removed from a sketch. */
  #forgiven: Map<LimitKey, Share & { readonly generation: number }> | undefined;

  constructor(rows: RowTable, windowMs: number, amounts: boolean, former?: WindowFold) {
    this.#rows = rows;
    this.#windowMs = windowMs;
    this.#amounts = amounts;
    this.#former = former;
  }

  fold(slot: number, amount: number, untilMs: number, nowMs: number): void {
    this.#sketch ??= new CountMinSketch(this.#windowMs, nowMs, this.#amounts);
    this.#sketch.fold(this.#rows.hashOf(slot), amount, untilMs);
  }

  countOf(key: LimitKey, nowMs: number): number {
    const former = this.#former === undefined ? 0 : this.#former.countOf(key, nowMs);
    if (this.#sketch === undefined) return former;
    this.#sketch.advance(nowMs);
    const { older, newer } = this.#shareOf(this.#sketch, key);
    return older + newer + former;
  }

  /** When the folded part stops counting. Call after `countOf`, with what it gave. */
  expiries(key: LimitKey, folded: number): Expiry[] {
    if (folded === 0) return [];
    const former = this.#former === undefined ? [] : this.#former.expiries(key, folded);
    if (this.#sketch === undefined) return former;
    const { older, newer } = this.#shareOf(this.#sketch, key);
    const [olderDropsMs, newerDropsMs] = this.#sketch.dropsMs;
    return [{ atMs: olderDropsMs, amount: older }, { atMs: newerDropsMs, amount: newer }, ...former];
  }

  release(key: LimitKey): void {
    this.#former?.release(key);
    const sketch = this.#sketch;
    if (sketch === undefined) return;
    const hash = this.#rows.hashKey(key);
    this.#forgiven ??= new Map();
    this.#forgiven.delete(key);
    this.#forgiven.set(key, {
      generation: sketch.generation,
      older: sketch.older(hash),
      newer: sketch.newer(hash),
    });
    for (const first of this.#forgiven.keys()) {
      if (this.#forgiven.size <= MAX_FORGIVEN) break;
      this.#forgiven.delete(first);
    }
  }

  #shareOf(sketch: CountMinSketch, key: LimitKey): Share {
    const hash = this.#rows.hashKey(key);
    const forgiven = this.#forgivenOf(sketch, key);
    return { older: sketch.older(hash) - forgiven.older, newer: sketch.newer(hash) - forgiven.newer };
  }

  #forgivenOf(sketch: CountMinSketch, key: LimitKey): Share {
    const forgiven = this.#forgiven?.get(key);
    if (forgiven === undefined) return NOTHING;
    const age = sketch.generation - forgiven.generation;
    if (age === 0) return forgiven;
    if (age === 1) return { older: forgiven.newer, newer: 0 };
    this.#forgiven?.delete(key);
    return NOTHING;
  }
}
