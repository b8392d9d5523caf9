/** The bytes below this share every digit evenly; the others are drawn again. */
const EVEN_BYTES = 250;

/** Draws decimal digits from the runtime's cryptographic generator, each digit as likely as any other. */
export function drawCode(length: number): string {
  let code = '';
  while (code.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
      if (byte < EVEN_BYTES && code.length < length) code += `${byte % 10}`;
    }
  }
  return code;
}
