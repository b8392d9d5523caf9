import { describe, expect, it } from 'vitest';
import { readClock, writeClock } from '../../../../src/guards/quiet-hours/local-time.ts';
import { isState, placesOf } from '../../../../src/guards/quiet-hours/places.ts';
import { AREA_STATES, AREA_ZONES, COUNTRY_ZONES } from '../../../../src/guards/quiet-hours/time-zone-data.ts';
import type { Phone } from '../../../../src/phone/normalise-phone.ts';
import { messageOf } from '../../../support/outgoing-message.ts';

const placesFor = (destination: string) => placesOf(messageOf({ destination }).phone);

describe('the places of a number', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['+12125550143', ['America/New_York'], ['US', 'US-NY']],
    ['+13055550143', ['America/New_York'], ['US', 'US-FL']],
    ['+19155550143', ['America/Denver'], ['US', 'US-TX']],
    ['+12085550143', ['America/Boise', 'America/Los_Angeles'], ['US', 'US-ID']],
    ['+14165550143', ['America/Toronto'], ['CA']],
    ['+6591234567', ['Asia/Singapore'], ['SG']],
    ['+33612345678', ['Europe/Paris'], ['FR']],
    ['+262692123456', ['Indian/Reunion'], ['RE']],
    ['+17875550143', ['America/Puerto_Rico'], ['PR']],
  ])('%s', (destination, zones, areas) => {
    expect(placesFor(destination)).toMatchObject({ zones, areas });
  });

  it('are all zones of a country whose mobile numbers do not tell more', () => {
    expect(placesFor('+61412345678').zones).toContain('Australia/Perth');
    expect(placesFor('+61412345678').zones).toContain('Australia/Sydney');
    expect(placesFor('+79123456789').zones.length).toBeGreaterThan(9);
    expect(placesFor('+77012345678').areas).toEqual(['KZ']);
  });

  it('are those of all countries of a calling code, or none, when the number tells no country', () => {
    const unknown = (callingCode: string, country?: string): Phone => ({
      ...messageOf().phone,
      callingCode,
      country,
      msisdn: `${callingCode}0000000000`,
    });
    expect(placesOf(unknown('44')).zones).toContain('Europe/London');
    expect(placesOf(unknown('44')).areas).toEqual([]);
    expect(placesOf(unknown('881')).zones).toEqual([]);
    expect(placesOf(unknown('')).zones).toEqual([]);
    // An area code that the table does not have: every zone of the country.
    expect(placesOf(unknown('1', 'US')).zones).toContain('Pacific/Honolulu');
    expect(placesOf(unknown('1', 'US')).areas).toEqual(['US']);
    expect(placesOf(unknown('1', 'XX')).zones).toEqual([]);
  });

  it('have states that exist', () => {
    expect(isState('FL')).toBe(true);
    expect(isState('XX')).toBe(false);
  });
});

describe('the tables', () => {
  const zones = new Set([
    ...COUNTRY_ZONES.flatMap((row) => row.split(' ').slice(1)),
    ...AREA_ZONES.flatMap((row) => (row.split(' ')[0] as string).split('&')),
  ]);

  it('have zones that this runtime knows', () => {
    for (const timeZone of zones) expect(() => new Intl.DateTimeFormat('en', { timeZone })).not.toThrow();
    expect(zones.size).toBeLessThan(500);
  });

  it('have each area code once, and a state for nearly all of them', () => {
    const areas = AREA_ZONES.flatMap((row) => row.split(' ').slice(1));
    const withState = AREA_STATES.flatMap((row) => row.split(' ').slice(1));
    expect(new Set(areas).size).toBe(areas.length);
    expect(new Set(withState).size).toBe(withState.length);
    for (const area of withState) expect(areas).toContain(area);
    expect(AREA_STATES).toHaveLength(51);
  });
});

it('reads and writes clocks', () => {
  expect(readClock('08:30')).toBe(30_600_000);
  expect(readClock('24:00')).toBe(86_400_000);
  expect(writeClock(30_600_000)).toBe('08:30');
  expect(writeClock(30_659_999)).toBe('08:30');
});
