import { type Cache, createCache } from '../internal/cache.ts';
import type { SubAccountPrices } from './prices.ts';

/** Price of one part in a country, from a price list or from delivery receipts. */
export interface KnownPrice {
  readonly perPart: number;
  /** ISO 4217. */
  readonly currency: string;
  /** True when prices differ by operator within the country: this is the highest known price. */
  readonly isHighestOfSeveral: boolean;
  /** `receipt`: a real price, reported after the price list was last fetched. */
  readonly source: 'price-list' | 'receipt';
}

/** The actual cost of a message: the relevant part of 8x8's `price`. */
export interface RealPrice {
  readonly perSms: number;
  /** ISO 4217. */
  readonly currency: string;
}

/** Prices of the client's own sub-account, by country. */
export interface PriceCache {
  find(country: string): KnownPrice | undefined;
  /** Records a price list, which replaces the known prices of its countries. */
  record(subAccounts: readonly SubAccountPrices[]): void;
  /** Records a real price, which replaces that of the list. If prices differ within a country, the highest stays. */
  learn(subAccountId: string, country: string, price: RealPrice): void;
}

/** More than the number of countries (249), so nothing is dropped in practice. */
const MAX_COUNTRIES = 300;
/** No part of an SMS costs that much in any currency; a larger price is an error. */
const MAX_PER_PART = 1_000_000;

function isCredible({ perSms, currency }: RealPrice): boolean {
  return Number.isFinite(perSms) && perSms > 0 && perSms <= MAX_PER_PART && /^[A-Z]{3}$/.test(currency);
}

/**
 * A receipt shows the price of one operator, so it must not make a country with several operators look cheaper than
 * it is.
 */
function correct(known: KnownPrice | undefined, { perSms, currency }: RealPrice): KnownPrice {
  const real: KnownPrice = { perPart: perSms, currency, isHighestOfSeveral: false, source: 'receipt' };
  // Amounts of two currencies cannot be compared, so the actual charge counts.
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
