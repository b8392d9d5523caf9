import type { Calls } from '../call.ts';
import { ConfigurationError, ValidationError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { connectionOf } from '../internal/ip-address.ts';
import { maskNumber } from '../internal/redact.ts';
import { explainDoubt } from '../limits/doubt/explain.ts';
import {
  type DoubtAlert,
  type DoubtPlace,
  type DoubtTarget,
  MAX_TRUSTED,
  type TrustableTarget,
} from '../limits/doubt-store.ts';
import type { Limiter } from '../limits/limiter.ts';
import type { PhoneDefaults } from '../phone/normalise-phone.ts';
import { readPhone } from '../phone/read-phone.ts';
import {
  countryCode,
  type Field,
  type Fields,
  integer,
  object,
  objectWith,
  oneOf,
  pattern,
  refine,
  unknown,
  validate,
} from '../schema.ts';
import { clientIpField, subjectField } from '../sending/sms-message.ts';
import type { CallOptions, Clock } from '../types.ts';
import { PUMPING_RULE_ID } from './pumping.ts';
import type { ReportPumpingOutcome } from './pumping-outcomes.ts';
import type { RememberSuccess } from './remember-success.ts';

/** A place in which the guard `pumping` holds strangers back. Exactly one field is given. */
export type SuspensionPlace =
  | {
      /** ISO 3166-1 alpha-2; for numbers without a country their calling code, for example `'882'`. */
      readonly country: string;
    }
  | {
      /** `+` and the digits that the numbers begin with. */
      readonly range: string;
    }
  | {
      /** A number in E.164. */
      readonly number: string;
    }
  | {
      /** An end user's address. */
      readonly clientIp: string;
    }
  | {
      /** All countries in which hardly anybody entered a code yet. */
      readonly pool: true;
    };

/** A place that is to be trusted. */
export type TrustedPlace = Extract<
  SuspensionPlace,
  { readonly country: string } | { readonly range: string } | { readonly number: string }
>;

/** How long a place is trusted. */
export interface TrustOptions {
  /** Days, 0 to 366; 0 ends it. @default 30 */
  readonly days?: number | undefined;
}

/** A place in which strangers are held back, or would be in monitor mode. */
export interface Suspension {
  /** The kind of the place: `range` omits 6 digits, `block` 4; `crowd` also counts numbers of a block that enter their codes. */
  readonly kind: DoubtPlace;
  /** The place, for `guards.lift`. Absent for numbers and addresses, which are not named. */
  readonly place?: SuspensionPlace;
  /** Number of phone numbers or addresses that are held back one by one. 1 for every other kind. */
  readonly count: number;
  /** Whether it holds back people who passed a captcha; another suspension holds back all others. */
  readonly afterTest: boolean;
  /** Doubt now, in whole codes; of several numbers or addresses the largest. */
  readonly observed: number;
  /** The doubt that was normal when it began. */
  readonly limit: number;
  /** Both counts in one sentence. */
  readonly explanation: string;
  /** When it began, in epoch milliseconds. */
  readonly startedAt: number;
  /** When the next stranger passes, in epoch milliseconds: each that enters the code shortens the pause after it. */
  readonly nextAt: number;
}

/** How the code of a number ended, when this package does not see it. */
export interface OutcomeReport {
  /** The number that received the code: E.164, or national together with `country`. */
  readonly destination: string;
  /** ISO 3166-1 alpha-2 code of a national number. @default `defaultCountry` of the client */
  readonly country?: string | undefined;
  /**
   * `success`: the person entered the code. `other-way`: the person got in without it, for example with a passkey or a
   * password.
   */
  readonly outcome: 'success' | 'other-way';
  /** The visitor, as the message named them. */
  readonly subject?: string | undefined;
  /** The visitor's address, as the message named it. */
  readonly clientIp?: string | undefined;
}

/** The part of `guards` that belongs to the guard `pumping`. */
export interface PumpingDesk {
  /**
   * Lists the places in which `pumping` holds strangers back, or would in monitor mode. Names no person.
   *
   * @throws ConfigurationError the guard is off, or the limit store does not keep it
   * @throws StoreError the limit store failed
   * @example for (const { explanation } of await sms.guards.suspensions()) console.log(explanation)
   */
  suspensions(options?: CallOptions): Promise<readonly Suspension[]>;
  /**
   * Ends the suspensions of a place at once, and takes back its doubt. They end by themselves too, once strangers enter their codes
   * again. Raises `suspension-lifted`.
   *
   * @throws ConfigurationError, ValidationError, InvalidPhoneNumberError, StoreError
   * @example await sms.guards.lift({ country: 'ID' })
   */
  lift(place: SuspensionPlace, options?: CallOptions): Promise<void>;
  /**
   * Neither counts strangers of a place nor holds them back for some days: a market that you have just opened, a partner's range, a
   * test phone. `days: 0` ends it. At most 1,000 places.
   *
   * @throws ConfigurationError, ValidationError, InvalidPhoneNumberError, StoreError
   * @example await sms.guards.trust({ range: '+62812345', days: 7 })
   */
  trust(place: TrustedPlace & TrustOptions, options?: CallOptions): Promise<void>;
  /**
   * Reports how a code ended that this package neither checked nor sees in `messages.feedback`. `success` also ends the wait
   * of the backoff guard and makes the `subject` known.
   *
   * @throws ValidationError, InvalidPhoneNumberError, StoreError
   * @example await sms.guards.reportOutcome({ destination: '+6591234567', outcome: 'success' })
   */
  reportOutcome(report: OutcomeReport, options?: CallOptions): Promise<void>;
}

export interface PumpingDeskConfig {
  readonly isOn: boolean;
  readonly calls: Calls;
  readonly limiter: Limiter;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly phoneDefaults: PhoneDefaults;
  readonly rememberSuccess: RememberSuccess;
  readonly reportPumpingOutcome: ReportPumpingOutcome;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const DEFAULT_DAYS = 30;
const WHERE = 'one of { country }, { range }, { number }';

const rangeField = pattern(/^\+\d{1,14}$/, '"+" and the digits that the numbers begin with');
const trustedFields = {
  country: pattern(/^([A-Z]{2}|\d{1,4})$/, 'an ISO 3166-1 alpha-2 code such as "SG", or a calling code'),
  range: rangeField,
  number: unknown(),
};
const placeFields = { ...trustedFields, clientIp: clientIpField, pool: oneOf([true]) };

function oneOfFields(fields: Readonly<Record<string, Field>>, what: string, others: number): Field {
  return refine<object>(
    object(fields, what),
    (place) => Object.keys(place).filter((name) => name !== 'days').length === others,
    `must be ${what}.`,
  );
}
const placeSchema = oneOfFields(placeFields, `${WHERE}, { clientIp }, { pool: true }`, 1);
const trustSchema = oneOfFields(
  { ...trustedFields, days: integer({ min: 0, max: 366, unit: 'days' }) },
  `${WHERE}, with days`,
  1,
);
const reportFields: Fields<OutcomeReport> = {
  destination: unknown(),
  country: countryCode(),
  outcome: oneOf(['success', 'other-way']),
  subject: subjectField,
  clientIp: clientIpField,
};
const reportSchema = objectWith(
  ['destination', 'outcome'],
  reportFields,
  'an object { destination, outcome, … }',
);

function check(schema: Field, value: unknown, name: string): void {
  const flaw = validate(schema, value, name);
  if (flaw !== undefined) throw new ValidationError(flaw.message, flaw.path);
}

function placeOf({ place, country, prefix }: DoubtAlert): SuspensionPlace | undefined {
  if (country !== undefined) return { country };
  if (prefix !== undefined) return { range: `+${prefix}` };
  return place === 'pool' ? { pool: true } : undefined;
}

/** A place as an event shows it. */
function shownPlace(target: DoubtTarget): string {
  if ('country' in target) return target.country;
  if ('prefix' in target) return `+${target.prefix}`;
  if ('number' in target) return maskNumber(`+${target.number}`);
  return 'address' in target ? 'address' : 'pool';
}

export function createPumpingDesk(config: PumpingDeskConfig): PumpingDesk {
  const { isOn, calls, limiter, clock, emit, phoneDefaults, rememberSuccess, reportPumpingOutcome } = config;

  function assertOn(): void {
    if (isOn) return;
    throw new ConfigurationError(
      'guards.pumping is off, or the limit store does not support it (LimitStore.doubts), so there are no suspensions.',
      'guards.pumping',
    );
  }

  function targetOf(place: SuspensionPlace): DoubtTarget {
    if ('country' in place) return { country: place.country };
    if ('range' in place) return { prefix: place.range.slice(1) };
    if ('number' in place) return { number: readPhone(place.number, undefined, phoneDefaults).key };
    return 'clientIp' in place ? { address: connectionOf(place.clientIp) } : { pool: true };
  }

  return {
    suspensions: (options) =>
      calls.run(options, async (call) => {
        assertOn();
        const alerts = await limiter.askDoubts(
          (doubts, scope) => doubts.alerts(scope, PUMPING_RULE_ID),
          call,
          'nothing was read.',
        );
        const now = clock.now();
        return alerts.map((alert): Suspension => {
          const place = placeOf(alert);
          const { place: kind, isHuman, observed, limit, ageMs, nextInMs, count = 1 } = alert;
          return {
            kind,
            ...(place && { place }),
            count,
            afterTest: isHuman,
            observed,
            limit,
            explanation: explainDoubt(alert),
            startedAt: now - ageMs,
            nextAt: now + nextInMs,
          };
        });
      }),

    lift: (place, options) =>
      calls.run(options, async (call) => {
        assertOn();
        check(placeSchema, place, 'place');
        const target = targetOf(place);
        await limiter.askDoubts(
          (doubts, scope) => doubts.lift(scope, PUMPING_RULE_ID, target),
          call,
          'nothing was lifted.',
        );
        emit({ type: 'suspension-lifted', place: shownPlace(target) }, call.context);
      }),

    trust: (place, options) =>
      calls.run(options, async (call) => {
        assertOn();
        check(trustSchema, place, 'place');
        const { days = DEFAULT_DAYS } = place;
        const target = targetOf(place) as TrustableTarget;
        const hasRoom = await limiter.askDoubts(
          (doubts, scope) => doubts.trust(scope, PUMPING_RULE_ID, target, days * DAY_MS),
          call,
          'nothing was trusted.',
        );
        if (hasRoom) return;
        throw new ValidationError(
          `${MAX_TRUSTED.toLocaleString('en')} places are trusted already. Remove one with days: 0.`,
          'place',
        );
      }),

    reportOutcome: (report, options) =>
      calls.run(options, async (call) => {
        check(reportSchema, report, 'report');
        const { destination, country, outcome, subject, clientIp } = report;
        const phone = readPhone(destination, country, phoneDefaults);
        if (outcome === 'success') await rememberSuccess(phone, { subject, clientIp }, call);
        else await reportPumpingOutcome(phone, { subject }, 'other-way', call);
      }),
  };
}
