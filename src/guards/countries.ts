import { regionOf } from '../phone/libphonenumber.ts';
import { isInCountries } from '../phone/policy.ts';
import { FALSE_OR_OPTIONS, type Fields, falseOr, list, objectWith, oneOf, word } from '../schema.ts';
import type { Guard, GuardMode } from './guard.ts';

/**
 * The countries this service sends to. It is the cheapest protection from SMS pumping: nobody can pump a country that
 * you refuse.
 *
 * @example countries: { allow: ['SG', 'ID', 'PH'] }
 */
export interface CountriesGuardOptions {
  /** `enforce` refuses; `monitor` only reports what it would have refused. @default 'enforce' */
  readonly mode?: GuardMode | undefined;
  /**
   * ISO 3166-1 alpha-2 codes. A number without a country (satellite, +800, …) is refused. Territories without a
   * numbering plan (Antarctica, South Georgia, …) are accepted and match no number, because their telephones belong
   * to other plans.
   */
  readonly allow: readonly string[];
}

/** Whether the code can match a number: "UK" would match none, and so refuse all of "GB". */
export const countryField = word(
  (code) => regionOf(code) !== undefined,
  'an ISO 3166-1 alpha-2 country code such as "SG" or "GB"',
);

/** Codes of ISO 3166-1 without a numbering plan. */
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

/** Refuses numbers of every country that is not on the list. */
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
