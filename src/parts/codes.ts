/** One-time passwords, those of 8x8 and those of this package. */
export { createVerifications } from '../api/verifications/verifications.ts';
export { createOneTimePasswords } from '../one-time-passwords/codes.ts';
