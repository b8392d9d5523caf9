import { describe, expect, test } from 'vitest';
import { createPhoneIndex, type EntryReference } from '../../../src/sandbox/inbox/phone-index.ts';

const entry = (id: string, at: number, kind: EntryReference['kind'] = 'message') => ({ id, at, kind });
const MASK = '+65******67';

describe('phones', () => {
  test('are listed by their last entry, the latest first', () => {
    const index = createPhoneIndex();
    index.add('+6591234501', entry('a', 1));
    index.add('+6591234502', entry('b', 2));
    index.add('+6591234501', entry('c', 3));
    expect(index.all().map(({ key }) => key)).toEqual(['+6591234501', '+6591234502']);
  });

  test('keep entries in the order of their time, whenever they are told', () => {
    const index = createPhoneIndex();
    for (const [id, at] of [
      ['b', 2],
      ['d', 4],
      ['c', 3],
      ['a', 1],
    ] as const) {
      index.add('+6591234501', entry(id, at));
    }
    expect(index.get('+6591234501')?.entries.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('give a refusal to the only number that fits its mask', () => {
    const index = createPhoneIndex();
    index.add('+6591234567', entry('a', 1));
    expect(index.add(MASK, entry('b', 2, 'refusal'))).toBe('+6591234567');
    index.add('+6599999967', entry('c', 3));
    expect(index.add(MASK, entry('d', 4, 'refusal'))).toBe(MASK);
    expect(index.get('+6591234567')?.refused).toBe(1);
  });

  test('take over the refusals that came before the number was known', () => {
    const index = createPhoneIndex();
    index.add(MASK, entry('a', 1, 'refusal'));
    index.add('+6591234567', entry('b', 2));
    expect(index.size()).toBe(1);
    expect(index.get('+6591234567')).toMatchObject({ refused: 1, entries: [{ id: 'a' }, { id: 'b' }] });
  });

  test('are forgotten one by one and all together', () => {
    const index = createPhoneIndex();
    index.add('+6591234567', entry('a', 1));
    index.remove('+6591234567');
    expect(index.add(MASK, entry('b', 2, 'refusal'))).toBe(MASK);
    index.remove(MASK);
    expect(index.size()).toBe(0);
    index.add('+6591234567', entry('c', 3));
    index.clear();
    expect(index.all()).toEqual([]);
  });
});
