import type { Settlement, TakeRequest, TakeVerdict } from '../../limits/limit-store.ts';
import type { StoreTime } from '../../limits/store-time.ts';
import { toReturn } from './replay-jobs.ts';
import type { ReplayQueue } from './replay-queue.ts';

/** Handles replies that arrive after the caller stopped waiting. */
export interface LateReplies {
  /** Gives back whatever was taken, even if the call failed. */
  handleTake(scope: string, requests: readonly TakeRequest[], pending: Promise<readonly TakeVerdict[]>): void;
  /** Settles again only after a failure: a store may not recognise two concurrent settlements. */
  handleSettle(scope: string, settlements: readonly Settlement[], pending: Promise<void>): void;
}

/** When the queue is full the count stays too high until the window has passed. */
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
