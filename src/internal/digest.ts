/** SHA-256 of a text, 32 bytes. */
export async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
}

/** SHA-256 of a list in hexadecimal digits. Hides IDs, codes and numbers, because others may read the store's server. */
export async function digestOf(parts: readonly (string | number)[]): Promise<string> {
  return toHex(await sha256(JSON.stringify(parts)));
}

/** Lower-case hexadecimal digits, two per byte. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
