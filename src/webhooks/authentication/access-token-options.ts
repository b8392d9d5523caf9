import { isLoopback } from '../../internal/loopback.ts';
import {
  anyFunction,
  type Field,
  type Fields,
  integer,
  list,
  objectWith,
  oneOf,
  refine,
  switchOn,
  text,
  unknown,
  word,
} from '../../schema.ts';
import type { Fetch } from '../../types.ts';

/** Algorithms that verify with a public key. `HS256` and the like are excluded: a process that can verify could also sign. */
export const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

/** Signature algorithm of an access token. Asymmetric ones only, so that this process holds no secret. */
export type TokenAlgorithm = (typeof ALGORITHMS)[number];

/** A public key as JSON (RFC 7517). */
export interface PublicJwk {
  /** Key type. */
  readonly kty: 'RSA' | 'EC' | 'OKP';
  readonly [member: string]: unknown;
}

/** A public `CryptoKey` of WebCrypto. */
export interface PublicCryptoKey {
  /** Must be `public`. */
  readonly type: string;
  /** The algorithm that the key was imported for. */
  readonly algorithm: {
    /** Name of the algorithm, for example `RSASSA-PKCS1-v1_5`. */
    readonly name: string;
  };
  /** Whether WebCrypto may export the key. */
  readonly extractable: boolean;
  /** The permitted uses of the key; `verify` is required. */
  readonly usages: readonly string[];
}

/**
 * The OAuth 2.0 access token that 8x8 fetches from your token endpoint (`webhookSettings.set` with `oauth`): a JWT with an
 * `exp` claim. Give `jwksUrl` or `key`.
 */
export interface AccessTokenOptions {
  /**
   * URL of the issuer's key set; https, or plain http on this machine. The set is cached for 10 minutes; an unknown key ID
   * triggers a new request at most every 30 s.
   */
  readonly jwksUrl?: string | undefined;
  /** The public key: PEM (`-----BEGIN PUBLIC KEY-----`), JWK, or `CryptoKey`. */
  readonly key?: string | PublicJwk | PublicCryptoKey | undefined;
  /** The `iss` claim; one value, or several of which one must match. */
  readonly issuer: string | readonly string[];
  /** The `aud` claim, the name of your receiver: a token for another service is refused. */
  readonly audience: string | readonly string[];
  /** Scopes that the token must all have, separated by spaces. @default none */
  readonly scope?: string | undefined;
  /** Accepted signature algorithms. @default all of RS, PS, ES (256, 384, 512), EdDSA and Ed25519 */
  readonly algorithms?: readonly TokenAlgorithm[] | undefined;
  /**
   * Tolerance for `exp` and `nbf` in seconds, 0 to 300.
   * @default 30 (chosen by this package: RFC 7519 allows "a few minutes")
   */
  readonly clockToleranceSeconds?: number | undefined;
  /** The `fetch` that requests `jwksUrl`. @default the global `fetch` */
  readonly fetch?: Fetch | undefined;
}

function isKeyServer(given: string): boolean {
  if (given.length > 2_048 || !URL.canParse(given)) return false;
  const { protocol, hostname, username, password } = new URL(given);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

/** A private key, a shared secret or a certificate is refused. The key itself is tried when the first token comes. */
function isPublicKey(key: unknown): boolean {
  if (typeof key === 'string') {
    return (
      key.length <= 16_384 && /^\s*-----BEGIN PUBLIC KEY-----[\s\S]+-----END PUBLIC KEY-----\s*$/.test(key)
    );
  }
  if (typeof key !== 'object' || key === null) return false;
  const { kty, d, type } = key as Record<string, unknown>;
  if (kty === undefined) return type === 'public';
  return ['RSA', 'EC', 'OKP'].includes(kty as string) && d === undefined;
}

const name = text({ max: 2_048 });
const names = switchOn(Array.isArray, list(name, { min: 1, max: 20 }), name);
const key = refine(
  unknown(),
  isPublicKey,
  'must be a public key: PEM that begins with -----BEGIN PUBLIC KEY-----, a JWK of kty RSA, EC or OKP without d, or a public CryptoKey.',
);

const fields: Fields<AccessTokenOptions> = {
  jwksUrl: word(isKeyServer, 'an https URL (plain http on this machine only) without user name or password'),
  key,
  issuer: names,
  audience: names,
  scope: word(
    (given) =>
      given.length <= 1_000 && /^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/.test(given),
    'scopes separated by single spaces',
  ),
  algorithms: list(oneOf(ALGORITHMS), { min: 1, max: ALGORITHMS.length }),
  clockToleranceSeconds: integer({ min: 0, max: 300, unit: 'seconds' }),
  fetch: anyFunction('a fetch function'),
};

export const accessTokenField: Field = refine<AccessTokenOptions>(
  objectWith(['issuer', 'audience'], fields),
  ({ jwksUrl, key: own }) => (jwksUrl === undefined) !== (own === undefined),
  'must have jwksUrl or key, and not both.',
);
