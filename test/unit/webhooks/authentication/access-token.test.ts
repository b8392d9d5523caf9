import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebhookError } from '../../../../src/errors.ts';
import type { Fetch } from '../../../../src/types.ts';
import { createTokenCheck } from '../../../../src/webhooks/authentication/access-token.ts';
import type {
  AccessTokenOptions,
  PublicJwk,
} from '../../../../src/webhooks/authentication/access-token-options.ts';
import { createFakeClock, type FakeClock, NOON } from '../../../support/fake-clock.ts';

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
const ISSUER = 'https://login.team.example';
const AUDIENCE = '8x8-webhooks';
const JWKS_URL = 'https://login.team.example/keys';
const SECONDS = NOON / 1000;

let pair: Pair;
let other: Pair;
let elliptic: Pair;
beforeAll(async () => {
  [pair, other, elliptic] = await Promise.all([
    generateKeyPair('RS256', { extractable: true }),
    generateKeyPair('RS256', { extractable: true }),
    generateKeyPair('ES256', { extractable: true }),
  ]);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

interface TokenFields {
  readonly key?: Pair['privateKey'] | Uint8Array;
  readonly header?: { readonly alg?: string; readonly kid?: string; readonly [name: string]: unknown };
  readonly claims?: Record<string, unknown>;
}

function tokenOf({ key = pair.privateKey, header, claims }: TokenFields = {}): Promise<string> {
  const all = { iss: ISSUER, aud: AUDIENCE, exp: SECONDS + 60, ...claims };
  const kept = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return new SignJWT(kept).setProtectedHeader({ alg: 'RS256', ...header }).sign(key);
}

function checkWith(options: Partial<AccessTokenOptions>, clock: FakeClock = createFakeClock()) {
  const check = createTokenCheck({ issuer: ISSUER, audience: AUDIENCE, ...options }, clock, () => {});
  const header = (authorization: string | undefined) => ({
    header: (name: string) => (name === 'authorization' ? authorization : undefined),
  });
  return {
    clock,
    raw: (authorization: string | undefined) => check(header(authorization)),
    with: async (fields: TokenFields = {}) => check(header(`Bearer ${await tokenOf(fields)}`)),
  };
}

/** A key server, and the number of requests to it. */
function keyServer(response: () => Promise<Response> | Response) {
  const asked: { url: string; init: RequestInit | undefined }[] = [];
  const fetch: Fetch = async (url, init) => {
    asked.push({ url: String(url), init });
    return response();
  };
  return { asked, fetch };
}

async function publicJwk({ publicKey }: Pair, fields: object = {}): Promise<PublicJwk> {
  return { ...(await exportJWK(publicKey)), ...fields } as unknown as PublicJwk;
}

async function outcomeOf(checking: Promise<unknown>): Promise<unknown> {
  try {
    return await checking;
  } catch (error) {
    return WebhookError.isInstance(error) ? error.reason : error;
  }
}

describe('an access token with a local key', () => {
  it('is verified with PEM, JWK and CryptoKey', async () => {
    for (const key of [await exportSPKI(pair.publicKey), await publicJwk(pair), pair.publicKey]) {
      const check = checkWith({ key });
      expect(await check.with()).toBeUndefined();
      expect(await check.with({ key: other.privateKey })).toBe('wrong-token');
      expect(await check.with({ key: elliptic.privateKey, header: { alg: 'ES256' } })).toBe('wrong-token');
    }
    const check = checkWith({ key: await exportSPKI(elliptic.publicKey) });
    expect(await check.with({ key: elliptic.privateKey, header: { alg: 'ES256' } })).toBeUndefined();
  });

  it('accepts the scheme in upper and lower case', async () => {
    const check = checkWith({ key: pair.publicKey });
    const token = await tokenOf();
    for (const scheme of ['Bearer ', 'bearer ', 'BEARER   ']) {
      expect(await check.raw(scheme + token)).toBeUndefined();
    }
    for (const wrong of [
      undefined,
      '',
      token,
      `Basic ${token}`,
      `Bearer${token}`,
      'Bearer ',
      `Bearer ${token}.x`,
    ]) {
      expect(await check.raw(wrong), String(wrong).slice(0, 20)).toBe('wrong-token');
    }
    expect(await check.raw(`Bearer ${token}${'x'.repeat(8_192)}`)).toBe('wrong-token');
  });

  it.each<[string, Record<string, unknown>]>([
    ['another issuer', { iss: 'https://evil.example' }],
    ['no issuer', { iss: undefined }],
    ['another audience', { aud: 'billing' }],
    ['no audience', { aud: undefined }],
    ['no end', { exp: undefined }],
    ['an end that is past', { exp: SECONDS - 31 }],
    ['a begin that is to come', { nbf: SECONDS + 31 }],
    ['an end that is no number', { exp: 'tomorrow' }],
  ])('is refused with %s', async (_, claims) => {
    expect(await checkWith({ key: pair.publicKey }).with({ claims })).toBe('wrong-token');
  });

  it('is checked with the client’s clock, with a tolerance of 30 s or the option', async () => {
    const check = checkWith({ key: pair.publicKey });
    expect(await check.with({ claims: { exp: SECONDS - 29, nbf: SECONDS + 29 } })).toBeUndefined();
    const token = `Bearer ${await tokenOf()}`;
    check.clock.advance(89_000);
    expect(await check.raw(token)).toBeUndefined();
    check.clock.advance(1_000);
    expect(await check.raw(token)).toBe('wrong-token');
    const strict = checkWith({ key: pair.publicKey, clockToleranceSeconds: 0 });
    expect(await strict.with({ claims: { exp: SECONDS } })).toBe('wrong-token');
    expect(await strict.with({ claims: { exp: SECONDS + 1 } })).toBeUndefined();
  });

  it('may have any of several issuers and audiences', async () => {
    const check = checkWith({ key: pair.publicKey, issuer: ['a', ISSUER], audience: ['b', AUDIENCE] });
    expect(await check.with()).toBeUndefined();
    expect(await check.with({ claims: { aud: ['x', 'b'], iss: 'a' } })).toBeUndefined();
    expect(await check.with({ claims: { aud: 'a', iss: 'b' } })).toBe('wrong-token');
  });

  it('is checked against the options as they were passed, even when they change', async () => {
    const [key, issuer, audience] = [await publicJwk(pair), [ISSUER], [AUDIENCE]];
    const check = checkWith({ key, issuer, audience });
    Object.assign(key, await publicJwk(other));
    [issuer[0], audience[0]] = ['evil', 'evil'];
    expect(await check.with()).toBeUndefined();
    expect(await check.with({ key: other.privateKey })).toBe('wrong-token');
  });

  it.each<[unknown, string | undefined]>([
    ['webhooks:write sms', undefined],
    ['sms webhooks:write', undefined],
    [['sms', 'webhooks:write', 'more'], undefined],
    ['webhooks:write', 'wrong-token'],
    ['webhooks:writer sms', 'wrong-token'],
    [['webhooks:write sms'], 'wrong-token'],
    [undefined, 'wrong-token'],
    [7, 'wrong-token'],
  ])('with the scope %j gives %s when two are required', async (scope, expected) => {
    const check = checkWith({ key: pair.publicKey, scope: 'webhooks:write sms' });
    expect(await check.with({ claims: { scope } })).toBe(expected);
    expect(await check.with({ claims: { scp: scope } })).toBe(expected);
  });

  it('is refused when it is unsigned, signed with a shared secret, or with an algorithm that was not listed', async () => {
    const pem = await exportSPKI(pair.publicKey);
    const check = checkWith({ key: pem });
    const confused = await tokenOf({ key: new TextEncoder().encode(pem), header: { alg: 'HS256' } });
    expect(await check.raw(`Bearer ${confused}`)).toBe('wrong-token');
    const [, body] = (await tokenOf()).split('.');
    const none = btoa('{"alg":"none"}').replaceAll('=', '');
    expect(await check.raw(`Bearer ${none}.${body}.`)).toBe('wrong-token');
    expect(await check.raw(`Bearer ${none}.${body}.AAAA`)).toBe('wrong-token');
    const only = checkWith({ key: pem, algorithms: ['PS256', 'ES256'] });
    expect(await only.with()).toBe('wrong-token');
  });

  it('is refused without an exception when the PEM text is not a key', async () => {
    const key = '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----';
    expect(await checkWith({ key }).with()).toBe('wrong-token');
  });
});

describe('an access token with a key server', () => {
  const keysOf = async (...pairs: readonly (readonly [Pair, object?])[]) =>
    Response.json({ keys: await Promise.all(pairs.map(([each, fields]) => publicJwk(each, fields))) });

  it('is requested once, at the first token, without following redirects', async () => {
    const { asked, fetch } = keyServer(() => keysOf([pair, { kid: '1' }]));
    const check = checkWith({ jwksUrl: JWKS_URL, fetch });
    expect(asked).toEqual([]);
    expect(await check.with({ header: { kid: '1' } })).toBeUndefined();
    expect(await check.with({ header: { kid: '1' } })).toBeUndefined();
    expect(await check.with({ header: { kid: '1' }, key: other.privateKey })).toBe('wrong-token');
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ url: JWKS_URL, init: { redirect: 'manual', method: 'GET' } });
  });

  it('uses the current global fetch by default', async () => {
    const { asked, fetch } = keyServer(() => keysOf([pair]));
    const check = checkWith({ jwksUrl: JWKS_URL });
    vi.stubGlobal('fetch', fetch);
    expect(await check.with()).toBeUndefined();
    expect(asked).toHaveLength(1);
  });

  it('is not requested again for key IDs that strangers make up', async () => {
    const { asked, fetch } = keyServer(() => keysOf([pair, { kid: '1' }]));
    const check = checkWith({ jwksUrl: JWKS_URL, fetch });
    for (let index = 0; index < 20; index += 1) {
      expect(await check.with({ header: { kid: `made-up-${index}` } })).toBe('wrong-token');
    }
    expect(asked).toHaveLength(1);
  });

  it('may have several keys that match a token without a key ID', async () => {
    const { fetch } = keyServer(() => keysOf([other], [pair]));
    const check = checkWith({ jwksUrl: JWKS_URL, fetch });
    expect(await check.with()).toBeUndefined();
    expect(await check.with({ key: (await generateKeyPair('RS256')).privateKey })).toBe('wrong-token');
    expect(await check.with({ claims: { aud: 'billing' } })).toBe('wrong-token');
  });

  it.each<[string, () => Promise<Response> | Response]>([
    ['cannot be reached', () => Promise.reject(new TypeError('fetch failed'))],
    ['answers 500', () => new Response('{}', { status: 500 })],
    ['answers with a page', () => new Response('<html>')],
    ['answers with something else', () => Response.json({ hello: 1 })],
    ['answers with keys that are none', () => Response.json({ keys: ['a'] })],
    [
      'answers with far too much',
      () => new Response(JSON.stringify({ keys: [], more: 'x'.repeat(300_000) })),
    ],
    [
      'sends elsewhere',
      () => new Response(null, { status: 302, headers: { location: 'https://evil.example' } }),
    ],
    ['takes too long', () => Promise.reject(Object.assign(new Error('late'), { name: 'TimeoutError' }))],
  ])('results in "try again" and not "wrong" when it %s', async (_, response) => {
    const { fetch } = keyServer(response);
    expect(await outcomeOf(checkWith({ jwksUrl: JWKS_URL, fetch }).with())).toBe('unavailable');
  });

  it('is not waited for longer than 5 s, even with a fetch that ignores its signal', async () => {
    const limit = new AbortController();
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(limit.signal);
    const fetch = () => {
      limit.abort();
      return new Promise<Response>(() => {});
    };
    expect(await outcomeOf(checkWith({ jwksUrl: JWKS_URL, fetch }).with())).toBe('unavailable');
    expect(timeout).toHaveBeenCalledExactlyOnceWith(5_000);
  });

  it('needs no monotonic clock', async () => {
    const { fetch } = keyServer(() => keysOf([pair]));
    const check = createTokenCheck(
      { issuer: ISSUER, audience: AUDIENCE, jwksUrl: JWKS_URL, fetch },
      { now: () => NOON },
      () => {},
    );
    const authorization = `Bearer ${await tokenOf()}`;
    expect(await check({ header: () => authorization })).toBeUndefined();
  });

  it('is not requested for a second after a failure, and works again after that', async () => {
    let isDown = true;
    const { asked, fetch } = keyServer(() => (isDown ? new Response('', { status: 503 }) : keysOf([pair])));
    const check = checkWith({ jwksUrl: JWKS_URL, fetch });
    expect(await outcomeOf(check.with())).toBe('unavailable');
    isDown = false;
    check.clock.advance(999);
    expect(await outcomeOf(check.with())).toBe('unavailable');
    expect(asked).toHaveLength(1);
    check.clock.advance(1);
    expect(await outcomeOf(check.with())).toBeUndefined();
  });
});
