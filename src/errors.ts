import type {
  ConsentReason,
  GuardAction,
  GuardName,
  GuardReason,
  InvalidPhoneNumberReason,
  LimitReason,
  RestrictionReason,
} from './guards/reasons.ts';
import { redactText } from './internal/redact.ts';
import { TROUBLESHOOTING_URL } from './internal/version.ts';

/**
 * Whether a message may be sent again after an error.
 *
 * - `not-submitted`: nothing reached 8x8. Send it again once the cause is fixed. Calls that are safe to repeat (reads,
 *   `messages.cancel`) always have this value, even if the response was lost.
 * - `rejected`: 8x8 refused it. Nothing was sent; the same request is refused again until the cause is fixed (a key, a
 *   permission, a field, 8x8's rate limit).
 * - `unknown`: 8x8 may have accepted it. Do not send it again before a delivery receipt or an export, matched by
 * `clientMessageId`, shows that it was not sent.
 */
export type Submission = 'not-submitted' | 'rejected' | 'unknown';

/** The literal codes of errors, one per class. */
export type SmsErrorCode =
  | 'configuration'
  | 'validation'
  | 'guard'
  | 'invalid-phone-number'
  | 'consent'
  | 'limit'
  | 'restriction'
  | 'api'
  | 'bad-request'
  | 'authentication'
  | 'permission-denied'
  | 'not-found'
  | 'rate-limit'
  | 'tls-upgrade-required'
  | 'server'
  | 'connection'
  | 'timeout'
  | 'aborted'
  | 'queue-full'
  | 'store'
  | 'message-rejected'
  | 'webhook';

/**
 * Names of the classes an error belongs to. A registered symbol, because one process may load both the ESM and the
 * CommonJS copy of this file, and `instanceof` fails between them.
 */
const KINDS: unique symbol = Symbol.for('8x8-sms-guard/error-kinds') as never;

function kindsOf(errorClass: unknown): readonly string[] {
  const kinds: string[] = [];
  for (let current = errorClass; typeof current === 'function'; current = Object.getPrototypeOf(current)) {
    if (Object.hasOwn(current, 'kind')) kinds.push((current as unknown as { kind: string }).kind);
  }
  return kinds;
}

/** The page about an error: one entry per reason of a guard, and one per code of every other error. */
function docUrlOf(kind: string, reason: string | undefined): string {
  const code = kind.replace(/Error$/, '').replace(/(?<=[a-z])(?=[A-Z])/g, '-');
  return `${TROUBLESHOOTING_URL}#${reason ?? code.toLowerCase()}`;
}

/** Fields of every error. */
export interface SmsErrorFields {
  /** Text for the log. It must contain no key, no text of a message and no complete number. */
  readonly message: string;
  /** Whether the message may be sent again. */
  readonly submission: Submission;
  /** ID by which a receipt or an export reports the outcome of the message. */
  readonly clientMessageId?: string | undefined;
  /** True when your store or hook failed. */
  readonly outage?: boolean | undefined;
}

/**
 * Base class of all errors of this package. It never contains a request, headers, a body, an API key, a complete
 * phone number or the raw cause, so it is safe to log.
 *
 * @example
 * ```ts
 * try { await sms.messages.send(message); }
 * catch (error) {
 *   if (SmsError.isInstance(error) && error.submission === 'not-submitted') retryLater(message);
 *   else throw error;
 * }
 * ```
 */
export abstract class SmsError extends Error {
  static readonly kind: string = 'SmsError';
  abstract readonly code: SmsErrorCode;
  readonly submission: Submission;
  declare readonly clientMessageId?: string;
  /**
   * True when your store or hook failed or returned no usable result, so that nothing was decided: raise an alarm.
   * Absent when a person, a guard or 8x8 decided.
   *
   * @example if (ConsentError.isInstance(error) && error.outage) page('the consent store is down')
   */
  declare readonly outage?: true;
  /**
   * Page that explains the error and says what to change. Logs and consoles show it with the other fields.
   *
   * @example log.error(error.message, error.docUrl)
   */
  readonly docUrl: string;

  /** @param guardReason the reason of a guard, which has its own entry on the page about errors */
  constructor(fields: SmsErrorFields, guardReason?: string) {
    super(fields.message);
    this.name = (new.target as unknown as { kind: string }).kind;
    this.submission = fields.submission;
    this.docUrl = docUrlOf(this.name, guardReason);
    if (fields.clientMessageId !== undefined) this.clientMessageId = fields.clientMessageId;
    if (fields.outage === true) this.outage = true;
    Object.defineProperty(this, KINDS, { value: kindsOf(new.target), enumerable: false });
  }

  /**
   * Like `instanceof`, but also true across the two module formats and duplicate installs.
   *
   * @example LimitError.isInstance(error) && error.retryAfterMs
   */
  static isInstance<Class extends abstract new (...fields: never[]) => SmsError>(
    this: Class,
    value: unknown,
  ): value is InstanceType<Class> {
    if (typeof value !== 'object' || value === null) return false;
    // biome-ignore lint/complexity/noThisInStatic: each subclass asks for its own kind, so `this` is the point
    const self = this as unknown as { kind: string };
    const kinds = (value as { [KINDS]?: unknown })[KINDS];
    return Array.isArray(kinds) && kinds.includes(self.kind);
  }

  /** Returns name, message and public fields, for `JSON.stringify` and loggers. */
  toJSON(): Record<string, unknown> {
    return Object.assign<object, object>({ name: this.name, message: this.message }, this) as Record<
      string,
      unknown
    >;
  }
}

/** The client cannot be built: an option or environment variable is missing, unknown, contradictory or malformed. */
export class ConfigurationError extends SmsError {
  static override readonly kind: string = 'ConfigurationError';
  readonly code = 'configuration';
  /** The option to change, for example `guards.recipient.limit`. */
  declare readonly option?: string;

  constructor(message: string, option?: string, outage?: boolean) {
    super({ message, submission: 'not-submitted', outage });
    if (option !== undefined) this.option = option;
  }
}

/** The call itself is wrong. `path` names the field, for example `messages[3].scheduled`. Nothing was sent. */
export class ValidationError extends SmsError {
  static override readonly kind: string = 'ValidationError';
  readonly code = 'validation';
  readonly path: string;

  constructor(message: string, path: string, clientMessageId?: string) {
    super({ message, submission: 'not-submitted', clientMessageId });
    this.path = path;
  }
}

/**
 * The record of a guard's decision. Errors, the events `message-blocked` and `guard-observed`, and the sandbox show the same
 * record. It contains no text of a message, no code and no complete number, so it is safe to log.
 *
 * @example log.warn(error.decision.explanation, error.decision)
 */
export interface GuardDecision {
  /** Name of the guard, for example `recipient`. */
  readonly guard: GuardName;
  /** Machine-readable reason, for example `over-limit`, `opted-out`, `too-many-parts`. */
  readonly reason: GuardReason;
  /** `monitor` refuses almost nothing: numbers that cannot be read, opt-outs, the API key in a text. */
  readonly mode: 'enforce' | 'monitor';
  /** Masked, for example `+65******67`. */
  readonly destination?: string;
  /** Country of the number, ISO 3166-1 alpha-2. Absent when the number cannot be read or belongs to no country. */
  readonly country?: string;
  /**
   * The evidence, for a person who reads the log: the finding or the counts, and for most checks the change that helps.
   */
  readonly explanation: string;
  /** Only for `policy` and `custom`: the reason that your own code gave, at most 200 characters. */
  readonly detail?: string;
  /** Rule of the guard that refused, for example `recipient:all`. */
  readonly rule?: string;
  /** Current count, in the unit of `limit`. */
  readonly observed?: number;
  /** Maximum that is allowed in `windowMs`; for `pumping` the number of unentered codes that is normal. */
  readonly limit?: number;
  /** Length of the window, in milliseconds. */
  readonly windowMs?: number;
  /** Milliseconds until the same message is admitted, if nothing else is granted in between. Absent when waiting does not help. */
  readonly retryAfterMs?: number;
  /** True when your store or hook failed, so that nothing was decided about the person. */
  readonly outage?: true;
  /** `ask`: ask the visitor to prove that they are a person, see `human` of a message. @default 'refuse' */
  readonly action?: GuardAction;
}

/** Fields of a `GuardError`. */
export interface GuardErrorFields {
  /** Text for the log. */
  readonly message: string;
  /** Decision that the error reports; `guard`, `reason` and `retryAfterMs` come from it. */
  readonly decision: GuardDecision;
  /** ID of the refused message. */
  readonly clientMessageId?: string | undefined;
}

/** A guard refused. Nothing was sent and nothing was counted. */
export class GuardError extends SmsError {
  static override readonly kind: string = 'GuardError';
  readonly code: 'guard' | 'invalid-phone-number' | 'consent' | 'limit' | 'restriction' = 'guard';
  /** The guard that refused. */
  readonly guard: GuardName;
  /** Machine-readable reason, for example `over-limit`, `opted-out`, `too-many-parts`. */
  readonly reason: GuardReason;
  readonly decision: GuardDecision;
  /**
   * `refuse`: the refusal is final, at least for `retryAfterMs`. `ask`: ask the visitor to prove that they are a person, and send the message
   * again with `human: { passed: true }`.
   */
  readonly action: GuardAction;
  declare readonly retryAfterMs?: number;

  constructor(fields: GuardErrorFields) {
    const { message, clientMessageId, decision } = fields;
    super(
      { message, submission: 'not-submitted', clientMessageId, outage: decision.outage },
      decision.reason,
    );
    this.guard = decision.guard;
    this.reason = decision.reason;
    this.decision = decision;
    this.action = decision.action ?? 'refuse';
    if (decision.retryAfterMs !== undefined) this.retryAfterMs = decision.retryAfterMs;
  }
}

/** The destination is not a number that can receive SMS. */
export class InvalidPhoneNumberError extends GuardError {
  static override readonly kind: string = 'InvalidPhoneNumberError';
  override readonly code = 'invalid-phone-number';
  declare readonly reason: InvalidPhoneNumberReason;
}

/** The person opted out or never opted in, or the consent check returned no clear yes. */
export class ConsentError extends GuardError {
  static override readonly kind: string = 'ConsentError';
  override readonly code = 'consent';
  declare readonly reason: ConsentReason;
}

/**
 * A limit was reached: too many messages to one number, too soon after the last one-time password, too many numbers
 * in a range.
 */
export class LimitError extends GuardError {
  static override readonly kind: string = 'LimitError';
  override readonly code = 'limit';
  declare readonly reason: LimitReason;
}

/** The restriction that each reason belongs to. */
const RESTRICTION_OF = {
  capacity: 'budget',
  'country-not-allowed': 'countries',
  'field-not-allowed': 'fields',
  'message-not-allowed': 'messages',
  'operation-not-allowed': 'operations',
  'option-not-allowed': 'options',
  'over-budget': 'budget',
  'purpose-not-allowed': 'purposes',
  'sender-not-allowed': 'senders',
  'subject-not-allowed': 'subject',
} as const satisfies Record<RestrictionReason, string>;

/** The kind of a restriction, as a field of `Restrictions`; `fields`, `messages` and `options` hold for every restricted client. */
export type RestrictionName = (typeof RESTRICTION_OF)[RestrictionReason];

/** A client that `restrict` has narrowed was asked for more than it may do. */
export class RestrictionError extends GuardError {
  static override readonly kind: string = 'RestrictionError';
  override readonly code = 'restriction';
  declare readonly reason: RestrictionReason;
  /** The restriction that refused, for example `countries`. */
  readonly restriction: RestrictionName;

  constructor(fields: GuardErrorFields) {
    super(fields);
    this.restriction = RESTRICTION_OF[fields.decision.reason as RestrictionReason];
  }
}

/** Formats of 8x8's IDs. Any other value could repeat a part of the request. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Fields of an `ApiError`. */
export interface ApiErrorFields {
  /** Text of this package or of 8x8; the constructor redacts it. */
  readonly message: string;
  /** Whether the request may be sent again. */
  readonly submission: Submission;
  /** HTTP status of the response. */
  readonly status: number;
  /** Number of times the request was written to the network. */
  readonly attempts: number;
  /** 8x8's own code, for example 1002 (invalid MSISDN). */
  readonly apiCode?: number | undefined;
  /** 8x8's ID of the error. Anything but a UUID is dropped. */
  readonly errorId?: string | undefined;
  /** 8x8's time of the error. Anything but an ISO 8601 time is dropped. */
  readonly timestamp?: string | undefined;
  /** Milliseconds until the request may be tried again. */
  readonly retryAfterMs?: number | undefined;
  /** 8x8's id of the request. */
  readonly requestId?: string | undefined;
  /** Id of the message. */
  readonly clientMessageId?: string | undefined;
  /** Values that must not appear in the message. */
  readonly secrets?: readonly string[];
}

/** 8x8, or a proxy in between, returned an error status. */
export class ApiError extends SmsError {
  static override readonly kind: string = 'ApiError';
  readonly code:
    | 'api'
    | 'bad-request'
    | 'authentication'
    | 'permission-denied'
    | 'not-found'
    | 'rate-limit'
    | 'tls-upgrade-required'
    | 'server' = 'api';
  /** HTTP status of the response. */
  readonly status: number;
  /** Number of times the request was written to the network. */
  readonly attempts: number;
  /** 8x8's own code, for example 1002 (invalid MSISDN). */
  declare readonly apiCode?: number;
  /** 8x8's ID of the error, for 8x8 support. */
  declare readonly errorId?: string;
  /** 8x8's time of the error. */
  declare readonly timestamp?: string;
  /** Milliseconds until the request may be tried again. */
  declare readonly retryAfterMs?: number;
  /** 8x8's ID of the request, from the headers of the response, for its support. Absent when 8x8 returned none. */
  declare readonly requestId?: string;

  constructor(fields: ApiErrorFields) {
    super({
      message: redactText(fields.message, fields.secrets, 600),
      submission: fields.submission,
      clientMessageId: fields.clientMessageId,
    });
    this.status = fields.status;
    this.attempts = fields.attempts;
    if (fields.apiCode !== undefined) this.apiCode = fields.apiCode;
    if (fields.errorId !== undefined && UUID.test(fields.errorId)) this.errorId = fields.errorId;
    if (
      fields.timestamp !== undefined &&
      /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d{1,7})?)?(Z|[+-]\d\d:?\d\d)?$/.test(fields.timestamp)
    ) {
      this.timestamp = fields.timestamp.slice(0, 40);
    }
    if (fields.retryAfterMs !== undefined) this.retryAfterMs = fields.retryAfterMs;
    if (fields.requestId !== undefined) this.requestId = fields.requestId;
  }
}

/** HTTP 400, 409, 410, 413, 422 and other 4xx: the request is invalid. */
export class BadRequestError extends ApiError {
  static override readonly kind: string = 'BadRequestError';
  override readonly code = 'bad-request';
}

/** HTTP 401: no key, a wrong one, or one that belongs to another account. */
export class AuthenticationError extends ApiError {
  static override readonly kind: string = 'AuthenticationError';
  override readonly code = 'authentication';
}

/** HTTP 403: the key has no permission for this (IP allow-list, prepaid-only call, resending interval). */
export class PermissionDeniedError extends ApiError {
  static override readonly kind: string = 'PermissionDeniedError';
  override readonly code = 'permission-denied';
}

/** HTTP 404. */
export class NotFoundError extends ApiError {
  static override readonly kind: string = 'NotFoundError';
  override readonly code = 'not-found';
}

/** HTTP 429: 8x8's own rate limit. `retryAfterMs` is the time until the next attempt may succeed. */
export class RateLimitError extends ApiError {
  static override readonly kind: string = 'RateLimitError';
  override readonly code = 'rate-limit';
}

/** HTTP 426: Singapore-bound messages need TLS 1.3. */
export class TlsUpgradeRequiredError extends ApiError {
  static override readonly kind: string = 'TlsUpgradeRequiredError';
  override readonly code = 'tls-upgrade-required';
}

/** HTTP 5xx. After a send, `submission` is `unknown`. */
export class ServerError extends ApiError {
  static override readonly kind: string = 'ServerError';
  override readonly code = 'server';
}

/** The part of the connection that failed, as far as the runtime reports it. */
export type ConnectionFailure = 'dns' | 'refused' | 'proxy' | 'tls' | 'reset' | 'timeout' | 'other';

/** Fields of a `ConnectionError`. */
export interface ConnectionErrorFields extends SmsErrorFields {
  /** Part of the connection that failed. */
  readonly reason: ConnectionFailure;
  /** Number of times the request was written to the network. */
  readonly attempts: number;
}

/** No complete response arrived. `submission` says whether the request provably never left. */
export class ConnectionError extends SmsError {
  static override readonly kind: string = 'ConnectionError';
  readonly code: 'connection' | 'timeout' = 'connection';
  readonly reason: ConnectionFailure;
  readonly attempts: number;

  constructor(fields: ConnectionErrorFields) {
    super(fields);
    this.reason = fields.reason;
    this.attempts = fields.attempts;
  }
}

/** `timeoutMs` or `deadlineMs` ran out. */
export class TimeoutError extends ConnectionError {
  static override readonly kind: string = 'TimeoutError';
  override readonly code = 'timeout';
}

/** The caller's `AbortSignal` fired. Its `name` is `AbortError`, like that of the platform's error. */
export class AbortedError extends SmsError {
  static override readonly kind: string = 'AbortedError';
  readonly code = 'aborted';

  constructor(fields: SmsErrorFields) {
    super(fields);
    this.name = 'AbortError';
  }
}

/** More calls wait for the pace than `pace.maxQueued` allows. Nothing was sent. */
export class QueueFullError extends SmsError {
  static override readonly kind: string = 'QueueFullError';
  readonly code = 'queue-full';
  readonly maxQueued: number;

  constructor(maxQueued: number, message: string, clientMessageId?: string) {
    super({ message, submission: 'not-submitted', clientMessageId });
    this.maxQueued = maxQueued;
  }
}

/**
 * The limit store or the consent ledger failed, so the guard refused. `submission` is `not-submitted`, or `unknown`
 * when 8x8 was called before the store failed.
 */
export class StoreError extends SmsError {
  static override readonly kind: string = 'StoreError';
  readonly code = 'store';

  constructor(message: string, clientMessageId?: string, submission: Submission = 'not-submitted') {
    super({ message, submission, clientMessageId, outage: true });
  }
}

/** 8x8 responded with HTTP 200 and REJECTED the message. `description` contains the reason. Nothing was sent. */
export class MessageRejectedError extends SmsError {
  static override readonly kind: string = 'MessageRejectedError';
  readonly code = 'message-rejected';
  declare readonly umid?: string;
  /** 8x8's ID of the request, for its support; absent when 8x8 returned none. */
  declare readonly requestId?: string;
  readonly description: string;

  constructor(fields: {
    /** 8x8's reason; the constructor redacts it. */
    readonly description: string;
    /** 8x8's ID of the message. Anything but a UUID is dropped. */
    readonly umid?: string | undefined;
    /** 8x8's id of the request. */
    readonly requestId?: string | undefined;
    /** Id of the message. */
    readonly clientMessageId?: string | undefined;
  }) {
    const description = redactText(fields.description);
    super({
      message: `8x8 rejected the message: ${description || 'no reason given'}. Nothing was sent.`,
      submission: 'rejected',
      clientMessageId: fields.clientMessageId,
    });
    this.description = description;
    if (fields.umid !== undefined && UUID.test(fields.umid)) this.umid = fields.umid;
    if (fields.requestId !== undefined) this.requestId = fields.requestId;
  }
}

/** Why a webhook was refused or could not be handled. */
export type WebhookFailure =
  /** The authentication failed. */
  | 'unauthorized'
  /** The method is not POST. */
  | 'method-not-allowed'
  /** The body has more than `maxBodyBytes`. */
  | 'too-large'
  /** The body is not JSON, or lacks fields that 8x8 documents; `path` names the field. */
  | 'malformed'
  /** The connection broke, reading took too long, or the body had been read before. */
  | 'incomplete'
  /** Another delivery of the same event is being handled. */
  | 'in-progress'
  /** The handler threw. */
  | 'handler-failed'
  /** Consent, guards and handler together took longer than `timeoutMs`. */
  | 'timed-out'
  /** A store or the token's key server failed, or the client was closed. */
  | 'unavailable';

/** Fields of a `WebhookError`. */
export interface WebhookErrorFields {
  /** Text for the log. It must contain nothing from the request. */
  readonly message: string;
  /** Why the webhook was refused or could not be handled. */
  readonly reason: WebhookFailure;
  /** HTTP status to send. */
  readonly status: number;
  /** Seconds for the `Retry-After` header of the response. */
  readonly retryAfterSeconds?: number | undefined;
  /** Field that is missing or of the wrong type, for example `payload.status.state`. */
  readonly path?: string | undefined;
  /** True when a store, a handler or the key server failed. */
  readonly outage?: boolean | undefined;
}

/**
 * A webhook was refused or could not be handled. `status` is the HTTP status to send; 8x8 tries again after 4xx and 5xx.
 * Contains nothing from the request.
 */
export class WebhookError extends SmsError {
  static override readonly kind: string = 'WebhookError';
  /** Always `webhook`. */
  readonly code = 'webhook';
  /** Why it was refused or could not be handled. */
  readonly reason: WebhookFailure;
  /** The HTTP status to send. */
  readonly status: number;
  /** Seconds for the `Retry-After` header of the response. */
  declare readonly retryAfterSeconds?: number;
  /** The field that is missing or of the wrong type, for example `payload.status.state`. */
  declare readonly path?: string;

  constructor(fields: WebhookErrorFields) {
    super({ message: fields.message, submission: 'not-submitted', outage: fields.outage });
    this.reason = fields.reason;
    this.status = fields.status;
    if (fields.retryAfterSeconds !== undefined) this.retryAfterSeconds = fields.retryAfterSeconds;
    if (fields.path !== undefined) this.path = fields.path;
  }
}
