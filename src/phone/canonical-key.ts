/**
 * Notations of one line that differ in E.164, as [pattern, canonical form]:
 *
 * - Argentina: a mobile is dialled with a 9 after +54 from abroad and without it (or with 15) domestically, so +54 9
 * 11 … and +54 11 … are the same telephone.
 * - Mexico: mobiles had a 1 after +52 until 2019, and old address books still have it.
 *
 * Source: libphonenumber's metadata for AR (`nationalPrefixTransformRule`) and MX.
 */
const SAME_LINE: readonly (readonly [RegExp, string])[] = [
  [/^549(\d{10})$/, '54$1'],
  [/^521(\d{10})$/, '52$1'],
];

/**
 * The key to count a person under: E.164 digits as an integer (15 digits are exact in a double), the same for all
 * notations of one line. For counting only; the number itself is sent to 8x8 unchanged.
 *
 * @example canonicalKey('5491123456789') === canonicalKey('541123456789') // true
 */
export function canonicalKey(msisdn: string): number {
  if (msisdn.startsWith('5')) {
    for (const [pattern, canonical] of SAME_LINE) {
      if (pattern.test(msisdn)) return Number(msisdn.replace(pattern, canonical));
    }
  }
  return Number(msisdn);
}
