import type { BlockRule, LimitKey, RuleState, RuleViolation } from './limit-store.ts';
import { fullTable, type Hold, LEASE_MS, type RuleTable } from './rule-table.ts';
import { SweptMap } from './swept-map.ts';

interface Block {
  /** Latest end of the kept activations. */
  keptUntilMs: number;
  /** Ends of the open activations. */
  readonly open: number[];
}

function untilMs({ keptUntilMs, open }: Block): number {
  return open.reduce((latest, endMs) => Math.max(latest, endMs), keptUntilMs);
}

/**
 * Keys that are blocked for a time. A key holds the end of every open activation beside the latest end that was kept, so
 * returning one leaves the state as if it had never been taken. Bounded by keys; only an activation may find no room.
 */
export class BlockTable implements RuleTable<BlockRule> {
  readonly shape: BlockRule;
  liveUntilMs = Number.NEGATIVE_INFINITY;
  readonly #blocks: SweptMap<Block>;

  constructor(rule: BlockRule, maxEntries: number) {
    this.shape = rule;
    this.#blocks = new SweptMap(maxEntries);
  }

  get size(): number {
    return this.#blocks.size;
  }

  get maxSize(): number {
    return this.#blocks.maxSize;
  }

  check(rule: BlockRule, nowMs: number, inserts: number): RuleViolation | undefined {
    const block = this.#blocks.get(rule.key);
    if (rule.activate !== true) {
      const retryAfterMs = block === undefined ? 0 : leftMs(block, nowMs);
      return retryAfterMs === 0 ? undefined : { rule, reason: 'blocked-number', observed: 1, retryAfterMs };
    }
    if (block !== undefined) return undefined;
    let nextMs = Number.POSITIVE_INFINITY;
    const hasRoom = this.#blocks.hasRoom(inserts, (other) => {
      nextMs = Math.min(nextMs, untilMs(other));
      return this.#clean(other, nowMs);
    });
    return hasRoom ? undefined : fullTable(rule, 0, nextMs, nowMs);
  }

  write({ key, windowMs, activate }: BlockRule, nowMs: number): Hold | undefined {
    if (activate !== true) return undefined;
    let block = this.#blocks.get(key);
    if (block === undefined) {
      block = { keptUntilMs: Number.NEGATIVE_INFINITY, open: [] };
      this.#blocks.set(key, block);
      this.#blocks.size += 1;
    }
    const endMs = nowMs + windowMs;
    block.open.push(endMs);
    this.liveUntilMs = Math.max(this.liveUntilMs, endMs, nowMs + LEASE_MS);
    return new BlockHold(this, key, block, endMs);
  }

  inspect(rule: BlockRule, nowMs: number): RuleState {
    const block = this.#blocks.get(rule.key);
    const retryAfterMs = block === undefined ? 0 : leftMs(block, nowMs);
    return { rule, count: retryAfterMs === 0 ? 0 : 1, retryAfterMs };
  }

  release(key: LimitKey): void {
    if (this.#blocks.get(key) !== undefined) this.#delete(key);
  }

  settle(key: LimitKey, block: Block, endMs: number, isKept: boolean): void {
    block.open.splice(block.open.indexOf(endMs), 1);
    if (isKept) block.keptUntilMs = Math.max(block.keptUntilMs, endMs);
    // A different block means that the key, and this activation with it, was released or swept in the meantime.
    const isEmpty = block.open.length === 0 && block.keptUntilMs === Number.NEGATIVE_INFINITY;
    if (isEmpty && this.#blocks.get(key) === block) this.#delete(key);
  }

  #delete(key: LimitKey): void {
    this.#blocks.delete(key);
    this.#blocks.size -= 1;
  }

  #clean(block: Block, nowMs: number): boolean {
    if (leftMs(block, nowMs) > 0) return false;
    this.#blocks.size -= 1;
    return true;
  }
}

/** Whole milliseconds until the block ends, 0 when it has ended. */
function leftMs(block: Block, nowMs: number): number {
  return Math.max(0, Math.ceil(untilMs(block) - nowMs));
}

class BlockHold implements Hold {
  readonly #table: BlockTable;
  readonly #key: LimitKey;
  readonly #block: Block;
  readonly #endMs: number;

  constructor(table: BlockTable, key: LimitKey, block: Block, endMs: number) {
    this.#table = table;
    this.#key = key;
    this.#block = block;
    this.#endMs = endMs;
  }

  keep(): void {
    this.#table.settle(this.#key, this.#block, this.#endMs, true);
  }

  giveBack(): void {
    this.#table.settle(this.#key, this.#block, this.#endMs, false);
  }
}
