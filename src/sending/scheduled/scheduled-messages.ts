import type { Call, Calls } from '../../call.ts';
import { type GuardDecision, SmsError } from '../../errors.ts';
import { maskedNumber, messageFields } from '../../guards/event-fields.ts';
import { guardError } from '../../guards/registry.ts';
import { mapLimited } from '../../internal/map-limited.ts';
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
   * Cancels at 8x8 what was scheduled before an opt-out and is covered by it. Returns what could not be cancelled. Never
   * throws.
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
        stopped = after.filter(({ id, isStopped }) => isStopped && entries.has(id));
        // They stay, claimed, until they are cancelled: an opt-out that is recorded again finds those that failed.
        const claimedUntil = clock.now() + CLAIM_MS;
        return after.map((entry) =>
          stopped.includes(entry) ? { ...entry, isStopped: false, claimedUntil } : entry,
        );
      },
      // The outcome of a message is recorded in any case.
      detachedCall(call),
    );
    return stopped;
  }

  return {
    async remember(messages, subAccountId, call) {
      if (!isOn) return undefined;
      const byNumber = new Map<
        number,
        { readonly message: PreparedMessage; readonly entry: ScheduledEntry }[]
      >();
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
        async settle(resultOf) {
          let hasFailed = false;
          await mapLimited([...byNumber.values()], NUMBERS_AT_ONCE, async (own) => {
            if (hasFailed) return;
            const { phone } = (own[0] as (typeof own)[number]).message;
            const outcomes = new Map(own.map(({ message, entry }) => [entry.id, resultOf(message)]));
            try {
              const stopped = await settleOne(phone, outcomes, call);
              if (stopped.length === 0) return;
              const options = { context: call.context, deadlineMs: CANCEL_DEADLINE_MS };
              await calls.cleanUp(options, (own) => cancelScheduled.cancelEntries(phone, stopped, own));
            } catch (error) {
              // The store has told of it. Later an opt-out finds the message without its umid, and reports it.
              if (!SmsError.isInstance(error)) throw error;
              hasFailed = true;
            }
          });
        },
      };
    },
    async cancel(phone, optOut, call) {
      return isOn ? cancelScheduled.cancelCovered(phone, optOut, call) : [];
    },
    forget: (phone, call) => records.forget(phone, call),
  };
}
