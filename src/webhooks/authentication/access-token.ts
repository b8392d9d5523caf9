import {
  createRemoteJWKSet,
  customFetch,
  errors,
  importSPKI,
  type JWK,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
  type CryptoKey as VerificationKey,
} from 'jose';
import { readBody } from '../../transport/read-body.ts';
import type { Clock, Fetch } from '../../types.ts';
import { raceAbort } from '../../wait.ts';
import { webhookError } from '../failures.ts';
import {
  type AccessTokenOptions,
  ALGORITHMS,
  type PublicCryptoKey,
  type PublicJwk,
} from './access-token-options.ts';
import type { AuthenticationCheck } from './authentication-result.ts';
import { MAX_HEADER_CHARACTERS } from './authorization.ts';

/** After an unknown key id the key server is not asked again for as long: strangers must not make us hammer it. */
const COOLDOWN_MS = 30_000;
const KEY_SERVER_TIMEOUT_MS = 5_000;
/** After a failure it is left alone for as long: meanwhile the answer is 503 at once. */
const PAUSE_AFTER_FAILURE_MS = 1_000;
const MAX_KEY_SET_BYTES = 262_144;
const DEFAULT_TOLERANCE_SECONDS = 30;

/** The key server did not do its part; the token may be good. Never leaves this file. */
class KeysUnavailable extends Error {}

/** Gives jose a key set, or says plainly that there is none. */
async function fetchKeys(url: string, init: RequestInit, fetch: Fetch | undefined): Promise<Response> {
  try {
    const signal = init.signal as AbortSignal;
    // Also a fetch that ignores its signal: jose has every later token wait for the same answer.
    const response = await raceAbort((fetch ?? globalThis.fetch)(url, init), signal);
    const text = await readBody(response, MAX_KEY_SET_BYTES, signal);
    if (response.status !== 200 || typeof text !== 'string') throw new KeysUnavailable();
    return Response.json(JSON.parse(text));
  } catch {
    throw new KeysUnavailable();
  }
}

function remoteKeys(url: string, fetch: Fetch | undefined, clock: Clock): JWTVerifyGetKey {
  const elapsed = () => clock.monotonic?.() ?? clock.now();
  let pausedUntil = Number.NEGATIVE_INFINITY;
  return createRemoteJWKSet(new URL(url), {
    cooldownDuration: COOLDOWN_MS,
    timeoutDuration: KEY_SERVER_TIMEOUT_MS,
    async [customFetch](address, init) {
      if (elapsed() < pausedUntil) throw new KeysUnavailable();
      try {
        return await fetchKeys(address, init, fetch);
      } catch (error) {
        pausedUntil = elapsed() + PAUSE_AFTER_FAILURE_MS;
        throw error;
      }
    },
  });
}

type Key = JWTVerifyGetKey | JWK | VerificationKey;

function localKey(key: string | PublicJwk | PublicCryptoKey): Key {
  // A PEM text does not say for which algorithm; `algorithms` has been held against the header by then.
  if (typeof key === 'string') return ({ alg }) => importSPKI(key, alg);
  // A copy of a JWK: what was checked is what counts, whatever becomes of the caller's object.
  return ('kty' in key ? { ...key } : key) as JWK | VerificationKey;
}

async function verify(token: string, key: Key, options: JWTVerifyOptions) {
  // jose has one overload for a key and one for a function that finds it.
  const check = (tried: Key) =>
    typeof tried === 'function' ? jwtVerify(token, tried, options) : jwtVerify(token, tried, options);
  try {
    return await check(key);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    // A token without a key id, while the issuer rotates: one of them will fit.
    for await (const candidate of error) {
      try {
        return await check(candidate);
      } catch (refusal) {
        if (!(refusal instanceof errors.JWSSignatureVerificationFailed)) throw refusal;
      }
    }
    throw error;
  }
}

/** `scope` is RFC 8693 and RFC 9068; `scp`, a list, is what Okta and Microsoft write. */
function holdsScope(claims: Readonly<Record<string, unknown>>, wanted: string): boolean {
  const claim = claims.scope ?? claims.scp;
  const granted = typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [];
  return wanted.split(' ').every((each) => granted.includes(each));
}

/** OAuth 2.0 access token: a JWT that 8x8 fetched from your token endpoint. */
export function createTokenCheck(options: AccessTokenOptions, clock: Clock): AuthenticationCheck {
  const { jwksUrl, key: own, fetch, scope } = options;
  const expected: JWTVerifyOptions = {
    algorithms: [...(options.algorithms ?? ALGORITHMS)],
    issuer: [options.issuer].flat(),
    audience: [options.audience].flat(),
    // RFC 9068 demands it: a token without an end would be a password.
    requiredClaims: ['exp'],
    clockTolerance: options.clockToleranceSeconds ?? DEFAULT_TOLERANCE_SECONDS,
  };
  // The key server is met at the first token: a receiver may stand in the global scope of a Worker.
  let key = own === undefined ? undefined : localKey(own);
  return async ({ header }) => {
    const given = header('authorization');
    if (given === undefined || given.length > MAX_HEADER_CHARACTERS) return 'wrong-token';
    const token = /^bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(given)?.[1];
    if (token === undefined) return 'wrong-token';
    key ??= remoteKeys(jwksUrl as string, fetch, clock);
    try {
      const { payload } = await verify(token, key, { ...expected, currentDate: new Date(clock.now()) });
      return scope === undefined || holdsScope(payload, scope) ? undefined : 'wrong-token';
    } catch (error) {
      if (error instanceof KeysUnavailable || error instanceof errors.JWKSInvalid) {
        throw webhookError('unavailable');
      }
      // Whatever else it is, nobody has vouched for this token.
      return 'wrong-token';
    }
  };
}
