import { regionOf } from '../phone/libphonenumber.ts';
import {
  FALSE_OR_OPTIONS,
  type Field,
  type Fields,
  falseOr,
  list,
  object,
  oneOf,
  refine,
  switchOn,
  word,
} from '../schema.ts';
import type { Purpose } from '../types.ts';
import type { Guard, GuardMode, OutgoingMessage } from './guard.ts';

/** Lists of countries by purpose. `default` is the list of every purpose without one of its own. */
export interface CountriesByPurpose {
  /** Countries of one-time passwords and verifications. @default `default` */
  readonly otp?: readonly string[] | undefined;
  /** Countries of transactional messages. @default `default` */
  readonly transactional?: readonly string[] | undefined;
  /** Countries of marketing messages. @default `default` */
  readonly marketing?: readonly string[] | undefined;
  /** Countries of every other purpose. @default no list: those purposes are not restricted */
  readonly default?: readonly string[] | undefined;
}

/**
 * The countries that this service sends to. This is the cheapest protection from SMS pumping: nobody can pump a country that you
 * refuse.
 *
 * @example countries: { allow: { otp: ['SG'], default: ['SG', 'ID', 'PH'] } }
 */
export interface CountriesGuardOptions {
  /** `enforce` refuses; `monitor` only reports what it would have refused. @default 'enforce' */
  readonly mode?: GuardMode | undefined;
  /**
   * ISO 3166-1 alpha-2 codes, one list for all purposes or one per purpose. A number without a country is refused unless
   * its calling code is on the list: `+800`, `+808`, `+870`, `+878`, `+881`, `+882`, `+883` or `+979` (satellite, international
   * networks). Territories without a numbering plan (Antarctica, South Georgia, …) are accepted and match no number,
   * because their phones belong to other plans. @default every country
   */
  readonly allow?: readonly string[] | CountriesByPurpose | undefined;
  /**
   * Countries and calling codes that receive nothing, even if `allow` names them. A list of one purpose is added to
   * `default`. @default none
   */
  readonly deny?: readonly string[] | CountriesByPurpose | undefined;
}

/** Whether the code can match a number: "UK" would match none, and so refuse all of "GB". */
export const countryField = word(
  (code) => regionOf(code) !== undefined,
  'an ISO 3166-1 alpha-2 country code such as "SG" or "GB"',
);

/** Codes of ISO 3166-1 without a numbering plan. */
const WITHOUT_PLAN: ReadonlySet<string> = new Set(['AQ', 'BV', 'GS', 'HM', 'PN', 'TF', 'UM']);
/** Assigned calling codes that belong to no country. Source: ITU-T E.164, list of assigned country codes. */
const WITHOUT_COUNTRY: ReadonlySet<string> = new Set([
  '+800',
  '+808',
  '+870',
  '+878',
  '+881',
  '+882',
  '+883',
  '+979',
]);
const placeField = word(
  (code) => regionOf(code) !== undefined || WITHOUT_PLAN.has(code.toUpperCase()) || WITHOUT_COUNTRY.has(code),
  'an ISO 3166-1 alpha-2 country code such as "SG" or "GB", or a calling code without a country such as "+881"',
);
const placesField = list(placeField, { min: 1, max: 300 });
const byPurposeFields: Fields<CountriesByPurpose> = {
  otp: placesField,
  transactional: placesField,
  marketing: placesField,
  default: placesField,
};
const listsField: Field = switchOn(
  Array.isArray,
  placesField,
  refine<CountriesByPurpose>(
    object(byPurposeFields, 'a list of countries, or an object { otp, transactional, marketing, default }'),
    (lists) => Object.values(lists).some((each) => each !== undefined),
    'must hold a list of countries.',
  ),
);
const fields: Fields<CountriesGuardOptions> = {
  mode: oneOf(['enforce', 'monitor']),
  allow: listsField,
  deny: listsField,
};
export const countriesField = falseOr(
  refine<CountriesGuardOptions>(
    object(fields, FALSE_OR_OPTIONS),
    ({ allow, deny }) => allow !== undefined || deny !== undefined,
    'must name allow, deny, or both.',
  ),
);

type Lists = readonly string[] | CountriesByPurpose | undefined;

function byPurpose(lists: Lists): CountriesByPurpose {
  return Array.isArray(lists) ? { default: lists } : ((lists ?? {}) as CountriesByPurpose);
}

function setOf(places: readonly string[]): ReadonlySet<string> {
  return new Set(places.map((place) => place.toUpperCase()));
}

/** Created with the first refusal, because it costs some microseconds. */
let names: Intl.DisplayNames | undefined;

function describePlace({ phone: { country, callingCode } }: OutgoingMessage): string {
  if (country === undefined) return `Calling code +${callingCode} without a country`;
  names ??= new Intl.DisplayNames('en', { type: 'region' });
  return `${names.of(country)} (${country})`;
}

/** Refuses numbers of every country that is not on the list, or is on the list of those that are denied. */
export function createCountriesGuard({
  mode = 'enforce',
  allow,
  deny,
}: CountriesGuardOptions): Guard<'countries'> {
  const allowed = byPurpose(allow);
  const denied = byPurpose(deny);
  function rulesOf(purpose: Purpose) {
    const own = allowed[purpose];
    const places = own ?? allowed.default;
    return {
      allowed: places && setOf(places),
      denied: setOf([...(denied.default ?? []), ...(denied[purpose] ?? [])]),
      option: own === undefined ? 'guards.countries.allow' : `guards.countries.allow.${purpose}`,
    };
  }
  const rules = {
    otp: rulesOf('otp'),
    transactional: rulesOf('transactional'),
    marketing: rulesOf('marketing'),
  };
  return {
    name: 'countries',
    mode,
    check(message) {
      const { phone, purpose } = message;
      const place = phone.country ?? `+${phone.callingCode}`;
      const rule = rules[purpose];
      if (rule.denied.has(place)) {
        return {
          reason: 'country-denied',
          message: `${describePlace(message)} is in guards.countries.deny.`,
        };
      }
      if (rule.allowed?.has(place) !== false) return undefined;
      return {
        reason: 'country-not-allowed',
        message: `${describePlace(message)} is not in ${rule.option}. Add it there if you send to it.`,
      };
    },
  };
}
