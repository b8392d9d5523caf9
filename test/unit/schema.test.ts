import { describe, expect, it } from 'vitest';
import {
  anyFunction,
  boolean,
  dateTime,
  falseOr,
  integer,
  list,
  nearestName,
  object,
  objectWith,
  oneOf,
  pattern,
  refine,
  switchOn,
  text,
  unknown,
  unreadable,
  validate,
  withMethods,
  word,
} from '../../src/schema.ts';

const CANARY = 'canary-key-7f3a';
const person = object({ name: text({ max: 9 }), age: integer({ min: 0, max: 150, unit: 'years' }) });

describe('shape', () => {
  it.each([{}, { name: 'Ada' }, { name: undefined, age: 36 }, Object.create(null), new (class {})()])(
    'takes %o',
    (value) => {
      expect(validate(person, value)).toBeUndefined();
    },
  );

  it.each([
    null,
    1,
    'x',
    true,
    undefined,
    [],
    ['x'],
    new Map(),
    new Set(),
    new Uint8Array(2),
    new ArrayBuffer(2),
    (async function* () {})(),
    new ReadableStream(),
    () => {},
  ])('refuses %o for an object', (value) => {
    expect(validate(person, value)?.message).toMatch(
      /^The value must be an object, not (?:null|nothing|an array|another object|a \w+)\.$/,
    );
  });

  it.each([
    ['nmae', 'Did you mean "name"? Allowed: name, age.'],
    ['NAME', 'Did you mean "name"? Allowed: name, age.'],
    ['colour', 'Allowed: name, age.'],
    ['constructor', 'Allowed: name, age.'],
    ['toString', 'Allowed: name, age.'],
    ['__proto__', 'Allowed: name, age.'],
  ])('refuses the unknown key %s', (key, hint) => {
    const flaw = validate(person, JSON.parse(`{"${key}": "${CANARY}"}`), 'base');
    expect(flaw?.path).toBe(`base.${key}`);
    expect(flaw?.message).toBe(`base.${key} is unknown. ${hint}`);
  });

  it('does not print a whole number or a control character that stands as a key', () => {
    const flaw = validate(person, { '+6591726354\u001b[2J': 1 });
    expect(flaw?.path).toBe('+65******54\\u001b[2J');
  });

  it('names required keys that are missing', () => {
    const field = objectWith(['name'], { name: text({ max: 9 }) }, 'a person');
    expect(validate(field, {}, 'people[3]')).toEqual({
      path: 'people[3].name',
      message: 'people[3].name is missing.',
    });
    expect(validate(field, { name: 'Ada' })).toBeUndefined();
    expect(validate(field, 3)?.message).toBe('The value must be a person, not a number.');
  });

  it('does not show what a getter throws', () => {
    const value = {
      get name(): string {
        throw new Error(CANARY);
      },
    };
    expect(validate(person, value, 'base')).toEqual(unreadable('base'));
    expect(validate(person, value)).toEqual(unreadable(''));
    expect(unreadable('base').message).toBe('base cannot be read: one of its properties throws.');
    expect(unreadable('').message).toBe('The value cannot be read: one of its properties throws.');
  });
});

describe('values', () => {
  it.each([
    ['text', text({ max: 3 }), ['a', 'abc'], ['', 'abcd', 1, null, {}, new String('a')]],
    [
      'integer',
      integer({ min: 1, max: 9 }),
      [1, 9],
      [0, 10, 1.5, Number.NaN, Infinity, '5', 5n, null, new Number(5)],
    ],
    ['flag', boolean(), [true, false], ['true', 0, null]],
    ['oneOf', oneOf(['a', 2]), ['a', 2], ['b', '2', null]],
    ['pattern', pattern(/^a+$/, 'some a'), ['a', 'aaa'], ['b', '', 7, 'a'.repeat(3000)]],
    ['word', word((value) => value === 'yes', 'yes'), ['yes'], ['no', 1]],
    ['anyFunction', anyFunction(), [() => {}, class {}], [{}, 'function']],
    ['having', withMethods(['go'], 'a car'), [{ go: () => {}, color: 'red' }], [{}, { go: 1 }, null, 'go']],
    ['anything', unknown(), [undefined, null, 1, {}], []],
    [
      'moment',
      dateTime(),
      [new Date(0), '2026-11-22T09:00:00Z', '2026-11-22T09:00+08:00', '2026-11-22T09:00:00.123456789Z'],
      [
        new Date(Number.NaN),
        Object.create(Date.prototype),
        '2026-11-22',
        '2026-11-22T09:00:00',
        '2026-13-40T09:00:00Z',
        '2027-02-30T10:00:00Z',
        '2026-11-31T10:00:00+08:00',
        '2026-11-22T24:00:00Z',
        'tomorrow',
        1_800_000_000_000,
        null,
      ],
    ],
    ['falseOr', falseOr(person), [false, {}], [true, null, 0]],
    [
      'either',
      switchOn((input) => typeof input === 'string', text({ max: 2 }), boolean()),
      ['ab', true],
      ['abc', 1],
    ],
    [
      'refined',
      refine<{ age?: number }>(person, ({ age = 0 }) => age !== 13, 'must not be 13.'),
      [{}, { age: 12 }],
      [{ age: 13 }, { age: 200 }, 1],
    ],
  ] as const)('%s', (_, field, good, bad) => {
    for (const value of good) expect(validate(field, value), String(value)).toBeUndefined();
    for (const value of bad) expect(validate(field, value)?.message).toMatch(/ must | cannot be read/);
  });

  it('says what is allowed and never what was given', () => {
    const field = object({
      a: text({ max: 3 }),
      b: integer({ min: 1, max: 9, unit: 'ms' }),
      c: oneOf(['x', 1]),
    });
    for (const [key, message] of [
      ['a', 'a must be a string of 1 to 3 characters.'],
      ['b', 'b must be a whole number from 1 to 9 (ms).'],
      ['c', 'c must be one of "x", 1.'],
    ] as const) {
      expect(validate(field, { [key]: CANARY })).toEqual({ path: key, message });
    }
  });
});

describe('list', () => {
  const field = object({ people: list(person, { min: 1, max: 2 }) });

  it('names the entry', () => {
    expect(validate(field, { people: [{}, { name: 1 }] }, 'x')?.path).toBe('x.people[1].name');
    expect(validate(field, { people: [{}] })).toBeUndefined();
    for (const people of [[], [{}, {}, {}], {}, 'ab', new Set([{}])]) {
      expect(validate(field, { people })?.message).toBe('people must be an array of 1 to 2 entries.');
    }
  });

  it('looks at no entry of a list that is too long', () => {
    let looked = 0;
    const counting = list(
      word(() => {
        looked += 1;
        return true;
      }, 'x'),
      { max: 5 },
    );
    expect(validate(counting, new Array(1_000_000).fill('x'))?.message).toMatch(/0 to 5 entries/);
    expect(looked).toBe(0);
  });
});

describe('nearestName', () => {
  it.each([
    ['apikey', 'apiKey'],
    ['timeout', 'timeoutMs'],
    ['zzzzzz', undefined],
    ['x'.repeat(100_000), undefined],
  ])('%s → %s', (given, nearest) => {
    expect(nearestName(given, ['apiKey', 'timeoutMs', 'region'])).toBe(nearest);
  });

  it('knows nothing of an empty list', () => {
    expect(nearestName('a', [])).toBeUndefined();
  });
});
