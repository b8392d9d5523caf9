import type {
  ConnectionFailure,
  GuardDecision,
  RestrictionName,
  SmsErrorCode,
  Submission,
  WebhookFailure,
} from './errors.ts';
import type { CostFields } from './guards/message-cost.ts';
import type { RestrictionReason } from './guards/reasons.ts';
import type { ReportError } from './internal/user-code.ts';
import type { DoubtPlace } from './limits/doubt-store.ts';
import type { Trace } from './telemetry/operations.ts';
import type { Purpose } from './types.ts';

interface EventBase {
  /** Epoch milliseconds from `clock.now`. */
  readonly at: number;
}

interface MessageEventBase extends EventBase {
  readonly clientMessageId: string;
  /** Masked, for example `+65******67`. */
  readonly destination: string;
  /** The recipient's country, ISO 3166-1 alpha-2; absent when the number has none or cannot be read. */
  readonly country?: string;
  /** Calling code of the number, for example `65`; absent when the number cannot be read. */
  readonly callingCode?: string;
  readonly purpose: Purpose;
}

interface AttemptEventBase extends EventBase {
  /** The method of the client, for example `messages.send`. */
  readonly operation: string;
  readonly method: string;
  readonly host: string;
  /** Template of the path, which contains no values. */
  readonly path: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly clientMessageId?: string;
}

/** Reason why a scheduled message to a person who opted out could not be cancelled. */
export type ScheduledNotCancelledReason = 'unknown-outcome' | 'already-sent' | 'failed';

/**
 * Every decision and attempt, as data to log, count or trace. An event has only the fields listed here: no text, no
 * key, no complete number.
 */
export type SmsEvent =
  | (MessageEventBase & { readonly type: 'message-admitted' })
  | (MessageEventBase & CostFields & { readonly type: 'message-blocked'; readonly decision: GuardDecision })
  /** A guard in monitor mode would have refused. */
  | (MessageEventBase & { readonly type: 'guard-observed'; readonly decision: GuardDecision })
  /** A client that `restrict` has narrowed was asked for an operation, a message or an option that it may not have. */
  | (EventBase & {
      readonly type: 'operation-refused';
      /** The method, for example `exports.run`. */
      readonly operation: string;
      readonly restriction: RestrictionName;
      readonly reason: RestrictionReason;
    })
  | (MessageEventBase &
      CostFields & { readonly type: 'message-sent'; readonly umid: string; readonly attempts: number })
  /** A level of an amount of `guards.budget` was reached. Raised once by all processes that share the limit store. */
  | (EventBase & {
      readonly type: 'budget-level';
      /** The scope of the amount: all messages, one country, one purpose. */
      readonly of: 'all' | 'country' | 'purpose';
      readonly country?: string;
      readonly purpose?: Purpose;
      readonly period: 'hour' | 'day' | 'month';
      readonly percent: 50 | 80 | 95 | 100;
      readonly spent: number;
      readonly limit: number;
      /** ISO 4217. */
      readonly currency: string;
    })
  /**
   * A purpose costs far more in this hour than in the busiest one that this process has seen. Nothing was refused
   * because of it.
   */
  | (EventBase & {
      readonly type: 'budget-alarm';
      readonly purpose: Purpose;
      readonly spent: number;
      readonly usual: number;
      /** ISO 4217. */
      readonly currency: string;
    })
  /** `guards.budget` counts with `unknownPrice`, because a price is not known. At most once per hour. */
  | (EventBase & {
      readonly type: 'prices-unknown';
      readonly reason: 'not-loaded' | 'no-price' | 'other-currency';
      readonly country?: string;
    })
  /** A prepaid account has less than `guards.budget.minBalance`. */
  | (EventBase & {
      readonly type: 'balance-low';
      readonly balance: number;
      readonly minimum: number;
      /** ISO 4217. */
      readonly currency: string;
    })
  /** The guard `human` verified a token. `reason` is the verifier's name of the failure. */
  | (MessageEventBase & {
      readonly type: 'human-checked';
      readonly outcome: 'passed' | 'failed' | 'unavailable';
      readonly reason?: string;
      /** From 0 to 1, where there is a score. */
      readonly score?: number;
    })
  /** A text may contain an unfilled placeholder. It was not refused, because it may be intended. */
  | (MessageEventBase & { readonly type: 'possible-placeholder' })
  /** The guard `quietHours` schedules the message at 8x8, for `scheduledAt` (epoch milliseconds). A later guard may still refuse it. */
  | (MessageEventBase & {
      readonly type: 'message-postponed';
      readonly scheduledAt: number;
      readonly decision: GuardDecision;
    })
  /** 8x8 accepted a verification. The session ID is not included. */
  | (MessageEventBase & { readonly type: 'verification-started'; readonly channel: string })
  /** A code was checked: by 8x8 (`verifications`), or here (`oneTimePasswords`). */
  | (EventBase & {
      readonly type: 'verification-checked';
      readonly destination: string;
      /** The recipient's country, ISO 3166-1 alpha-2; absent when the number has none. */
      readonly country?: string;
      readonly callingCode?: string;
      readonly status: 'WAITING' | 'VERIFIED' | 'FAILED' | 'EXPIRED' | 'other';
    })
  | (MessageEventBase & { readonly type: 'message-rejected'; readonly description: string })
  | (MessageEventBase & {
      readonly type: 'message-failed';
      readonly errorCode: SmsErrorCode;
      readonly submission: Submission;
    })
  /** An `idempotencyKey` was repeated: the first result was returned again, and nothing was sent. */
  | (MessageEventBase & { readonly type: 'message-repeated' })
  /** A one-time password was admitted; the next one to this number must wait. */
  | (MessageEventBase & { readonly type: 'backoff-started'; readonly waitMs: number })
  /** A one-time password was entered, according to `verifications`, `oneTimePasswords` or your own report. */
  | (EventBase & {
      readonly type: 'backoff-cleared';
      readonly destination: string;
      /** The recipient's country, ISO 3166-1 alpha-2; absent when the number has none. */
      readonly country?: string;
      readonly callingCode?: string;
    })
  | (EventBase & {
      readonly type: 'limits-released';
      readonly destination: string;
      readonly guards: readonly string[];
    })
  | (EventBase & {
      readonly type: 'consent-recorded';
      readonly destination: string;
      readonly state: 'opted-in' | 'opted-out';
      readonly scope: 'all' | 'marketing' | 'sender';
    })
  /** A person was forgotten on request; an opt-out is kept as a keyed hash. */
  | (EventBase & { readonly type: 'consent-forgotten'; readonly destination: string })
  /** A person's text contains or resembles an opt-out word among others. Nothing was changed: have somebody read it. */
  | (EventBase & { readonly type: 'possible-opt-out'; readonly destination: string })
  /** A STOP could not be recorded: there is no ledger, or the sender is not a phone number. */
  | (EventBase & {
      readonly type: 'opt-out-unrecorded';
      readonly destination: string;
      readonly reason: 'no-ledger' | 'no-number';
    })
  /** An opt-out was recorded and takes effect, but could not be added to 8x8's block list. */
  | (EventBase & { readonly type: 'opt-out-not-mirrored'; readonly destination: string })
  /** An opt-out cancelled a scheduled message at 8x8. */
  | (MessageEventBase & { readonly type: 'scheduled-cancelled'; readonly umid: string })
  /** A scheduled message of a person who opted out may still be sent. `umid` is absent when its outcome is unknown. */
  | (MessageEventBase & {
      readonly type: 'scheduled-not-cancelled';
      readonly umid?: string;
      readonly reason: ScheduledNotCancelledReason;
    })
  | (AttemptEventBase & { readonly type: 'attempt-started' })
  | (AttemptEventBase & {
      readonly type: 'attempt-finished';
      readonly status: number;
      readonly durationMs: number;
    })
  | (AttemptEventBase & {
      readonly type: 'attempt-failed';
      readonly durationMs: number;
      readonly status?: number;
      readonly reason?: ConnectionFailure | 'aborted' | 'unreadable';
      readonly submission: Submission;
      /** Milliseconds until the next attempt; absent when there is none. */
      readonly retryInMs?: number;
    })
  /**
   * 8x8 requested a pause with a 429. All calls of this sub-account wait, or, if the response names one, only those to that
   * number or from that end user's address. After 60 s, single requests (probes) test whether the pause is over.
   */
  | (EventBase & {
      readonly type: 'pace-paused';
      readonly host: string;
      readonly pauseMs: number;
      readonly affects: 'sub-account' | 'destination' | 'clientIp';
    })
  /** A probe succeeded, so the pause ended early. */
  | (EventBase & { readonly type: 'pace-resumed'; readonly host: string })
  | (EventBase & { readonly type: 'key-refreshed'; readonly source: string })
  /** Nobody reads the results of a `sendMany`, so nothing is sent. */
  | (EventBase & { readonly type: 'send-many-not-read'; readonly operation: string })
  /** The fixed code of `testNumbers` was used instead of a message. */
  | (EventBase & {
      readonly type: 'test-number-used';
      /** The method of the client, for example `verifications.start`. */
      readonly operation: string;
      /** Masked. */
      readonly destination: string;
      /** The number's country, ISO 3166-1 alpha-2; absent when it has none. */
      readonly country?: string;
      readonly callingCode?: string;
    })
  /** A report of `messages.feedbackInBackground` failed. */
  | (EventBase & {
      readonly type: 'feedback-failed';
      readonly errorCode: SmsErrorCode;
      readonly submission: Submission;
    })
  /** `sendMany` is about to send a chunk, or has its results. */
  | (EventBase & {
      readonly type: 'chunk-started' | 'chunk-finished';
      /** 1 for the first of this run. */
      readonly chunk: number;
      /** Rows to be sent. */
      readonly messages: number;
      /** Number of rows that 8x8 accepted; 0 until the chunk is finished. */
      readonly accepted: number;
      /** 8x8's ID of a finished chunk, for `messages.cancelBatch`; absent when 8x8 accepted no row. */
      readonly batchId?: string;
    })
  /**
   * The doubt about a place reached its tolerance, see `guards.pumping`: strangers are held back there, or would be in monitor mode.
   * Not raised for single numbers and addresses.
   */
  | (EventBase & {
      readonly type: 'suspension-started';
      readonly place: DoubtPlace;
      /** For `country`: ISO 3166-1 alpha-2, or a calling code without a country. */
      readonly country?: string;
      /** For `range`, `block` and `crowd`: the digits that its numbers begin with, for example `+62812345`. */
      readonly range?: string;
      /** Whether people who passed a captcha are held back. */
      readonly afterTest: boolean;
      /** Codes that were not entered. */
      readonly observed: number;
      /** Number of unentered codes that is normal. */
      readonly limit: number;
      /** Both counts in one sentence. */
      readonly explanation: string;
    })
  /**
   * `guards.pumping` learns of too few outcomes: `none` were ever reported, they have `stopped` (`expected` codes
   * would usually have been entered since the last one), or too `few` are reported (`part` of the people who always
   * enter their codes). At most once per day.
   */
  | (EventBase & {
      readonly type: 'outcomes-missing';
      readonly reason: 'none' | 'stopped' | 'few';
      readonly expected?: number;
      /** 0 to 1; 0.9 is usual. */
      readonly part?: number;
    })
  /** Support staff ended the suspension of a place with `guards.lift`. */
  | (EventBase & { readonly type: 'suspension-lifted'; readonly place: string })
  /** A delivery receipt reported that a number does not exist. */
  | (EventBase & {
      readonly type: 'number-undeliverable';
      readonly destination: string;
      /** 8x8's delivery error code. */
      readonly errorCode: number;
      /** Length of the block; absent when the limit store has no room to remember it. */
      readonly forMs?: number;
    })
  /** A delivery receipt showed that such a number was reached: the block was lifted. */
  | (EventBase & { readonly type: 'number-reached'; readonly destination: string })
  /** A delivery receipt reported that 8x8's fraud detection stopped the message as artificially inflated traffic. */
  | (EventBase & {
      readonly type: 'fraud-reported';
      readonly destination: string;
      /** The recipient's country, ISO 3166-1 alpha-2; absent when the number cannot be parsed. */
      readonly country?: string;
      /** 8x8's delivery error code: 99. */
      readonly errorCode: number;
    })
  /** An outcome was reported over 15 minutes after the send, which makes 8x8's conversion rate less accurate. */
  | (EventBase & {
      readonly type: 'feedback-late';
      /** Milliseconds from the send to the report. */
      readonly ageMs: number;
    })
  /** A webhook was handled, or had been handled before. */
  | (EventBase & {
      readonly type: 'webhook-received';
      readonly kind: 'delivery-receipt' | 'inbound' | 'short-url-click' | 'survey-answer' | 'unknown';
      /** True when the event had been handled within 24 hours: no handler ran. */
      readonly duplicate: boolean;
      /** False when the limit store had no room to remember the event, which may then be handled twice. */
      readonly remembered: boolean;
    })
  /** A request to the webhook URL got a 4xx; the response does not tell the reason. */
  | (EventBase & {
      readonly type: 'webhook-refused';
      readonly reason:
        | Extract<WebhookFailure, 'method-not-allowed' | 'too-large' | 'malformed' | 'incomplete'>
        | 'wrong-authorization'
        | 'wrong-token'
        | 'unknown-address'
        /** `sourceAddresses` is set, but the receiver was called without a `remoteAddress`. */
        | 'no-address';
      /** The invalid field of a malformed request. */
      readonly path?: string;
    })
  /** A webhook got a 5xx, so that 8x8 tries again. */
  | (EventBase & {
      readonly type: 'webhook-failed';
      readonly reason: Extract<
        WebhookFailure,
        'in-progress' | 'handler-failed' | 'timed-out' | 'unavailable'
      >;
    })
  /** A callback threw. The change that it was called for is recorded. */
  | (EventBase & { readonly type: 'hook-failed'; readonly hook: 'onOptIn' | 'onOptOut' | 'onPossibleOptOut' })
  /** `audit`: a record was lost, or a message was refused because it could not be recorded. */
  | (EventBase & { readonly type: 'store-failed'; readonly store: 'limits' | 'consent' | 'audit' })
  /** A table of the limit store is 80 % full. When it is full, new numbers or keys are refused with the reason `capacity`. */
  | (EventBase & {
      readonly type: 'capacity';
      readonly store: 'limits';
      /** The guard that the table belongs to. */
      readonly guard: string;
      /** The rule that the table counts for, for example `recipient:all`. */
      readonly rule: string;
      /** Number of entries in the table. */
      readonly entries: number;
      /** Maximum number of entries. */
      readonly maxEntries: number;
    });

/** Callback of `SmsClientOptions.onEvent`. Exceptions that it throws go to `onError`. */
export type EventListener = (event: SmsEvent, details: { readonly context: unknown }) => void | Promise<void>;

/** Takes an event for the audit log; false when it is lost. */
export type EventRecorder = (
  event: SmsEvent,
  details: { readonly person: string | undefined; readonly context: unknown },
) => boolean;

/** An event without its time stamp. */
export type EventBody = SmsEvent extends infer Event
  ? Event extends SmsEvent
    ? Omit<Event, 'at'>
    : never
  : never;

/** Passes an event to everybody who listens. Never throws. */
export interface Emit {
  /** @param about the number that the event is about. Only the audit log receives it, and stores none: the event shows it masked. */
  (event: EventBody, context?: unknown, about?: { readonly key: number }): void;
  /** True while nobody listens, so that events need not be built. */
  readonly isSilent?: boolean;
  /** Undefined while nobody follows operations, so that they need not be built: `emit.trace?.({ … }, work) ?? work()`. */
  readonly trace?: Trace | undefined;
  /** Hands an exception of the user's code to its author. */
  readonly reportError?: ReportError;
}
