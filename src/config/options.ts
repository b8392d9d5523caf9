import { AUDIT_METHODS, type AuditSink } from '../audit/audit-sink.ts';
import type { EventListener } from '../events.ts';
import { countryField } from '../guards/countries.ts';
import { type GuardsOptions, guardsField } from '../guards/registry.ts';
import type { ErrorListener } from '../internal/user-code.ts';
import type { LimitStore } from '../limits/limit-store.ts';
import { type OneTimePasswordsOptions, oneTimePasswordsField } from '../one-time-passwords/options.ts';
import { BARE_DIGITS, type BareDigits } from '../phone/readings.ts';
import {
  anyFunction,
  boolean,
  FALSE_OR_OPTIONS,
  type Fields,
  falseOr,
  integer,
  list,
  object,
  oneOf,
  pattern,
  recordOf,
  switchOn,
  text,
  withMethods,
} from '../schema.ts';
import { type Source, sourceField } from '../sending/source.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Clock, Fetch } from '../types.ts';
import type { ApiKeyFunction } from './credentials.ts';

/** The 8x8 region of the account (data residency), not the nearest one. */
export type Region = 'apac' | 'us' | 'eu' | 'id';

/** Number of attempts of a request, and the waits between them. */
export interface RetryOptions {
  /** Maximum number of attempts, including the first. @default 3 */
  readonly maxAttempts?: number | undefined;
  /** The first wait is a random time up to this, in milliseconds; it doubles. @default 250 */
  readonly baseMs?: number | undefined;
  /** Longest wait between two attempts, in milliseconds. @default 8_000 */
  readonly maxMs?: number | undefined;
}

/** The rate of requests. */
export interface PaceOptions {
  /**
   * Requests per second and sub-account. Processes that share `limits` with a pace (`redisLimits`) share this rate:
   * give each of them the same number. @default 1_710, 95 % of 8x8's limit of 1,800
   */
  readonly requestsPerSecond?: number | undefined;
  /** Calls that may wait; the next one gets a `QueueFullError`. @default 10_000 */
  readonly maxQueued?: number | undefined;
}

/** Receiver of log lines: your logger, or `console`. No line contains a text, a key or a complete number. */
export interface Logger {
  /** Every other event, among them each attempt. */
  debug(message: string, fields?: object): void;
  /** Refusals of guards and of 8x8, and manual changes such as `guards.release`. */
  info(message: string, fields?: object): void;
  /** Failed messages, pauses, possible opt-outs, and the warning about `EIGHTBYEIGHT_BASE_URL`. */
  warn(message: string, fields?: object): void;
  /** Stores and hooks that failed, and opt-outs that could not be recorded. */
  error(message: string, fields?: object): void;
}

/** The most detailed level that is written; `off` writes nothing. */
export type LogLevel = 'off' | 'error' | 'warn' | 'info' | 'debug';

export const LOG_LEVELS = ['off', 'error', 'warn', 'info', 'debug'] as const satisfies readonly LogLevel[];

/**
 * The options of a client. An option takes precedence over its environment variable, and the variable over the default; an
 * empty variable counts as missing. Unknown keys throw, at every level.
 *
 * @example new SmsClient({ region: 'id', defaultCountry: 'ID', guards: { countries: { allow: ['ID', 'SG'] } } })
 */
export interface SmsClientOptions {
  /**
   * The API key, or a function that returns it (cached for 60 s, called again after a 401: rotation without downtime).
   * @default `EIGHTBYEIGHT_API_KEY`, else the file named by `EIGHTBYEIGHT_API_KEY_FILE`
   */
  readonly apiKey?: string | ApiKeyFunction | undefined;
  /** 8x8 sub-account that sends: 3 to 50 letters, digits and `-._&`. @default `EIGHTBYEIGHT_SUB_ACCOUNT_ID` */
  readonly subAccountId?: string | undefined;
  /** Needed for prices, balance and webhook settings. @default `EIGHTBYEIGHT_ACCOUNT_ID` */
  readonly accountId?: string | undefined;
  /** Region of the account; it determines 8x8's hosts. @default `EIGHTBYEIGHT_REGION`, else `apac` */
  readonly region?: Region | undefined;
  /**
   * Replaces every product's host, for a sandbox or a proxy. `https:` only, except on this machine (see
   * `allowInsecureBaseUrl`); no user name, path or query. Not together with `region`. @default `EIGHTBYEIGHT_BASE_URL`
   */
  readonly baseUrl?: string | undefined;
  /**
   * Allows an `http:` `baseUrl` on another machine, for a sandbox in a container: `http://sandbox:8808`. Anyone on the network
   * can read such requests, so only keys that begin with `sandbox_` are then sent, and any other key throws a
   * `ConfigurationError`.
   * @default false
   */
  readonly allowInsecureBaseUrl?: boolean | undefined;
  /**
   * Namespace for limits: clients with the same scope share counters, and each compares them with its own limits and windows.
   * @default `accountId`, else `subAccountId`
   */
  readonly scope?: string | undefined;
  /** Time limit of one attempt in milliseconds, including the body. @default 10_000, batches 60_000 */
  readonly timeoutMs?: number | undefined;
  /** Time limit of a whole call in milliseconds: checks, waits and attempts together. @default none */
  readonly deadlineMs?: number | undefined;
  /**
   * Repetition of failed requests; `false` means one attempt. A send is never repeated after it may have left.
   * @default 3 attempts
   */
  readonly retry?: false | RetryOptions | undefined;
  /** Speed limit, and the queue in front of it; `false` sends at once. @default 1,710 requests/s, 10,000 waiting */
  readonly pace?: false | PaceOptions | undefined;
  /** Any `fetch`, for a proxy, your own certificates, keep-alive pools or an emulator. @default the global one */
  readonly fetch?: Fetch | undefined;
  /**
   * The path of a single message. `auto`: on Node.js, straight to the HTTP client on which its own `fetch` is built, which takes half
   * the time; through `fetch` if that was replaced, or if you set a dispatcher of your own or a proxy. `fetch`: always through the
   * global `fetch`. @default 'auto'
   */
  readonly transport?: 'auto' | 'fetch' | undefined;
  /**
   * The only numbers that may receive a message, for staging: all others are refused with the reason `recipient-not-allowed`.
   * National numbers are read with `defaultCountry`; an empty list allows nobody. @default everybody
   */
  readonly allowedRecipients?: readonly string[] | undefined;
  /**
   * Reserved numbers with a fixed code of 4 to 10 letters and digits, for development, end-to-end tests and app reviews:
   * `verifications` and `oneTimePasswords` accept this code and send nothing to 8x8. Guards, tries and single use apply as for
   * everybody. Each use raises a `test-number-used` event. National numbers are read with `defaultCountry`.
   *
   * Anyone who knows the code can log in with the number, so the constructor throws a `ConfigurationError` unless `NODE_ENV` is
   * `development` or `test`, or `dangerouslyAllowTestNumbers` is true.
   *
   * @example testNumbers: { '+6591234567': '123456' }
   * @default none
   */
  readonly testNumbers?: Readonly<Record<string, string>> | undefined;
  /** Allows `testNumbers` in production, where **anyone who knows the code can log in** with the number. @default false */
  readonly dangerouslyAllowTestNumbers?: boolean | undefined;
  /** Names the package and its version in the `user-agent` of every request; `false` leaves the runtime's own. @default true */
  readonly userAgent?: boolean | undefined;
  /** ISO 3166-1 alpha-2 code for national numbers. @default none: they need `country` */
  readonly defaultCountry?: string | undefined;
  /**
   * How to read digits without a plus, an international prefix or a zero in front (`6591234567`, `91234567`). 8x8 itself always
   * returns international numbers. `refuse` accepts no such digits.
   *
   * The client never guesses between two people. With `national`, a mobile number of the country wins over a foreign number;
   * with `international`, digits that are a mobile number both ways are refused.
   *
   * @default as national numbers; digits that are also a mobile number abroad are refused
   */
  readonly bareDigits?: BareDigits | undefined;
  /**
   * Sender ID of every SMS that names none: up to 11 letters, digits and spaces, or up to 16 digits; or
   * `{ default, byCountry }`, one for each country of recipients. @default the sub-account's
   */
  readonly source?: Source | undefined;
  /**
   * The guards, one key each. @default all but `links`, `countries`, `quietHours`, `duplicate`, `prefix`, `clientIp`, `custom` and
   * `policy`
   */
  readonly guards?: GuardsOptions | undefined;
  /** Codes of `sms.oneTimePasswords`. @default six digits, valid for ten minutes */
  readonly oneTimePasswords?: OneTimePasswordsOptions | undefined;
  /** Store that counts the limits. @default the memory of this process, shared by all clients of a scope */
  readonly limits?: LimitStore | undefined;
  /**
   * Records every decision, send, change of consent and release: a log of `auditLog` in `8x8-sms-guard/audit`. You close it.
   * @default none
   */
  readonly audit?: AuditSink | undefined;
  /** Called with every decision and attempt. Exceptions that it throws go to `onError`. @default none */
  readonly onEvent?: EventListener | undefined;
  /**
   * Receives every operation of the client, for spans and metrics: `openTelemetry()` of `8x8-sms-guard/otel`, or your own. No field
   * contains a text, a key or a number. Exceptions that it throws go to `onError`.
   *
   * @example telemetry: openTelemetry()
   * @default none
   */
  readonly telemetry?: Telemetry | undefined;
  /**
   * Called with every exception of your own code that this package calls: hooks, webhook handlers, the key function, stores,
   * `fetch`, `onEvent` and `logger`. It receives the exception itself, whose message may contain numbers, and its origin. Errors
   * and events never show it. An exception that `onError` throws is dropped.
   *
   * @example onError: (error, { where }) => tracker.captureException(error, { tags: { where } })
   * @default `console.error` with name, origin and stack, and with the message only if `NODE_ENV` is `development` or `test`
   */
  readonly onError?: ErrorListener | undefined;
  /**
   * Receives every event with a level: no text, no key, no complete number.
   * @default none, or the console if `logLevel` or `EIGHTBYEIGHT_LOG` is set; warnings about misuse go to the console
   */
  readonly logger?: Logger | undefined;
  /**
   * Writes lines of this level and above. Each line is self-contained: event, guard, reason and masked number. `info` has one
   * line per refused message, `debug` one per attempt. Without `logger`, the console is used.
   * @default `EIGHTBYEIGHT_LOG`, else `warn`
   */
  readonly logLevel?: LogLevel | undefined;
  /** Source of time, for tests. A client with its own clock counts separately. @default the system's */
  readonly clock?: Clock | undefined;
  /** Lets the client run in a browser, where **anyone can read the API key**. @default false */
  readonly dangerouslyAllowBrowser?: boolean | undefined;
}

/** 8x8's rule for sub-account IDs. */
export const SUB_ACCOUNT_ID = /^[A-Za-z0-9\-._&]{3,50}$/;
/** Longest account ID; it is the default scope. */
export const MAX_ACCOUNT_ID_LENGTH = 100;
export const REGIONS = ['apac', 'us', 'eu', 'id'] as const satisfies readonly Region[];

const retryFields: Fields<RetryOptions> = {
  maxAttempts: integer({ min: 1, max: 10 }),
  baseMs: integer({ min: 1, max: 60_000, unit: 'milliseconds' }),
  maxMs: integer({ min: 1, max: 300_000, unit: 'milliseconds' }),
};
const paceFields: Fields<PaceOptions> = {
  requestsPerSecond: integer({ min: 1, max: 100_000 }),
  maxQueued: integer({ min: 0, max: 1_000_000 }),
};
export const optionFields: Fields<SmsClientOptions> = {
  apiKey: switchOn((input) => typeof input === 'function', anyFunction(), text({ max: 4_096 })),
  subAccountId: pattern(SUB_ACCOUNT_ID, '3 to 50 letters, digits and -._&'),
  accountId: text({ max: MAX_ACCOUNT_ID_LENGTH }),
  region: oneOf(REGIONS),
  baseUrl: text({ max: 2_048 }),
  allowInsecureBaseUrl: boolean(),
  scope: text({ max: 200 }),
  timeoutMs: integer({ min: 1, max: 3_600_000, unit: 'milliseconds' }),
  deadlineMs: integer({ min: 1, max: 86_400_000, unit: 'milliseconds' }),
  retry: falseOr(object(retryFields, FALSE_OR_OPTIONS)),
  pace: falseOr(object(paceFields, FALSE_OR_OPTIONS)),
  fetch: anyFunction('a fetch function'),
  transport: oneOf(['auto', 'fetch']),
  userAgent: boolean(),
  allowedRecipients: list(text({ max: 100 }), { max: 10_000 }),
  testNumbers: recordOf(
    text({ max: 100 }),
    pattern(/^[A-Za-z0-9]{4,10}$/, 'a string of 4 to 10 letters and digits'),
    'an object of numbers and their codes',
  ),
  dangerouslyAllowTestNumbers: boolean(),
  defaultCountry: countryField,
  bareDigits: oneOf(BARE_DIGITS),
  source: sourceField,
  guards: guardsField,
  oneTimePasswords: oneTimePasswordsField,
  limits: withMethods(['take', 'settle', 'inspect', 'release'], 'a LimitStore'),
  audit: withMethods(AUDIT_METHODS, 'an AuditLog'),
  onEvent: anyFunction(),
  telemetry: withMethods(['trace', 'event'], 'openTelemetry() or another Telemetry'),
  onError: anyFunction(),
  logger: withMethods(['debug', 'info', 'warn', 'error'], 'a logger'),
  logLevel: oneOf(LOG_LEVELS),
  clock: withMethods(['now'], 'a clock'),
  dangerouslyAllowBrowser: boolean(),
};
export const OPTION_NAMES: readonly string[] = Object.keys(optionFields);
export const optionsSchema = object(optionFields, 'an object of options');
