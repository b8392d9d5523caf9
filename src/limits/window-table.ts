import { BUCKET_WORDS, BucketTable } from './bucket-table.ts';
import { ExactLogTable } from './exact-log-table.ts';
import type { Seed } from './key-hash.ts';
import {
  EXACT_LOG_LIMIT,
  type LimitKey,
  type RuleState,
  type RuleViolation,
  type WindowRule,
} from './limit-store.ts';
import { RowTable } from './row-table.ts';
import type { Hold, RuleTable } from './rule-table.ts';

export interface TableSizes {
  readonly maxRecipients: number;
  readonly maxEntries: number;
  readonly maxIdempotencyKeys: number;
}

/** The counters of one window ID: an exact log as long as every limit fits into one, then sub-buckets. */
export class WindowTable implements RuleTable<WindowRule> {
  readonly shape: WindowRule;
  #counters: ExactLogTable | BucketTable;

  constructor(rule: WindowRule, { maxRecipients, maxEntries }: TableSizes, seed: Seed) {
    this.shape = rule;
    const isExact = rule.weighted !== true && rule.limit <= EXACT_LOG_LIMIT;
    this.#counters = isExact
      ? new ExactLogTable(rule, maxRecipients, seed)
      : new BucketTable(rule, new RowTable(BUCKET_WORDS, maxEntries, seed));
  }

  get liveUntilMs(): number {
    return this.#counters.liveUntilMs;
  }

  get size(): number {
    return this.#counters.rows.size;
  }

  get maxSize(): number {
    return this.#counters.rows.maxRows;
  }

  /** Also for a limit that is too large for the log: the log still holds everything counted so far. */
  check(rule: WindowRule, nowMs: number, inserts: number): RuleViolation | undefined {
    return this.#counters.check(rule, nowMs, inserts);
  }

  write(rule: WindowRule, nowMs: number): Hold {
    if (rule.limit > EXACT_LOG_LIMIT && this.#counters instanceof ExactLogTable) {
      this.#counters = this.#counters.toBuckets(rule, nowMs);
    }
    return this.#counters.write(rule, nowMs);
  }

  inspect(rule: WindowRule, nowMs: number): RuleState {
    return this.#counters.inspect(rule, nowMs);
  }

  release(key: LimitKey): void {
    this.#counters.release(key);
  }
}
