import { type ConsentLedger, type ConsentRecord, LEDGER_METHODS } from '../consent/consent-ledger.ts';
import { type InboundConsentOptions, inboundField } from '../consent/inbound-options.ts';
import type { ReconfirmOptions } from '../consent/reconfirm.ts';
import { ConfigurationError } from '../errors.ts';
import {
  anyFunction,
  boolean,
  FALSE_OR_OPTIONS,
  type Fields,
  falseOr,
  integer,
  object,
  oneOf,
  refine,
  text,
  withMethods,
} from '../schema.ts';
import type { ScheduledMessageRef } from '../sending/scheduled/cancel-scheduled.ts';
import type { Purpose } from '../types.ts';
import type { GuardMode } from './guard.ts';

/** One question to the consent hook: may this person receive this message now? */
export interface ConsentQuery {
  /** Phone number in E.164. */
  readonly destination: string;
  /** Purpose of the message. */
  readonly purpose: Purpose;
  /** Your ID of the message, or the generated one. */
  readonly clientMessageId: string;
}

/** Second argument of every hook of the consent guard. */
export interface ConsentCall {
  /** Fires when the caller aborts or, for a question, when `timeoutMs` expires. */
  readonly signal: AbortSignal;
  /** `context` of the call, unchanged. */
  readonly context: unknown;
}

type Answer = boolean | Promise<boolean>;

/**
 * Options of the consent guard. Marketing needs an opt-in, and people who opted out receive nothing. Anything but a clear yes
 * (an error, a time-out, a result that is not a boolean) is a no.
 *
 * @example consent: { check: ({ destination, purpose }) => db.mayText(destination, purpose) }
 * @example consent: { ledger: myLedger, reconfirmAfterMs: 180 * 86_400_000 }
 */
export interface ConsentGuardOptions extends ReconfirmOptions {
  /**
   * `monitor` lets messages through that lack an opt-in or could not be checked. It still refuses after an opt-out, and when
   * a hook returns `false`. @default 'enforce'
   */
  readonly mode?: GuardMode | undefined;
  /** Asks your own store about one message. Only `true` is a yes. @default none */
  readonly check?: ((query: ConsentQuery, call: ConsentCall) => Answer) | undefined;
  /** Asks about many messages at once: one result per query, in order. Takes precedence over `check`. @default none */
  readonly checkMany?:
    | ((
        queries: readonly ConsentQuery[],
        call: ConsentCall,
      ) => readonly boolean[] | Promise<readonly boolean[]>)
    | undefined;
  /** Stores opt-ins and opt-outs. Together with a hook, both must say yes. @default none */
  readonly ledger?: ConsentLedger | undefined;
  /**
   * Called when a message needs an opt-in and the ledger has no record about the person. `true` admits it. Needs a
   * `ledger`. @default none
   */
  readonly onMissing?: ((query: ConsentQuery, call: ConsentCall) => Answer) | undefined;
  /** Called after an opt-out was recorded in the `ledger`, which it needs. @default none */
  readonly onOptOut?: ((change: ConsentNotice, call: ConsentCall) => void | Promise<void>) | undefined;
  /** Called after an opt-in was recorded in the `ledger`, which it needs. @default none */
  readonly onOptIn?: ((change: ConsentNotice, call: ConsentCall) => void | Promise<void>) | undefined;
  /**
   * Called for a text that may ask to be left alone but is not clearly an opt-out. Nothing is recorded: have somebody read it.
   * @default none
   */
  readonly onPossibleOptOut?:
    | ((message: PossibleOptOut, call: ConsentCall) => void | Promise<void>)
    | undefined;
  /** Options for texts that people send. @default choices are recorded, no replies are sent */
  readonly inbound?: InboundConsentOptions | undefined;
  /**
   * Key of the hash under which the opt-out of a forgotten person survives, 32 to 1,000 random characters (chosen by
   * this package: 128 bits are 32 hexadecimal digits). `consent.forget` needs it; if it is lost, forgotten people are
   * texted again. @default none
   */
  readonly forgetSecret?: string | undefined;
  /** Sends one-time passwords to people who opted out of everything. @default false */
  readonly otpAfterOptOut?: boolean | undefined;
  /** Time limit of one question to a hook or ledger, in milliseconds. @default 1_000 */
  readonly timeoutMs?: number | undefined;
  /** Maximum number of concurrent calls to `check` and `onMissing`. @default 32 */
  readonly concurrency?: number | undefined;
}

/** A text that may be an opt-out, as `onPossibleOptOut` receives it. */
export interface PossibleOptOut {
  /** Phone number of the writer in E.164, or the sender as received when it is not a phone number. */
  readonly destination: string;
  /** The person's text. */
  readonly text: string;
  /** When the person wrote it, in epoch milliseconds. */
  readonly at: number;
  /** 8x8's ID (umid) of the text. */
  readonly messageId: string;
}

/** A recorded choice, as `onOptOut` and `onOptIn` receive it. */
export interface ConsentNotice extends ConsentRecord {
  /** Phone number in E.164. */
  readonly destination: string;
  /**
   * Scheduled messages to this person that an opt-out could not cancel and that may still be sent. Absent when there are
   * none.
   */
  readonly scheduledNotCancelled?: readonly ScheduledMessageRef[];
}

const fields: Fields<ConsentGuardOptions> = {
  mode: oneOf(['enforce', 'monitor']),
  check: anyFunction(),
  checkMany: anyFunction(),
  ledger: withMethods(LEDGER_METHODS, 'a ConsentLedger'),
  onMissing: anyFunction(),
  onOptOut: anyFunction(),
  onOptIn: anyFunction(),
  onPossibleOptOut: anyFunction(),
  inbound: inboundField,
  forgetSecret: text({ min: 32, max: 1_000 }),
  reconfirmAfterMs: integer({ min: 1, max: 10 * 366 * 86_400_000, unit: 'milliseconds' }),
  reconfirmAfterMonths: oneOf([3, 6, 12]),
  otpAfterOptOut: boolean(),
  timeoutMs: integer({ min: 1, max: 60_000, unit: 'milliseconds' }),
  concurrency: integer({ min: 1, max: 1_000 }),
};
export const CONSENT_NAMES: readonly string[] = Object.keys(fields);
export const consentField = falseOr(
  refine<ConsentGuardOptions>(
    object(fields, FALSE_OR_OPTIONS),
    ({ reconfirmAfterMs, reconfirmAfterMonths }) =>
      reconfirmAfterMs === undefined || reconfirmAfterMonths === undefined,
    'takes reconfirmAfterMs or reconfirmAfterMonths, not both.',
  ),
);

/** Callbacks about the records of a ledger. */
const CALLED_WITH_LEDGER = ['onMissing', 'onOptOut', 'onOptIn'] as const;

/**
 * Refuses a callback that would never be called: a team that keeps its own table would wait there for every STOP.
 *
 * @throws ConfigurationError the callback needs a ledger
 */
export function refuseIdleCallbacks(options: ConsentGuardOptions): void {
  if (options.ledger !== undefined) return;
  const idle = CALLED_WITH_LEDGER.find((name) => options[name] !== undefined);
  if (idle === undefined) return;
  const option = `guards.consent.${idle}`;
  throw new ConfigurationError(
    `${option} needs guards.consent.ledger: without a ledger it is never called. If your own table holds the choices, record them in onInbound of the webhook receiver.`,
    option,
  );
}
