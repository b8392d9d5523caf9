import { regionOf } from '../phone/libphonenumber.ts';
import { isInCountries } from '../phone/policy.ts';
import { FALSE_OR_OPTIONS, type Fields, falseOr, list, objectWith, oneOf, word } from '../schema.ts';
import type { Guard, GuardMode } from './guard.ts';

/**
 * The countries this service sends to. It is the cheapest answer to SMS pumping: nobody pumps a country that you refuse.
 *
 * @example countries: { allow: ['SG', 'ID', 'PH'] }
 */
export interface CountriesGuardOptions {
  /** `enforce` refuses; `monitor` only reports what it would have refused. @default 'enforce' */
  readonly mode?: GuardMode | undefined;
  /**
   * ISO 3166-1 alpha-2 codes. A number without a country (satellite, +800, …) is refused. A territory without a numbering plan
   * of its own (Antarctica, South Georgia, …) may be named and matches no number: its telephones belong to other plans.
   */
  readonly allow: readonly string[];
}

/** A country with telephones: "UK" would match no number, and so refuse the whole of "GB". */
export const countryField = word(
  (code) => regionOf(code) !== undefined,
  'an ISO 3166-1 alpha-2 country code such as "SG" or "GB"',
);

/** The codes of ISO 3166-1 that have no numbering plan of their own. */
const WITHOUT_PLAN: ReadonlySet<string> = new Set(['AQ', 'BV', 'GS', 'HM', 'PN', 'TF', 'UM']);
const isoCountryField = word(
  (code) => regionOf(code) !== undefined || WITHOUT_PLAN.has(code.toUpperCase()),
  'an ISO 3166-1 alpha-2 country code such as "SG" or "GB"',
);

const fields: Fields<CountriesGuardOptions> = {
  mode: oneOf(['enforce', 'monitor']),
  allow: list(isoCountryField, { min: 1, max: 300 }),
};
export const countriesField = falseOr(objectWith(['allow'], fields, FALSE_OR_OPTIONS));

/** Refuses every country that is not on the list. */
export function createCountriesGuard({ mode = 'enforce', allow }: CountriesGuardOptions): Guard<'countries'> {
  const allowed = new Set(allow.map((country) => country.toUpperCase()));
  return {
    name: 'countries',
    mode,
    check({ phone }) {
      if (isInCountries(phone, allowed)) return undefined;
      const where = phone.country ?? `calling code +${phone.callingCode}`;
      return {
        reason: 'country-not-allowed',
        message: `${where} is not in guards.countries.allow. Add it there if you send to it.`,
      };
    },
  };
}
