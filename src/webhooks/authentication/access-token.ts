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
import type { Emit } from '../../events.ts';
import { runUserCode } from '../../internal/user-code.ts';
import { raceAbort } from '../../internal/wait.ts';
import { readBody } from '../../transport/read-body.ts';
import type { Clock, Fetch } from '../../types.ts';
import { webhookError } from '../failures.ts';
import {
  type AccessTokenOptions,
  ALGORITHMS,
  type PublicCryptoKey,
  type PublicJwk,
} from './access-token-options.ts';
import type { AuthenticationCheck } from './authentication-result.ts';
import { MAX_HEADER_CHARACTERS } from './authorization.ts';

/** Minimum time between two requests to the key server for unknown key IDs, so that strangers cannot make it flood the server. */
const COOLDOWN_MS = 30_000;
const KEY_SERVER_TIMEOUT_MS = 5_000;
/** Pause after a failed request to the key server; meanwhile the response is an immediate 503. */
const PAUSE_AFTER_FAILURE_MS = 1_000;
const MAX_KEY_SET_BYTES = 262_144;
const DEFAULT_TOLERANCE_SECONDS = 30;

/** The key server failed, so the token may be valid. Never leaves this file. */
class KeysUnavailable extends Error {}

/** Fetches the key set for jose, or throws `KeysUnavailable`. */
async function fetchKeys(
  url: string,
  init: RequestInit,
  fetch: Fetch | undefined,
  emit: Emit,
): Promise<Response> {
  try {
    const signal = init.signal as AbortSignal;
    // A fetch may ignore its signal, and jose makes every later token wait for the same response.
    const fetching = runUserCode(
      emit,
      'authentication.accessToken.fetch',
      () => (fetch ?? globalThis.fetch)(url, init),
      signal,
    );
    const response = await raceAbort(fetching, signal);
    const text = await readBody(response, MAX_KEY_SET_BYTES, signal);
    if (response.status !== 200 || typeof text !== 'string') throw new KeysUnavailable();
    return Response.json(JSON.parse(text));
  } catch {
    throw new KeysUnavailable();
  }
}

function remoteKeys(url: string, fetch: Fetch | undefined, clock: Clock, emit: Emit): JWTVerifyGetKey {
  const elapsed = () => clock.monotonic?.() ?? clock.now();
  let pausedUntil = Number.NEGATIVE_INFINITY;
  return createRemoteJWKSet(new URL(url), {
    cooldownDuration: COOLDOWN_MS,
    timeoutDuration: KEY_SERVER_TIMEOUT_MS,
    async [customFetch](address, init) {
      if (elapsed() < pausedUntil) throw new KeysUnavailable();
      try {
        return await fetchKeys(address, init, fetch, emit);
      } catch (error) {
        pausedUntil = elapsed() + PAUSE_AFTER_FAILURE_MS;
        throw error;
      }
    },
  });
}

type Key = JWTVerifyGetKey | JWK | VerificationKey;

function localKey(key: string | PublicJwk | PublicCryptoKey): Key {
  // A PEM text does not name its algorithm; the header's one has already been checked against `algorithms`.
  if (typeof key === 'string') return ({ alg }) => importSPKI(key, alg);
  // A copy of the JWK: later changes to the caller's object have no effect.
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
    // A token without a key ID while the issuer rotates its keys: try each of them.
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

/** RFC 8693 and RFC 9068 name the claim `scope`; Okta and Microsoft write a list, `scp`. */
function holdsScope(claims: Readonly<Record<string, unknown>>, wanted: string): boolean {
  const claim = claims.scope ?? claims.scp;
  const granted = typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [];
  return wanted.split(' ').every((each) => granted.includes(each));
}

/** Checks an OAuth 2.0 access token: a JWT that 8x8 fetched from your token endpoint. */
export function createTokenCheck(options: AccessTokenOptions, clock: Clock, emit: Emit): AuthenticationCheck {
  const { jwksUrl, key: own, fetch, scope } = options;
  const expected: JWTVerifyOptions = {
    algorithms: [...(options.algorithms ?? ALGORITHMS)],
    issuer: [options.issuer].flat(),
    audience: [options.audience].flat(),
    // RFC 9068 requires it: a token that never expires would be a password.
    requiredClaims: ['exp'],
    clockTolerance: options.clockToleranceSeconds ?? DEFAULT_TOLERANCE_SECONDS,
  };
  // The key server is contacted with the first token: a receiver may be created in the global scope of a Worker.
  let key = own === undefined ? undefined : localKey(own);
  return async ({ header }) => {
    const given = header('authorization');
    if (given === undefined || given.length > MAX_HEADER_CHARACTERS) return 'wrong-token';
    const token = /^bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(given)?.[1];
    if (token === undefined) return 'wrong-token';
    key ??= remoteKeys(jwksUrl as string, fetch, clock, emit);
    try {
      const { payload } = await verify(token, key, { ...expected, currentDate: new Date(clock.now()) });
      return scope === undefined || holdsScope(payload, scope) ? undefined : 'wrong-token';
    } catch (error) {
      if (error instanceof KeysUnavailable || error instanceof errors.JWKSInvalid) {
        throw webhookError('unavailable');
      }
      // Any other failure means that the token is not proven.
      return 'wrong-token';
    }
  };
}
