import { toHex } from '../internal/digest.ts';

/** Encrypts codes, so that a reader of the limit store learns none. */
export interface CodeCipher {
  /** `context` names the place of the code: what was encrypted for one place cannot be decrypted for another. */
  encrypt(code: string, context: string): Promise<string>;
  /** Undefined when no secret fits, or the text was changed. */
  decrypt(encrypted: string, context: string): Promise<string | undefined>;
}

const IV_BYTES = 12;
const encoder = () => new TextEncoder();

/** Bytes of hexadecimal digits; what is anything else decrypts to nothing. */
function fromHex(digits: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

async function keyOf(secret: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey']);
  const info = encoder().encode('8x8-sms-guard one-time passwords');
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(32), info },
    material,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  );
}

/**
 * AES-256-GCM under a key derived from the first secret; the others only decrypt. Derives nothing before the first code: the
 * global scope of a Worker may not.
 */
export function createCodeCipher(secrets: readonly Uint8Array<ArrayBuffer>[]): CodeCipher {
  let keys: readonly Promise<CryptoKey>[] | undefined;

  return {
    async encrypt(code, context) {
      keys ??= secrets.map(keyOf);
      const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
      const algorithm = { name: 'AES-GCM', iv, additionalData: encoder().encode(context) };
      const key = (await keys[0]) as CryptoKey;
      const encrypted = await crypto.subtle.encrypt(algorithm, key, encoder().encode(code));
      return toHex(iv) + toHex(new Uint8Array(encrypted));
    },
    async decrypt(encrypted, context) {
      keys ??= secrets.map(keyOf);
      const bytes = fromHex(encrypted);
      const iv = bytes.subarray(0, IV_BYTES);
      const algorithm = { name: 'AES-GCM', iv, additionalData: encoder().encode(context) };
      for (const key of keys) {
        try {
          const code = await crypto.subtle.decrypt(algorithm, await key, bytes.subarray(IV_BYTES));
          return new TextDecoder().decode(code);
        } catch {
          // Another secret.
        }
      }
      return undefined;
    },
  };
}
