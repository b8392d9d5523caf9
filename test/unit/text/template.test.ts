import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { ConfigurationError, ValidationError } from '../../../src/errors.ts';
import { findLinks } from '../../../src/text/links.ts';
import { measureText } from '../../../src/text/measure-text.ts';
import { type TemplateValues, template } from '../../../src/text/template.ts';

const code = template('Your code is {code}. It expires in {minutes} minutes.', {
  code: { kind: 'code' },
  minutes: { kind: 'number' },
});
const hello = template('Hi {name}, see https://example.com/o/{order}?from={from} or {name}.');

/** The error that is thrown. */
function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('a template', () => {
  it('fills in strings and numbers', () => {
    expect(code({ code: '4711', minutes: 5 })).toBe('Your code is 4711. It expires in 5 minutes.');
    expect(hello({ name: 'Zoë 王', order: 'A-1_2', from: 7 })).toBe(
      'Hi Zoë 王, see https://example.com/o/A-1_2?from=7 or Zoë 王.',
    );
    expect(template('{a}{b}')({ a: '$&', b: '$1' })).toBe('$&$1');
  });

  it('is typed from its text', () => {
    expectTypeOf(code).parameter(0).toEqualTypeOf<{
      readonly code: string | number;
      readonly minutes: string | number;
    }>();
    expectTypeOf<TemplateValues<'{a} and {b_1}'>>().toEqualTypeOf<{
      readonly a: string | number;
      readonly b_1: string | number;
    }>();
    expectTypeOf<TemplateValues<string>>().toEqualTypeOf<{ readonly [name: string]: string | number }>();
    // @ts-expect-error a value is missing
    expect(() => code({ code: '1' })).toThrow('values.minutes is missing. Nothing was sent.');
    // @ts-expect-error an unknown value
    expect(() => code({ code: '1', minutes: 1, other: 2 })).toThrow('which has code, minutes');
    // @ts-expect-error an unknown variable
    expect(() => template('{a}', { b: { kind: 'code' } })).toThrow('It has a');
  });

  it.each<[string, string]>([
    ['', 'must have 1 to 60'],
    ['a'.repeat(61), 'must have 1 to 60'],
    ['a\nb', 'line break'],
    ['a\u2028b', 'line break'],
    ['a\u0000', 'control character'],
    ['a\u202eb', 'invisible'],
    ['\ud83d', 'half of a character'],
    ['{{name}}', 'braces'],
    ['{code}', 'braces'],
    ['undefined', 'not filled in'],
    ['[object Object]', 'not filled in'],
    ['Pаypal', 'mix Latin'],
    ['evil.com', 'no link'],
    ['see http://1.2.3.4/', 'no link'],
    ['www.evil', 'no link'],
  ])('refuses the text %j', (name, problem) => {
    const error = errorOf(() => hello({ name, order: 1, from: 1 }));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path: 'values.name', submission: 'not-submitted' });
    expect((error as Error).message).toContain(problem);
    if (name.length > 1) expect((error as Error).message).not.toContain(name);
  });

  it.each<[unknown, string]>([
    [null, 'a string or a number'],
    [{}, 'a string or a number'],
    [Number.NaN, 'finite'],
    [Number.POSITIVE_INFINITY, 'finite'],
    [undefined, 'is missing'],
  ])('refuses %s', (value, problem) => {
    expect(() => hello({ name: value as string, order: 1, from: 1 })).toThrow(problem);
  });

  it.each(['47 11', '4.7', '4711!', 'código'])('takes no code %j', (value) => {
    expect(() => code({ code: value, minutes: 5 })).toThrow(
      'values.code may contain only letters, digits and hyphens',
    );
  });

  it.each([
    ['1e3', false],
    ['five', false],
    ['-1,234.50', true],
    ['1.', false],
    [1e21, false],
    [-3.25, true],
  ])('a number is %s: %s', (value, isNumber) => {
    const run = () => code({ code: 'a', minutes: value });
    if (isNumber) expect(run()).toContain(String(value));
    else expect(run).toThrow('values.minutes must be a number');
  });

  it.each(['../x', 'a/b', 'a?b', 'a.b', 'a&b', 'a b', '王', '%2e'])('takes no %j inside a link', (order) => {
    expect(() => hello({ name: 'a', order, from: 1 })).toThrow('values.order is part of a link');
  });

  it('refuses values that form a link together, or with the text', () => {
    expect(() => template('{a}{b}')({ a: 'evil', b: '.com' })).toThrow('form a link');
    expect(() => template('evil{a}')({ a: '.com' })).toThrow('form a link');
    expect(() => template('See {a}/pay')({ a: 'evil.com' })).toThrow('no link');
    expect(() => template('http:{a}')({ a: '//evil' })).toThrow('form a link');
  });

  it('refuses values that are inherited, or no object', () => {
    const one = template('{toString}');
    expect(() => one({} as never)).toThrow('values.toString is missing');
    expect(() => one(undefined as never)).toThrow('values.toString is missing');
  });

  it('counts the longest text that it can give', () => {
    expect(code.measure()).toMatchObject({ encoding: 'GSM7', parts: 1 });
    expect(hello.measure()).toMatchObject({ encoding: 'UCS2' });
    expect(template('{a}', { a: { maxLength: 1_000 } }).measure().units).toBe(1_000);
  });

  it('gives no text with more parts than it counts, and no link but its own', () => {
    const worst = hello.measure();
    fc.assert(
      fc.property(
        fc.string({ maxLength: 70, unit: 'grapheme' }),
        fc.string({ maxLength: 20 }),
        fc.oneof(fc.integer(), fc.string({ maxLength: 8, unit: 'binary' })),
        (name, order, from) => {
          let text: string;
          try {
            text = hello({ name, order, from });
          } catch (error) {
            expect(error).toBeInstanceOf(ValidationError);
            return;
          }
          expect(measureText(text).parts).toBeLessThanOrEqual(worst.parts);
          expect(findLinks(text).map(({ host }) => host)).toEqual(['example.com']);
          expect(text).not.toMatch(/[{}\n\r]/);
        },
      ),
    );
  });

  it.each<[string, object, string]>([
    ['Hello', {}, 'no variable'],
    ['Hi {{name}}', {}, 'braces'],
    ['Hi {na me}', {}, 'braces'],
    ['Hi {name', {}, 'braces'],
    ['Hi {1}', {}, 'braces'],
    ['https://{host}/a', {}, 'in the host'],
    ['https://a.{host}.com', {}, 'in the host'],
    ['{name}.com', {}, 'in the host'],
    ['{a}', { a: { kind: 'url' } }, 'variables.a.kind must be one of'],
    ['{a}', { a: { maxLength: 0 } }, 'variables.a.maxLength'],
    ['{a}', { a: { max: 1 } }, 'variables.a.max is unknown'],
    ['{a}', [], 'variables must be'],
    [Array.from({ length: 51 }, (_, index) => `{v${index}}`).join(' '), {}, 'at most 50'],
    [`{a}${'x'.repeat(20_000)}`, {}, 'up to 20000'],
  ])('is refused: %s', (text, variables, problem) => {
    const error = errorOf(() => template(text, variables));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toContain(problem);
  });

  it('is refused when it is no string', () => {
    expect(() => template(5 as never)).toThrow(ConfigurationError);
  });
});
