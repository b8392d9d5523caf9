import { describe, expect, it, vi } from 'vitest';
import { REGIONS } from '../../../../src/config/options.ts';
import { parseAddress } from '../../../../src/internal/ip-address.ts';
import { WEBHOOK_SOURCE_ADDRESSES } from '../../../../src/webhooks/authentication/published-addresses.ts';
import {
  createAddressCheck,
  type SourceAddressOptions,
} from '../../../../src/webhooks/authentication/source-addresses.ts';

const OURS = '52.220.117.120';
const STRANGER = '198.51.100.9';

function check(options: SourceAddressOptions, remoteAddress?: string, forwardedFor?: string) {
  return createAddressCheck(options)({
    remoteAddress,
    header: (name) => (name === 'x-forwarded-for' ? forwardedFor : undefined),
  });
}

describe('8x8’s published addresses', () => {
  it('are real addresses, each of one region', () => {
    const all = REGIONS.flatMap((region) => WEBHOOK_SOURCE_ADDRESSES[region]);
    expect(all).toHaveLength(14);
    expect(new Set(all).size).toBe(all.length);
    for (const address of all) expect(parseAddress(address)?.kind()).toBe('ipv4');
  });

  it('count only for the selected regions', async () => {
    for (const region of REGIONS) {
      for (const address of WEBHOOK_SOURCE_ADDRESSES[region]) {
        expect(await check({ regions: [region] }, address)).toBeUndefined();
        const others = REGIONS.filter((other) => other !== region);
        expect(await check({ regions: others }, address)).toBe('unknown-address');
        expect(await check({ regions: [...REGIONS] }, address)).toBeUndefined();
      }
    }
  });
});

describe('sourceAddresses', () => {
  it('accepts additional addresses, also over IPv6', async () => {
    const options = { regions: ['apac'], also: ['203.0.113.0/24', '2001:db8::7'] } as const;
    for (const address of [OURS, `::ffff:${OURS}`, '203.0.113.200', '2001:db8::7']) {
      expect(await check(options, address)).toBeUndefined();
    }
    expect(await check({ also: ['203.0.113.1'] }, '203.0.113.1')).toBeUndefined();
    expect(await check({ also: ['203.0.113.1'] }, OURS)).toBe('unknown-address');
  });

  it('refuses when the address of the other end is unknown', async () => {
    expect(await check({ regions: ['apac'] }, undefined, OURS)).toBe('no-address');
    expect(await check({ regions: ['apac'] }, '', OURS)).toBe('no-address');
    expect(await check({ regions: ['apac'] }, 'nonsense', OURS)).toBe('unknown-address');
  });

  it('ignores X-Forwarded-For unless a trusted proxy wrote it', async () => {
    expect(await check({ regions: ['apac'] }, STRANGER, OURS)).toBe('unknown-address');
    expect(await check({ regions: ['apac'], trustedProxies: ['10.0.0.0/8'] }, STRANGER, OURS)).toBe(
      'unknown-address',
    );
    expect(await check({ regions: ['apac'] }, OURS, STRANGER)).toBeUndefined();
  });

  const behind = { regions: ['apac'], trustedProxies: ['10.0.0.0/8', '2001:db8::/32'] } as const;
  it.each([
    ['one proxy', '10.0.0.1', OURS, undefined],
    ['two proxies', '10.0.0.1', `${OURS}, 10.9.9.9`, undefined],
    [
      'proxies of both kinds, ports and brackets',
      '::ffff:10.0.0.1',
      `${OURS}:4711, [2001:db8::5]:80`,
      undefined,
    ],
    ['a claim that a stranger put in front', '10.0.0.1', `${OURS}, ${STRANGER}`, 'unknown-address'],
    ['a claim that 8x8 put in front', '10.0.0.1', `${STRANGER}, ${OURS}`, undefined],
    ['what cannot be read left of 8x8', '10.0.0.1', `unknown, ${OURS}`, undefined],
    ['what cannot be read right of 8x8', '10.0.0.1', `${OURS}, unknown`, 'unknown-address'],
    ['an empty hop', '10.0.0.1', `${OURS}, `, 'unknown-address'],
    ['an empty header', '10.0.0.1', '', 'unknown-address'],
    ['no header: the proxy itself', '10.0.0.1', undefined, 'unknown-address'],
    ['proxies only', '10.0.0.1', '10.0.0.3, 10.0.0.2', 'unknown-address'],
    ['31 hops', '10.0.0.1', [OURS, ...Array(30).fill('10.0.0.2')].join(','), undefined],
    [
      'more hops than any real chain',
      '10.0.0.1',
      [OURS, ...Array(31).fill('10.0.0.2')].join(','),
      'unknown-address',
    ],
  ])('finds the sender behind %s', async (_, remote, forwardedFor, expected) => {
    expect(await check(behind, remote, forwardedFor)).toBe(expected);
  });

  it('does not read the rest of a long header', async () => {
    const split = vi.spyOn(String.prototype, 'split');
    try {
      await check(behind, '10.0.0.1', '1.1.1.1,'.repeat(10_000));
      expect(split.mock.calls).toContainEqual([',', 33]);
    } finally {
      split.mockRestore();
    }
  });
});

describe('sourceAddresses.addressHeader', () => {
  const behind = (addressHeader: string): SourceAddressOptions => ({
    regions: ['apac'],
    trustedProxies: ['10.0.0.0/8'],
    addressHeader,
  });
  const ask = (addressHeader: string, remoteAddress: string, headers: Record<string, string>) =>
    createAddressCheck(behind(addressHeader))({
      remoteAddress,
      header: (name) => headers[name.toLowerCase()],
    });

  describe.each(['CF-Connecting-IP', 'True-Client-IP', 'X-Real-IP', 'Fly-Client-IP'])('%s', (name) => {
    const key = name.toLowerCase();
    it.each([
      ['the sender', OURS, undefined],
      ['the sender over IPv6, with a port', `[::ffff:${OURS}]:4711`, undefined],
      ['a stranger', STRANGER, 'unknown-address'],
      ['two addresses', `${STRANGER}, ${OURS}`, 'unknown-address'],
      ['no address', 'unknown', 'unknown-address'],
      ['nothing', '', 'unknown-address'],
    ])('from a trusted proxy names %s', async (_, value, expected) => {
      expect(await ask(name, '10.0.0.1', { [key]: value })).toBe(expected);
    });

    it('is required of a trusted proxy, whatever other headers say', async () => {
      const others = { 'x-forwarded-for': OURS, forwarded: `for=${OURS}`, 'x-other': OURS };
      expect(await ask(name, '10.0.0.1', others)).toBe('unknown-address');
    });

    it('is ignored from everybody else', async () => {
      expect(await ask(name, STRANGER, { [key]: OURS })).toBe('unknown-address');
      expect(await ask(name, OURS, { [key]: STRANGER })).toBeUndefined();
      expect(await ask(name, 'nonsense', { [key]: OURS })).toBe('unknown-address');
    });
  });

  it.each([
    ['one proxy', `for=${OURS};proto=https`, undefined],
    ['two proxies', `for="${OURS}:4711", for=10.9.9.9`, undefined],
    ['a claim that a stranger put in front', `for=${OURS}, for=${STRANGER}`, 'unknown-address'],
    ['a claim that 8x8 put in front', `for=${STRANGER}, for=${OURS}`, undefined],
    ['a quote that hides the stranger', `for="${OURS}, for=${STRANGER}`, 'unknown-address'],
    ['a hop without an address', `for=${OURS}, proto=https`, 'unknown-address'],
    ['a hidden hop', `for=${OURS}, for=_hidden`, 'unknown-address'],
    ['31 hops', [`for=${OURS}`, ...Array(30).fill('for=10.0.0.2')].join(','), undefined],
    [
      'more hops than any real chain',
      [`for=${OURS}`, ...Array(31).fill('for=10.0.0.2')].join(','),
      'unknown-address',
    ],
  ])('Forwarded: finds the sender behind %s', async (_, forwarded, expected) => {
    expect(await ask('forwarded', '10.0.0.1', { forwarded })).toBe(expected);
    expect(await ask('Forwarded', STRANGER, { forwarded: `for=${OURS}` })).toBe('unknown-address');
    expect(await ask('Forwarded', '10.0.0.1', { 'x-forwarded-for': OURS })).toBe('unknown-address');
  });

  it('is X-Forwarded-For by default, in any case', async () => {
    const headers = { 'x-forwarded-for': OURS };
    for (const name of ['X-Forwarded-For', 'x-forwarded-for']) {
      expect(await ask(name, '10.0.0.1', headers)).toBeUndefined();
    }
  });
});
