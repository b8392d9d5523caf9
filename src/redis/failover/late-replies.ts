import type { Settlement, TakeRequest, TakeVerdict } from '../../limits/limit-store.ts';
import type { StoreTime } from '../../limits/store-time.ts';
import { toReturn } from './replay-jobs.ts';
import type { Outbox } from './replay-queue.ts';

/** What is done with answers that nobody waits for any more. */
export interface LateAnswers {
  /** Whatever it took is given back, also when it says that it failed. */
  ofTake(scope: string, requests: readonly TakeRequest[], asked: Promise<readonly TakeVerdict[]>): void;
  /** Told again only when it has failed: a store may keep no memory of what was settled twice at one time. */
  ofSettle(scope: string, settlements: readonly Settlement[], asked: Promise<void>): void;
}

/** Without room in the outbox the count stays too high until the window has passed. */
export function createLateAnswers(outbox: Outbox, time: StoreTime, onChange: () => void): LateAnswers {
  function giveBack(scope: string, requests: readonly TakeRequest[]): void {
    outbox.addSettlements(scope, requests.map(toReturn));
    onChange();
  }

  return {
    ofTake(scope, requests, asked) {
      asked.then(
        (verdicts) =>
          giveBack(
            scope,
            requests.filter((_, at) => verdicts[at]?.granted === true),
          ),
        () => giveBack(scope, requests),
      );
    },
    ofSettle(scope, settlements, asked) {
      const triedMs = time.monotonicMs();
      asked.catch(() => {
        outbox.addSettlements(scope, settlements, triedMs);
        onChange();
      });
    },
  };
}
