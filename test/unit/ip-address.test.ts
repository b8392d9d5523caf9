import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  connectionOf,
  isInRange,
  parseAddress,
  parseRange,
  readClientAddress,
} from '../../src/internal/ip-address.ts';

describe('parseAddress', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    [' 203.0.113.7 ', '203.0.113.7'],
    ['203.0.113.7:443', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:cb00:7107', '203.0.113.7'],
    ['[::ffff:203.0.113.7]:8080', '203.0.113.7'],
    ['2001:db8::1', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['2001:0DB8:0:0:0:0:0:1', '2001:db8::1'],
  ])('reads %j as %s', (text, expected) => {
    expect(parseAddress(text)?.toString()).toBe(expected);
  });

  it.each([
    '',
    'unknown',
    '_hidden',
    '203.0.113',
    '203.0.113.256',
    '0203.0.113.7',
    '0x7f.0.0.1',
    '3405803783',
    '203.0.113.7:',
    '203.0.113.7:443:1',
    '203.0.113.7/32',
    '[203.0.113.7',
    '2001:db8::1::2',
    '[2001:db8::1]x',
    '203.0.113.7 evil',
    `2001:db8::1${' '.repeat(80)}`,
  ])('reads nothing in %j', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});

describe('parseRange', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7', '203.0.113.8'],
    ['203.0.113.0/24', '203.0.113.255', '203.0.114.0'],
    ['203.0.113.77/24', '203.0.113.1', '203.0.112.1'],
    ['::ffff:203.0.113.7', '203.0.113.7', '203.0.113.8'],
    ['2001:db8::/32', '2001:db8:ffff::1', '2001:db9::1'],
    ['2001:db8::1', '2001:db8::1', '2001:db8::2'],
    ['128.0.0.0/1', '203.0.113.7', '2001:db8::1'],
  ])('%s holds %s and not %s', (text, inside, outside) => {
    const range = parseRange(text);
    if (range === undefined) throw new Error('is no range');
    const [first, second] = [parseAddress(inside), parseAddress(outside)];
    if (first === undefined || second === undefined) throw new Error('is no address');
    expect(isInRange(first, range)).toBe(true);
    expect(isInRange(second, range)).toBe(false);
  });

  it.each([
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/255.0.0.0',
    '2001:db8::/129',
    '::ffff:10.0.0.0/104',
    '10.0.0/8',
    '10.0.0.0:80',
    'localhost',
    '1'.repeat(81),
  ])('takes no %s', (text) => {
    expect(parseRange(text)).toBeUndefined();
  });
});

describe('readClientAddress', () => {
  it.each([
    ['203.0.113.7:51234', '203.0.113.7'],
    ['[2001:DB8::1]:51234', '2001:db8::1'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['fe80::1%eth0', 'fe80::1'],
    [' 203.0.113.7\t', '203.0.113.7'],
  ])('gives %j bare', (text, expected) => {
    expect(readClientAddress(text)).toBe(expected);
    expect(readClientAddress(expected)).toBe(expected);
  });

  it.each([
    'face',
    '1.2.3',
    '999.1.1.1',
    '..',
    '::::',
    'localhost',
    '203.0.113.7, 10.0.0.1',
    '203.0.113.0/24',
    '',
  ])('gives none for %j', (text) => {
    expect(readClientAddress(text)).toBeUndefined();
  });

  it('gives every address itself, however it is written', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 1, max: 65_535 }), (address, port) => {
        for (const text of [
          address,
          `${address}:${port}`,
          `::ffff:${address}`,
          `[::ffff:${address}]:${port}`,
        ]) {
          expect(readClientAddress(text)).toBe(address);
        }
      }),
    );
    fc.assert(
      fc.property(fc.ipV6(), fc.integer({ min: 1, max: 65_535 }), (address, port) => {
        const bare = readClientAddress(address);
        expect(bare).toBeDefined();
        expect(readClientAddress(`[${address.toUpperCase()}]:${port}`)).toBe(bare);
      }),
    );
  });
});

describe('connectionOf', () => {
  it.each([
    [' 203.0.113.7 ', '203.0.113.7'],
    ['2001:DB8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['2001:db8:0:0:1::', '2001:db8:0:0::/64'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::ffff:cb00:7107', '203.0.113.7'],
    ['203.0.113.7:51234', '203.0.113.7'],
    ['::::', '::::'],
  ])('reads %j as %j', (address, connection) => {
    expect(connectionOf(address)).toBe(connection);
  });

  it('is one for every address and spelling of a /64', () => {
    const groups = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(groups, groups, (one, other) => {
        const shared = one.slice(0, 4);
        fc.pre(shared.some((group) => group !== 0));
        const write = (all: readonly number[], width: number) =>
          all.map((group) => group.toString(16).padStart(width, '0')).join(':');
        const first = connectionOf(write(one, 1));
        expect(connectionOf(write([...shared, ...other.slice(4)], 4).toUpperCase())).toBe(first);
        expect(first).toBe(`${write(shared, 1)}::/64`);
      }),
    );
  });
});
