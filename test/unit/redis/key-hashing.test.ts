import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ConfigurationError } from '../../../src/errors.ts';
import type { LimitKey } from '../../../src/limits/limit-store.ts';
import { escapeText, unescapeText } from '../../../src/redis/key-hashing.ts';
import { createKeyNames, type KeyHashingOptions } from '../../../src/redis/key-hashing-options.ts';
import { pushKeys } from '../../../src/redis/rule-arguments.ts';
import { onceRule, windowRule } from '../../../src/testing/limit-conformance/kit.ts';

/** Every key that was put into a cache. */
const remembered = vi.hoisted((): unknown[] => []);
vi.mock('../../../src/internal/cache.ts', async (original) => {
  const { createCache } = await original<typeof import('../../../src/internal/cache.ts')>();
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
    const { current } = createKeyNames({ secret: SECRET, keyId: 'k2' });
    const name = expected.subarray(0, 12).toString('base64url');
    expect(current.keyName(6591234567)).toBe(name);
    expect(current.keyName(6591234567)).toBe(name);
  });

  it('hashes long texts and short ones alike', () => {
    const { current } = createKeyNames({ secret: SECRET });
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const digest = createHmac('sha256', SECRET).update(`1 ${text}`).digest();
        expect(current.textHash(text)).toBe(digest.subarray(0, 12).toString('base64url'));
      }),
    );
  });

  it('tells halves of surrogate pairs apart, which UTF-8 would make the same', () => {
    const { current } = createKeyNames({ secret: SECRET });
    const texts = ['x\ud800', 'x\ud801', 'x\udc00', 'x\ufffd'];
    for (const nameOf of [current.keyName, current.textHash]) {
      expect(new Set(texts.map((text) => nameOf(text))).size).toBe(texts.length);
    }
  });

  it('tells a number from the same digits as a string, and one secret and id from another', () => {
    const other = 'another secret of as many characters';
    const names = [
      createKeyNames({ secret: SECRET }).current.keyName(1),
      createKeyNames({ secret: SECRET }).current.keyName('1'),
      createKeyNames({ secret: other }).current.keyName(1),
      createKeyNames({ secret: SECRET, keyId: '2' }).current.keyName(1),
      createKeyNames({ storeNumbers: 'clear' }).current.keyName(1),
      createKeyNames({ storeNumbers: 'clear' }).current.keyName('1'),
    ];
    expect(new Set(names).size).toBe(names.length);
  });

  it('remembers the names of numbers, and not those of what comes once', () => {
    const names = createKeyNames({ secret: SECRET, previous: { secret: `${SECRET}, another` } });
    const keys: string[] = [];
    pushKeys(keys, '', windowRule(6591234567, 1, 1000), names);
    pushKeys(keys, '', onceRule('order-7', 'print', 1000), names);
    pushKeys(keys, '', onceRule(6591234568, 'print', 1000), names);
    expect(remembered).toContain(6591234567);
    expect(remembered).not.toContain('order-7');
    expect(remembered).not.toContain(6591234568);
    expect(keys[2]).toBe(`:o${names.current.counterName('once:1000', 'order-7')}`);
    expect(new Set(keys).size).toBe(6);
  });

  it('forgets the names used longest ago, beyond 50,000', () => {
    const { current } = createKeyNames({ secret: SECRET });
    for (let key = 0; key < 50_000; key += 1) current.keyName(key);
    current.keyName(0);
    current.keyName(-1);
    current.keyName(0);
    expect(remembered).toHaveLength(50_001);
    current.keyName(1);
    expect(remembered).toHaveLength(50_002);
  });

  it('names the counter of every rule and key apart, and the same in every process', () => {
    const keys = fc.uniqueArray(fc.oneof(fc.nat(), fc.string({ minLength: 1, maxLength: 60 })), {
      maxLength: 20,
    });
    const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 30 }), { maxLength: 20 });
    for (const options of [{ secret: SECRET }, { storeNumbers: 'clear' as const }]) {
      const [one, other] = [createKeyNames(options).current, createKeyNames(options).current];
      fc.assert(
        fc.property(ids, keys, (someIds, someKeys) => {
          const names = someIds.flatMap((id) => someKeys.map((key) => one.counterName(id, key)));
          expect(new Set(names).size).toBe(names.length);
          expect(someIds.flatMap((id) => someKeys.map((key) => other.counterName(id, key)))).toEqual(names);
        }),
      );
    }
    expect(createKeyNames({ secret: SECRET }).current.counterName('recipient:all', 1)).toMatch(/^[\w-]{16}$/);
  });

  it('names a rule the same under every secret, so that clear names can be told', () => {
    const { current } = createKeyNames({ storeNumbers: 'clear' });
    expect(current.counterName('a', 6591234567)).toMatch(/^[\w-]{16}:n6591234567$/);
    expect(current.counterName('a', 'a b')).toMatch(/:sa%0020b$/);
  });

  it.each<[KeyHashingOptions, RegExp]>([
    [{}, /^secret must be a string of at least 32.*It is undefined: is the environment variable set\?$/],
    [{ secret: 'short' }, /^secret must be .*make one with "openssl rand -hex 32"\.$/],
    [{ secret: SECRET, keyId: '' }, /^keyId must be 1 to 8/],
    [{ secret: SECRET, keyId: 'a b' }, /^keyId must be/],
    [{ secret: SECRET, previous: { secret: 'short' } }, /^previous\.secret must be/],
    [{ secret: SECRET, previous: { secret: SECRET } }, /^previous must differ from the current secret/],
    [{ secret: SECRET, keyId: 'b', previous: { secret: SECRET, keyId: 'b' } }, /^previous must differ/],
    [{ secret: SECRET, previous: { secret: SECRET, keyId: 'too long an id' } }, /^previous\.keyId must be/],
  ])('refuses %j and never shows a secret', (options, message) => {
    expect(() => createKeyNames(options)).toThrow(ConfigurationError);
    expect(() => createKeyNames(options)).toThrow(message);
    expect(() => createKeyNames(options)).not.toThrow(/short'/);
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
