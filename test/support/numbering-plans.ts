import fc from 'fast-check';
import { type CountryCode, getCountries, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import metadata from 'libphonenumber-js/max/metadata';
import examples from 'libphonenumber-js/mobile/examples';

/** A valid number of a plan, in the notations of people and programs. */
export interface PlannedNumber {
  readonly country: CountryCode;
  readonly e164: string;
  /** National significant number. */
  readonly nsn: string;
  /** The library's national and international format. */
  readonly national: string;
  readonly international: string;
}

const TYPES_OF_PLAN = 11;
const PATTERN_OF_TYPE = 0;

function planned(country: CountryCode, text: string): PlannedNumber[] {
  const parsed = parsePhoneNumberFromString(text, { extract: false });
  // E.164 has no room for the longest numbers of some plans, and does not include the shortest.
  if (parsed?.isValid() !== true || !/^\+\d{7,15}$/.test(parsed.number)) return [];
  return [
    {
      country,
      e164: parsed.number,
      nsn: parsed.nationalNumber,
      national: parsed.formatNational(),
      international: parsed.formatInternational(),
    },
  ];
}

/** The example mobile number of every country that has one. */
export function exampleNumbers(): readonly PlannedNumber[] {
  return getCountries().flatMap((country) => planned(country, metadataPrefix(country) + examples[country]));
}

function metadataPrefix(country: CountryCode): string {
  return `+${metadata.countries[country]?.[0]}`;
}

/** Valid numbers of every type of every plan: `count` made from each pattern of the library. The same ones in every run. */
export function numbersOfEveryType(count: number): readonly PlannedNumber[] {
  return getCountries().flatMap((country) => {
    const types = (metadata.countries[country] as unknown[])[TYPES_OF_PLAN] as (unknown[] | 0)[];
    const patterns = types.flatMap((type) => (type === 0 ? [] : (type[PATTERN_OF_TYPE] as string) || []));
    return patterns.flatMap((pattern) => {
      const sample = fc.sample(fc.stringMatching(new RegExp(`^(?:${pattern})$`)), {
        numRuns: count,
        seed: 65,
      });
      return [...new Set(sample)].flatMap((nsn) => planned(country, metadataPrefix(country) + nsn));
    });
  });
}
