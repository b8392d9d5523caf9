import type { LimitKey, RuleState, RuleViolation, SlotRule } from './limit-store.ts';
import { type Hold, LEASE_MS, type RuleTable } from './rule-table.ts';
import type { StoreTime } from './store-time.ts';
import { SweptMap } from './swept-map.ts';

interface Cell {
  count: number;
  /** On the monotonic clock, so that a wall clock set forward cannot end a slot. */
  endsMs: number;
}

type Cells = Map<number, Cell>;

/** Counts scheduled messages at their due time: two neighbouring slots together hold at most `limit`. */
export class SlotTable implements RuleTable<SlotRule> {
  readonly shape: SlotRule;
  liveUntilMs = Number.NEGATIVE_INFINITY;
  readonly #time: StoreTime;
  readonly #keys: SweptMap<Cells>;

  constructor(rule: SlotRule, maxEntries: number, time: StoreTime) {
    this.shape = rule;
    this.#time = time;
    this.#keys = new SweptMap(maxEntries);
  }

  check(rule: SlotRule, nowMs: number, inserts: number): RuleViolation | undefined {
    const observed = this.#observed(rule, nowMs);
    if (observed >= rule.limit) return { rule, reason: 'over-limit', observed };
    if (this.#keys.get(rule.key)?.has(this.#slotOf(rule)) === true) return undefined;
    const hasRoom = this.#keys.hasRoom(inserts, (cells) => this.#clean(cells, nowMs));
    return hasRoom ? undefined : { rule, reason: 'capacity', observed };
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

  #clean(cells: Cells, nowMs: number): boolean {
    for (const [slot, cell] of cells) {
      if (cell.count > 0 && cell.endsMs > nowMs) continue;
      cells.delete(slot);
      this.#keys.size -= 1;
    }
    return cells.size === 0;
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
