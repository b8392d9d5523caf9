import fc from 'fast-check';
import { getCountries, getExampleNumber } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { describe, expect, it } from 'vitest';
import { normalisePhone } from '../../../src/phone/normalise-phone.ts';

describe('normalisePhone', () => {
  it('gives everything that is known about a number', () => {
    expect(normalisePhone('(+65) 9123-4567', undefined)).toEqual({
      ok: true,
      phone: {
        e164: '+6591234567',
        msisdn: '6591234567',
        key: 6591234567,
        country: 'SG',
        callingCode: '65',
        type: 'MOBILE',
        valid: true,
        possible: true,
      },
    });
  });

  it('reads the example mobile number of every country, international and national', () => {
    const countries = getCountries();
    expect(countries.length).toBeGreaterThan(240);
    for (const country of countries) {
      const example = getExampleNumber(country, examples);
      if (example === undefined) continue;
      expect(normalisePhone(example.formatInternational(), undefined)).toMatchObject({
        phone: { e164: example.number, valid: true },
      });
      expect(normalisePhone(example.formatNational(), country)).toMatchObject({
        phone: { e164: example.number },
      });
    }
  });

  const unit = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...'+0123456789 ()-.;,/#x') },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
  );
  const inputs = fc.oneof(
    fc.string({ unit, maxLength: 40 }),
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 20 }).map((digits) => `+${digits}`),
  );
  const countries = fc.constantFrom(undefined, 'SG', 'AR', 'us', 'IT', 'BR', 'XX');

  it('never throws, gives E.164 or a reason, and never repeats the input in a hint', () => {
    fc.assert(
      fc.property(inputs, countries, (raw, country) => {
        const result = normalisePhone(raw, country);
        if (result.ok) {
          expect(result.phone.e164).toMatch(/^\+[1-9]\d{6,14}$/);
          expect(result.phone.msisdn).toBe(result.phone.e164.slice(1));
          expect(Number.isSafeInteger(result.phone.key)).toBe(true);
          expect(result.phone.valid).toBe(result.phone.type !== 'UNKNOWN');
        } else {
          expect(result.hint).not.toMatch(/\d{5}/);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('is done after once: its own answer reads as itself', () => {
    const stems = getCountries().flatMap(
      (country) => getExampleNumber(country, examples)?.number.slice(0, -4) ?? [],
    );
    fc.assert(
      fc.property(fc.constantFrom(...stems), fc.integer({ min: 1000, max: 9999 }), (stem, ending) => {
        const first = normalisePhone(`${stem} ${ending}`, undefined);
        expect(first).toMatchObject({ ok: true });
        expect(normalisePhone(first.ok && first.phone.e164, undefined)).toEqual(first);
      }),
      { numRuns: 1000 },
    );
  });
});
