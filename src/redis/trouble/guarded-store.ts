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
import { abortedError, createGate, isCallersFault } from './gate.ts';
import { createLateAnswers } from './late-answers.ts';
import { createEmitLimits, type LimitsEventListener } from './limits-event.ts';
import { type LocalChoice, unrefused } from './local-rules.ts';
import { createLocalStore } from './local-store.ts';
import { createOutbox } from './outbox.ts';
import { createWriteBack } from './write-back.ts';

export interface GuardedStoreConfig {
  /** The shared store. It throws when it cannot answer; every call of it ends one day. */
  readonly remote: LimitStore;
  readonly onStoreError: 'refuse' | LocalChoice;
  readonly timeoutMs: number;
  readonly clock: Clock | undefined;
  readonly onEvent: LimitsEventListener | undefined;
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
export function createGuardedStore(config: GuardedStoreConfig): LimitStore {
  const { remote, onStoreError, timeoutMs, clock } = config;
  const time = createStoreTime(clock);
  const emit = createEmitLimits(config.onEvent, () => time.epochMs());
  const gate = createGate(time, emit);
  // Nothing is granted, and so nothing written back, when everything is refused.
  const outbox = createOutbox(time, (rule) =>
    onStoreError === 'refuse' ? rule : unrefused(rule, onStoreError),
  );
  const local = onStoreError === 'refuse' ? undefined : createLocalStore(onStoreError, clock);
  const late = createLateAnswers(outbox, look);
  const writeBack = createWriteBack({ remote, gate, outbox, late, timeoutMs, emit, onStep: look });
  let isAway = false;
  let isOverfull = false;

  /** Whoever decides now; told when it changes. */
  function look(): void {
    const wasAway = isAway;
    isAway = gate.isOpen() || outbox.hasGrants();
    if (isAway && !wasAway) {
      emit({ type: 'limits-switched', to: local === undefined ? 'refuse' : 'local', ...gate.trouble() });
    }
    if (!isAway && wasAway) {
      emit({ type: 'limits-switched', to: 'shared', reason: 'recovered' });
      isOverfull = false;
    }
    writeBack.start();
  }

  async function ask<Answer>(work: () => Promise<Answer>, signal?: AbortSignal | undefined) {
    try {
      return await gate.ask(work, timeoutMs, signal);
    } finally {
      look();
    }
  }

  function tellOverfull(): void {
    if (!isOverfull) emit({ type: 'grants-not-written-back' });
    isOverfull = true;
  }

  async function takeAlone(scope: string, requests: readonly TakeRequest[]): Promise<readonly TakeVerdict[]> {
    if (local === undefined) {
      throw new StoreError(
        'The shared limit store does not answer, so no message was let through. Nothing was sent.',
      );
    }
    const verdicts = await local.take(scope, requests);
    requests.forEach((request, at) => {
      if (verdicts[at]?.granted === true && !outbox.addGrant(scope, request)) tellOverfull();
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
    else if (!outbox.addSettlements(scope, settlements, false)) {
      throw new StoreError(
        'The shared limit store does not answer, and too much waits for it. What was taken stays taken.',
      );
    }
  }

  async function takePart(
    scope: string,
    requests: readonly TakeRequest[],
    signal: AbortSignal | undefined,
  ): Promise<readonly TakeVerdict[]> {
    // Until the shared store counts what was granted without it, it would grant the same again.
    if (outbox.hasGrants()) return takeAlone(scope, requests);
    let unanswered: Promise<readonly TakeVerdict[]> | undefined;
    function work(): Promise<readonly TakeVerdict[]> {
      unanswered = remote.take(scope, requests);
      return unanswered;
    }
    try {
      const asked = await ask(work, signal);
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
    const settlements = requests.map(
      ({ reservation, rules }): Settlement => ({ reservation, rules, outcome: 'return' }),
    );
    await local?.settle(scope, settlements);
    outbox.addSettlements(scope, outbox.sort(settlements), false);
    look();
  }

  return {
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
      if (!outbox.hasGrants()) {
        const asked = await ask(() => remote.inspect(scope, rules));
        if (asked.isAnswered) return asked.value;
      }
      if (local !== undefined) return local.inspect(scope, rules);
      throw new StoreError('The shared limit store does not answer, so nothing was read.');
    },

    async release(scope: string, rules: readonly LimitRule[]) {
      await local?.release(scope, rules);
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
      writeBack.stop();
      await remote.close?.();
    },
  };
}
