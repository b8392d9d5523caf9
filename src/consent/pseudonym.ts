import { toHex } from '../digest.ts';

/** Hexadecimal digits of a pseudonym: 128 bits, so that no two people share one. */
const PSEUDONYM_DIGITS = 32;

/**
 * The key under which a forgotten person's opt-out survives: `#` and the first 128 bits of HMAC-SHA-256 over the ledger
 * key. Who has the ledger but not the secret cannot tell the number, although there are few enough numbers to try all.
 */
export type Pseudonym = (key: string) => Promise<string>;

/** @param secret what the hash is keyed with; it is never shown */
export function createPseudonym(secret: string): Pseudonym {
  const encoder = new TextEncoder();
  let hmacKey: CryptoKey | undefined;
  return async (key) => {
    // Not a shared promise: two first callers import it twice, which is harmless.
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
