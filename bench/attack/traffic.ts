import { type Person, personOf } from './people.ts';
import { LAUNCH_PLACE, marketsOf, PLACES, type Place } from './places.ts';
import { createRandom, type Random } from './random.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** A Monday. */
export const START_MS: number = Date.UTC(2026, 0, 5);

/** A person who wants to get in: what will happen is drawn here, so that it is the same under every configuration. */
export interface Visit {
  readonly atMs: number;
  readonly person: Person;
  /** Whether the person never came before. */
  readonly isNew: boolean;
  /** Whether the person enters a code that arrives. */
  readonly isConverting: boolean;
  /** The number that the person types at first, when it is a wrong one. */
  readonly mistyped: string | undefined;
  /** Codes that the person asks for before one is entered, or before the person gives up. */
  readonly codes: number;
  /** Milliseconds after the first code at which an impatient person asks for another one, which is on its way. */
  readonly impatientAfterMs: number | undefined;
  /** From a code to its entry. */
  readonly typingMs: number;
  /** From a code that did not arrive to the next request. */
  readonly patienceMs: number;
  /** Draws whatever depends on the answers: a captcha, another channel. */
  readonly random: Random;
}

export interface TrafficOptions extends SpecialTraffic {
  readonly seed: number;
  /** Requests per day. */
  readonly size: number;
  readonly days: number;
}

/** The peculiarities of the traffic. They are looked at hour by hour, so that they may be decided later. */
export interface SpecialTraffic {
  /** A sale that brings several times as many people of the largest market. */
  flash?: { readonly fromMs: number; readonly hours: number; readonly factor: number };
  /** Opens a market in a country that had no people; it brings this part of `size`. */
  launch?: { readonly fromMs: number; readonly part: number };
}

/** Visits make this many requests, because people ask again and mistype. */
const REQUESTS_PER_VISIT = 1.24;
/** People who came before the first day, in days of traffic. */
const FORMER_DAYS = 2;
/** The longer somebody is with the service, the more often he comes. */
const LOYALTY = 1.6;
/** Acquaintances normally enter over 90 % of their codes (shield.md, section 6). */
const RETURNING_CONVERSION = 0.94;
const DAY_NOISE = 0.035;
const HOUR_NOISE = 0.04;
const VOLUME_NOISE = 0.08;

/** Requests by hour of the person's day and by day of the week, Monday first. */
const HOURS = [
  0.3, 0.18, 0.12, 0.1, 0.12, 0.25, 0.5, 0.8, 1.1, 1.3, 1.4, 1.45, 1.5, 1.4, 1.35, 1.35, 1.4, 1.45, 1.5, 1.55,
  1.5, 1.3, 0.9, 0.55,
];
const WEEKDAYS = [1.05, 1.05, 1.05, 1.05, 1.06, 0.9, 0.84];
const HOURS_MEAN = HOURS.reduce((sum, hour) => sum + hour, 0) / 24;

/** People with foreign numbers: 1.1 % at 5,000 per day, 2.1 % at 200. */
export function foreignPart(size: number): number {
  return size < 1_000 ? 0.021 : 0.011;
}

interface Crowd {
  readonly place: Place;
  readonly part: number;
  readonly newPart: number;
  readonly sharedAddresses: number;
  people: number;
}

/** Part of the daily requests that each country has. */
export function partsOf(size: number): ReadonlyMap<Place, number> {
  const markets = marketsOf(size);
  const whole = markets.reduce((sum, { share }) => sum + share, 0);
  const tail = PLACES.filter((place) => !markets.includes(place) && place !== LAUNCH_PLACE);
  const foreign = foreignPart(size);
  const parts = new Map(
    markets.map((place) => [place, ((1 - foreign) * place.share) / whole] as [Place, number]),
  );
  for (const place of tail) parts.set(place, foreign / tail.length);
  return parts;
}

function localTime(place: Place, atMs: number): { hour: number; weekday: number; day: number } {
  const hours = Math.floor((atMs - START_MS) / HOUR_MS + place.utcOffset);
  const day = Math.floor(hours / 24);
  return { hour: hours - day * 24, day, weekday: ((day % 7) + 7) % 7 };
}

function createCrowds({ seed, size }: TrafficOptions): Crowd[] {
  const parts = new Map([...partsOf(size), [LAUNCH_PLACE, 1] as const]);
  return [...parts].map(([place, part]) => {
    const random = createRandom(seed, place.code, 'crowd');
    const isLaunch = place === LAUNCH_PLACE;
    return {
      place,
      part,
      newPart: isLaunch ? 0.9 : random.between(0.35, 0.6),
      sharedAddresses: Math.min(200, 4 + Math.ceil(Math.sqrt(size * part) / 4)),
      people: isLaunch ? 0 : Math.ceil(size * part * FORMER_DAYS),
    };
  });
}

/** How much busier a country is than on average at this time. */
function busyness({ place }: Crowd, atMs: number, { seed, flash, launch }: TrafficOptions): number {
  if (place === LAUNCH_PLACE && (launch === undefined || atMs < launch.fromMs)) return 0;
  const { hour, weekday, day } = localTime(place, atMs);
  const noise = Math.exp(VOLUME_NOISE * createRandom(seed, 'volume', place.code, day).normal());
  const usual = ((HOURS[hour] as number) / HOURS_MEAN) * (WEEKDAYS[weekday] as number) * noise;
  if (place === LAUNCH_PLACE) return usual * (launch as { part: number }).part;
  if (flash === undefined || place.code !== 'ID') return usual;
  const isOn = atMs >= flash.fromMs && atMs < flash.fromMs + flash.hours * HOUR_MS;
  return isOn ? usual * flash.factor : usual;
}

/** Conversion of a country at this hour. */
function conversionAt(seed: number, place: Place, usual: number, atMs: number): number {
  const { hour, day } = localTime(place, atMs);
  const noise =
    DAY_NOISE * createRandom(seed, 'day', place.code, day).normal() +
    HOUR_NOISE * createRandom(seed, 'hour', place.code, day * 24 + hour).normal();
  return Math.min(0.98, Math.max(0.02, usual + noise));
}

/** The last two digits swapped or changed. */
function mistype(destination: string, random: Random): string {
  const end = (Number(destination.slice(-2)) + 1 + random.below(98)) % 100;
  return destination.slice(0, -2) + String(end).padStart(2, '0');
}

/** Tries of people whose code did not arrive: 37 % ask again, then 8 % (shield.md, section 7, 18). */
function codesOf(isConverting: boolean, random: Random): number {
  if (isConverting) return random.chance(0.06) ? 2 : 1;
  if (!random.chance(0.37)) return 1;
  return random.chance(0.08) ? 3 : 2;
}

function drawVisit(crowd: Crowd, atMs: number, serial: number, { seed, flash }: TrafficOptions): Visit {
  const { place } = crowd;
  const random = createRandom(seed, 'visit', serial);
  const isFlash = flash !== undefined && atMs >= flash.fromMs && atMs < flash.fromMs + flash.hours * HOUR_MS;
  const isNew = crowd.people === 0 || random.chance(isFlash ? 0.7 : crowd.newPart);
  const id = isNew ? crowd.people : Math.floor(crowd.people * random.next() ** LOYALTY);
  if (isNew) crowd.people += 1;
  const person = personOf(seed, place, id, crowd.sharedAddresses);
  const usual = isNew ? place.conversion : RETURNING_CONVERSION;
  const isConverting = random.chance(conversionAt(seed, place, usual, atMs));
  return {
    atMs,
    person,
    isNew,
    isConverting,
    mistyped: isNew && random.chance(0.02) ? mistype(person.destination, random) : undefined,
    codes: codesOf(isConverting, random),
    impatientAfterMs: random.chance(0.14) ? random.between(5_000, 45_000) : undefined,
    typingMs: Math.min(600_000, Math.max(4_000, random.logNormal(18_000, 0.8))),
    patienceMs: random.between(40_000, 150_000),
    random,
  };
}

/** Honest people in the order of time, one at a time: a month of 100,000 per day needs no memory. */
export function* honestVisits(options: TrafficOptions): Generator<Visit, void, undefined> {
  const { seed, size, days } = options;
  const crowds = createCrowds(options);
  const random = createRandom(seed, 'arrivals');
  const perHour = size / REQUESTS_PER_VISIT / 24;
  let serial = 0;
  for (let hourMs = START_MS; hourMs < START_MS + days * DAY_MS; hourMs += HOUR_MS) {
    const arrivals: { atMs: number; crowd: Crowd }[] = [];
    for (const crowd of crowds) {
      const count = random.poisson(perHour * crowd.part * busyness(crowd, hourMs, options));
      for (let index = 0; index < count; index += 1) {
        arrivals.push({ atMs: Math.floor(hourMs + random.next() * HOUR_MS), crowd });
      }
    }
    arrivals.sort((one, other) => one.atMs - other.atMs);
    for (const { atMs, crowd } of arrivals) {
      yield drawVisit(crowd, atMs, serial, options);
      serial += 1;
    }
  }
}

/** People who are customers of the service at its start: the list that somebody may steal. */
export function formerPeople({ seed, size }: TrafficOptions, count: number): readonly Person[] {
  const crowds = createCrowds({ seed, size, days: 1 }).filter(({ place }) => place.share > 0);
  const random = createRandom(seed, 'stolen');
  return Array.from({ length: count }, () => {
    let left = random.next() * crowds.reduce((sum, { part }) => sum + part, 0);
    const crowd = crowds.find(({ part }) => {
      left -= part;
      return left < 0;
    });
    const { place, people, sharedAddresses } = crowd ?? (crowds[0] as Crowd);
    return personOf(seed, place, Math.floor(people * random.next() ** LOYALTY), sharedAddresses);
  });
}
