import { toHex } from '../internal/digest.ts';

/** Hexadecimal digits of a pseudonym: 128 bits, so that no two people share one. */
const PSEUDONYM_DIGITS = 32;

/**
 * The key under which a forgotten person's opt-out survives: `#` and the first 128 bits of HMAC-SHA-256 over the ledger
 * key. Without the secret, the ledger alone does not reveal the number, although all numbers could be tried.
 */
export type Pseudonym = (key: string) => Promise<string>;

/** @param secret key of the hash; never shown */
export function createPseudonym(secret: string): Pseudonym {
  const encoder = new TextEncoder();
  let hmacKey: CryptoKey | undefined;
  return async (key) => {
    // No shared promise: two first callers import the key twice, which is harmless.
    hmacKey ??= await crypto.subtle.importKey(
      'raw',
      encoder.encode(secret),
      { name: 'HMAC', hash: 'SHA-256' },
      false,
      ['sign'],
    );
    const digest = new Uint8Array(await crypto.subtle.sign('HMAC', hmacKey, encoder.encode(key)));
    return `#${toHex(digest).slice(0, PSEUDONYM_DIGITS)}`;
  };
}
