import { countryField } from '../guards/countries.ts';
import { type Field, objectWith, recordByCountry, switchOn, text } from '../schema.ts';

/**
 * Sender IDs by the country of the recipient: a name is not allowed everywhere, and people reply to a number of their own
 * country.
 *
 * @example { default: 'TEAM', byCountry: { US: '+12025550143', SG: 'TEAM SG' } }
 */
export interface SourceByCountry {
  /** Sender ID for all other countries. @default that of the template, the client or the sub-account */
  readonly default?: string | undefined;
  /** Sender IDs by ISO 3166-1 alpha-2 code. */
  readonly byCountry: Readonly<Record<string, string>>;
}

/** One sender ID, or one for each country. */
export type Source = string | SourceByCountry;

/** One sender ID, as 8x8 takes it. */
const senderIdField: Field = text({ max: 16 });

export const sourceField: Field = switchOn(
  (input) => typeof input === 'object' && input !== null,
  objectWith(
    ['byCountry'],
    {
      default: senderIdField,
      byCountry: recordByCountry(countryField, senderIdField, 'an object of sender IDs by country code'),
    },
    'a sender ID, or { default, byCountry }',
  ),
  senderIdField,
);

function sourceFor(source: Source | undefined, country: string | undefined): string | undefined {
  if (typeof source !== 'object') return source;
  const own = Object.entries(source.byCountry).find(([code]) => code.toUpperCase() === country);
  return own?.[1] ?? source.default;
}

/** The sender ID for a recipient's country, from the first source that has one; undefined when 8x8 chooses. */
export function chooseSource(
  sources: readonly (Source | undefined)[],
  country: string | undefined,
): string | undefined {
  for (const source of sources) {
    const chosen = sourceFor(source, country);
    if (chosen !== undefined) return chosen;
  }
  return undefined;
}
