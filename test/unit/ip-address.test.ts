import { describe, expect, it } from 'vitest';
import { isInRange, parseAddress, parseRange } from '../../src/ip-address.ts';

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
