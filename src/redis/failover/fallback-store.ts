import { StoreError } from '../../errors.ts';
import { isWritten, metRules } from '../../limits/conditions.ts';
import type { LimitRule, LimitStore, TakeRequest, TakeVerdict } from '../../limits/limit-store.ts';
import { type MemoryLimitsOptions, memoryLimits } from '../../limits/memory-limits.ts';
import type { Clock } from '../../types.ts';
import { canDecideAlone, type FallbackChoice, recordOnly, shareOf, withoutDoubt } from './fallback-rules.ts';

/** The counts of one process: grants of the shared store to it, and its own. */
export interface FallbackStore extends Pick<LimitStore, 'settle' | 'release'> {
  /**
   * Decides on its own, over its share of every limit.
   *
   * @throws StoreError a rule needs all processes to count together
   */
  take(scope: string, requests: readonly TakeRequest[]): Promise<readonly TakeVerdict[]>;
  /**
   * Records grants of the shared store, so that they use up the share.
   *
   * @throws StoreError one ID is used for two rules, or there are far too many IDs
   */
  mirror(scope: string, requests: readonly TakeRequest[], verdicts: readonly TakeVerdict[]): Promise<void>;
  /** @throws StoreError as `take` */
  inspect: LimitStore['inspect'];
}

export function createFallbackStore(
  choice: FallbackChoice,
  clock: Clock | undefined,
  sizes: Pick<MemoryLimitsOptions, 'maxRecipients' | 'maxEntries'> = {},
): FallbackStore {
  const store = memoryLimits({ clock, ...sizes });
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
    const { observed, noted = [] } = verdict;
    const isOver = (rule: LimitRule) =>
      [...observed, ...noted].some(({ rule: other }) => other.id === rule.id && other.key === rule.key);
    const written = withoutDoubt(metRules(rules, noted)).filter(
      (rule) => isWritten(rule) && canDecideAlone(rule, choice) && !isOver(rule),
    );
    return { reservation, rules: written.map((rule) => recordOnly(rule, choice)) };
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

  return {
    settle: (scope, settlements) => store.settle(scope, settlements),
    release: (scope, rules) => store.release(scope, rules),

    async take(scope, requests) {
      for (const { rules } of requests) refuseUndecidable(rules);
      return store.take(
        scope,
        requests.map(({ reservation, rules }) => ({ reservation, rules: sharesOf(rules) })),
      );
    },

    async mirror(scope, requests, verdicts) {
      const copies = requests.flatMap((request, at) => {
        const verdict = verdicts[at];
        return verdict?.granted === true ? [copyOf(request, verdict)] : [];
      });
      if (copies.length === 0) return;
      // The shared store has granted it, so any local record under its key is out of date.
      const once = copies.flatMap(({ rules }) => rules.filter(({ kind }) => kind === 'once'));
      try {
        if (once.length > 0) await store.release(scope, once);
        const copied = await store.take(scope, copies);
        const left = copies.filter((_, at) => copied[at]?.granted !== true);
        if (left.length > 0) await countOnly(scope, left);
      } catch (error) {
        throw new StoreError(
          `The grant could not be counted in this process: ${(error as Error).message} Nothing was sent.`,
        );
      }
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
