import { planOf } from '../../phone/libphonenumber.ts';
import type { Phone } from '../../phone/normalise-phone.ts';
import { AREA_STATES, AREA_ZONES, COUNTRY_ZONES } from './time-zone-data.ts';

/** Where the owner of a number may be. */
export interface Places {
  /** All numbers with this key are in the same places. */
  readonly key: string;
  /** IANA time zones; empty when nothing is known about the number. */
  readonly zones: readonly string[];
  /** Places whose rules apply, from large to small: `US`, `US-FL`. Empty when the number tells no country. */
  readonly areas: readonly string[];
}

interface Tables {
  readonly byCountry: ReadonlyMap<string, readonly string[]>;
  readonly byArea: ReadonlyMap<string, readonly string[]>;
  readonly states: ReadonlyMap<string, string>;
}

/** Read with the first look. */
let tables: Tables | undefined;

function readTables(): Tables {
  const rows = (list: readonly string[]) => list.map((row) => row.split(' ') as [string, ...string[]]);
  return {
    byCountry: new Map(rows(COUNTRY_ZONES).map(([country, ...zones]) => [country, zones])),
    byArea: new Map(
      rows(AREA_ZONES).flatMap(([zones, ...areas]) => areas.map((area) => [area, zones.split('&')] as const)),
    ),
    states: new Map(
      rows(AREA_STATES).flatMap(([state, ...areas]) => areas.map((area) => [area, state] as const)),
    ),
  };
}

/** Whether a state of the United States has this code. */
export function isState(code: string): boolean {
  tables ??= readTables();
  return [...tables.states.values()].includes(code);
}

function zonesOfCallingCode(callingCode: string, { byCountry }: Tables): readonly string[] {
  const countries = planOf(callingCode)?.countries ?? [];
  const zones = countries.flatMap(({ country }) => byCountry.get(country));
  return [...new Set(zones.filter((zone) => zone !== undefined))];
}

/**
 * The time zones and places of a number: by area code in the United States and Canada, elsewhere all zones of the country, because a
 * mobile number does not tell the place. A number may have moved with its owner.
 */
export function placesOf({ country, callingCode, msisdn }: Phone): Places {
  tables ??= readTables();
  const { byCountry, byArea, states } = tables;
  if (country === undefined) {
    return { key: callingCode, zones: zonesOfCallingCode(callingCode, tables), areas: [] };
  }
  if (country !== 'US' && country !== 'CA') {
    return { key: country, zones: byCountry.get(country) ?? [], areas: [country] };
  }
  const area = msisdn.slice(1, 4);
  const zones = (byArea.get(area) ?? byCountry.get(country)) as readonly string[];
  const state = country === 'US' ? states.get(area) : undefined;
  return {
    key: `${country}${area}`,
    zones,
    areas: state === undefined ? [country] : [country, `US-${state}`],
  };
}
