import type { BudgetGuardOptions } from './budget-options.ts';
import type { OutgoingMessage } from './guard.ts';
import type { PriceOf } from './pumping.ts';

/** The cost of all parts of a message. */
export interface MessageCost {
  readonly amount: number;
  /** ISO 4217. */
  readonly currency: string;
}

/** Size and cost of a message, for its events. */
export interface CostFields {
  /** Number of parts; absent for a verification, whose text 8x8 writes. */
  readonly parts?: number;
  /** Cost of all parts, by `guards.budget.prices` or the account's price list; absent where the price is not known. */
  readonly cost?: MessageCost;
}

/** The size and cost of a message, as far as they are known. Asks nobody. */
export type CostOf = (message: OutgoingMessage, parts?: number) => CostFields;

/** Rounded to 8x8's smallest unit of price, so that three parts for 0.1 do not cost 0.30000000000000004. */
const DECIMALS = 1_000_000;

/** Prices of `guards.budget.prices`, if they are given there, else of the account. */
export function createCostOf(budget: false | BudgetGuardOptions, priceOf: PriceOf): CostOf {
  const { prices, currency = 'USD' } = budget || {};
  const given =
    typeof prices === 'object'
      ? new Map(Object.entries(prices).map(([place, price]) => [place.toUpperCase(), price]))
      : undefined;

  function perPart(country: string): MessageCost | undefined {
    const amount = given?.get(country) ?? given?.get('DEFAULT');
    if (amount !== undefined) return { amount, currency };
    const known = priceOf(country);
    return known && { amount: known.perPart, currency: known.currency };
  }

  return ({ content, phone: { country = '' } }, parts = content?.measure.parts) => {
    if (parts === undefined) return {};
    const price = perPart(country);
    if (price === undefined) return { parts };
    const amount = Math.round(price.amount * parts * DECIMALS) / DECIMALS;
    return { parts, cost: { amount, currency: price.currency } };
  };
}
