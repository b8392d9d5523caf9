import { StoreError } from '../../errors.ts';
import { isWritten, metRules } from '../../limits/conditions.ts';
import type {
  LimitRule,
  LimitStore,
  RuleViolation,
  Settlement,
  TakeRequest,
  TakeVerdict,
} from '../../limits/limit-store.ts';
import {
  type MemoryLimitStore,
  type MemoryLimitsOptions,
  memoryLimits,
  ownMemoryStore,
} from '../../limits/memory-limits.ts';
import type { Clock } from '../../types.ts';
import {
  canDecideAlone,
  type FallbackChoice,
  isDoubt,
  recordOnly,
  shareOf,
  withoutDoubt,
} from './fallback-rules.ts';

/** The counts of one process: grants of the shared store to it, and its own. */
export interface FallbackStore extends Pick<LimitStore, 'release'> {
  /**
   * Decides on its own, over its share of every limit.
   *
   * @throws StoreError a rule needs all processes to count together
   */
  take(scope: string, requests: readonly TakeRequest[]): Promise<readonly TakeVerdict[]>;
  /**
   * Records grants of the shared store, so that they use up the share. Every send does this, so a few messages are recorded at
   * once, without a promise.
   *
   * @throws StoreError one ID is used for two rules, or there are far too many IDs
   */
  mirror(
    scope: string,
    requests: readonly TakeRequest[],
    verdicts: readonly TakeVerdict[],
  ): Promise<void> | undefined;
  /** As that of a store; a few settlements at once, without a promise. */
  settle(scope: string, settlements: readonly Settlement[]): Promise<void> | undefined;
  /** @throws StoreError as `take` */
  inspect: LimitStore['inspect'];
}

const NONE: readonly RuleViolation[] = [];
const NO_RULES: readonly LimitRule[] = [];

function isAmong(violations: readonly RuleViolation[], { id, key }: LimitRule): boolean {
  return violations.some(({ rule }) => rule.id === id && rule.key === key);
}

function notCounted(error: unknown): StoreError {
  return new StoreError(
    `The grant could not be counted in this process: ${(error as Error).message} Nothing was sent.`,
  );
}

export function createFallbackStore(
  choice: FallbackChoice,
  clock: Clock | undefined,
  sizes: Pick<MemoryLimitsOptions, 'maxRecipients' | 'maxEntries'> = {},
): FallbackStore {
  const store = ownMemoryStore(memoryLimits({ clock, ...sizes })) as MemoryLimitStore;
  let copyCount = 0;

  function refuseUndecidable(rules: readonly LimitRule[]): void {
    const rule = rules.find((each) => !canDecideAlone(each, choice));
    if (rule === undefined) return;
    throw new StoreError(
      `The shared limit store does not answer, and one process alone cannot enforce "${rule.id}". Nothing was sent.`,
    );
  }

  function sharesOf(rules: readonly LimitRule[]): LimitRule[] {
    return withoutDoubt(rules).map((rule) => shareOf(rule, choice));
  }

  /** Mirrors only the rules that the shared store has written. */
  function copyOf({ reservation, rules }: TakeRequest, verdict: TakeVerdict): TakeRequest {
    const { observed, noted = NONE } = verdict;
    const copied: LimitRule[] = [];
    for (const rule of metRules(rules, noted)) {
      if (!isWritten(rule) || isDoubt(rule) || !canDecideAlone(rule, choice)) continue;
      if (!isAmong(observed, rule) && !isAmong(noted, rule)) copied.push(recordOnly(rule, choice));
    }
    return { reservation, rules: copied };
  }

  /** There was no room for a `once` rule: the other rules of its message count at once and are never given back. */
  async function countOnly(scope: string, copies: readonly TakeRequest[]): Promise<void> {
    const counted = copies.map(({ rules }) => {
      copyCount += 1;
      return { reservation: `copy-${copyCount}`, rules: rules.filter(({ kind }) => kind !== 'once') };
    });
    await store.take(scope, counted);
    await store.settle(
      scope,
      counted.map((request) => ({ ...request, outcome: 'keep' })),
    );
  }

  function takeAtOnce(scope: string, copies: readonly TakeRequest[]): boolean {
    try {
      return store.takeNow(scope, copies)?.every(({ granted }) => granted) === true;
    } catch (error) {
      throw notCounted(error);
    }
  }

  async function takeAll(
    scope: string,
    copies: readonly TakeRequest[],
    once: readonly LimitRule[],
  ): Promise<void> {
    try {
      if (once.length > 0) await store.release(scope, once);
      const copied = await store.take(scope, copies);
      const left = copies.filter((_, at) => copied[at]?.granted !== true);
      if (left.length > 0) await countOnly(scope, left);
    } catch (error) {
      throw notCounted(error);
    }
  }

  return {
    settle: (scope, settlements) =>
      store.settleNow(scope, settlements) ? undefined : store.settle(scope, settlements),
    release: (scope, rules) => store.release(scope, rules),

    async take(scope, requests) {
      for (const { rules } of requests) refuseUndecidable(rules);
      return store.take(
        scope,
        requests.map(({ reservation, rules }) => ({ reservation, rules: sharesOf(rules) })),
      );
    },

    mirror(scope, requests, verdicts) {
      const copies: TakeRequest[] = [];
      let once = NO_RULES;
      for (const [at, request] of requests.entries()) {
        const verdict = verdicts[at];
        if (verdict?.granted !== true) continue;
        const copy = copyOf(request, verdict);
        copies.push(copy);
        // The shared store has granted it, so any local record under its key is out of date.
        for (const rule of copy.rules) if (rule.kind === 'once') once = [...once, rule];
      }
      if (copies.length === 0) return undefined;
      // A refusal is remembered, so it stays one when the rest is done.
      if (once.length === 0 && takeAtOnce(scope, copies)) return undefined;
      return takeAll(scope, copies, once);
    },

    async inspect(scope, rules) {
      refuseUndecidable(rules);
      return store.inspect(
        scope,
        rules.map((rule) => shareOf(rule, choice)),
      );
    },
  };
}
