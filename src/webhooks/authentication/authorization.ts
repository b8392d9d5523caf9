import { sha256 } from '../../digest.ts';
import { either, list, word } from '../../schema.ts';
import type { AuthenticationCheck } from './authentication-result.ts';

/** Longest header that is looked at. */
export const MAX_HEADER_CHARACTERS = 8_192;
const MIN_SECRET_CHARACTERS = 16;
const MIN_DIFFERENT_CHARACTERS = 5;
/** Old and new while rotating, and some room. */
const MAX_VALUES = 10;

function isStrong(value: string): boolean {
  // Others trim a header, so one with white space around it would never fit.
  if (value.length > MAX_HEADER_CHARACTERS || !/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value)) {
    return false;
  }
  // The name of the scheme is no secret, and *** is what 8x8 shows instead of one.
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

/** One value, or several while a new one is rolled out. */
export const authorizationField = either(Array.isArray, headersField, headerField);

/** Of two digests. Takes as long whatever the difference is, and wherever. */
function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.reduce((difference, byte, index) => difference | (byte ^ (right[index] as number)), 0) === 0;
}

/** The literal `Authorization` header, one of several while a new one is rolled out. */
export function createAuthorizationCheck(values: string | readonly string[]): AuthenticationCheck {
  const allowed = [values].flat();
  // Worked out at the first delivery, and kept as values: a promise must not be shared between requests of a Worker.
  let digests: readonly Uint8Array[] | undefined;
  return async ({ header }) => {
    const given = header('authorization');
    if (given === undefined || given.length > MAX_HEADER_CHARACTERS) return 'wrong-authorization';
    digests ??= await Promise.all(allowed.map(sha256));
    const digest = await sha256(given);
    // Always all of them: the time must not tell which one came close.
    const matches = digests.filter((each) => isSame(each, digest));
    return matches.length > 0 ? undefined : 'wrong-authorization';
  };
}
