const IV_BYTES = 12;
const encoder = () => new TextEncoder();

/** An AES-256-GCM key for one use, derived from a secret with HKDF-SHA-256. */
export async function deriveAesKey(secret: Uint8Array<ArrayBuffer>, use: string): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey']);
  const info = encoder().encode(`8x8-sms-guard ${use}`);
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(32), info },
    material,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  );
}

/** Encrypts a text for one place. Gives a random initialisation vector of 96 bits, the encrypted text and the tag of 128 bits. */
export async function encryptText(key: CryptoKey, text: string, place: string): Promise<Uint8Array> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const algorithm = { name: 'AES-GCM', iv, additionalData: encoder().encode(place) };
  const encrypted = new Uint8Array(await crypto.subtle.encrypt(algorithm, key, encoder().encode(text)));
  const all = new Uint8Array(IV_BYTES + encrypted.length);
  all.set(iv);
  all.set(encrypted, IV_BYTES);
  return all;
}

/** Undefined when the key or the place is another one, or the bytes were changed. */
export async function decryptText(
  key: CryptoKey,
  bytes: Uint8Array<ArrayBuffer>,
  place: string,
): Promise<string | undefined> {
  const iv = bytes.subarray(0, IV_BYTES);
  const algorithm = { name: 'AES-GCM', iv, additionalData: encoder().encode(place) };
  try {
    const text = await crypto.subtle.decrypt(algorithm, key, bytes.subarray(IV_BYTES));
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(text);
  } catch {
    return undefined;
  }
}
