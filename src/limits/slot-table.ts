import type { LimitKey, RuleState, RuleViolation, SlotRule } from './limit-store.ts';
import { fullTable, type Hold, LEASE_MS, type RuleTable } from './rule-table.ts';
import type { StoreTime } from './store-time.ts';
import { SweptMap } from './swept-map.ts';

interface Cell {
  count: number;
  /** On the clock that never goes back, so that a calendar set forward cannot end a slot. */
  endsMs: number;
}

type Cells = Map<number, Cell>;

/** Cells of one number that are looked at for room; ours. */
const CELLS_PER_LOOK = 16;

/** Scheduled messages, counted where they are due: two neighbouring slots together hold at most `limit`. */
export class SlotTable implements RuleTable<SlotRule> {
  readonly shape: SlotRule;
  liveUntilMs = Number.NEGATIVE_INFINITY;
  isFilling = false;
  readonly #time: StoreTime;
  readonly #keys: SweptMap<Cells>;

  constructor(rule: SlotRule, maxEntries: number, time: StoreTime) {
    this.shape = rule;
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
    const observed = this.#observed(rule, nowMs);
    if (observed >= rule.limit) return { rule, reason: 'over-limit', observed };
    if (this.#keys.get(rule.key)?.has(this.#slotOf(rule)) === true) return undefined;
    let nextMs = Number.POSITIVE_INFINITY;
    const hasRoom = this.#keys.hasRoom(inserts, (cells) => {
      const endMs = this.#clean(cells, nowMs);
      nextMs = Math.min(nextMs, endMs);
      return cells.size === 0;
    });
    return hasRoom ? undefined : fullTable(rule, observed, nextMs, nowMs);
  }

  write(rule: SlotRule, nowMs: number): Hold {
    const slot = this.#slotOf(rule);
    const cells: Cells = this.#keys.get(rule.key) ?? new Map<number, Cell>();
    this.#keys.set(rule.key, cells);
    const dueInMs = Math.max(0, (slot + 2) * rule.windowMs - this.#time.epochMs());
    const endsMs = nowMs + dueInMs + rule.windowMs;
    let cell = cells.get(slot);
    if (cell === undefined) {
      cell = { count: 0, endsMs };
      cells.set(slot, cell);
      this.#keys.size += 1;
    }
    cell.count += 1;
    cell.endsMs = Math.max(cell.endsMs, endsMs);
    this.liveUntilMs = Math.max(this.liveUntilMs, endsMs, nowMs + LEASE_MS);
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

  #slotOf(rule: SlotRule): number {
    return Math.floor(rule.dueAt / rule.windowMs);
  }

  #observed(rule: SlotRule, nowMs: number): number {
    const cells = this.#keys.get(rule.key);
    if (cells === undefined) return 0;
    const slot = this.#slotOf(rule);
    const countOf = (at: number): number => {
      const cell = cells.get(at);
      return cell !== undefined && cell.endsMs > nowMs ? cell.count : 0;
    };
    return countOf(slot) + Math.max(countOf(slot - 1), countOf(slot + 1));
  }

  /** Looks at a few cells, the next ones at the next look. Returns when the first of them ends that is left. */
  #clean(cells: Cells, nowMs: number): number {
    let nextMs = Number.POSITIVE_INFINITY;
    let looked = 0;
    for (const [slot, cell] of cells) {
      looked += 1;
      if (looked > CELLS_PER_LOOK) break;
      cells.delete(slot);
      if (cell.count > 0 && cell.endsMs > nowMs) {
        cells.set(slot, cell);
        nextMs = Math.min(nextMs, cell.endsMs);
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
