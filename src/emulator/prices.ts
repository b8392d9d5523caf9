/**
 * Prices of the emulator. They are **invented**: their order of magnitude is plausible, so that a demo can show costs, but
 * 8x8 never quoted them. `account.prices()` returns the real prices of your account.
 */

/** The currency of the invented prices. */
const INVENTED_CURRENCY = 'USD';

/** One row: country (alpha-2), English name, mobile country code, invented price of one part in USD. */
type PriceRow = readonly [country: string, name: string, mcc: string, perPart: number];

const INVENTED_PRICES: readonly PriceRow[] = [
  ['AE', 'United Arab Emirates', '424', 0.061],
  ['AU', 'Australia', '505', 0.038],
  ['AZ', 'Azerbaijan', '400', 0.29],
  ['BD', 'Bangladesh', '470', 0.24],
  ['BR', 'Brazil', '724', 0.021],
  ['CA', 'Canada', '302', 0.009],
  ['CN', 'China', '460', 0.031],
  ['DE', 'Germany', '262', 0.079],
  ['DZ', 'Algeria', '603', 0.23],
  ['ES', 'Spain', '214', 0.058],
  ['FR', 'France', '208', 0.055],
  ['GB', 'United Kingdom', '234', 0.036],
  ['HK', 'Hong Kong', '454', 0.044],
  ['ID', 'Indonesia', '510', 0.26],
  ['IL', 'Israel', '425', 0.15],
  ['IN', 'India', '404', 0.047],
  ['IT', 'Italy', '222', 0.061],
  ['JP', 'Japan', '440', 0.059],
  ['LK', 'Sri Lanka', '413', 0.22],
  ['MX', 'Mexico', '334', 0.029],
  ['MY', 'Malaysia', '502', 0.046],
  ['NG', 'Nigeria', '621', 0.21],
  ['NL', 'Netherlands', '204', 0.071],
  ['NZ', 'New Zealand', '530', 0.074],
  ['OM', 'Oman', '422', 0.14],
  ['PH', 'Philippines', '515', 0.033],
  ['PK', 'Pakistan', '410', 0.19],
  ['PL', 'Poland', '260', 0.034],
  ['RU', 'Russia', '250', 0.32],
  ['SG', 'Singapore', '525', 0.034],
  ['TH', 'Thailand', '520', 0.025],
  ['TJ', 'Tajikistan', '436', 0.33],
  ['TN', 'Tunisia', '605', 0.25],
  ['US', 'United States', '310', 0.008],
  ['VN', 'Vietnam', '452', 0.058],
  ['ZA', 'South Africa', '655', 0.026],
];

/** Invented price of one part to any other country. */
const OTHER_COUNTRY = 0.11;
/** Invented price of one part to a satellite or premium service, the target of a toll fraud. */
const INTERNATIONAL_SERVICE = 1.4;

/** The prices of the emulator; the built-in ones are invented. */
export interface EmulatedPriceOptions {
  /**
   * Price of one part by country (ISO 3166-1 alpha-2), in place of the invented one, for example `{ SG: 0.05 }`.
   * @default the invented prices
   */
  readonly perPart?: Readonly<Record<string, number>> | undefined;
  /** ISO 4217 code. Changes the name only: amounts are not converted. @default `USD` */
  readonly currency?: string | undefined;
  /**
   * The shape of the price list, on which 8x8's documents disagree: `object` is that of its examples
   * (`outbound: { countries }`), `array` that of its schema (`outbound: [{ countries }]`).
   * @default `object`
   */
  readonly shape?: 'object' | 'array' | undefined;
}

/** A country in the price list. */
export interface PricedCountry {
  readonly country: string;
  readonly name: string;
  readonly mcc: string;
  readonly mnc: string;
  readonly operator: string;
  readonly perPart: number;
}

/** Money is counted in whole millionths, so that sums have no rounding errors. */
export const MICROS = 1_000_000;

export interface PriceTable {
  readonly currency: string;
  readonly shape: 'object' | 'array';
  /** Every country with its own price, in alphabetical order. */
  readonly countries: readonly PricedCountry[];
  /** Millionths of the currency for one part. */
  perPartMicros(country: string | undefined): number;
}

/** Creates the price list of one emulator. */
export function createPriceTable(options: EmulatedPriceOptions = {}): PriceTable {
  const own = options.perPart ?? {};
  const rows = new Map(INVENTED_PRICES.map((row) => [row[0], row]));
  for (const [country, perPart] of Object.entries(own)) {
    const [, name = country, mcc = '001'] = rows.get(country) ?? [];
    rows.set(country, [country, name, mcc, perPart]);
  }
  const countries = [...rows.values()]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([country, name, mcc, perPart]) => ({
      country,
      name,
      mcc,
      mnc: '01',
      operator: `Emulated Mobile ${country}`,
      perPart,
    }));
  const micros = new Map(countries.map(({ country, perPart }) => [country, Math.round(perPart * MICROS)]));
  return {
    currency: options.currency ?? INVENTED_CURRENCY,
    shape: options.shape ?? 'object',
    countries,
    perPartMicros: (country) =>
      country === undefined
        ? INTERNATIONAL_SERVICE * MICROS
        : (micros.get(country) ?? Math.round(OTHER_COUNTRY * MICROS)),
  };
}
