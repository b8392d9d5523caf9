import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/errors.ts';
import { escapeText, unescapeText } from '../../../src/redis/key-names.ts';
import { createNames, type NamesOptions } from '../../../src/redis/names.ts';

const SECRET = 'a secret of thirty-two characters';

describe('createNames', () => {
  it('names a key by the first 96 bits of HMAC-SHA-256, keyed with the secret', () => {
    const expected = createHmac('sha256', SECRET).update('k2 number 6591234567').digest();
    const { current } = createNames({ secret: SECRET, keyId: 'k2' });
    const name = expected.subarray(0, 12).toString('base64url');
    expect(current.nameOf(6591234567)).toBe(name);
    expect(current.nameOf(6591234567)).toBe(name);
  });

  it('hashes long texts and short ones alike', () => {
    const { current } = createNames({ secret: SECRET });
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const digest = createHmac('sha256', SECRET).update(`1 ${text}`).digest();
        expect(current.hashOf(text)).toBe(digest.subarray(0, 12).toString('base64url'));
      }),
    );
  });

  it('tells a number from the same digits as a string, and one secret and id from another', () => {
    const other = 'another secret of as many characters';
    const names = [
      createNames({ secret: SECRET }).current.nameOf(1),
      createNames({ secret: SECRET }).current.nameOf('1'),
      createNames({ secret: other }).current.nameOf(1),
      createNames({ secret: SECRET, keyId: '2' }).current.nameOf(1),
      createNames({ storeNumbers: 'clear' }).current.nameOf(1),
      createNames({ storeNumbers: 'clear' }).current.nameOf('1'),
    ];
    expect(new Set(names).size).toBe(names.length);
  });

  it('names a rule the same under every secret', () => {
    const { ruleName } = createNames({ secret: SECRET });
    const { ruleName: other } = createNames({ storeNumbers: 'clear' });
    expect(ruleName('recipient:all:1800000')).toBe(other('recipient:all:1800000'));
    expect(ruleName('recipient:all:1800000')).toMatch(/^[\w-]{6}$/);
    expect(ruleName('recipient:all:1800000')).not.toBe(ruleName('recipient:otp:1800000'));
  });

  it.each<[NamesOptions, RegExp]>([
    [{}, /^secret must be a string of at least 32/],
    [{ secret: 'short' }, /^secret must be/],
    [{ secret: SECRET, keyId: '' }, /^keyId must be 1 to 8/],
    [{ secret: SECRET, keyId: 'a b' }, /^keyId must be/],
    [{ secret: SECRET, previous: { secret: 'short' } }, /^previous\.secret must be/],
    [{ secret: SECRET, previous: { secret: SECRET, keyId: 'too long an id' } }, /^previous\.keyId must be/],
  ])('refuses %j and never shows a secret', (options, message) => {
    expect(() => createNames(options)).toThrow(ConfigurationError);
    expect(() => createNames(options)).toThrow(message);
    expect(() => createNames(options)).not.toThrow(/short'/);
  });
});

describe('escapeText', () => {
  it('gives printable ASCII without the signs of keys and answers, and the text back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
        const escaped = escapeText(text);
        expect(escaped).toMatch(/^[!-~]*$/);
        expect(escaped).not.toMatch(/[ ;{}\n]/);
        expect(unescapeText(escaped)).toBe(text);
      }),
    );
  });
});
