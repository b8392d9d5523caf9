import { describe, expect, test } from 'vitest';
import { marketsOf, numberOf, PLACES } from '../../../bench/attack/places.ts';
import { createRandom } from '../../../bench/attack/random.ts';
import {
  DAY_MS,
  HOUR_MS,
  honestVisits,
  START_MS,
  type TrafficOptions,
  type Visit,
} from '../../../bench/attack/traffic.ts';
import { normalisePhone } from '../../../src/phone/normalise-phone.ts';
import { createPhonePolicy, judgePhone } from '../../../src/phone/policy.ts';

function visitsOf(options: TrafficOptions): Visit[] {
  return [...honestVisits(options)];
}

/** Everything about a visit that can be compared. */
function factsOf({ random: _, ...facts }: Visit) {
  return facts;
}

function part<Item>(items: readonly Item[], counts: (item: Item) => boolean): number {
  return items.filter(counts).length / items.length;
}

const week = visitsOf({ seed: 1, size: 5_000, days: 7 });

describe('honest traffic', () => {
  test('is the same for the same seed, and another for another', () => {
    const day = (seed: number) => visitsOf({ seed, size: 2_000, days: 1 }).map(factsOf);
    expect(day(7)).toEqual(day(7));
    expect(day(7).slice(0, 50)).not.toEqual(day(8).slice(0, 50));
  });

  test('comes in the order of time, one visit at a time', () => {
    expect(week.every(({ atMs }, index) => index === 0 || atMs >= (week[index - 1] as Visit).atMs)).toBe(
      true,
    );
    const endless = honestVisits({ seed: 1, size: 100_000, days: 10_000 });
    expect(endless.next().value?.atMs).toBeLessThan(START_MS + HOUR_MS);
  });

  test('has as many requests as its size says', () => {
    const requests = week.reduce((sum, visit) => {
      const again = visit.impatientAfterMs === undefined ? 0 : 0.4;
      return sum + visit.codes + again + (visit.mistyped === undefined ? 0 : 1);
    }, 0);
    expect(requests / 7).toBeGreaterThan(4_600);
    expect(requests / 7).toBeLessThan(5_200);
  });

  test('follows day and week of the people', () => {
    const singapore = week.filter(({ person }) => person.place.code === 'SG');
    const hourOf = ({ atMs }: Visit) => Math.floor((atMs - START_MS) / HOUR_MS + 8) % 24;
    const at = (from: number, to: number) =>
      singapore.filter((visit) => hourOf(visit) >= from && hourOf(visit) < to).length;
    expect(at(18, 22)).toBeGreaterThan(6 * at(1, 5));
    const ofDay = (day: number) =>
      week.filter(({ atMs }) => Math.floor((atMs - START_MS) / DAY_MS) === day).length;
    expect(ofDay(6)).toBeLessThan(0.9 * ofDay(2));
  });

  test('new people of a country enter their codes as often as the table says', () => {
    const month = visitsOf({ seed: 2, size: 5_000, days: 14 }).filter(({ isNew }) => isNew);
    for (const { code, conversion } of marketsOf(5_000).slice(0, 6)) {
      const people = month.filter(({ person }) => person.place.code === code);
      expect(people.length).toBeGreaterThan(800);
      expect(Math.abs(part(people, ({ isConverting }) => isConverting) - conversion)).toBeLessThan(0.05);
    }
    expect(part(week, ({ isNew }) => isNew)).toBeGreaterThan(0.35);
    expect(part(week, ({ isNew }) => isNew)).toBeLessThan(0.6);
  });

  test('people reach the service as people do', () => {
    expect(part(week, ({ person }) => person.access === 'carrier')).toBeGreaterThan(0.3);
    expect(part(week, ({ person }) => person.access === 'carrier')).toBeLessThan(0.7);
    expect(part(week, ({ person }) => person.access === 'ipv6')).toBeGreaterThan(0.1);
    expect(part(week, ({ person }) => person.access === 'office')).toBeGreaterThan(0.03);
    const carriers = week.filter(({ person }) => person.access === 'carrier');
    const addresses = new Set(carriers.map(({ person }) => person.clientIp));
    expect(carriers.length / addresses.size).toBeGreaterThan(30);
    const homes = week.filter(({ person, isNew }) => person.access === 'home' && isNew);
    expect(new Set(homes.map(({ person }) => person.clientIp)).size).toBeGreaterThan(0.99 * homes.length);
  });

  test('1.1 % of the requests are for countries that the team does not serve; 2.1 % of a small service', () => {
    const foreign = (visits: readonly Visit[], size: number) =>
      part(visits, ({ person }) => !marketsOf(size).includes(person.place));
    expect(foreign(week, 5_000)).toBeGreaterThan(0.008);
    expect(foreign(week, 5_000)).toBeLessThan(0.014);
    const small = visitsOf({ seed: 1, size: 200, days: 60 });
    expect(foreign(small, 200)).toBeGreaterThan(0.015);
    expect(foreign(small, 200)).toBeLessThan(0.028);
  });

  test('people who came before have the same number again', () => {
    const former = new Map(week.map(({ person }) => [person.subject, person.destination]));
    expect(week.every(({ person }) => former.get(person.subject) === person.destination)).toBe(true);
    expect(former.size).toBeLessThan(0.8 * week.length);
  });

  test('a sale brings more people of one market, and only while it lasts', () => {
    const fromMs = START_MS + 4 * HOUR_MS;
    const count = (visits: readonly Visit[], from: number) =>
      visits.filter(
        ({ atMs, person }) => person.place.code === 'ID' && atMs >= from && atMs < from + 4 * HOUR_MS,
      ).length;
    const usual = visitsOf({ seed: 3, size: 5_000, days: 1 });
    const sale = visitsOf({ seed: 3, size: 5_000, days: 1, flash: { fromMs, hours: 4, factor: 8 } });
    expect(count(sale, fromMs)).toBeGreaterThan(6 * count(usual, fromMs));
    expect(count(sale, fromMs + 4 * HOUR_MS)).toBeLessThan(1.5 * count(usual, fromMs + 4 * HOUR_MS));
  });

  test('a market that opens has nobody before', () => {
    const fromMs = START_MS + DAY_MS;
    const launched = visitsOf({ seed: 4, size: 5_000, days: 2, launch: { fromMs, part: 0.2 } });
    const people = launched.filter(({ person }) => person.place.code === 'EG');
    expect(people.length).toBeGreaterThan(500);
    expect(people.every(({ atMs }) => atMs >= fromMs)).toBe(true);
  });

  test('every operator of the table has mobile numbers of its country only', () => {
    const random = createRandom('numbers');
    const policy = createPhonePolicy();
    for (const place of PLACES) {
      for (const operator of place.operators.keys()) {
        for (let index = 0; index < 10; index += 1) {
          const read = normalisePhone(numberOf(place, operator, random.below(1_000_000)), undefined);
          if (!read.ok) throw new Error(`${place.code} ${operator}`);
          expect(read.phone.country).toBe(place.code);
          expect(judgePhone(read.phone, policy)).toBeUndefined();
        }
      }
    }
  });
});
