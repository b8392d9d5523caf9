import {
  optionalFlag,
  optionalNumber,
  optionalText,
  present,
  type ResponseFields,
  textIn,
  toFields,
} from './parse-response.ts';

/** Kind of line; a value that this version does not know is passed on unchanged. */
export type LookupPhoneType =
  | 'UAN'
  | 'FixedLine'
  | 'Mobile'
  | 'FixedLineOrMobile'
  | 'TollFree'
  | 'PremiumRate'
  | 'SharedCost'
  | 'VoIP'
  | 'PersonalNumber'
  | 'Pager'
  | 'Voicemail'
  | 'Unknown'
  | (string & {});

/** Reasons for a failed lookup, by 8x8's code. Source: 8x8 Number Lookup API, "Error codes". */
const REASONS = {
  2000: 'internal',
  2004: 'provider-timeout',
  2005: 'provider-error',
  2006: 'no-pricing-plan',
  2007: 'not-enough-balance',
  6000: 'operator-not-available',
  6001: 'sim-offline',
  6002: 'not-reachable',
  6003: 'sim-deactivated',
  6004: 'routing',
  6005: 'sim-full',
} as const;

/**
 * The meaning of an `errorCode`. The first five are problems at 8x8 or with your account, the others in the network.
 */
export type LookupErrorReason = (typeof REASONS)[keyof typeof REASONS];

/** Outcome of a lookup. */
export interface LookupStatus {
  readonly state: 'ok' | 'error' | (string & {});
  readonly detail?: string;
  /** ISO 8601. */
  readonly timestamp?: string;
  readonly errorCode?: number;
  /** Meaning of `errorCode`; absent for a code that this version does not know. */
  readonly reason?: LookupErrorReason;
  readonly errorMessage?: string;
}

/** A mobile network. */
export interface LookupOperator {
  readonly operatorName?: string;
  readonly mcc?: string;
  readonly mnc?: string;
  /** ISO 3166-1 alpha-2. */
  readonly country?: string;
}

/** Facts about a number, from 8x8. */
export interface NumberLookup {
  readonly requestId?: string;
  readonly phoneNumber: string;
  /** The number in its national format. */
  readonly phoneNumberNational?: string;
  readonly phoneType?: LookupPhoneType;
  /** ISO 3166-1 alpha-2. */
  readonly country?: string;
  /** True when it is in a network abroad; null when 8x8 does not know. */
  readonly roaming?: boolean | null;
  /** True when it is switched on; null when 8x8 does not know. */
  readonly presence?: boolean | null;
  /** True when it moved to another operator; null when 8x8 does not know. */
  readonly ported?: boolean | null;
  readonly status: LookupStatus;
  readonly currentOperator?: LookupOperator;
  readonly originalOperator?: LookupOperator;
  readonly roamingOperator?: LookupOperator;
}

function readStatus(fields: ResponseFields): LookupStatus {
  const status = toFields(fields.status, 'status');
  const errorCode = optionalNumber(status, 'errorCode');
  const reasons: Readonly<Record<number, LookupErrorReason>> = REASONS;
  return {
    state: textIn(status, 'state'),
    ...present({
      detail: optionalText(status, 'detail'),
      timestamp: optionalText(status, 'timestamp'),
      errorCode,
      reason: errorCode === undefined ? undefined : reasons[errorCode],
      errorMessage: optionalText(status, 'errorMessage'),
    }),
  };
}

function operatorIn(fields: ResponseFields, name: string): LookupOperator | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  const operator = toFields(value, name);
  return present({
    operatorName: optionalText(operator, 'operatorName'),
    mcc: optionalText(operator, 'mcc'),
    mnc: optionalText(operator, 'mnc'),
    country: optionalText(operator, 'country'),
  });
}

/** Null is an answer: 8x8 asked, and does not know. */
function flagOrUnknown(fields: ResponseFields, name: string): boolean | null | undefined {
  return fields[name] === null ? null : optionalFlag(fields, name);
}

export function readLookup(body: unknown): NumberLookup {
  const fields = toFields(body);
  return {
    phoneNumber: textIn(fields, 'phoneNumber'),
    status: readStatus(fields),
    ...present({
      requestId: optionalText(fields, 'requestId'),
      phoneNumberNational: optionalText(fields, 'phoneNumberNational'),
      phoneType: optionalText(fields, 'phoneType'),
      country: optionalText(fields, 'country'),
      roaming: flagOrUnknown(fields, 'roaming'),
      presence: flagOrUnknown(fields, 'presence'),
      ported: flagOrUnknown(fields, 'ported'),
      currentOperator: operatorIn(fields, 'currentOperator'),
      originalOperator: operatorIn(fields, 'originalOperator'),
      roamingOperator: operatorIn(fields, 'roamingOperator'),
    }),
  };
}
