import { describe, expect, it } from 'vitest';
import { cloneInput, copyingInputs } from '../../../src/internal/clone-input.ts';

describe('a copy of an input', () => {
  it('is deep: dates, bytes, lists, objects and what a class defines', () => {
    class Row {
      readonly at = new Date(0);
      get purpose() {
        return 'marketing';
      }
      describe() {
        return 'a method';
      }
    }
    const given = { list: [{ a: 1 }], bytes: new Uint8Array([1]), row: new Row(), nothing: undefined };
    const copy = cloneInput(given);
    given.list[0] = { a: 2 };
    given.bytes[0] = 2;
    given.row.at.setTime(5);
    expect(copy).toEqual({
      list: [{ a: 1 }],
      bytes: new Uint8Array([1]),
      row: { at: new Date(0), purpose: 'marketing' },
      nothing: undefined,
    });
    expect(Object.keys(copy)).toContain('nothing');
  });

  it('calls every getter once, also one that two classes define', () => {
    let calls = 0;
    class Base {
      get text() {
        return 'base';
      }
    }
    class Row extends Base {
      override get text() {
        calls += 1;
        return `own ${calls}`;
      }
    }
    const copy = cloneInput(new Row());
    expect([copy.text, copy.text, calls]).toEqual(['own 1', 'own 1', 1]);
  });

  it('is whole in every place: an own __proto__, a symbol, a null prototype, an accessor beside one that throws', () => {
    const row = {
      get bad(): string {
        throw new Error('unreadable');
      },
      good: [{ deep: 1 }],
    };
    const given = {
      list: [
        JSON.parse('{"__proto__":{"a":1},"b":[2]}'),
        Object.assign(Object.create(null), { c: [3] }),
        row,
      ],
    };
    const [odd, bare, broken] = cloneInput(given).list;
    expect(Object.getPrototypeOf(odd)).toBe(Object.prototype);
    expect(Object.getOwnPropertyDescriptor(odd, '__proto__')?.value).toEqual({ a: 1 });
    expect(odd.b).toEqual([2]);
    expect(odd.b).not.toBe(given.list[0].b);
    expect(bare).toEqual({ c: [3] });
    expect(broken.good).toEqual([{ deep: 1 }]);
    expect(broken.good[0]).not.toBe(row.good[0]);
    expect(() => broken.bad).toThrow(TypeError);
  });

  it('takes the date itself, whatever its getTime says', () => {
    const date = new Date(7);
    date.getTime = () => 9;
    expect(cloneInput({ date }).date.getTime()).toBe(7);
  });

  it('fills the holes of a list, and keeps only the length of one that nobody takes', () => {
    expect(Object.keys(cloneInput(new Array(2)))).toEqual(['0', '1']);
    const long = new Proxy(new Array(100_001), {
      get: (list, name) => (name === 'length' ? list.length : expect.unreachable()),
    });
    expect(cloneInput(long)).toHaveLength(100_001);
  });

  it('hands on what is more than its fields', () => {
    const context = { of: 'the caller' };
    const { signal } = new AbortController();
    const given = {
      context,
      signal,
      blob: new Blob(['a']),
      map: new Map(),
      async *rows() {},
      stream: new ReadableStream(),
      buffer: new ArrayBuffer(1),
    };
    const copy = cloneInput(given);
    for (const name of Object.keys(given) as (keyof typeof given)[])
      expect(copy[name], name).toBe(given[name]);
    // Only options of a call are handed on by their name.
    expect(cloneInput({ nested: { context } }).nested.context).not.toBe(context);
  });

  it('cannot be read where the original cannot, and only there', () => {
    const thrower = () => {
      throw new Error('secret');
    };
    const hostile = new Proxy({}, { getPrototypeOf: thrower, ownKeys: thrower });
    const given = { good: 1, list: [1, hostile], proxy: hostile };
    Object.defineProperty(given, 'bad', { get: thrower, enumerable: true });
    const copy = cloneInput(given) as typeof given & { bad: unknown };
    expect([copy.good, copy.list[0]]).toEqual([1, 1]);
    expect(() => copy.bad).toThrow('one of its properties throws');
    expect(() => copy.proxy).toThrow('one of its properties throws');
    expect(() => Object.keys(copy.list[1] as object)).toThrow('one of its properties throws');
    expect(() => Object.keys(cloneInput(hostile))).toThrow('one of its properties throws');
  });

  it('ends at an object that holds itself', () => {
    const self: { self?: object } = {};
    self.self = self;
    expect(() => JSON.stringify(cloneInput(self))).toThrow('one of its properties throws');
  });

  it('keeps a field that is called __proto__ a field', () => {
    const copy = cloneInput(JSON.parse('{"__proto__":{"purpose":"otp"}}') as { purpose?: string });
    expect([copy.purpose, Object.keys(copy)]).toEqual([undefined, ['__proto__']]);
    expect(cloneInput(Object.assign(Object.create(null), { a: 1 }))).toEqual({ a: 1 });
  });
});

it('a resource gets copies, an iterable of rows as it is, and what is no method stays', () => {
  const seen: unknown[] = [];
  const resource = {
    send: (...inputs: unknown[]) => void seen.push(...inputs),
    stream: (...inputs: unknown[]) => void seen.push(...inputs),
    nested: { a: 1 },
  };
  const [rows, options] = [[{ a: 1 }], { b: 2 }];
  const copying = copyingInputs(resource, ['stream']);
  copying.send('text', options);
  copying.stream(rows, options);
  expect(seen).toEqual(['text', options, rows, options]);
  expect([seen[1] === options, seen[2] === rows, seen[3] === options]).toEqual([false, true, false]);
  expect(copying.nested).toBe(resource.nested);
});
