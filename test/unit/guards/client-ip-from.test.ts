import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClientIpOptions, clientIpFrom, ValidationError } from '../../../src/index.ts';

const PROXIES = ['10.0.0.0/8', '2001:db8:ffff::/48'];

/** A request of Node.js. */
function requestFrom(remoteAddress: string | undefined, headers: Record<string, string | string[]> = {}) {
  return { headers, socket: { remoteAddress } };
}

function failureOf(work: () => unknown): ValidationError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(ValidationError);
    return error as ValidationError;
  }
  throw new Error('nothing was thrown');
}

describe('clientIpFrom', () => {
  it('knows a header called headers from a request', () => {
    for (const headers of ['x', ['x']]) {
      const given = { 'x-forwarded-for': ['203.0.113.9'], headers };
      expect(clientIpFrom(given, { trustedProxies: 1 })).toBe('203.0.113.9');
    }
  });
});

describe('clientIpFrom without proxies', () => {
  it('is the other end of the connection, whatever the headers say', () => {
    const headers = { 'x-forwarded-for': '198.51.100.1', forwarded: 'for=198.51.100.1' };
    expect(clientIpFrom(requestFrom('203.0.113.7', headers))).toBe('203.0.113.7');
    expect(clientIpFrom(requestFrom('203.0.113.7', headers), { trustedProxies: 0 })).toBe('203.0.113.7');
  });

  it.each([
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:DB8::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    [undefined, undefined],
  ])('reads %s as %s', (remoteAddress, expected) => {
    expect(clientIpFrom(requestFrom(remoteAddress))).toBe(expected);
  });

  it('takes the address of the connection from the options, which win', () => {
    const options = { remoteAddress: '203.0.113.7' };
    expect(clientIpFrom(new Request('https://team.example'), options)).toBe('203.0.113.7');
    expect(clientIpFrom(new Headers(), options)).toBe('203.0.113.7');
    expect(clientIpFrom(requestFrom('10.0.0.1'), options)).toBe('203.0.113.7');
    expect(clientIpFrom({}, { remoteAddress: undefined })).toBeUndefined();
  });

  it.each([
    ['a Request', new Request('https://team.example')],
    ['Headers', new Headers()],
    ['plain headers', { host: 'team.example' }],
    ['a socket that is null', { headers: {}, socket: null }],
  ])('wants the address of the connection beside %s', (_name, request) => {
    expect(failureOf(() => clientIpFrom(request)).path).toBe('options.remoteAddress');
    expect(failureOf(() => clientIpFrom(request, { trustedProxies: PROXIES })).path).toBe(
      'options.remoteAddress',
    );
  });
});

describe('clientIpFrom behind proxies that are named', () => {
  const behind = (forwarded: string, remoteAddress = '10.0.0.1', header = 'X-Forwarded-For') =>
    clientIpFrom(requestFrom(remoteAddress, { [header.toLowerCase()]: forwarded }), {
      trustedProxies: PROXIES,
      header,
    });

  it('reads X-Forwarded-For from the right, past the proxies', () => {
    expect(behind('203.0.113.7')).toBe('203.0.113.7');
    expect(behind('198.51.100.1, 203.0.113.7')).toBe('203.0.113.7');
    expect(behind('198.51.100.1, 203.0.113.7, 10.2.0.1')).toBe('203.0.113.7');
    expect(behind('[2001:db8::7]:4711, 2001:db8:ffff::1')).toBe('2001:db8::7');
  });

  it('ignores the header of everybody who is no proxy', () => {
    expect(behind('198.51.100.1', '203.0.113.7')).toBe('203.0.113.7');
  });

  it('reads Forwarded in the same way', () => {
    expect(behind('for=198.51.100.1, for=203.0.113.7;proto=https', '10.0.0.1', 'Forwarded')).toBe(
      '203.0.113.7',
    );
  });

  it('falls back to the nearest address that is certain', () => {
    expect(behind('')).toBe('10.0.0.1');
    expect(behind('unknown')).toBe('10.0.0.1');
    expect(behind('203.0.113.7, unknown, 10.0.0.2')).toBe('10.0.0.2');
    expect(behind('for="open', '10.0.0.1', 'Forwarded')).toBe('10.0.0.1');
    expect(behind('10.0.0.3, 10.0.0.2')).toBe('10.0.0.3');
    expect(clientIpFrom(requestFrom('10.0.0.1'), { trustedProxies: PROXIES })).toBe('10.0.0.1');
  });

  it('never changes with what the end user wrote before', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string(), fc.constant('10.0.0.9'))),
        (written) => {
          expect(behind([...written, '203.0.113.7'].join(','))).toBe('203.0.113.7');
          expect(behind([...written, '203.0.113.7', '10.0.0.2'].join(','))).toBe('203.0.113.7');
        },
      ),
    );
  });

  it('is not led astray by a chain of hundreds', () => {
    expect(behind(`${'198.51.100.1,'.repeat(500)}203.0.113.7`)).toBe('203.0.113.7');
  });

  it('reads a header that holds one address', () => {
    expect(behind('203.0.113.7', '10.0.0.1', 'CF-Connecting-IP')).toBe('203.0.113.7');
    expect(behind('203.0.113.7', '198.51.100.1', 'CF-Connecting-IP')).toBe('198.51.100.1');
    expect(behind('203.0.113.7, 203.0.113.8', '10.0.0.1', 'CF-Connecting-IP')).toBe('10.0.0.1');
  });
});

describe('clientIpFrom behind proxies that are counted', () => {
  const behind = (trustedProxies: number, forwarded: string, remoteAddress?: string) =>
    clientIpFrom(
      { headers: new Headers({ 'x-forwarded-for': forwarded }) },
      { trustedProxies, ...(remoteAddress !== undefined && { remoteAddress }) },
    );

  it('counts from the right', () => {
    expect(behind(1, '198.51.100.1, 203.0.113.7')).toBe('203.0.113.7');
    expect(behind(2, '198.51.100.1, 203.0.113.7, 192.0.2.1')).toBe('203.0.113.7');
    expect(behind(2, '198.51.100.1, 203.0.113.7, 192.0.2.1', '192.0.2.2')).toBe('203.0.113.7');
  });

  it('stops at the last hop there is', () => {
    expect(behind(3, '203.0.113.7')).toBe('203.0.113.7');
    expect(behind(1, 'unknown')).toBeUndefined();
    expect(behind(1, 'unknown', '192.0.2.2')).toBe('192.0.2.2');
  });

  it('reads a header that holds one address', () => {
    const options = { trustedProxies: 1, header: 'cf-connecting-ip' };
    const request = new Request('https://team.example', { headers: { 'CF-Connecting-IP': '203.0.113.7' } });
    expect(clientIpFrom(request, options)).toBe('203.0.113.7');
    expect(clientIpFrom(new Headers(), options)).toBeUndefined();
  });
});

describe('the headers that clientIpFrom reads', () => {
  const options: ClientIpOptions = { trustedProxies: 1 };
  it.each([
    ['a Headers object', new Headers({ 'X-Forwarded-For': '203.0.113.7' })],
    ['a record in any case', { 'X-Forwarded-For': '203.0.113.7' }],
    ['several headers of one name', { 'x-forwarded-for': ['198.51.100.1', '203.0.113.7'] }],
    ['a record with a header named headers', { headers: 'x', 'x-forwarded-for': '203.0.113.7' }],
    ['an event of a Lambda', { headers: { 'x-forwarded-for': '203.0.113.7' }, requestContext: {} }],
  ])('%s', (_name, request) => {
    expect(clientIpFrom(request, options)).toBe('203.0.113.7');
  });

  it('reads a request of Node.js', async () => {
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(clientIpFrom(request), clientIpFrom(request, { trustedProxies: ['127.0.0.1'] }));
      response.end();
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve, reject) => {
      get({ port, host: '127.0.0.1', headers: { 'X-Forwarded-For': 'forged, 203.0.113.7' } }, (response) => {
        response.resume().on('end', resolve);
      }).on('error', reject);
    });
    await new Promise((resolve) => {
      server.close(resolve);
    });
    expect(seen).toEqual(['127.0.0.1', '203.0.113.7']);
  });

  it.each([undefined, null, 'x-forwarded-for: 203.0.113.7', { headers: null }, { headers: 5 }])(
    'refuses %j',
    (request) => {
      expect(failureOf(() => clientIpFrom(request as never, options)).path).toBe('request');
    },
  );
});

describe('the options of clientIpFrom', () => {
  it.each<[object, string]>([
    [{ trustedProxies: [] }, 'options.trustedProxies'],
    [{ trustedProxies: ['0.0.0.0/0'] }, 'options.trustedProxies[0]'],
    [{ trustedProxies: ['example.org'] }, 'options.trustedProxies[0]'],
    [{ trustedProxies: -1 }, 'options.trustedProxies'],
    [{ trustedProxies: 33 }, 'options.trustedProxies'],
    [{ trustedProxies: true }, 'options.trustedProxies'],
    [{ trustedProxies: 1, header: 'a b' }, 'options.header'],
    [{ remoteAddress: 5 }, 'options.remoteAddress'],
    [{ header: 'CF-Connecting-IP' }, 'options'],
    [{ header: 'CF-Connecting-IP', trustedProxies: 0 }, 'options'],
    [{ proxies: 1 }, 'options.proxies'],
  ])('%j is refused', (options, path) => {
    expect(failureOf(() => clientIpFrom(requestFrom('203.0.113.7'), options)).path).toBe(path);
  });
});
