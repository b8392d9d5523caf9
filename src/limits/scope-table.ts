import type { DoubtNotice } from './doubt-store.ts';
import type { LimitRule } from './limit-store.ts';
import type { RuleTable } from './rule-table.ts';

const NO_NOTICES: readonly DoubtNotice[] = Object.freeze([]);

/** A table of one scope, with what the store keeps of it: every rule of every message asks for it. */
export class ScopeTable {
  readonly table: RuleTable;
  /** That of the table. */
  readonly shape: LimitRule;
  readonly #isOfDoubt: boolean;
  /** A request of this time has asked for it. */
  #usedMs = Number.NEGATIVE_INFINITY;
  #isFilling = false;
  #takesUntilLook = 0;

  constructor(table: RuleTable) {
    this.table = table;
    this.shape = table.shape;
    this.#isOfDoubt = table.shape.kind === 'doubt';
  }

  /** Until the request is decided the table is in use, however little is in it. */
  use(nowMs: number): void {
    this.#usedMs = nowMs;
  }

  /** Whether no counter of it matters any more. */
  isIdle(nowMs: number): boolean {
    return Math.max(this.table.liveUntilMs, this.#usedMs + 1) <= nowMs;
  }

  /** Whether the take of one rule made it 80 % full. It says so once, and again only after it was under 70 %. */
  hasFilled(): boolean {
    if (this.#takesUntilLook > 0) {
      this.#takesUntilLook -= 1;
      return false;
    }
    const { size, maxSize } = this.table;
    if (this.#isFilling) {
      this.#isFilling = size * 10 >= maxSize * 7;
      return false;
    }
    this.#isFilling = size * 10 >= maxSize * 8;
    // A take adds one entry at most; to doubt, outcomes add some too.
    if (!this.#isFilling && !this.#isOfDoubt) this.#takesUntilLook = Math.ceil((maxSize * 8) / 10) - size - 1;
    return this.#isFilling;
  }

  /** Observations since the last look. */
  takeNotices(): readonly DoubtNotice[] {
    return this.#isOfDoubt ? (this.table.takeNotices?.() ?? NO_NOTICES) : NO_NOTICES;
  }
}
