import { afterEach, describe, expect, it, vi } from 'vitest';
import { judgeCause } from '../../../src/transport/causes.ts';

const coded = (code: string, cause?: unknown) => Object.assign(new Error('x', { cause }), { code });
const wrapped = (cause: unknown) => new TypeError('fetch failed', { cause });

describe('judgeCause', () => {
  it.each([
    ['ENOTFOUND', 'dns'],
    ['EAI_AGAIN', 'dns'],
    ['ECONNREFUSED', 'refused'],
    ['ConnectionRefused', 'refused'],
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
    ['CERT_HAS_EXPIRED', 'tls'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
  ])('%s proves that nothing left', (code, reason) => {
    expect(judgeCause(wrapped(coded(code)))).toEqual({ reason, neverLeft: true });
    expect(judgeCause(coded(code))).toEqual({ reason, neverLeft: true });
    expect(judgeCause(wrapped(wrapped(coded(code))))).toEqual({ reason, neverLeft: true });
  });

  it.each([
    ['ECONNRESET', 'reset'],
    ['EPIPE', 'reset'],
    ['UND_ERR_SOCKET', 'reset'],
    ['ETIMEDOUT', 'timeout'],
    ['UND_ERR_HEADERS_TIMEOUT', 'timeout'],
    ['FailedToOpenSocket', 'other'],
    ['EWHATEVER', 'other'],
  ])('%s proves nothing', (code, reason) => {
    expect(judgeCause(wrapped(coded(code)))).toEqual({ reason, neverLeft: false });
  });

  it('needs every link of the chain that says what went wrong', () => {
    expect(judgeCause(coded('ECONNREFUSED', coded('ECONNRESET')))).toEqual({
      reason: 'reset',
      neverLeft: false,
    });
    expect(judgeCause(coded('ECONNRESET', coded('ECONNREFUSED')))).toEqual({
      reason: 'reset',
      neverLeft: false,
    });
    expect(judgeCause(coded('ENOTFOUND', new Error('no word')))).toEqual({ reason: 'dns', neverLeft: true });
  });

  it('needs all members of an AggregateError', () => {
    const all = new AggregateError([coded('ECONNREFUSED'), coded('ECONNREFUSED')]);
    expect(judgeCause(wrapped(all))).toEqual({ reason: 'refused', neverLeft: true });
    const mixed = Object.assign(new AggregateError([coded('ECONNREFUSED'), coded('ETIMEDOUT')]), {
      code: 'ECONNREFUSED',
    });
    expect(judgeCause(wrapped(mixed))).toEqual({ reason: 'timeout', neverLeft: false });
    expect(judgeCause(new AggregateError([coded('ECONNREFUSED'), new Error('?')])).neverLeft).toBe(false);
    expect(judgeCause(new AggregateError([])).neverLeft).toBe(false);
  });

  it('of a fetch of the team proves nothing when it names another address: the request may have left before', () => {
    const url = 'https://sms.8x8.com/a';
    const other = { reason: 'other', neverLeft: false };
    const at = (code: string, place: object) => wrapped(Object.assign(coded(code), place));
    const database = new AggregateError([Object.assign(coded('ECONNREFUSED'), { port: 5432 })]);
    expect(judgeCause(Object.assign(database, { code: 'ECONNREFUSED' }), url).neverLeft).toBe(false);
    expect(judgeCause(at('ECONNREFUSED', { port: 5432 }), url)).toEqual(other);
    expect(judgeCause(at('ENOTFOUND', { hostname: 'logs.internal' }), url)).toEqual(other);
    expect(judgeCause(at('ECONNREFUSED', { port: 443 }), 'http://127.0.0.1:8080/')).toEqual(other);
    expect(judgeCause(at('ECONNREFUSED', { address: '/run/.s.PGSQL.5432' }), url)).toEqual(other);
    expect(judgeCause(at('ConnectionRefused', { path: 'https://logs.internal/' }), url)).toEqual(other);
    expect(judgeCause(at('ConnectionRefused', { path: url }), url).neverLeft).toBe(true);
    expect(judgeCause(at('ECONNREFUSED', { address: '192.0.2.1', path: '/' }), url).neverLeft).toBe(true);
    expect(judgeCause(at('ECONNREFUSED', { port: 443 }), url)).toEqual({
      reason: 'refused',
      neverLeft: true,
    });
    expect(judgeCause(at('ENOTFOUND', { hostname: 'SMS.8x8.com' }), url).neverLeft).toBe(true);
    expect(judgeCause(at('ECONNREFUSED', { port: 8080 }), 'http://127.0.0.1:8080/').neverLeft).toBe(true);
    expect(judgeCause(coded('ECONNREFUSED'), url).neverLeft).toBe(true);
    // The runtime's own `fetch` has no log of the team behind it.
    expect(judgeCause(at('ECONNREFUSED', { port: 3128 })).neverLeft).toBe(true);
  });

  it('makes nothing of what says nothing', () => {
    const endless: { cause?: unknown } = {};
    endless.cause = endless;
    for (const error of [
      'ENOTFOUND',
      null,
      undefined,
      7,
      {},
      new Error('?'),
      wrapped('ECONNREFUSED'),
      endless,
    ]) {
      expect(judgeCause(error)).toEqual({ reason: 'other', neverLeft: false });
    }
  });

  it('takes an exception that throws when it is looked at as no proof', () => {
    const hostile = Object.defineProperty(new Error('x'), 'cause', {
      get: () => {
        throw new Error('y');
      },
    });
    expect(judgeCause(hostile)).toEqual({ reason: 'other', neverLeft: false });
  });

  it('names a reset by the words of workerd, but takes it as no proof', () => {
    expect(judgeCause(new Error('Network connection lost.'))).toEqual({ reason: 'reset', neverLeft: false });
  });

  describe('on Deno, where there are no codes', () => {
    afterEach(() => void vi.unstubAllGlobals());
    const deno = (rest: string) =>
      wrapped(new Error(`error sending request for url (https://sms.8x8.com/a%20b?c=d): ${rest}`));

    it.each([
      ['client error (Connect): dns error: failed to lookup address information', 'dns', true],
      ['client error (Connect): tcp connect error: Connection refused (os error 111)', 'refused', true],
      ['client error (Connect): invalid peer certificate: Expired', 'tls', true],
      ['client error (Connect): tcp connect error: No route to host (os error 113)', 'other', true],
      ['client error (SendRequest): connection closed before message completed', 'reset', false],
      ['client error (SendRequest): client error (Connect): x', 'other', false],
    ])('%s', (message, reason, neverLeft) => {
      vi.stubGlobal('Deno', {});
      expect(judgeCause(deno(message))).toEqual({ reason, neverLeft });
    });

    it('nor do they of a fetch of the team when they name another address', () => {
      vi.stubGlobal('Deno', {});
      const refused = deno('client error (Connect): tcp connect error: Connection refused');
      expect(judgeCause(refused, 'https://sms.8x8.com/b').neverLeft).toBe(true);
      expect(judgeCause(refused, 'https://sms.us.8x8.com/b')).toEqual({ reason: 'other', neverLeft: false });
    });

    it('but the same words prove nothing elsewhere', () => {
      expect(judgeCause(deno('client error (Connect): dns error: x'))).toEqual({
        reason: 'other',
        neverLeft: false,
      });
    });
  });
});
