import { ValidationError } from '../errors.ts';
import {
  anyFunction,
  boolean,
  type Fields,
  integer,
  object,
  objectWith,
  oneOf,
  switchOn,
  text,
  unknown,
  validate,
} from '../schema.ts';
import type { FaultName, FaultOptions, FaultResponse } from './faults.ts';

/** An object, so that a new fault that is missing here is a compile error. */
const names: Readonly<Record<FaultName, true>> = {
  '429': true,
  '500': true,
  '503': true,
  tls: true,
  html: true,
  reset: true,
  refused: true,
  dns: true,
  'lost-response': true,
  slow: true,
  truncated: true,
  empty: true,
  reject: true,
};
const count = integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const status = integer({ min: 200, max: 599 });
const responseFields: Fields<FaultResponse> = {
  status,
  body: switchOn(
    (input) => typeof input === 'object' && input !== null,
    unknown(),
    text({ min: 0, max: 100_000_000 }),
  ),
  headers: unknown(),
};
const faultSchema = switchOn(
  (input) => typeof input === 'object' && input !== null,
  objectWith(['status'], responseFields, 'a response { status, … }'),
  oneOf(Object.keys(names)),
);
const optionFields: Fields<FaultOptions> = {
  times: switchOn(
    (input) => input === Number.POSITIVE_INFINITY,
    unknown(),
    integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  ),
  match: anyFunction(),
  retryAfterSeconds: count,
  delayMs: count,
  status,
  accepted: boolean(),
  description: text({ max: 10_000 }),
};
const optionsSchema = object(optionFields, 'an object of options');

/**
 * Checks a fault: a misspelt one would still break the connection, and a test would pass for the wrong reason.
 *
 * @throws ValidationError the fault or an option is unknown or malformed
 */
export function assertFault(fault: FaultName | FaultResponse, options: FaultOptions): void {
  const flaw = validate(faultSchema, fault, 'fault') ?? validate(optionsSchema, options, 'options');
  if (flaw !== undefined) throw new ValidationError(flaw.message, flaw.path);
}
