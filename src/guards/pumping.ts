import { connectionOf } from '../internal/ip-address.ts';
import { explainDoubt } from '../limits/doubt/explain.ts';
import { BLOCK_DIVISOR, RANGE_DIVISOR } from '../limits/doubt/parameters.ts';
import type { DoubtRule, LimitRule, RuleViolation } from '../limits/limit-store.ts';
import {
  decimal,
  FALSE_OR_OPTIONS,
  type Fields,
  falseOr,
  list,
  object,
  oneOf,
  pattern,
  recordOf,
} from '../schema.ts';
import type { Purpose } from '../types.ts';
import type { Guard, GuardMode, OutgoingMessage } from './guard.ts';
import type { GuardAction } from './reasons.ts';

/** The doubt that is normal for a country. */
export interface PumpingTolerance {
  /**
   * Money that unentered codes to strangers of one country may cost beyond the normal share, before strangers are held back: at
   * least 8 and at most 120 codes, and more in a busy country. @default 3
   */
  readonly money?: number | undefined;
  /** ISO 4217. Prices in another currency are not used. @default 'USD' */
  readonly currency?: string | undefined;
}

/**
 * Stops SMS pumping: scripts that request one-time passwords for numbers whose operator shares the revenue. The guard
 * counts codes that strangers did not enter, beyond the normal share (the doubt), per country, range (without 6
 * digits), block (without 4 digits), address and number. A place whose doubt reaches its tolerance holds strangers
 * back until they enter codes again; a suspension always expires on its own.
 *
 * Strangers are all visitors but acquaintances: numbers and subjects that entered a code between 6 hours and 90 days ago, and messages
 * with `returning: true`. The guard learns only from outcomes: `verifications.check`, `oneTimePasswords.check`, `messages.feedback`
 * with `destination`, `guards.reportOutcome`. Without them it judges only single numbers and crowds, see the event `outcomes-missing`.
 * WhatsApp, Viber and silent authentication are neither held back nor counted: they pay no operator.
 *
 * Every default comes from simulated traffic, see docs/fraud.md: run `mode: 'monitor'` for two weeks first.
 *
 * @example pumping: { mode: 'enforce', action: 'ask' }
 */
export interface PumpingGuardOptions {
  /** `enforce` refuses; `monitor` only reports what it would have refused. @default 'monitor' */
  readonly mode?: GuardMode | undefined;
  /**
   * `ask`: your service can show a captcha. A stranger who is held back is asked for one (`captcha-needed`), and, where people who
   * pass it do not enter their codes either, for another channel (`other-channel-needed`). `refuse`: a stranger who is held back has
   * to wait (`suspended`), and tolerances are larger. @default 'refuse'
   */
  readonly action?: GuardAction | undefined;
  /** The doubt that is normal for a country. @default { money: 3, currency: 'USD' }, measured */
  readonly tolerance?: PumpingTolerance | undefined;
  /**
   * Prices of a message by country, ISO 3166-1 alpha-2, in the currency of `tolerance`.
   * @default the price list that `account.prices` fetched, and receipts; 0.1 for a country without a price
   */
  readonly prices?: Readonly<Record<string, number>> | undefined;
  /** Purposes that are counted. Campaigns get no outcomes. @default ['otp'], which verifications are too */
  readonly purposes?: readonly Exclude<Purpose, 'marketing'>[] | undefined;
}

const toleranceFields: Fields<PumpingTolerance> = {
  money: decimal({ min: 0.01, max: 1_000_000 }),
  currency: pattern(/^[A-Z]{3}$/, 'an ISO 4217 code such as "USD"'),
};
const fields: Fields<PumpingGuardOptions> = {
  mode: oneOf(['enforce', 'monitor']),
  action: oneOf(['ask', 'refuse']),
  tolerance: object(toleranceFields, 'an object { money, currency }'),
  prices: recordOf(
    pattern(/^[A-Z]{2}$/, 'an ISO 3166-1 alpha-2 code such as "SG"'),
    decimal({ min: 0.000_001, max: 1_000_000 }),
    'an object of prices by country',
  ),
  purposes: list(oneOf(['transactional', 'otp']), { min: 1, max: 2 }),
};
export const pumpingField = falseOr(object(fields, FALSE_OR_OPTIONS));

/** The guard is on without being asked for, so that there is something to look at before it enforces. */
export const PUMPING_BY_DEFAULT: PumpingGuardOptions = Object.freeze({});

/** A price of a part, from the price list or a receipt. */
export type PriceOf = (
  country: string,
) => { readonly perPart: number; readonly currency: string } | undefined;

export const PUMPING_RULE_ID = 'pumping';
const DEFAULT_MONEY = 3;
/** The price for a country without one. Our number: between the cheap and the expensive markets. */
const DEFAULT_PRICE = 0.1;
const MIN_ALLOWANCE = 8;
const MAX_ALLOWANCE = 120;
/** Channels that a fraudster with an operator earns from. A call does as an SMS does. */
const PAYING_CHANNELS: readonly (string | undefined)[] = [undefined, 'sms', 'call'];

/** The rule for a message, or for the outcome of one. */
export type PumpingRule = (
  message: Pick<OutgoingMessage, 'phone' | 'subject' | 'clientIp' | 'isHuman' | 'isReturning'>,
) => DoubtRule;

export function createPumpingRule(options: PumpingGuardOptions, priceOf: PriceOf): PumpingRule {
  const { mode = 'monitor', action = 'refuse', tolerance = {} } = options;
  const { money = DEFAULT_MONEY, currency = 'USD' } = tolerance;
  const prices = { ...options.prices };

  function priceIn(country: string): number {
    if (Object.hasOwn(prices, country)) return prices[country] as number;
    const known = priceOf(country);
    return known?.currency === currency ? known.perPart : DEFAULT_PRICE;
  }

  return ({ phone, subject, clientIp, isHuman, isReturning }) => {
    const country = phone.country ?? (phone.callingCode === '' ? '0' : phone.callingCode);
    return {
      kind: 'doubt',
      id: PUMPING_RULE_ID,
      guard: 'pumping',
      key: phone.key,
      mode,
      country,
      member: subject,
      address: clientIp === undefined ? undefined : connectionOf(clientIp),
      isHuman,
      isReturning,
      action,
      allowance: Math.min(MAX_ALLOWANCE, Math.max(MIN_ALLOWANCE, money / priceIn(country))),
    };
  };
}

/** Holds strangers where strangers do not enter their codes. */
export function createPumpingGuard(
  options: PumpingGuardOptions,
  { prices }: { readonly prices: { readonly find: PriceOf } },
): Guard<'pumping'> {
  const { mode = 'monitor', action = 'refuse', purposes = ['otp'] } = options;
  const counted: ReadonlySet<Purpose> = new Set(purposes);
  const ruleOf = createPumpingRule(options, prices.find);
  return {
    name: 'pumping',
    mode,
    action,
    rules: (message) =>
      counted.has(message.purpose) && PAYING_CHANNELS.includes(message.channel) ? [ruleOf(message)] : [],
  };
}

/** The numbers behind a refusal, as a sentence. */
export function describePumpingRule(
  rule: LimitRule,
  observed: number,
  doubt: RuleViolation['doubt'],
): string {
  if (doubt === undefined) {
    return `Codes to new numbers were not entered, so such messages are held; ${observed} of them to this number.`;
  }
  const divisor = doubt.place === 'range' ? RANGE_DIVISOR : BLOCK_DIVISOR;
  const prefix = String(Math.floor((rule.key as number) / divisor));
  return explainDoubt({ ...doubt, country: (rule as DoubtRule).country, prefix, observed });
}
