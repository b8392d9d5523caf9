import { decryptText, deriveAesKey, encryptText } from '../internal/aes-gcm.ts';
import { toHex } from '../internal/digest.ts';

/** Encrypts codes, so that a reader of the limit store learns none. */
export interface CodeCipher {
  /** `context` names the place of the code: what was encrypted for one place cannot be decrypted for another. */
  encrypt(code: string, context: string): Promise<string>;
  /** Undefined when no secret fits, or the text was changed. */
  decrypt(encrypted: string, context: string): Promise<string | undefined>;
}

/** Bytes of hexadecimal digits; what is anything else decrypts to nothing. */
function fromHex(digits: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/**
 * AES-256-GCM under a key derived from the first secret; the others only decrypt. Derives nothing before the first code: the
 * global scope of a Worker may not.
 */
export function createCodeCipher(secrets: readonly Uint8Array<ArrayBuffer>[]): CodeCipher {
  let keys: readonly Promise<CryptoKey>[] | undefined;
  const deriveKeys = () => secrets.map((secret) => deriveAesKey(secret, 'one-time passwords'));

  return {
    async encrypt(code, context) {
      keys ??= deriveKeys();
      return toHex(await encryptText((await keys[0]) as CryptoKey, code, context));
    },
    async decrypt(encrypted, context) {
      keys ??= deriveKeys();
      const bytes = fromHex(encrypted);
      for (const key of keys) {
        const code = await decryptText(await key, bytes, context);
        if (code !== undefined) return code;
      }
      return undefined;
    },
  };
}
