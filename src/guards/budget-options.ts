import {
  decimal,
  FALSE_OR_OPTIONS,
  type Field,
  type Fields,
  falseOr,
  object,
  oneOf,
  pattern,
  recordByCountry,
  refine,
  switchOn,
  word,
} from '../schema.ts';
import type { Purpose } from '../types.ts';
import { countryField } from './countries.ts';
import type { GuardMode } from './guard.ts';
import type { GuardAction } from './reasons.ts';

/** Amounts of money in `currency`, from 0.01. */
export interface BudgetAmounts {
  /** In any hour. @default no limit */
  readonly perHour?: number | undefined;
  /** In any 24 hours. @default no limit */
  readonly perDay?: number | undefined;
  /** In any 30 days. @default no limit */
  readonly perMonth?: number | undefined;
}

/** Limits above which unusual spending raises an event, without any amount. Nothing is refused. */
export interface BudgetAlarm {
  /** Multiple of the busiest hour of the purpose that this process has seen. @default 10 */
  readonly factor?: number | undefined;
  /** Spending in an hour below which no alarm is raised, in `currency`. @default 20 */
  readonly floor?: number | undefined;
}

/**
 * Limits the cost of messages, by parts and price, over all processes that share the limit store. Without an amount it only
 * watches: an hour that costs ten times the busiest one raises the event `budget-alarm`. With amounts, an event is raised when 50,
 * 80, 95 and 100 % of one are spent. A fifth of every amount is kept for acquaintances: visitors whose `subject` succeeded with the
 * number, and messages with `returning: true`. So a fraudster who spends the budget locks out strangers only.
 *
 * @example budget: { perDay: 50, countries: { ID: { perDay: 10 } }, onExceeded: 'ask' }
 */
export interface BudgetGuardOptions extends BudgetAmounts {
  /** `enforce` refuses; `monitor` only reports what it would have refused. @default 'enforce' */
  readonly mode?: GuardMode | undefined;
  /** Amounts of one country each, by ISO 3166-1 alpha-2 code; `default` is the amount of each other one. @default none */
  readonly countries?: Readonly<Record<string, BudgetAmounts>> | undefined;
  /** Amounts of one purpose each. @default none */
  readonly purposes?: { readonly [P in Purpose]?: BudgetAmounts | undefined } | undefined;
  /** ISO 4217 code of the amounts and prices. @default 'USD' */
  readonly currency?: string | undefined;
  /**
   * `refuse`: strangers wait once their part is spent. `ask`: the error has `action: 'ask'`, and a visitor who proves that they are a
   * person may use half of the part of the acquaintances. Once the whole amount is spent, everybody is refused. @default 'refuse'
   */
  readonly onExceeded?: GuardAction | undefined;
  /** The part of every amount that is kept for acquaintances, 0 to 0.9. @default 0.2 */
  readonly reserved?: number | undefined;
  /**
   * The price of one part: by country, with `default` for all others; or `account`: the price list of the account,
   * fetched in the background once per day, which needs `accountId`, and newer prices of delivery receipts. @default
   * 'account'
   */
  readonly prices?: 'account' | Readonly<Record<string, number>> | undefined;
  /**
   * The price of one part while it is not known. The event `prices-unknown` reports it.
   * @default 0.3, a usual price in the countries that fraud targets
   */
  readonly unknownPrice?: number | undefined;
  /**
   * The event `balance-low` is raised when a prepaid account has less. Read once per hour; needs `accountId`.
   * @default `perDay`; without it the balance is not read
   */
  readonly minBalance?: number | undefined;
  /** Limits of the event `budget-alarm`; `false`: never. @default { factor: 10, floor: 20 }, chosen by this package */
  readonly alarm?: false | BudgetAlarm | undefined;
}

/** As micro-units, an amount and the sums up to it are exact in a double. */
const MAX_AMOUNT = 1_000_000_000;
const amountField = decimal({ min: 0.01, max: MAX_AMOUNT });
const priceField = decimal({ min: 0.000_001, max: 1_000_000 });
const amountFields: Fields<BudgetAmounts> = {
  perHour: amountField,
  perDay: amountField,
  perMonth: amountField,
};
const amountsField = refine<BudgetAmounts>(
  object(amountFields, 'an object { perHour, perDay, perMonth }'),
  (amounts) => Object.values(amounts).some((amount) => amount !== undefined),
  'must name an amount: perHour, perDay or perMonth.',
);
const placeField: Field = switchOn(
  (key) => key === 'default',
  word(() => true, '"default"'),
  countryField,
);
const alarmFields: Fields<BudgetAlarm> = {
  factor: decimal({ min: 1, max: 1_000_000 }),
  floor: decimal({ min: 0, max: MAX_AMOUNT }),
};
/** Amounts, and what a message costs. */
export const spendingFields: Fields<
  BudgetAmounts & Pick<BudgetGuardOptions, 'currency' | 'prices' | 'unknownPrice'>
> = {
  ...amountFields,
  currency: pattern(/^[A-Z]{3}$/, 'an ISO 4217 code such as "USD"'),
  prices: switchOn(
    (input) => typeof input === 'object',
    recordByCountry(
      placeField,
      priceField,
      "'account', or an object of prices by country, such as { SG: 0.04, default: 0.1 }",
    ),
    oneOf(['account']),
  ),
  unknownPrice: priceField,
};
const fields: Fields<BudgetGuardOptions> = {
  ...spendingFields,
  mode: oneOf(['enforce', 'monitor']),
  countries: recordByCountry(
    placeField,
    amountsField,
    'an object of amounts by country, such as { SG: { perDay: 10 } }',
  ),
  purposes: object({ otp: amountsField, transactional: amountsField, marketing: amountsField }),
  onExceeded: oneOf(['ask', 'refuse']),
  reserved: decimal({ min: 0, max: 0.9 }),
  minBalance: amountField,
  alarm: falseOr(object(alarmFields, 'false or an object { factor, floor }')),
};
export const budgetField = falseOr(object(fields, FALSE_OR_OPTIONS));
