import { describe, expect, it } from 'vitest';
import { readForwarded } from '../../../src/internal/forwarded.ts';

describe('readForwarded', () => {
  // Examples of RFC 7239, sections 4 and 7.1, and what proxies write.
  it.each([
    ['for="_gazonk"', ['_gazonk']],
    ['For="[2001:db8:cafe::17]:4711"', ['[2001:db8:cafe::17]:4711']],
    ['for=192.0.2.60;proto=http;by=203.0.113.43', ['192.0.2.60']],
    ['for=192.0.2.43, for=198.51.100.17', ['192.0.2.43', '198.51.100.17']],
    [
      'for=192.0.2.43,for="[2001:db8:cafe::17]",for=unknown',
      ['192.0.2.43', '[2001:db8:cafe::17]', 'unknown'],
    ],
    ['by=3.9.1.1;for=192.0.2.43;host=a.example:8443;proto=https', ['192.0.2.43']],
    ['for=192.0.2.43:47011', ['192.0.2.43:47011']],
    ['proto=https, for=192.0.2.43;', ['', '192.0.2.43']],
    ['for="a\\"b\\\\, for=192.0.2.43", for=192.0.2.44', ['a"b\\, for=192.0.2.43', '192.0.2.44']],
    ['for=192.0.2.43,', ['192.0.2.43', '']],
    ['\tfor=192.0.2.43\t,\t for=192.0.2.44 ', ['192.0.2.43', '192.0.2.44']],
    ['', ['']],
  ])('reads %j', (header, hops) => {
    expect(readForwarded(header)).toEqual(hops);
  });

  it.each([
    'for="192.0.2.43, for=192.0.2.44',
    'for=192.0.2.43", for=192.0.2.44',
    'for="192.0.2.43"x, for=192.0.2.44',
    'for=192.0.2.43;for=192.0.2.44',
    'for =192.0.2.43',
    '192.0.2.43',
    '192.0.2.43, for=192.0.2.44',
    'for=192.0.2.43 192.0.2.44',
  ])('refuses all of %j', (header) => {
    expect(readForwarded(header)).toBeUndefined();
  });
});
