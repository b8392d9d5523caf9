import { type Cache, createCache } from '../cache.ts';
import type { SubAccountPrices } from './prices.ts';

/** What one part costs in a country, as far as a price list said. */
export interface KnownPrice {
  readonly perPart: number;
  /** ISO 4217. */
  readonly currency: string;
  /** True when the country's operators differ: this is the highest price. */
  readonly isHighestOfSeveral: boolean;
}

/** Prices of the client's own sub-account that were last fetched, by country. */
export interface PriceBook {
  find(country: string): KnownPrice | undefined;
  record(subAccounts: readonly SubAccountPrices[]): void;
}

/** More than there are countries (249), so nothing is forgotten in practice. */
const MAX_COUNTRIES = 300;

export function createPriceBook(subAccountId: string): PriceBook {
  let prices: Cache<string, KnownPrice> | undefined;
  return {
    find: (country) => prices?.get(country),
    record(subAccounts) {
      for (const { outbound } of subAccounts.filter((each) => each.subAccountId === subAccountId)) {
        for (const { alpha2Code, operators } of outbound) {
          const [first, ...others] = operators.map(({ price }) => price);
          if (first === undefined) continue;
          const highest = others.reduce((most, price) => (price.amount > most.amount ? price : most), first);
          prices ??= createCache<string, KnownPrice>(MAX_COUNTRIES);
          prices.set(alpha2Code.toUpperCase(), {
            perPart: highest.amount,
            currency: highest.currency,
            isHighestOfSeveral: others.some(({ amount }) => amount !== first.amount),
          });
        }
      }
    },
  };
}
