import type { LimitKey, RuleState, RuleViolation, SlotRule } from './limit-store.ts';
import { fullTable, type Hold, LEASE_MS, type RuleTable } from './rule-table.ts';
import type { StoreTime } from './store-time.ts';
import { SweptMap } from './swept-map.ts';

/** Messages that are due at the same time. */
interface Cell {
  count: number;
  /** On the clock that never goes back, so that a calendar set forward cannot end a slot. */
  dueMs: number;
}

/** By due time, because clients with different windows cut time into different slots. */
type Cells = Map<number, Cell>;

/** Windows after its due time for which a message may be in a neighbouring slot of one that is due now. */
const KEPT_WINDOWS = 3;

/** Cells of one number that are looked at for room; ours. */
const CELLS_PER_LOOK = 16;
/** Different due times of one number; ours. */
const MAX_DUE_TIMES = 512;

/** Scheduled messages, counted where they are due: two neighbouring slots together hold at most `limit`. */
export class SlotTable implements RuleTable<SlotRule> {
  readonly shape: SlotRule;
  liveUntilMs = Number.NEGATIVE_INFINITY;
  readonly #time: StoreTime;
  readonly #keys: SweptMap<Cells>;
  /** The longest window seen. */
  #windowMs: number;

  constructor(rule: SlotRule, maxEntries: number, time: StoreTime) {
    this.shape = rule;
    this.#windowMs = rule.windowMs;
    this.#time = time;
    this.#keys = new SweptMap(maxEntries);
  }

  get size(): number {
    return this.#keys.size;
  }

  get maxSize(): number {
    return this.#keys.maxSize;
  }

  check(rule: SlotRule, nowMs: number, inserts: number): RuleViolation | undefined {
    this.#windowMs = Math.max(this.#windowMs, rule.windowMs);
    const observed = this.#observed(rule, nowMs);
    if (observed >= rule.limit) return { rule, reason: 'over-limit', observed };
    const cells = this.#keys.get(rule.key);
    if (cells?.has(rule.dueAt) === true) return undefined;
    // Every check looks at all of them, so there is a bound.
    if (cells !== undefined && cells.size >= MAX_DUE_TIMES) {
      this.#clean(cells, nowMs, MAX_DUE_TIMES);
      if (cells.size >= MAX_DUE_TIMES) return { rule, reason: 'capacity', observed };
    }
    let nextMs = Number.POSITIVE_INFINITY;
    const hasRoom = this.#keys.hasRoom(inserts, (cells) => {
      const endMs = this.#clean(cells, nowMs, CELLS_PER_LOOK);
      nextMs = Math.min(nextMs, endMs);
      return cells.size === 0;
    });
    return hasRoom ? undefined : fullTable(rule, observed, nextMs, nowMs);
  }

  write(rule: SlotRule, nowMs: number): Hold {
    const cells: Cells = this.#keys.get(rule.key) ?? new Map<number, Cell>();
    this.#keys.set(rule.key, cells);
    const dueMs = nowMs + Math.max(0, rule.dueAt - this.#time.epochMs());
    let cell = cells.get(rule.dueAt);
    if (cell === undefined) {
      cell = { count: 0, dueMs };
      cells.set(rule.dueAt, cell);
      this.#keys.size += 1;
    }
    cell.count += 1;
    cell.dueMs = Math.max(cell.dueMs, dueMs);
    this.liveUntilMs = Math.max(this.liveUntilMs, this.#endOf(cell), nowMs + LEASE_MS);
    return new SlotHold(cell);
  }

  inspect(rule: SlotRule, nowMs: number): RuleState {
    const count = this.#observed(rule, nowMs);
    return count >= rule.limit ? { rule, count } : { rule, count, retryAfterMs: 0 };
  }

  release(key: LimitKey): void {
    this.#keys.size -= this.#keys.get(key)?.size ?? 0;
    this.#keys.delete(key);
  }

  #endOf({ dueMs }: Cell): number {
    return dueMs + KEPT_WINDOWS * this.#windowMs;
  }

  #observed({ key, dueAt, windowMs }: SlotRule, nowMs: number): number {
    const slot = Math.floor(dueAt / windowMs);
    let [before, own, after] = [0, 0, 0];
    for (const [at, cell] of this.#keys.get(key) ?? []) {
      if (this.#endOf(cell) <= nowMs) continue;
      const distance = Math.floor(at / windowMs) - slot;
      if (distance === 0) own += cell.count;
      else if (distance === 1) after += cell.count;
      else if (distance === -1) before += cell.count;
    }
    return own + Math.max(before, after);
  }

  /** Looks at a few cells, the next ones at the next look. Returns when the first of them ends that is left. */
  #clean(cells: Cells, nowMs: number, most: number): number {
    let nextMs = Number.POSITIVE_INFINITY;
    let looked = 0;
    for (const [dueAt, cell] of cells) {
      looked += 1;
      if (looked > most) break;
      cells.delete(dueAt);
      if (cell.count > 0 && this.#endOf(cell) > nowMs) {
        cells.set(dueAt, cell);
        nextMs = Math.min(nextMs, this.#endOf(cell));
      } else this.#keys.size -= 1;
    }
    return nextMs;
  }
}

class SlotHold implements Hold {
  readonly #cell: Cell;

  constructor(cell: Cell) {
    this.#cell = cell;
  }

  keep(): void {}

  giveBack(): void {
    this.#cell.count -= 1;
  }
}
