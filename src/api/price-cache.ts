import { type Cache, createCache } from '../internal/cache.ts';
import type { SubAccountPrices } from './prices.ts';

/** Price of one part in a country, from a price list or from delivery receipts. */
export interface KnownPrice {
  readonly perPart: number;
  /** ISO 4217. */
  readonly currency: string;
  /** True when prices within the country differ, by operator: this is the highest that is known. */
  readonly isHighestOfSeveral: boolean;
  /** `receipt`: a real price, reported after the price list was last fetched. */
  readonly source: 'price-list' | 'receipt';
}

/** What a message really cost: the part of 8x8's `price` that counts here. */
export interface RealPrice {
  readonly perSms: number;
  /** ISO 4217. */
  readonly currency: string;
}

/** Prices of the client's own sub-account, by country. */
export interface PriceCache {
  find(country: string): KnownPrice | undefined;
  /** A price list replaces what was known of its countries. */
  record(subAccounts: readonly SubAccountPrices[]): void;
  /** A real price replaces the list's; where prices differ within a country the highest stays. */
  learn(subAccountId: string, country: string, price: RealPrice): void;
}

/** More than there are countries (249), so nothing is forgotten in practice. */
const MAX_COUNTRIES = 300;
/** No part of an SMS costs that much in any currency; a larger number is a fault. */
const MAX_PER_PART = 1_000_000;

function isCredible({ perSms, currency }: RealPrice): boolean {
  return Number.isFinite(perSms) && perSms > 0 && perSms <= MAX_PER_PART && /^[A-Z]{3}$/.test(currency);
}

/** One receipt tells the price of one operator: it never makes a country with several look cheaper than it is. */
function correct(known: KnownPrice | undefined, { perSms, currency }: RealPrice): KnownPrice {
  const real: KnownPrice = { perPart: perSms, currency, isHighestOfSeveral: false, source: 'receipt' };
  // Amounts of two currencies cannot be compared: what was really charged counts.
  if (known === undefined || known.currency !== currency) return real;
  if (known.source === 'price-list' && !known.isHighestOfSeveral) return real;
  if (known.perPart === perSms) return { ...known, source: 'receipt' };
  return perSms > known.perPart
    ? { ...real, isHighestOfSeveral: true }
    : { ...known, isHighestOfSeveral: true };
}

export function createPriceCache(subAccountId: string): PriceCache {
  let prices: Cache<string, KnownPrice> | undefined;

  function keep(country: string, price: KnownPrice): void {
    prices ??= createCache<string, KnownPrice>(MAX_COUNTRIES);
    prices.set(country.toUpperCase(), price);
  }

  return {
    find: (country) => prices?.get(country),
    record(subAccounts) {
      for (const { outbound } of subAccounts.filter((each) => each.subAccountId === subAccountId)) {
        for (const { alpha2Code, operators } of outbound) {
          const [first, ...others] = operators.map(({ price }) => price);
          if (first === undefined) continue;
          const highest = others.reduce((most, price) => (price.amount > most.amount ? price : most), first);
          keep(alpha2Code, {
            perPart: highest.amount,
            currency: highest.currency,
            isHighestOfSeveral: others.some(({ amount }) => amount !== first.amount),
            source: 'price-list',
          });
        }
      }
    },
    learn(ofSubAccount, country, price) {
      if (ofSubAccount !== subAccountId || !isCredible(price)) return;
      keep(country, correct(prices?.get(country.toUpperCase()), price));
    },
  };
}
