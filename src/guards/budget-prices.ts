import type { Emit } from '../events.ts';
import type { Clock } from '../types.ts';
import type { BudgetGuardOptions } from './budget-options.ts';
import type { OutgoingMessage } from './guard.ts';

/** The account of a client, as far as a budget reads it. */
export interface PriceSource {
  /** The price of one part in a country, from the list or from newer receipts. */
  find(country: string): { readonly perPart: number; readonly currency: string } | undefined;
  /** Fetches the price list. Rejects when there is no `accountId`, or 8x8 does not answer. */
  load(): Promise<unknown>;
  /** Reads the balance. Rejects for an account that is not prepaid. */
  balance(): Promise<{ readonly balance: number; readonly currency: string }>;
}

/** The prices of messages. */
export interface BudgetPrices {
  /** Micro-units of one part; undefined when the price is not known. */
  find(message: OutgoingMessage): number | undefined;
  /** The same, with the price for unknown countries and the event that tells of it. */
  read(message: OutgoingMessage): number;
  /** Fetches prices and balance in the background, when they are due. */
  refresh(): void;
}

export interface BudgetPricesConfig {
  readonly prices: PriceSource;
  readonly clock: Clock;
  readonly emit: Emit;
}

export const MICROS = 1_000_000;
const HOUR_MS = 3_600_000;
const LIST_MS = 24 * HOUR_MS;
const RETRY_MS = HOUR_MS / 6;
const BALANCE_MS = HOUR_MS;
/** An event of each kind and country at most once an hour. */
const TELL_MS = HOUR_MS;

type Unknown = 'not-loaded' | 'no-price' | 'other-currency';

export const microsOf = (amount: number) => Math.max(1, Math.round(amount * MICROS));

/** Prices of this package's own list, or of the account. */
export function createBudgetPrices(
  options: BudgetGuardOptions,
  { prices, clock, emit }: BudgetPricesConfig,
): BudgetPrices {
  const { currency = 'USD', unknownPrice = 0.3, minBalance = options.perDay } = options;
  const given =
    typeof options.prices === 'object'
      ? new Map(
          Object.entries(options.prices).map(([place, price]) => [place.toUpperCase(), microsOf(price)]),
        )
      : undefined;
  const told = new Map<string, number>();
  let nextLoadAt = Number.NEGATIVE_INFINITY;
  let nextBalanceAt = Number.NEGATIVE_INFINITY;
  let isLoading = false;

  /** Whether the team is to be told of it now. Bounded by the countries of the world. */
  function isDue(what: string): boolean {
    const now = clock.now();
    if (now < (told.get(what) ?? Number.NEGATIVE_INFINITY)) return false;
    told.set(what, now + TELL_MS);
    return true;
  }

  function lookUp({ phone: { country = '' } }: OutgoingMessage): number | Unknown {
    if (given !== undefined) return given.get(country) ?? given.get('DEFAULT') ?? 'no-price';
    const known = prices.find(country);
    if (known === undefined) return isLoading ? 'not-loaded' : 'no-price';
    return known.currency === currency ? microsOf(known.perPart) : 'other-currency';
  }

  async function load(): Promise<void> {
    isLoading = true;
    try {
      await prices.load();
    } catch {
      nextLoadAt = clock.now() + RETRY_MS;
      if (isDue('load')) emit({ type: 'prices-unknown', reason: 'not-loaded' });
    } finally {
      isLoading = false;
    }
  }

  async function readBalance(minimum: number): Promise<void> {
    try {
      const { balance, currency: of } = await prices.balance();
      if (of === currency && balance < minimum) {
        emit({ type: 'balance-low', balance, minimum, currency });
      }
    } catch {
      // Not prepaid, or out of reach: asked again in a day.
      nextBalanceAt = clock.now() + LIST_MS;
    }
  }

  return {
    find(message) {
      const price = lookUp(message);
      return typeof price === 'number' ? price : undefined;
    },
    read(message) {
      const price = lookUp(message);
      if (typeof price === 'number') return price;
      const { country } = message.phone;
      // While the list is on its way there is nothing to tell.
      if (price !== 'not-loaded' && isDue(`${price} ${country}`)) {
        emit({ type: 'prices-unknown', reason: price, ...(country !== undefined && { country }) });
      }
      return microsOf(unknownPrice);
    },
    refresh() {
      const now = clock.now();
      if (given === undefined && now >= nextLoadAt) {
        nextLoadAt = now + LIST_MS;
        void load();
      }
      if (minBalance !== undefined && now >= nextBalanceAt) {
        nextBalanceAt = now + BALANCE_MS;
        void readBalance(minBalance);
      }
    },
  };
}
