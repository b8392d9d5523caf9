import { ConfigurationError } from '../errors.ts';
import {
  boolean,
  decimal,
  type Field,
  type Fields,
  falseOr,
  integer,
  list,
  object,
  objectWith,
  oneOf,
  shortValues,
  switchOn,
  text,
  unknown,
  validate,
  withMethods,
} from '../schema.ts';
import type { Clock } from '../types.ts';
import type { EmulatedExportOptions } from './context.ts';
import type { EmulatedPriceOptions } from './prices.ts';

/** Options of {@link createEmulator}. All are optional: by default the emulator accepts any key and any sub-account. */
export interface EmulatorOptions {
  /** Valid keys; any other gets 401. @default any key that is not empty */
  readonly apiKey?: string | readonly string[] | undefined;
  /** Sub-accounts that exist; any other gets 400, code 1001. @default any well-formed sub-account */
  readonly subAccountIds?: readonly string[] | undefined;
  /**
   * The sub-account of price lists, and of texts from people who never received a message.
   * @default the first of `subAccountIds`, otherwise `emulated_subaccount`; with `createTestClient`, the client's
   */
  readonly defaultSubAccountId?: string | undefined;
  /** The account of prices, balance, webhooks and contacts; any other gets 403, code 1201. @default any account */
  readonly accountId?: string | undefined;
  /** The source of the time. @default the system clock */
  readonly clock?: Clock | undefined;
  /** A number from which all IDs and codes are derived, so that they are the same in every run. @default random IDs */
  readonly seed?: number | undefined;
  /** Invented prices by country. @default built-in invented prices, in USD */
  readonly prices?: EmulatedPriceOptions | undefined;
  /**
   * Requests per second and sub-account; more get 429 with `Retry-After`. `false` also lifts the limit of one request per
   * second on message details.
   * @default 1,800, as at 8x8
   */
  readonly requestsPerSecond?: number | false | undefined;
  /** Whether the account is prepaid and so has a balance; `true` starts with 100. @default false: 403, code 1201 */
  readonly prepaid?:
    | boolean
    | {
        /** Initial balance, in the currency of `prices`. */
        readonly balance: number;
      }
    | undefined;
  /**
   * Templates of verifications that are saved at 8x8: texts by name. A `templateKey` that is not among them gets 400, code
   * 1007, and so does a start that names none of several. @default any `templateKey` selects 8x8's own text
   */
  readonly verificationTemplates?: Readonly<Record<string, string>> | undefined;
  /** How log exports are created. @default ready at the third poll */
  readonly exports?: EmulatedExportOptions | undefined;
  /** Whether details and exports show complete numbers and texts. @default false: masked, as at 8x8 unless you ask for them */
  readonly showPersonalData?: boolean | undefined;
  /** Maximum number of messages, and of requests, to remember; the oldest are dropped. @default no limit */
  readonly maxKept?: number | undefined;
}

const MANY = 10_000;
const name = text({ min: 0, max: MANY });
const count = integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const positive = decimal({ min: 0, max: Number.MAX_SAFE_INTEGER });
const orEndless = (field: Field) => switchOn((input) => input === Number.POSITIVE_INFINITY, unknown(), field);

const priceFields: Fields<EmulatedPriceOptions> = {
  perPart: switchOn(isRecord, unknown(), object({}, 'an object of prices by country')),
  currency: text({ max: 3 }),
  shape: oneOf(['object', 'array']),
};
const exportFields: Fields<EmulatedExportOptions> = {
  readyAfterPolls: count,
  readyAfterMs: count,
  byteOrderMark: boolean(),
  rowsPerFile: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
};
const optionFields: Fields<EmulatorOptions> = {
  apiKey: switchOn(Array.isArray, list(name, { max: MANY }), name),
  subAccountIds: list(name, { max: MANY }),
  defaultSubAccountId: name,
  accountId: name,
  clock: withMethods(['now'], 'a clock'),
  seed: decimal({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
  prices: object(priceFields, 'an object of prices'),
  requestsPerSecond: falseOr(orEndless(positive)),
  prepaid: switchOn(isRecord, objectWith(['balance'], { balance: positive }), boolean()),
  verificationTemplates: shortValues({ maxEntries: MANY, maxLength: MANY }),
  exports: object(exportFields, 'an object of options'),
  showPersonalData: boolean(),
  maxKept: orEndless(count),
};
const schema = object(optionFields, 'an object of options');

function isRecord(input: unknown): boolean {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

/**
 * Checks the options: with a misspelt one, a test without a compiler would silently test nothing.
 *
 * @throws ConfigurationError an option is unknown or malformed
 */
export function assertEmulatorOptions(options: EmulatorOptions): void {
  const flaw = validate(schema, options, 'emulator');
  if (flaw !== undefined) throw new ConfigurationError(flaw.message, flaw.path);
}
