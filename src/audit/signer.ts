import { ConfigurationError } from '../errors.ts';
import { fromBase64 } from '../internal/base64url.ts';
import type { AuditSigner } from './chain.ts';

/** An Ed25519 key: the text of a PEM file, or a JSON Web Key. */
export type Ed25519Key = string | Readonly<Record<string, unknown>>;

function derOf(pem: string, label: string): Uint8Array<ArrayBuffer> {
  const begin = `-----BEGIN ${label}-----`;
  const from = pem.indexOf(begin);
  const to = pem.indexOf(`-----END ${label}-----`, from);
  const bytes =
    from < 0 || to < 0 ? undefined : fromBase64(pem.slice(from + begin.length, to).replace(/\s/g, ''));
  if (bytes === undefined) throw new TypeError(`not a PEM with ${begin}`);
  return bytes;
}

async function importKey(key: Ed25519Key, use: 'sign' | 'verify'): Promise<CryptoKey> {
  if (typeof key !== 'string') {
    // A private key may verify, too: only its public half is used.
    const { d, key_ops: _operations, ...publicHalf } = key;
    const jwk = use === 'sign' ? { ...publicHalf, d } : publicHalf;
    return crypto.subtle.importKey('jwk', jwk as JsonWebKey, 'Ed25519', false, [use]);
  }
  return use === 'sign'
    ? crypto.subtle.importKey('pkcs8', derOf(key, 'PRIVATE KEY'), 'Ed25519', false, [use])
    : crypto.subtle.importKey('spki', derOf(key, 'PUBLIC KEY'), 'Ed25519', false, [use]);
}

/** @throws ConfigurationError it is not the public half of an Ed25519 key */
export async function importPublicKey(key: Ed25519Key, option: string): Promise<CryptoKey> {
  try {
    return await importKey(key, 'verify');
  } catch {
    throw new ConfigurationError(
      `${option} must be a public Ed25519 key: a PEM that begins with -----BEGIN PUBLIC KEY-----, or a JSON Web Key.`,
      option,
    );
  }
}

/**
 * Signs heads with a key in memory. `openssl genpkey -algorithm ed25519 -out audit.pem` makes one, and `openssl pkey -in audit.pem
 * -pubout` shows the public key for the verifier. A key in a key management service is safer: give an object with your own `sign`.
 *
 * @throws ConfigurationError the first signature: the key is no private Ed25519 key
 * @example auditLog({ file, secret, signer: ed25519Signer({ keyId: '2026', privateKey }) })
 */
export function ed25519Signer({
  keyId,
  privateKey,
}: {
  /** Names the key pair: 1 to 32 letters, digits and `._-`. */
  readonly keyId: string;
  /** PKCS #8 in a PEM, or a JSON Web Key. */
  readonly privateKey: Ed25519Key;
}): AuditSigner {
  let imported: CryptoKey | undefined;
  return {
    keyId,
    async sign(data) {
      try {
        imported ??= await importKey(privateKey, 'sign');
      } catch {
        throw new ConfigurationError(
          'ed25519Signer: privateKey must be a private Ed25519 key: a PEM that begins with -----BEGIN PRIVATE KEY-----, or a JSON Web Key with d.',
          'privateKey',
        );
      }
      return new Uint8Array(await crypto.subtle.sign('Ed25519', imported, data));
    },
  };
}
