import { StoreError } from '../../errors.ts';
import type {
  LimitRule,
  LimitStore,
  Settlement,
  TakeRequest,
  TakeVerdict,
} from '../../limits/limit-store.ts';
import { createStoreTime } from '../../limits/store-time.ts';
import type { Clock } from '../../types.ts';
import { type AskOptions, abortedError, createGate, isCallersFault } from './availability.ts';
import { createSwitches } from './failover-events.ts';
import { type LocalChoice, unrefused } from './fallback-rules.ts';
import { createLocalStore } from './fallback-store.ts';
import { createLateAnswers } from './late-replies.ts';
import { createEmitLimits, type LimitsEventListener } from './limits-event.ts';
import { toReturn } from './replay-jobs.ts';
import { createOutbox } from './replay-queue.ts';
import { createWriteBack } from './write-back.ts';

export interface GuardedStoreConfig {
  /** The shared store. It throws when it cannot answer; every call of it ends one day. */
  readonly remote: LimitStore;
  readonly onStoreError: 'refuse' | LocalChoice;
  readonly timeoutMs: number;
  readonly clock: Clock | undefined;
  readonly onEvent: LimitsEventListener | undefined;
}

export interface GuardedStore extends LimitStore {
  /** The shared store does not answer, or did not when it was asked last. */
  isDoubted(): boolean;
}

/** Most messages that one deadline is for; ours. A larger batch goes in parts, one after the other. */
const MAX_PART = 500;

function partsOf<Item>(items: readonly Item[]): (readonly Item[])[] {
  if (items.length <= MAX_PART) return [items];
  const count = Math.ceil(items.length / MAX_PART);
  return Array.from({ length: count }, (_, at) => items.slice(at * MAX_PART, (at + 1) * MAX_PART));
}

/**
 * A shared store that answers in time or is left alone: then everything is refused, or this process counts by itself
 * until the shared store is back and has been told.
 */
export function createGuardedStore(config: GuardedStoreConfig): GuardedStore {
  const { remote, onStoreError, timeoutMs, clock } = config;
  // The server counts by its own time, and waits are real ones, whatever the clock of the team says.
  const time = createStoreTime(undefined);
  const emit = createEmitLimits(config.onEvent, () => (clock ?? Date).now());
  const gate = createGate(time, emit);
  // Nothing is granted, and so nothing written back, when everything is refused.
  const outbox = createOutbox(time, (rule) =>
    onStoreError === 'refuse' ? rule : unrefused(rule, onStoreError),
  );
  const local = onStoreError === 'refuse' ? undefined : createLocalStore(onStoreError, clock);
  const late = createLateAnswers(outbox, time, look);
  const writeBack = createWriteBack({
    remote,
    gate,
    outbox,
    timeoutMs,
    onStep: look,
    onUntold: () => switches.tellUntold(),
  });
  const switches = createSwitches(gate, outbox, emit, local === undefined ? 'refuse' : 'local');

  function look(): void {
    switches.look();
    writeBack.start();
  }

  async function ask<Answer>(work: () => Promise<Answer>, options: Partial<AskOptions> = {}) {
    try {
      return await gate.ask(work, { timeoutMs, isTake: false, ...options });
    } finally {
      look();
    }
  }

  async function takeAlone(scope: string, requests: readonly TakeRequest[]): Promise<readonly TakeVerdict[]> {
    if (local === undefined) {
      throw new StoreError(
        'The shared limit store does not answer, so no message was let through. Nothing was sent.',
      );
    }
    const verdicts = await local.take(scope, requests);
    requests.forEach((request, at) => {
      if (verdicts[at]?.granted === true && !outbox.addGrant(scope, request)) switches.tellUntold();
    });
    look();
    return verdicts;
  }

  async function settleShared(scope: string, settlements: readonly Settlement[]): Promise<void> {
    let asking: Promise<void> | undefined;
    const asked = await ask(() => {
      asking = remote.settle(scope, settlements);
      return asking;
    });
    if (asked.isAnswered) return;
    if (asking !== undefined) late.ofSettle(scope, settlements, asking);
    else if (!outbox.addSettlements(scope, settlements)) {
      throw new StoreError(
        'The shared limit store does not answer, and too much waits for it. What was taken stays taken.',
      );
    }
  }

  /**
   * Milliseconds that are left to ask the shared store; undefined when it does not count all that was granted without it,
   * and so would grant the same again.
   */
  async function leftMs(signal: AbortSignal | undefined): Promise<number | undefined> {
    const startedMs = time.monotonicMs();
    try {
      if (!(await writeBack.catchUp(timeoutMs / 2, signal))) return undefined;
    } catch {
      throw abortedError();
    }
    return Math.max(timeoutMs / 2, timeoutMs - (time.monotonicMs() - startedMs));
  }

  async function takePart(
    scope: string,
    requests: readonly TakeRequest[],
    signal: AbortSignal | undefined,
  ): Promise<readonly TakeVerdict[]> {
    const restMs = outbox.grants() === 0 ? timeoutMs : await leftMs(signal);
    if (restMs === undefined) return takeAlone(scope, requests);
    let unanswered: Promise<readonly TakeVerdict[]> | undefined;
    function work(): Promise<readonly TakeVerdict[]> {
      unanswered = remote.take(scope, requests);
      return unanswered;
    }
    try {
      const asked = await ask(work, { timeoutMs: restMs, isTake: true, signal });
      // After the grant of this process alone: what is written back comes first, what is given back second.
      if (!asked.isAnswered) return await takeAlone(scope, requests);
      await local?.copy(scope, requests, asked.value);
      unanswered = undefined;
      return asked.value;
    } catch (error) {
      if (isCallersFault(error)) unanswered = undefined;
      throw error;
    } finally {
      if (unanswered !== undefined) late.ofTake(scope, requests, unanswered);
    }
  }

  /** For a call that throws after some of its parts were granted. Nobody waits for it. */
  async function giveBack(scope: string, requests: readonly TakeRequest[]): Promise<void> {
    const settlements = requests.map(toReturn);
    await local?.settle(scope, settlements);
    outbox.addSettlements(scope, outbox.sort(settlements));
    look();
  }

  return {
    isDoubted: gate.isDoubted,

    async take(scope, requests, options) {
      const signal = options?.signal;
      const verdicts: TakeVerdict[] = [];
      for (const part of partsOf(requests)) {
        try {
          if (signal?.aborted === true) throw abortedError();
          verdicts.push(...(await takePart(scope, part, signal)));
        } catch (error) {
          await giveBack(
            scope,
            requests.filter((_, at) => verdicts[at]?.granted === true),
          );
          throw error;
        }
      }
      return verdicts;
    },

    async settle(scope, settlements) {
      await local?.settle(scope, settlements);
      const rest = outbox.sort(settlements);
      for (const part of partsOf(rest)) if (part.length > 0) await settleShared(scope, part);
      look();
    },

    async inspect(scope, rules) {
      if (outbox.grants() === 0) {
        const asked = await ask(() => remote.inspect(scope, rules));
        if (asked.isAnswered) return asked.value;
      }
      if (local !== undefined) return local.inspect(scope, rules);
      throw new StoreError('The shared limit store does not answer, so nothing was read.');
    },

    async release(scope: string, rules: readonly LimitRule[]) {
      await local?.release(scope, rules);
      outbox.release(scope, rules);
      const asked = await ask(() => remote.release(scope, rules));
      if (asked.isAnswered) return;
      // Not told later: it would also forget what others have counted meanwhile.
      throw new StoreError(
        local === undefined
          ? 'The shared limit store does not answer, so nothing was released.'
          : 'The shared limit store does not answer, so the limits were released in this process only. Release them again later.',
      );
    },

    async close() {
      await writeBack.stop(timeoutMs);
      await remote.close?.();
    },
  };
}
