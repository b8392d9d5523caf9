import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WebhookError } from '../../../src/errors.ts';
import { parseJson, plainJson } from '../../../src/webhooks/plain-json.ts';

function reasonOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (WebhookError.isInstance(error)) return error.reason;
    throw error;
  }
  return 'none';
}

const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

describe('parseJson', () => {
  it('returns any JSON unchanged', () => {
    const json = fc.jsonValue({ maxDepth: 6 });
    fc.assert(
      fc.property(json, (value) => {
        const text = JSON.stringify(value);
        fc.pre(!text.includes('__proto__'));
        expect(parseJson(text, 1_000_000)).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each(['', '{', 'undefined', '{"a":1,}', nested(100_000)])(
    'refuses a text that is not usable JSON (%#)',
    (text) => {
      expect(reasonOf(() => parseJson(text, 1_000_000))).toBe('malformed');
    },
  );

  it.each([
    '{"__proto__":{"admin":true}}',
    '{"a":[{"__proto__":1}]}',
    '{"\\u005f\\u005fproto__":1}',
    '{"constructor":{"prototype":{"admin":true}}}',
  ])('refuses %s, which reaches a prototype when it is merged', (text) => {
    expect(reasonOf(() => parseJson(text, 1_000))).toBe('malformed');
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it('accepts a constructor that is plain data', () => {
    expect(parseJson('{"constructor":"Bob","prototype":1}', 1_000)).toEqual({
      constructor: 'Bob',
      prototype: 1,
    });
    expect(parseJson('{"constructor":{"name":"Bob"}}', 1_000)).toEqual({ constructor: { name: 'Bob' } });
  });

  it('allows at most 32 levels', () => {
    expect(reasonOf(() => parseJson(nested(32), 1_000))).toBe('none');
    expect(reasonOf(() => parseJson(nested(33), 1_000))).toBe('malformed');
  });
});

describe('plainJson', () => {
  it('copies, and drops the same values as JSON', () => {
    const given = { a: [1, { b: null }], c: undefined };
    const copy = plainJson(given, 1_000);
    expect(copy).toEqual({ a: [1, { b: null }] });
    expect(copy).not.toBe(given);
    expect(copy).not.toHaveProperty('c');
  });

  it('ends on a cycle of any width', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    expect(reasonOf(() => plainJson(cycle, 1_000))).toBe('malformed');
    for (let index = 0; index < 100; index += 1) cycle[`k${index}`] = cycle;
    expect(reasonOf(() => plainJson({ cycle }, 10_000))).toMatch(/malformed|too-large/);
    const wide: unknown[] = [];
    wide.push(...Array.from({ length: 50 }, () => [wide, wide]));
    expect(reasonOf(() => plainJson(wide, 10_000))).toMatch(/malformed|too-large/);
  });

  it('estimates the size of a parsed body as a text from below', () => {
    expect(reasonOf(() => plainJson({ a: 'x'.repeat(2_000) }, 1_024))).toBe('too-large');
    expect(reasonOf(() => plainJson({ ['x'.repeat(2_000)]: 1 }, 1_024))).toBe('too-large');
    expect(reasonOf(() => plainJson(Array(2_000).fill(0), 1_024))).toBe('too-large');
    expect(reasonOf(() => plainJson({ a: 'x'.repeat(1_000) }, 1_024))).toBe('none');
  });

  it.each([
    [() => {}],
    [Symbol('a')],
    [12n],
    [undefined],
    [
      {
        get a() {
          throw new Error('secret');
        },
      },
    ],
    [
      new Proxy(
        {},
        {
          ownKeys() {
            throw new Error('secret');
          },
        },
      ),
    ],
  ])('refuses values that JSON cannot represent or that throw when read (%#)', (value) => {
    expect(reasonOf(() => plainJson(value, 1_000))).toBe('malformed');
  });
});
