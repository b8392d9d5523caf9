import { sha256 } from '../../internal/digest.ts';
import { list, switchOn, word } from '../../schema.ts';
import type { AuthenticationCheck } from './authentication-result.ts';

/** Longest header that is read. */
export const MAX_HEADER_CHARACTERS = 8_192;
const MIN_SECRET_CHARACTERS = 16;
const MIN_DIFFERENT_CHARACTERS = 5;
/** Old and new value during a rotation, with some room to spare. */
const MAX_VALUES = 10;

function isStrong(value: string): boolean {
  // HTTP libraries trim header values, so a value with surrounding white space would never match.
  if (value.length > MAX_HEADER_CHARACTERS || !/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value)) {
    return false;
  }
  // The scheme is not secret, and 8x8 shows *** in place of a secret.
  const secret = value.replace(/^(?:bearer|basic|token)\s+/i, '');
  return (
    secret.length >= MIN_SECRET_CHARACTERS &&
    new Set(secret).size >= MIN_DIFFERENT_CHARACTERS &&
    !secret.includes('***')
  );
}

const headerField = word(
  isStrong,
  `a secret of at least ${MIN_SECRET_CHARACTERS} visible ASCII characters, ${MIN_DIFFERENT_CHARACTERS} of them different, after its scheme, and not the *** that 8x8 shows instead of it (the Authorization header as you gave it to 8x8; make one with crypto.randomUUID())`,
);
const headersField = list(headerField, { min: 1, max: MAX_VALUES });

/** One value, or several during a rotation. */
export const authorizationField = switchOn(Array.isArray, headersField, headerField);

/** Compares two digests in constant time. */
function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.reduce((difference, byte, index) => difference | (byte ^ (right[index] as number)), 0) === 0;
}

/** Checks the literal `Authorization` header against one or several allowed values. */
export function createAuthorizationCheck(values: string | readonly string[]): AuthenticationCheck {
  const allowed = [values].flat();
  // Computed at the first delivery, and stored as values: requests of a Worker must not share a promise.
  let digests: readonly Uint8Array[] | undefined;
  return async ({ header }) => {
    const given = header('authorization');
    if (given === undefined || given.length > MAX_HEADER_CHARACTERS) return 'wrong-authorization';
    digests ??= await Promise.all(allowed.map(sha256));
    const digest = await sha256(given);
    // All digests are compared: the time must not reveal which one came close.
    const matches = digests.filter((each) => isSame(each, digest));
    return matches.length > 0 ? undefined : 'wrong-authorization';
  };
}
