import type { DoubtPlace } from '../doubt-store.ts';
import { BLOCK_DIVISOR, RANGE_DIVISOR } from './parameters.ts';

/** A place, and the doubt there. */
export interface DoubtFigures {
  readonly place: DoubtPlace;
  readonly country?: string | undefined;
  /** Digits that the numbers of a range or block begin with. */
  readonly prefix?: string | undefined;
  readonly observed: number;
  readonly limit: number;
}

/** Created on first use: not in the global scope of a Worker. */
let names: Intl.DisplayNames | undefined;

function nameOf(country: string): string {
  if (!/^[A-Z]{2}$/.test(country)) return `+${country}`;
  names ??= new Intl.DisplayNames(['en'], { type: 'region', fallback: 'code' });
  return names.of(country) as string;
}

/** A range as people write it, without any digit that names a person: `+62812xxxxxx`. */
function rangeOf(place: DoubtPlace, prefix: string): string {
  const digits = String(place === 'range' ? RANGE_DIVISOR : BLOCK_DIVISOR).length - 1;
  return `+${prefix}${'x'.repeat(digits)}`;
}

/** Describes a place in one sentence with both numbers. */
export function explainDoubt({ place, country = '', prefix = '', observed, limit }: DoubtFigures): string {
  const normal = `up to ${limit} ${limit === 1 ? 'is' : 'are'} normal`;
  switch (place) {
    case 'country':
      return `${observed} codes to new numbers in ${nameOf(country)} were not entered; ${normal} there.`;
    case 'range':
    case 'block':
      return `${observed} codes to new numbers of ${rangeOf(place, prefix)} were not entered; ${normal} there.`;
    case 'crowd':
      return `${observed} new numbers of ${rangeOf(place, prefix)} today; ${normal}.`;
    case 'address':
      return `${observed} codes to new numbers were requested from one address and not entered; ${normal}.`;
    case 'number':
      return `${observed} codes to this number were not entered; ${normal}.`;
    case 'pool':
      return `New numbers in countries where hardly anybody has entered a code yet: ${observed} of ${limit}.`;
  }
}
