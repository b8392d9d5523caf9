import { describe, expect, it } from 'vitest';
import {
  type CountriesGuardOptions,
  countriesField,
  countryField,
  createCountriesGuard,
} from '../../../src/guards/countries.ts';
import { validate } from '../../../src/schema.ts';
import type { Purpose } from '../../../src/types.ts';
import { messageOf } from '../../support/outgoing-message.ts';

/** ISO 3166-1, the officially assigned alpha-2 codes (time zone database, iso3166.tab). */
const ISO_3166_1 = `
  AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT
  BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH
  ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT
  HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS
  LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI
  NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG
  SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG
  UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
`
  .trim()
  .split(/\s+/);

describe('guards.countries.allow', () => {
  it('takes every code of ISO 3166-1, in any case', () => {
    expect(ISO_3166_1).toHaveLength(249);
    for (const code of ISO_3166_1) {
      expect(validate(countriesField, { allow: [code, code.toLowerCase()] }), code).toBeUndefined();
    }
  });

  it.each(['UK', 'XX', 'EU', 'A', 'SGP', '__proto__', ''])('refuses %j', (code) => {
    expect(validate(countriesField, { allow: ['SG', code] })?.path).toBe('allow[1]');
  });

  it('takes more than a default country can be: national numbers need a numbering plan', () => {
    for (const code of ['AQ', 'BV', 'GS', 'HM', 'PN', 'TF', 'UM']) {
      expect(validate(countryField, code), code).toBeDefined();
    }
  });
});

describe('the lists of guards.countries', () => {
  it.each<[object, string]>([
    [{ allow: { otp: ['SG', 'UK'] } }, 'allow.otp[1]'],
    [{ allow: { default: [] } }, 'allow.default'],
    [{ allow: {} }, 'allow'],
    [{ allow: { otp: undefined } }, 'allow'],
    [{ allow: { sms: ['SG'] } }, 'allow.sms'],
    [{ allow: 'SG' }, 'allow'],
    [{ deny: [] }, 'deny'],
    [{ deny: ['+65'] }, 'deny[0]'],
    [{ allow: ['881'] }, 'allow[0]'],
    [{ mode: 'monitor' }, ''],
    [{}, ''],
  ])('refuse %j', (options, path) => {
    expect(validate(countriesField, options)).toMatchObject({ path });
  });

  it.each([
    { allow: ['SG'] },
    { deny: ['CU', '+881'] },
    {
      allow: { otp: ['SG'], transactional: ['SG'], marketing: ['SG'], default: ['ID'] },
      deny: { otp: ['SG'] },
    },
    { allow: ['+800', '+808', '+870', '+878', '+881', '+882', '+883', '+979'] },
  ])('take %j', (options) => {
    expect(validate(countriesField, options)).toBeUndefined();
  });
});

const NUMBERS = {
  SG: '+6591234567',
  ID: '+6281234567890',
  RU: '+79123456789',
  KZ: '+77012345678',
  GB: '+447400123456',
  GG: '+447781123456',
  '+881': '+881612345678',
  '+870': '+870301234567',
} as const;

function decide(options: CountriesGuardOptions, place: keyof typeof NUMBERS, purpose: Purpose = 'otp') {
  const guard = createCountriesGuard(options);
  return guard.check?.(messageOf({ destination: NUMBERS[place], purpose }), 0);
}

describe('the guard for countries', () => {
  it('refuses what is not on the list, in any case, and names the country', () => {
    expect(decide({ allow: ['sg'] }, 'SG')).toBeUndefined();
    expect(decide({ allow: ['sg'] }, 'ID')).toEqual({
      reason: 'country-not-allowed',
      message: 'Indonesia (ID) is not in guards.countries.allow. Add it there if you send to it.',
    });
  });

  it('compares countries, not calling codes', () => {
    expect(decide({ allow: ['RU'] }, 'RU')).toBeUndefined();
    expect(decide({ allow: ['RU'] }, 'KZ')?.reason).toBe('country-not-allowed');
    expect(decide({ allow: ['GB'] }, 'GG')?.reason).toBe('country-not-allowed');
    expect(decide({ deny: ['RU'] }, 'KZ')).toBeUndefined();
  });

  it('refuses a number without a country unless its calling code is on the list', () => {
    expect(decide({ allow: ['SG'] }, '+881')).toMatchObject({
      reason: 'country-not-allowed',
      message: expect.stringContaining('Calling code +881 without a country is not in'),
    });
    expect(decide({ allow: ['SG', '+881'] }, '+881')).toBeUndefined();
    expect(decide({ allow: ['SG', '+881'] }, '+870')?.reason).toBe('country-not-allowed');
  });

  it('has a list for each purpose, and one for all others', () => {
    const options = { allow: { otp: ['SG'], default: ['SG', 'ID'] } };
    expect(decide(options, 'ID', 'otp')).toMatchObject({
      reason: 'country-not-allowed',
      message: expect.stringContaining('is not in guards.countries.allow.otp.'),
    });
    expect(decide(options, 'ID', 'transactional')).toBeUndefined();
    expect(decide(options, 'ID', 'marketing')).toBeUndefined();
    expect(decide(options, 'GB', 'marketing')?.message).toContain('is not in guards.countries.allow.');
  });

  it('does not restrict a purpose without a list', () => {
    expect(decide({ allow: { otp: ['SG'] } }, 'ID', 'marketing')).toBeUndefined();
    expect(decide({ allow: { otp: ['SG'] } }, '+881', 'marketing')).toBeUndefined();
  });

  it('denies what is on the other list, even if it is allowed', () => {
    expect(decide({ deny: ['ID'] }, 'SG')).toBeUndefined();
    expect(decide({ allow: ['ID'], deny: ['id'] }, 'ID')).toEqual({
      reason: 'country-denied',
      message: 'Indonesia (ID) is in guards.countries.deny.',
    });
    expect(decide({ deny: ['+881'] }, '+881')).toEqual({
      reason: 'country-denied',
      message: 'Calling code +881 without a country is in guards.countries.deny.',
    });
    expect(decide({ deny: ['+881'] }, '+870')).toBeUndefined();
  });

  it('adds what one purpose is denied to what all are', () => {
    const options = { deny: { default: ['RU'], marketing: ['ID'] } };
    expect(decide(options, 'RU', 'otp')?.reason).toBe('country-denied');
    expect(decide(options, 'RU', 'marketing')?.reason).toBe('country-denied');
    expect(decide(options, 'ID', 'marketing')?.reason).toBe('country-denied');
    expect(decide(options, 'ID', 'otp')).toBeUndefined();
  });

  it('copies the lists, and enforces unless told to watch', () => {
    const allow = ['SG'];
    const guard = createCountriesGuard({ allow });
    allow.push('ID');
    expect(guard.check?.(messageOf({ destination: NUMBERS.ID }), 0)?.reason).toBe('country-not-allowed');
    expect(guard.mode).toBe('enforce');
    expect(createCountriesGuard({ allow, mode: 'monitor' }).mode).toBe('monitor');
  });
});
