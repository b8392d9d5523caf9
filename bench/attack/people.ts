import { numberOf, type Place } from './places.ts';
import { createRandom, type Random } from './random.ts';

/** How a person reaches the service. */
export type Access = 'carrier' | 'home' | 'ipv6' | 'office';

export interface Person {
  /** The cookie of the person's device. */
  readonly subject: string;
  readonly place: Place;
  readonly operator: number;
  readonly destination: string;
  readonly access: Access;
  readonly clientIp: string;
}

/** The parts of a country's operators: each has three quarters of the one before. */
const OPERATOR_PART = 0.75;
/** Operators fill their blocks of ten thousand from the first on: more than 1 makes those fuller. */
const BLOCK_SKEW = 1.25;

const OFFICE_PART = 0.05;
const IPV6_PART = 0.15;

export function pickOperator({ operators }: Place, random: Random): number {
  const whole = operators.reduce((sum, _, index) => sum + OPERATOR_PART ** index, 0);
  let left = random.next() * whole;
  const found = operators.findIndex((_, index) => {
    left -= OPERATOR_PART ** index;
    return left < 0;
  });
  return Math.max(0, found);
}

function pickSuffix(random: Random): number {
  return Math.floor(100 * random.next() ** BLOCK_SKEW) * 10_000 + random.below(10_000);
}

/** Carriers and offices share addresses, homes do not. */
function addressOf(access: Access, random: Random, placeSeed: number, sharedAddresses: number): string {
  if (access === 'ipv6') {
    const words = [random.below(65_536), random.below(65_536), random.below(65_536)];
    return `2001:${words.map((word) => word.toString(16)).join(':')}::${random.below(65_535).toString(16)}`;
  }
  if (access === 'carrier') return `100.${64 + (placeSeed % 64)}.${random.below(sharedAddresses)}.7`;
  if (access === 'office') return `12.${placeSeed % 256}.${random.below(12)}.9`;
  return `${20 + random.below(70)}.${random.below(256)}.${random.below(256)}.${random.below(256)}`;
}

/**
 * The person of a number: everything follows from the seed, so that nobody needs to be remembered.
 *
 * @param sharedAddresses addresses of the carriers of the country
 */
export function personOf(seed: number, place: Place, id: number, sharedAddresses: number): Person {
  const random = createRandom(seed, place.code, id);
  const ofPlace = createRandom(seed, place.code, 'place');
  const placeSeed = ofPlace.below(65_536);
  const carrierPart = ofPlace.between(0.3, 0.7);
  const operator = pickOperator(place, random);
  const destination = numberOf(place, operator, pickSuffix(random));
  const drawn = random.next();
  let access: Access = 'home';
  if (drawn < carrierPart) access = 'carrier';
  else if (drawn < carrierPart + OFFICE_PART) access = 'office';
  else if (drawn < carrierPart + OFFICE_PART + IPV6_PART) access = 'ipv6';
  return {
    subject: `device-${place.code}-${id}`,
    place,
    operator,
    destination,
    access,
    clientIp: addressOf(access, random, placeSeed, sharedAddresses),
  };
}
