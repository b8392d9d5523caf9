import { metRules } from '../../limits/conditions.ts';
import type { DoubtStore } from '../../limits/doubt-store.ts';
import type {
  LimitRule,
  LimitStore,
  Settlement,
  TakeRequest,
  TakeVerdict,
} from '../../limits/limit-store.ts';
import type { RecordStore } from '../../limits/record-store.ts';
import { createStoreTime } from '../../limits/store-time.ts';
import type { Clock } from '../../types.ts';
import { storeFailure } from '../check/server-warnings.ts';
import { abortedError, type CallOptions, createAvailability, isCallerError } from './availability.ts';
import { createFailoverEvents } from './failover-events.ts';
import { type FallbackChoice, recordOnly, withoutDoubt } from './fallback-rules.ts';
import { createFallbackStore } from './fallback-store.ts';
import { createLateReplies } from './late-replies.ts';
import { createEmitLimits, type LimitsEventListener } from './limits-event.ts';
import { toReturn } from './replay-jobs.ts';
import { createReplayQueue } from './replay-queue.ts';
import { createWriteBack } from './write-back.ts';

export interface FailoverStoreConfig {
  /** The shared store. Throws when the server does not answer; every call eventually settles. */
  readonly remote: LimitStore;
  readonly onStoreError: 'refuse' | FallbackChoice;
  readonly timeoutMs: number;
  readonly clock: Clock | undefined;
  readonly onEvent: LimitsEventListener | undefined;
  /**
   * Milliseconds that the first reply may take, from the first call on.
   *
   * @default 0
   */
  readonly startupMs?: number | undefined;
}

export interface FailoverStore extends LimitStore {
  /** Whether the shared store does not answer, or failed its last take. */
  isSuspect(): boolean;
}

/** Most messages per deadline; our number. A larger batch goes in parts, one after the other. */
const MAX_PART = 500;

function partsOf<Item>(items: readonly Item[]): (readonly Item[])[] {
  if (items.length <= MAX_PART) return [items];
  const count = Math.ceil(items.length / MAX_PART);
  return Array.from({ length: count }, (_, at) => items.slice(at * MAX_PART, (at + 1) * MAX_PART));
}

/**
 * Bounds every call to the shared store. While the store is down, refuses everything, or lets this process count on its
 * own until the shared store is back and has been written back to.
 */
export function createFailoverStore(config: FailoverStoreConfig): FailoverStore {
  const { remote, onStoreError, timeoutMs, clock } = config;
  // Real time, whatever the clock of the team says: the server has its own clock, and waits are real.
  const time = createStoreTime(undefined);
  const emit = createEmitLimits(config.onEvent, () => (clock ?? Date).now());
  const availability = createAvailability(time, emit, config.startupMs);
  // A store that refuses everything grants nothing, so nothing is written back.
  const queue = createReplayQueue(time, (rule) =>
    onStoreError === 'refuse' ? rule : recordOnly(rule, onStoreError),
  );
  const local = onStoreError === 'refuse' ? undefined : createFallbackStore(onStoreError, clock);
  const lateReplies = createLateReplies(queue, time, onStep);
  const writeBack = createWriteBack({
    remote,
    availability: availability,
    queue: queue,
    timeoutMs,
    onStep: onStep,
    onNotWrittenBack: () => events.reportNotWrittenBack(),
  });
  const events = createFailoverEvents(availability, queue, emit, local === undefined ? 'refuse' : 'local');

  const failure = (consequence: string) => storeFailure(availability.lastFailure().cause, consequence);

  function onStep(): void {
    events.update();
    writeBack.start();
  }

  async function callRemote<Value>(work: () => Promise<Value>, options: Partial<CallOptions> = {}) {
    try {
      return await availability.call(work, { timeoutMs, isTake: false, ...options });
    } finally {
      onStep();
    }
  }

  async function takeLocally(
    scope: string,
    requests: readonly TakeRequest[],
  ): Promise<readonly TakeVerdict[]> {
    if (local === undefined) {
      throw failure('No message was admitted. Nothing was sent.');
    }
    const verdicts = await local.take(scope, requests);
    requests.forEach(({ reservation, rules }, at) => {
      const verdict = verdicts[at];
      if (verdict?.granted !== true) return;
      const request = { reservation, rules: withoutDoubt(metRules(rules, verdict.noted)) };
      if (!queue.addGrant(scope, request)) events.reportNotWrittenBack();
    });
    onStep();
    return verdicts;
  }

  async function settleShared(scope: string, settlements: readonly Settlement[]): Promise<void> {
    let asking: Promise<void> | undefined;
    const reply = await callRemote(() => {
      asking = remote.settle(scope, settlements);
      return asking;
    });
    if (reply.hasReply) return;
    if (asking !== undefined) lateReplies.handleSettle(scope, settlements, asking);
    else if (!queue.addSettlements(scope, settlements)) {
      throw failure('The queue for it is full, so the takes stay counted.');
    }
  }

  /**
   * Milliseconds left to call the shared store, or undefined while grants of this process are missing there: it would
   * grant the same again.
   */
  async function remainingMs(signal: AbortSignal | undefined): Promise<number | undefined> {
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
    const restMs = queue.pendingGrants() === 0 ? timeoutMs : await remainingMs(signal);
    if (restMs === undefined) return takeLocally(scope, requests);
    let unanswered: Promise<readonly TakeVerdict[]> | undefined;
    function work(): Promise<readonly TakeVerdict[]> {
      unanswered = remote.take(scope, requests);
      return unanswered;
    }
    try {
      const reply = await callRemote(work, { timeoutMs: restMs, isTake: true, signal });
      // After the local grant: write back first, then give back.
      if (!reply.hasReply) return await takeLocally(scope, requests);
      const mirroring = local?.mirror(scope, requests, reply.value);
      if (mirroring !== undefined) await mirroring;
      unanswered = undefined;
      return reply.value;
    } catch (error) {
      if (isCallerError(error)) unanswered = undefined;
      throw error;
    } finally {
      if (unanswered !== undefined) lateReplies.handleTake(scope, requests, unanswered);
    }
  }

  /** Gives back in the background, for a call that throws after some of its parts were granted. */
  async function giveBack(scope: string, requests: readonly TakeRequest[]): Promise<void> {
    const settlements = requests.map(toReturn);
    await local?.settle(scope, settlements);
    queue.addSettlements(scope, queue.absorb(settlements));
    onStep();
  }

  /**
   * A process alone keeps no records, whatever `onStoreError` says: two processes would accept one code twice. Nor does it
   * keep doubt: who enters a code in another process would be a stranger here who did not.
   */
  async function callShared<Value>(consequence: string, work: () => Promise<Value>): Promise<Value> {
    const reply = await callRemote(work);
    if (reply.hasReply) return reply.value;
    throw failure(consequence);
  }

  function failoverRecords(records: RecordStore): RecordStore {
    return {
      read: (...args) => callShared('Nothing was read.', () => records.read(...args)),
      write: (...args) => callShared('A record may have been written.', () => records.write(...args)),
      remove: (...args) => callShared('A record may have been removed.', () => records.remove(...args)),
    };
  }

  function failoverDoubts(doubts: DoubtStore): DoubtStore {
    return {
      enter: (...args) => callShared('An outcome may not be counted.', () => doubts.enter(...args)),
      alerts: (...args) => callShared('Nothing was read.', () => doubts.alerts(...args)),
      lift: (...args) => callShared('A place may not be lifted.', () => doubts.lift(...args)),
      trust: (...args) => callShared('A place may not be trusted.', () => doubts.trust(...args)),
      forget: (...args) => callShared('A person may not be forgotten.', () => doubts.forget(...args)),
    };
  }

  return {
    isSuspect: availability.isSuspect,
    records: remote.records && failoverRecords(remote.records),
    doubts: remote.doubts && failoverDoubts(remote.doubts),

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
      const settling = local?.settle(scope, settlements);
      if (settling !== undefined) await settling;
      const rest = queue.absorb(settlements);
      for (const part of partsOf(rest)) if (part.length > 0) await settleShared(scope, part);
      onStep();
    },

    async inspect(scope, rules) {
      if (queue.pendingGrants() === 0) {
        const reply = await callRemote(() => remote.inspect(scope, rules));
        if (reply.hasReply) return reply.value;
      }
      if (local !== undefined) return local.inspect(scope, rules);
      throw failure('Nothing was read.');
    },

    async release(scope: string, rules: readonly LimitRule[]) {
      await local?.release(scope, rules);
      queue.release(scope, rules);
      const reply = await callRemote(() => remote.release(scope, rules));
      if (reply.hasReply) return;
      // Not replayed later: a late release would also forget what others have counted meanwhile.
      const outcome =
        local === undefined
          ? 'Nothing was released.'
          : 'The limits were released in this process only. Release them again later.';
      throw failure(outcome);
    },

    async close() {
      await writeBack.stop(timeoutMs);
      await remote.close?.();
    },
  };
}
