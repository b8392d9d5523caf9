import { type ConsentLedger, type ConsentRecord, LEDGER_METHODS } from '../consent/consent-ledger.ts';
import { type InboundConsentOptions, inboundField } from '../consent/inbound-options.ts';
import type { ReconfirmOptions } from '../consent/reconfirm.ts';
import {
  anyFunction,
  FALSE_OR_OPTIONS,
  type Fields,
  falseOr,
  flag,
  having,
  integer,
  oneOf,
  refined,
  shape,
  text,
} from '../schema.ts';
import type { Purpose } from '../types.ts';
import type { GuardMode } from './guard.ts';

/** What the hook is asked: may this person get this message now? */
export interface ConsentQuery {
  /** E.164. */
  readonly destination: string;
  readonly purpose: Purpose;
  readonly clientMessageId: string;
}

/** What comes with every question and notice. */
export interface ConsentCall {
  /** Fires when the caller gave up or, for a question, the time limit ran out. */
  readonly signal: AbortSignal;
  /** `context` of the call, untouched. */
  readonly context: unknown;
}

type Answer = boolean | Promise<boolean>;

/**
 * Who may be texted. Marketing needs an opt-in; a person who opted out gets nothing. Anything but a clear yes (an
 * error, a time-out, an answer that is not a boolean) is a no.
 *
 * @example consent: { check: ({ destination, purpose }) => db.mayText(destination, purpose) }
 * @example consent: { ledger: myLedger, reconfirmAfterMs: 180 * 86_400_000 }
 */
export interface ConsentGuardOptions extends ReconfirmOptions {
  /**
   * `monitor` lets through what lacks an opt-in or could not be asked; an opt-out, and a hook's `false`, is refused all
   * the same. @default 'enforce'
   */
  readonly mode?: GuardMode | undefined;
  /** Your own store, one question a message. Only `true` is a yes. @default none */
  readonly check?: ((query: ConsentQuery, call: ConsentCall) => Answer) | undefined;
  /** The same for many at once: one answer a query, in order. Used instead of `check` when both are given. @default none */
  readonly checkMany?:
    | ((
        queries: readonly ConsentQuery[],
        call: ConsentCall,
      ) => readonly boolean[] | Promise<readonly boolean[]>)
    | undefined;
  /** Where opt-ins and opt-outs are kept. With a hook as well, both must agree. @default none */
  readonly ledger?: ConsentLedger | undefined;
  /** Asked when the ledger has no record of a person and the message needs an opt-in. `true` admits. @default none */
  readonly onMissing?: ((query: ConsentQuery, call: ConsentCall) => Answer) | undefined;
  /** Told after an opt-out was recorded. @default none */
  readonly onOptOut?: ((change: ConsentNotice, call: ConsentCall) => void | Promise<void>) | undefined;
  /** Told after an opt-in was recorded. @default none */
  readonly onOptIn?: ((change: ConsentNotice, call: ConsentCall) => void | Promise<void>) | undefined;
  /**
   * Told of a text that may mean an opt-out but is none of its words alone. Nothing is recorded: have somebody read it.
   * @default none
   */
  readonly onPossibleOptOut?:
    | ((message: PossibleOptOut, call: ConsentCall) => void | Promise<void>)
    | undefined;
  /** What happens to texts that people write. @default choices are recorded, nothing is answered */
  readonly inbound?: InboundConsentOptions | undefined;
  /**
   * Keys the hash under which the opt-out of a forgotten person survives, 32 to 1,000 random characters (ours: 128 bits
   * take 32 hexadecimal digits). Needed for `consent.forget`; who loses it texts forgotten people again. @default none
   */
  readonly forgetSecret?: string | undefined;
  /** One-time passwords reach people who opted out of everything. @default false */
  readonly otpAfterOptOut?: boolean | undefined;
  /** Time limit of one question, in milliseconds. @default 1_000 */
  readonly timeoutMs?: number | undefined;
  /** Questions to `check` and `onMissing` under way at once. @default 32 */
  readonly concurrency?: number | undefined;
}

/** What `onPossibleOptOut` is told. */
export interface PossibleOptOut {
  /** E.164 where it can be read as that, else as it came. */
  readonly destination: string;
  /** What the person wrote. */
  readonly text: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** 8x8's id (umid). */
  readonly messageId: string;
}

/** What `onOptOut` and `onOptIn` are told. */
export interface ConsentNotice extends ConsentRecord {
  /** E.164. */
  readonly destination: string;
}

const fields: Fields<ConsentGuardOptions> = {
  mode: oneOf(['enforce', 'monitor']),
  check: anyFunction(),
  checkMany: anyFunction(),
  ledger: having(LEDGER_METHODS, 'a ConsentLedger'),
  onMissing: anyFunction(),
  onOptOut: anyFunction(),
  onOptIn: anyFunction(),
  onPossibleOptOut: anyFunction(),
  inbound: inboundField,
  forgetSecret: text({ min: 32, max: 1_000 }),
  reconfirmAfterMs: integer({ min: 1, max: 10 * 366 * 86_400_000, unit: 'milliseconds' }),
  reconfirmAfterMonths: oneOf([3, 6, 12]),
  otpAfterOptOut: flag(),
  timeoutMs: integer({ min: 1, max: 60_000, unit: 'milliseconds' }),
  concurrency: integer({ min: 1, max: 1_000 }),
};
export const CONSENT_NAMES: readonly string[] = Object.keys(fields);
export const consentField = falseOr(
  refined<ConsentGuardOptions>(
    shape(fields, FALSE_OR_OPTIONS),
    ({ reconfirmAfterMs, reconfirmAfterMonths }) =>
      reconfirmAfterMs === undefined || reconfirmAfterMonths === undefined,
    'takes reconfirmAfterMs or reconfirmAfterMonths, not both.',
  ),
);
