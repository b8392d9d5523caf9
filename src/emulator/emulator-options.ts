import { ConfigurationError } from '../errors.ts';
import {
  anything,
  decimal,
  either,
  type Field,
  type Fields,
  falseOr,
  findFlaw,
  flag,
  having,
  integer,
  list,
  oneOf,
  shape,
  shapeWith,
  text,
} from '../schema.ts';
import type { Clock } from '../types.ts';
import type { EmulatedExportOptions } from './context.ts';
import type { EmulatedPriceOptions } from './prices.ts';

/** How the pretend 8x8 is set up. Everything is optional: without options it takes any key and any sub-account. */
export interface EmulatorOptions {
  /** Keys that are good. Default: any that is not empty. */
  readonly apiKey?: string | readonly string[] | undefined;
  /** Sub-accounts that exist; another one is answered 403, code 1001. Default: any well-formed one. */
  readonly subAccountIds?: readonly string[] | undefined;
  /**
   * The sub-account of what names none: the price list, and what people write who never got a message. Default: the first
   * of `subAccountIds`, else `emulated_subaccount`; with `createTestClient` the client's.
   */
  readonly defaultSubAccountId?: string | undefined;
  /** The account of prices, balance, webhooks and contacts; another one is answered 403, code 1201. Default: any. */
  readonly accountId?: string | undefined;
  /** Where the time comes from. Default: the system's. */
  readonly clock?: Clock | undefined;
  /** Makes every id the same in every run. Default: random ids. */
  readonly seed?: number | undefined;
  /** Invented prices, by country. */
  readonly prices?: EmulatedPriceOptions | undefined;
  /**
   * Requests a second and sub-account; more are answered 429 with `Retry-After`. Default 1,800, as at 8x8. `false` also
   * lifts the limit of one a second on message details.
   */
  readonly requestsPerSecond?: number | false | undefined;
  /** Prepaid accounts have a balance; `true` starts with 100. Default false: 403, code 1201. */
  readonly prepaid?: boolean | { readonly balance: number } | undefined;
  readonly exports?: EmulatedExportOptions | undefined;
  /** Shows numbers and texts in details and exports. Default false: masked, as 8x8 does until asked. */
  readonly showPersonalData?: boolean | undefined;
  /** Most messages, and most requests, that are remembered; the oldest are forgotten. Default: no end. */
  readonly maxKept?: number | undefined;
}

const MANY = 10_000;
const name = text({ min: 0, max: MANY });
const count = integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const positive = decimal({ min: 0, max: Number.MAX_SAFE_INTEGER });
const orEndless = (field: Field) => either((input) => input === Number.POSITIVE_INFINITY, anything(), field);

const priceFields: Fields<EmulatedPriceOptions> = {
  perPart: either(isRecord, anything(), shape({}, 'an object of prices by country')),
  currency: text({ max: 3 }),
  shape: oneOf(['object', 'array']),
};
const exportFields: Fields<EmulatedExportOptions> = {
  readyAfterPolls: count,
  readyAfterMs: count,
  byteOrderMark: flag(),
  rowsPerFile: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
};
const optionFields: Fields<EmulatorOptions> = {
  apiKey: either(Array.isArray, list(name, { max: MANY }), name),
  subAccountIds: list(name, { max: MANY }),
  defaultSubAccountId: name,
  accountId: name,
  clock: having(['now'], 'a clock'),
  seed: decimal({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
  prices: shape(priceFields, 'an object of prices'),
  requestsPerSecond: falseOr(orEndless(positive)),
  prepaid: either(isRecord, shapeWith(['balance'], { balance: positive }), flag()),
  exports: shape(exportFields, 'an object of options'),
  showPersonalData: flag(),
  maxKept: orEndless(count),
};
const schema = shape(optionFields, 'an object of options');

function isRecord(input: unknown): boolean {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

/**
 * A misspelt option would make a test that shows nothing, and many tests have no compiler.
 *
 * @throws ConfigurationError
 */
export function assertEmulatorOptions(options: EmulatorOptions): void {
  const flaw = findFlaw(schema, options, 'emulator');
  if (flaw !== undefined) throw new ConfigurationError(flaw.message, flaw.path);
}
