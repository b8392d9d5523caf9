import type { ConnectionFailure, GuardDecision, SmsErrorCode } from '../errors.ts';
import type { SendCounts } from '../sending/results.ts';

/**
 * The class of a failure, from a short list: an error code, a status, or the reason of a connection that failed. `_OTHER` for an
 * exception that is not of this package.
 */
export type OperationError =
  | SmsErrorCode
  | ConnectionFailure
  | `${number}`
  | 'too-late'
  | 'unreadable'
  | '_OTHER';

interface OperationBase {
  /** Set at the end of an operation that failed. A refusal of a guard is no failure. */
  errorType?: OperationError;
}

/** A call of a method of the client, such as `messages.send`. For `messages.sendMany` each chunk is one. */
export interface CallOperation extends OperationBase {
  readonly kind: 'call';
  /** The method, for example `messages.send`. */
  readonly name: string;
  /** At the end, for one message: 8x8's ID of it. */
  umid?: string;
  /** At the end, for one message: number of parts that 8x8 bills. */
  parts?: number;
  /** At the end, for several messages: their outcomes. */
  counts?: SendCounts;
  /** At the end: the decision of the guard that refused. */
  decision?: Pick<GuardDecision, 'guard' | 'reason'>;
}

/** The guards decide about the messages of one call. */
export interface AdmissionOperation extends OperationBase {
  readonly kind: 'admission';
  readonly messages: number;
  /** True for messages that waited after they had been admitted. */
  readonly isSecondLook: boolean;
  /** At the end: number of messages that may go. */
  admitted?: number;
}

/** A request waits for its permit. */
export interface PaceOperation extends OperationBase {
  readonly kind: 'pace';
  readonly host: string;
}

/** One attempt of a request. */
export interface AttemptOperation extends OperationBase {
  readonly kind: 'attempt';
  /** The operation, for example `messages.send`. */
  readonly operation: string;
  readonly method: string;
  /** Scheme, host and port, for example `https://sms.8x8.com`. */
  readonly origin: string;
  /** Template of the path, which contains no values. */
  readonly path: string;
  /** 1 for the first. */
  readonly attempt: number;
  /** At the end: HTTP status of the response, if there was one. */
  status?: number;
}

/** A call to the limit store, or to the consent ledger. */
export interface StoreOperation extends OperationBase {
  readonly kind: 'store';
  readonly store: 'limits' | 'consent';
  /** The method of the store, for example `take`. */
  readonly method: string;
}

/** A call of your own code that the guards ask, such as `guards.consent.check`. */
export interface HookOperation extends OperationBase {
  readonly kind: 'hook';
  readonly name: string;
}

/** One webhook, from its first byte to the end of your handler. */
export interface WebhookOperation extends OperationBase {
  readonly kind: 'webhook';
  /** At the end: the type of the event. */
  event?: 'delivery-receipt' | 'inbound' | 'short-url-click' | 'survey-answer' | 'unknown';
  /** At the end: 8x8's ID of the message that a receipt is about. */
  umid?: string;
  /** At the end: true when the event had been handled before. */
  duplicate?: boolean;
}

/** Something with a start and an end. No field holds a text, a key or a number. */
export type TracedOperation =
  | CallOperation
  | AdmissionOperation
  | PaceOperation
  | AttemptOperation
  | StoreOperation
  | HookOperation
  | WebhookOperation;

/** Runs work as an operation that others can follow. Resolves and rejects as the work does. */
export type Trace = <Result>(operation: TracedOperation, work: () => Promise<Result>) => Promise<Result>;
