import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ConfigurationError } from '../../../src/errors.ts';
import type { LimitKey } from '../../../src/limits/limit-store.ts';
import { escapeText, unescapeText } from '../../../src/redis/key-names.ts';
import { createNames, type NamesOptions } from '../../../src/redis/names.ts';
import { pushKeys } from '../../../src/redis/rule-arguments.ts';
import { onceRule, windowRule } from '../../../src/testing/limit-conformance/kit.ts';

/** What any cache was given to remember. */
const remembered = vi.hoisted((): unknown[] => []);
vi.mock('../../../src/cache.ts', async (original) => {
  const { createCache } = await original<typeof import('../../../src/cache.ts')>();
  return {
    createCache(max: number) {
      const cache = createCache<LimitKey, object>(max);
      return {
        ...cache,
        set(key: LimitKey, value: object) {
          remembered.push(key);
          cache.set(key, value);
        },
      };
    },
  };
});
beforeEach(() => {
  remembered.length = 0;
});

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

  it('remembers the names of numbers, and not those of what comes once', () => {
    const names = createNames({ secret: SECRET, previous: { secret: `${SECRET}, another` } });
    const keys: string[] = [];
    pushKeys(keys, '', windowRule(6591234567, 1, 1000), names);
    pushKeys(keys, '', onceRule('order-7', 'print', 1000), names);
    pushKeys(keys, '', onceRule(6591234568, 'print', 1000), names);
    expect(remembered).toContain(6591234567);
    expect(remembered).not.toContain('order-7');
    expect(remembered).not.toContain(6591234568);
    expect(keys[2]).toBe(`o${names.current.counterOf('once:1000', 'order-7')}`);
    expect(new Set(keys).size).toBe(6);
  });

  it('forgets the names used longest ago, beyond 50,000', () => {
    const { current } = createNames({ secret: SECRET });
    for (let key = 0; key < 50_000; key += 1) current.nameOf(key);
    current.nameOf(0);
    current.nameOf(-1);
    current.nameOf(0);
    expect(remembered).toHaveLength(50_001);
    current.nameOf(1);
    expect(remembered).toHaveLength(50_002);
  });

  it('names the counter of every rule and key apart, and the same in every process', () => {
    const keys = fc.uniqueArray(fc.oneof(fc.nat(), fc.string({ minLength: 1, maxLength: 60 })), {
      maxLength: 20,
    });
    const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 30 }), { maxLength: 20 });
    for (const options of [{ secret: SECRET }, { storeNumbers: 'clear' as const }]) {
      const [one, other] = [createNames(options).current, createNames(options).current];
      fc.assert(
        fc.property(ids, keys, (someIds, someKeys) => {
          const names = someIds.flatMap((id) => someKeys.map((key) => one.counterOf(id, key)));
          expect(new Set(names).size).toBe(names.length);
          expect(someIds.flatMap((id) => someKeys.map((key) => other.counterOf(id, key)))).toEqual(names);
        }),
      );
    }
    expect(createNames({ secret: SECRET }).current.counterOf('recipient:all:1800000', 1)).toMatch(
      /^[\w-]{16}$/,
    );
  });

  it('names a rule the same under every secret, so that clear names can be told', () => {
    const { current } = createNames({ storeNumbers: 'clear' });
    expect(current.counterOf('a', 6591234567)).toMatch(/^[\w-]{16}:n6591234567$/);
    expect(current.counterOf('a', 'a b')).toMatch(/:sa%0020b$/);
  });

  it.each<[NamesOptions, RegExp]>([
    [{}, /^secret must be a string of at least 32/],
    [{ secret: 'short' }, /^secret must be/],
    [{ secret: SECRET, keyId: '' }, /^keyId must be 1 to 8/],
    [{ secret: SECRET, keyId: 'a b' }, /^keyId must be/],
    [{ secret: SECRET, previous: { secret: 'short' } }, /^previous\.secret must be/],
    [{ secret: SECRET, previous: { secret: SECRET } }, /^previous must have another secret or keyId/],
    [{ secret: SECRET, keyId: 'b', previous: { secret: SECRET, keyId: 'b' } }, /^previous must have another/],
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
