import type { Settlement, TakeRequest, TakeVerdict } from '../../limits/limit-store.ts';
import type { StoreTime } from '../../limits/store-time.ts';
import { toReturn } from './replay-jobs.ts';
import type { ReplayQueue } from './replay-queue.ts';

/** What is done with answers that nobody waits for any more. */
export interface LateReplies {
  /** Whatever it took is given back, also when it says that it failed. */
  handleTake(scope: string, requests: readonly TakeRequest[], pending: Promise<readonly TakeVerdict[]>): void;
  /** Told again only when it has failed: a store may keep no memory of what was settled twice at one time. */
  handleSettle(scope: string, settlements: readonly Settlement[], pending: Promise<void>): void;
}

/** Without room in the outbox the count stays too high until the window has passed. */
export function createLateReplies(queue: ReplayQueue, time: StoreTime, onChange: () => void): LateReplies {
  function giveBack(scope: string, requests: readonly TakeRequest[]): void {
    queue.addSettlements(scope, requests.map(toReturn));
    onChange();
  }

  return {
    handleTake(scope, requests, pending) {
      pending.then(
        (verdicts) =>
          giveBack(
            scope,
            requests.filter((_, at) => verdicts[at]?.granted === true),
          ),
        () => giveBack(scope, requests),
      );
    },
    handleSettle(scope, settlements, pending) {
      const triedMs = time.monotonicMs();
      pending.catch(() => {
        queue.addSettlements(scope, settlements, triedMs);
        onChange();
      });
    },
  };
}
