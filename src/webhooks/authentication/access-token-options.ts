import { isLoopback } from '../../resolve-options.ts';
import {
  anyFunction,
  anything,
  either,
  type Field,
  type Fields,
  integer,
  list,
  oneOf,
  refined,
  shapeWith,
  text,
  word,
} from '../../schema.ts';
import type { Fetch } from '../../types.ts';

/** What verifies with a public key. `HS256` and its like are no choice: whoever can verify could also sign. */
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

/** Asymmetric ones only: this process holds no secret. */
export type TokenAlgorithm = (typeof ALGORITHMS)[number];

/** A public key as JSON (RFC 7517). */
export interface PublicJwk {
  readonly kty: 'RSA' | 'EC' | 'OKP';
  readonly [member: string]: unknown;
}

/** A public `CryptoKey` of WebCrypto. */
export interface PublicCryptoKey {
  readonly type: string;
  readonly algorithm: { readonly name: string };
  readonly extractable: boolean;
  readonly usages: readonly string[];
}

/**
 * The OAuth 2.0 access token that 8x8 fetches from your token endpoint (`webhookSettings.set` with `oauth`): a JWT with an
 * `exp` claim. Give `jwksUrl` or `key`.
 */
export interface AccessTokenOptions {
  /** Where the issuer publishes its keys; https, plain http on this machine only. Kept 10 minutes; an unknown key is looked up at most every 30 s. */
  readonly jwksUrl?: string | undefined;
  /** The public key itself: PEM (`-----BEGIN PUBLIC KEY-----`), JWK, or `CryptoKey`. */
  readonly key?: string | PublicJwk | PublicCryptoKey | undefined;
  /** The `iss` claim. */
  readonly issuer: string | readonly string[];
  /** The `aud` claim: your receiver's name, so that a token for another service is of no use here. */
  readonly audience: string | readonly string[];
  /** Scopes that must all be granted, separated by spaces. @default none */
  readonly scope?: string | undefined;
  /** @default every asymmetric one: RS, PS, ES (256, 384, 512), EdDSA */
  readonly algorithms?: readonly TokenAlgorithm[] | undefined;
  /** How far `exp` and `nbf` may be off, in seconds. @default 30 (ours; RFC 7519 allows "a few minutes") */
  readonly clockToleranceSeconds?: number | undefined;
  /** Fetches `jwksUrl`. @default the global one */
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
const names = either(Array.isArray, list(name, { min: 1, max: 20 }), name);
const key = refined(
  anything(),
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

export const accessTokenField: Field = refined<AccessTokenOptions>(
  shapeWith(['issuer', 'audience'], fields),
  ({ jwksUrl, key: own }) => (jwksUrl === undefined) !== (own === undefined),
  'must have jwksUrl or key, and not both.',
);
