import type { Call, Calls } from '../../call.ts';
import { type GuardDecision, SmsError } from '../../errors.ts';
import { maskedNumber, messageFields } from '../../guards/event-fields.ts';
import { guardError } from '../../guards/registry.ts';
import { mapLimited } from '../../internal/map-limited.ts';
import { wait } from '../../internal/wait.ts';
import { detachedCall, type Limiter } from '../../limits/limiter.ts';
import type { Phone } from '../../phone/normalise-phone.ts';
import type { PreparedMessage } from '../prepare.ts';
import type { SendResult } from '../results.ts';
import {
  type CancelScheduledConfig,
  CLAIM_MS,
  createCancelScheduled,
  type OptOut,
  type ScheduledMessageRef,
} from './cancel-scheduled.ts';
import type { ScheduledEntry } from './scheduled-entry.ts';
import { createScheduledRecords } from './scheduled-records.ts';

/** Scheduled messages that were remembered before they are written. */
export interface RememberedMessages {
  /** Those for which there was no room, or no store: they must not be sent, because no opt-out could reach them. */
  readonly refused: ReadonlyMap<PreparedMessage, SmsError>;
  /**
   * Records the outcome of each message; one without a result was not sent. A message that an opt-out reached while
   * it was being sent is cancelled. Never throws.
   */
  settle(resultOf: (message: PreparedMessage) => SendResult | undefined): Promise<void>;
}

/** Remembers scheduled messages until they are due, so that an opt-out can cancel them. */
export interface ScheduledMessages {
  /** @param subAccountId the one that sends them. Never throws an `SmsError`. */
  remember(
    messages: readonly PreparedMessage[],
    subAccountId: string,
    call: Call,
  ): Promise<RememberedMessages | undefined>;
  /**
   * Cancels at 8x8 what an opt-out covers; without a ledger, only what was scheduled before it. Returns what could not be
   * cancelled.
   *
   * @throws StoreError the messages could not be looked up: the opt-out has to be recorded again
   * @throws SmsError the call ended
   */
  cancel(phone: Phone, optOut: OptOut, call: Call): Promise<readonly ScheduledMessageRef[]>;
  /** Forgets the messages of a number, which are sent as they were scheduled. */
  forget(phone: Phone, call: Call): Promise<void>;
}

export interface ScheduledMessagesConfig extends Omit<CancelScheduledConfig, 'records'> {
  readonly calls: Calls;
  readonly limiter: Limiter;
  /** Whether the consent guard is on. Without it no opt-out counts, and nothing is remembered. */
  readonly isOn: boolean;
}

/** Numbers whose records are changed at a time. */
const NUMBERS_AT_ONCE = 32;
/** Time limit for cancelling messages that an opt-out reached while they were being sent. */
const CANCEL_DEADLINE_MS = 30_000;
/** How long outcomes are recorded again that the store could not take, and how often: a failover takes some seconds. */
const RECORD_DEADLINE_MS = 30_000;
const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 4_000;

/** The scheduled messages of one number, and their entries. */
type OfNumber = readonly { readonly message: PreparedMessage; readonly entry: ScheduledEntry }[];

export function createScheduledMessages(config: ScheduledMessagesConfig): ScheduledMessages {
  const { calls, limiter, clock, emit } = config;
  const records = createScheduledRecords(limiter, clock);
  const cancelScheduled = createCancelScheduled({ ...config, records });
  const isOn = config.isOn && limiter.keepsRecords;

  function refusal(message: PreparedMessage, retryAfterMs: number | undefined, call: Call): SmsError {
    const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
    const decision: GuardDecision = {
      guard: 'consent',
      reason: 'capacity',
      mode: 'enforce',
      ...maskedNumber(message.phone),
      explanation:
        'There is no room to remember this scheduled message, so an opt-out could not cancel it. Schedule it when earlier ones to this number are due; if the store itself is full, give it more room (maxRecordBytes).',
      ...wait,
    };
    emit({ type: 'message-blocked', ...messageFields(message), decision }, call.context, message.phone);
    return guardError(decision, decision.explanation, message.clientMessageId);
  }

  function entryOf(message: PreparedMessage, subAccountId: string): ScheduledEntry {
    const { clientMessageId, purpose, content } = message;
    return {
      id: crypto.randomUUID().slice(0, 8),
      clientMessageId,
      umid: '',
      state: 's',
      dueAt: content?.scheduledAt as number,
      madeAt: clock.now(),
      purpose,
      source: content?.source ?? '',
      subAccountId,
      isStopped: false,
      claimedUntil: 0,
    };
  }

  /** Records the outcomes for one number; returns what an opt-out reached meanwhile. */
  async function settleOne(
    phone: Phone,
    entries: ReadonlyMap<string, SendResult | undefined>,
    claimedUntil: number,
    call: Call,
  ): Promise<readonly ScheduledEntry[]> {
    const settled = (entry: ScheduledEntry): readonly ScheduledEntry[] => {
      if (!entries.has(entry.id)) return [entry];
      const result = entries.get(entry.id);
      if (result?.status === 'accepted') return [{ ...entry, state: 'a', umid: result.umid }];
      const isUnknown = result?.status === 'failed' && result.error.submission === 'unknown';
      return isUnknown ? [{ ...entry, state: 'u' }] : [];
    };
    let stopped: readonly ScheduledEntry[] = [];
    await records.change(
      phone,
      (all) => {
        const after = all.flatMap(settled);
        // Those with this very claim are of a try before, whose answer was lost.
        const isOwn = (entry: ScheduledEntry) => entry.isStopped || entry.claimedUntil === claimedUntil;
        stopped = after.filter((entry) => entries.has(entry.id) && isOwn(entry));
        // They stay, claimed, until they are cancelled: an opt-out that is recorded again finds those that failed.
        return after.map((entry) =>
          stopped.includes(entry) ? { ...entry, isStopped: false, claimedUntil } : entry,
        );
      },
      // The outcome of a message is recorded in any case.
      detachedCall(call),
    );
    return stopped;
  }

  /** Records the outcomes of all numbers; those that the store does not take are recorded later. */
  async function settleAll(
    open: Set<OfNumber>,
    resultOf: (message: PreparedMessage) => SendResult | undefined,
    call: Call,
  ): Promise<void> {
    const { context } = call;
    const claimedUntil = clock.now() + CLAIM_MS;

    async function settleNumber(own: OfNumber): Promise<void> {
      const { phone } = (own[0] as OfNumber[number]).message;
      const outcomes = new Map(own.map(({ message, entry }) => [entry.id, resultOf(message)]));
      const stopped = await settleOne(phone, outcomes, claimedUntil, call);
      open.delete(own);
      if (stopped.length === 0) return;
      await calls.cleanUp({ context, deadlineMs: CANCEL_DEADLINE_MS }, (cancelling) =>
        cancelScheduled.cancelEntries(phone, stopped, cancelling),
      );
    }

    /** False when the store failed, which has its own event. */
    async function trySettling(own: OfNumber): Promise<boolean> {
      try {
        await settleNumber(own);
        return true;
      } catch (error) {
        if (!SmsError.isInstance(error)) throw error;
        return false;
      }
    }

    async function settleLater(recording: Call): Promise<void> {
      for (let retryMs = FIRST_RETRY_MS; open.size > 0; retryMs = Math.min(retryMs * 2, MAX_RETRY_MS)) {
        await wait(retryMs, recording.signal);
        for (const own of open) if (!(await trySettling(own))) break;
      }
    }

    // A store that hangs is asked once, and not for every number.
    let hasFailed = false;
    await mapLimited([...open], NUMBERS_AT_ONCE, async (own) => {
      if (!hasFailed && !(await trySettling(own))) hasFailed = true;
    });
    if (open.size === 0) return;
    // In the background: the outcome of the send is known. Until then an opt-out finds the messages without their umid.
    calls.cleanUp({ context, deadlineMs: RECORD_DEADLINE_MS }, settleLater).catch(() => {});
  }

  return {
    async remember(messages, subAccountId, call) {
      if (!isOn) return undefined;
      const byNumber = new Map<number, OfNumber>();
      for (const message of messages) {
        if (message.content?.scheduledAt === undefined) continue;
        const { key } = message.phone;
        const own = { message, entry: entryOf(message, subAccountId) };
        byNumber.set(key, [...(byNumber.get(key) ?? []), own]);
      }
      if (byNumber.size === 0) return undefined;
      const refused = new Map<PreparedMessage, SmsError>();
      // A store that hangs is asked once, and not for every number.
      let failure: SmsError | undefined;
      await mapLimited([...byNumber.values()], NUMBERS_AT_ONCE, async (own) => {
        const { phone } = (own[0] as (typeof own)[number]).message;
        try {
          if (failure !== undefined) throw failure;
          const more = own.map(({ entry }) => entry);
          const answer = await records.change(phone, (entries) => [...entries, ...more], call);
          if ('before' in answer) return;
          for (const { message } of own) refused.set(message, refusal(message, answer.retryAfterMs, call));
        } catch (error) {
          if (!SmsError.isInstance(error)) throw error;
          failure = error;
          for (const { message } of own) refused.set(message, error);
        }
      });
      return {
        refused,
        settle: (resultOf) => settleAll(new Set(byNumber.values()), resultOf, call),
      };
    },
    async cancel(phone, optOut, call) {
      return isOn ? cancelScheduled.cancelCovered(phone, optOut, call) : [];
    },
    forget: (phone, call) => records.forget(phone, call),
  };
}
