import type { HumanVerification, HumanVerifier } from '../guards/human-options.ts';
import { toHex } from '../internal/digest.ts';
import { isEqual } from '../internal/is-equal.ts';
import type { Clock } from '../types.ts';
import { checkSecret } from './ask-provider.ts';

/** The signed part of an Altcha challenge, as far as it is read. */
export interface AltchaParameters {
  /** For example `PBKDF2/SHA-256`. */
  readonly algorithm: string;
  /** Iterations, or the cost of another algorithm. */
  readonly cost: number;
  /** Seconds since 1970 when the challenge ends. */
  readonly expiresAt?: number;
  /** Bytes of the derived key. */
  readonly keyLength: number;
  /** Hexadecimal digits with which the derived key must begin. */
  readonly keyPrefix: string;
  /** Signature of the derived key, if the server knew it. */
  readonly keySignature?: string;
  /** Hexadecimal. */
  readonly nonce: string;
  /** Hexadecimal. */
  readonly salt: string;
}

/** Options of {@link altcha}. */
export interface AltchaOptions {
  /** The secret with which your server signs challenges: `hmacSignatureSecret` of `createChallenge`. */
  readonly hmacSignatureSecret: string;
  /**
   * The secret of `keySignature`: `hmacKeySignatureSecret` of `createChallenge`. With it a solution is verified without deriving
   * the key again. @default none
   */
  readonly hmacKeySignatureSecret?: string | undefined;
  /**
   * Derives keys of algorithms other than PBKDF2: `deriveKey` of `altcha-lib/algorithms/argon2id` or `…/scrypt`.
   * @default PBKDF2 of the platform
   */
  readonly deriveKey?:
    | ((
        parameters: AltchaParameters,
        salt: Uint8Array<ArrayBuffer>,
        password: Uint8Array<ArrayBuffer>,
      ) => Promise<{
        /** `keyLength` bytes. */
        readonly derivedKey: Uint8Array;
      }>)
    | undefined;
  /** Source of time. @default the system's */
  readonly clock?: Clock | undefined;
}

interface Payload {
  readonly challenge: { readonly parameters: AltchaParameters; readonly signature: string };
  readonly solution: { readonly counter: number; readonly derivedKey: string };
}

/** The guard remembers a used puzzle for a day: a challenge that lives longer could be used again. */
const MAX_LIFE_S = 86_400;
const HEX = /^(?:[0-9a-f]{2})+$/i;

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(hex.length / 2);
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16);
  }
  return bytes;
}

/** JSON with the keys in order, as challenges are signed. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort())
      : each,
  );
}

async function signatureOf(data: Uint8Array<ArrayBuffer>, secret: string): Promise<string> {
  const raw = new TextEncoder().encode(secret);
  const key = await crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return toHex(new Uint8Array(await crypto.subtle.sign('HMAC', key, data)));
}

/** A list of one text would pass as a text. */
function isHex(value: unknown): boolean {
  return typeof value === 'string' && HEX.test(value);
}

function parsePayload(token: string): Payload | undefined {
  try {
    const bytes = Uint8Array.from(atob(token), (character) => character.charCodeAt(0));
    const { challenge, solution } = JSON.parse(new TextDecoder().decode(bytes));
    const { nonce, salt, keyPrefix } = challenge.parameters;
    const isComplete =
      [nonce, salt, challenge.signature, solution.derivedKey].every(isHex) &&
      typeof keyPrefix === 'string' &&
      /^[0-9a-f]+$/i.test(keyPrefix) &&
      Number.isSafeInteger(solution.counter) &&
      solution.counter >= 0 &&
      solution.counter < 2 ** 32;
    return isComplete ? { challenge, solution } : undefined;
  } catch {
    return undefined;
  }
}

const deriveByPbkdf2: NonNullable<AltchaOptions['deriveKey']> = async (parameters, salt, password) => {
  const hash = /^PBKDF2\/(SHA-(?:256|384|512))$/.exec(parameters.algorithm)?.[1];
  if (hash === undefined) throw new Error('altcha: pass deriveKey for an algorithm other than PBKDF2.');
  const key = await crypto.subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits']);
  const work = { name: 'PBKDF2', hash, salt, iterations: parameters.cost };
  const bits = await crypto.subtle.deriveBits(work, key, parameters.keyLength * 8);
  return { derivedKey: new Uint8Array(bits) };
};

/** The nonce, and the counter as four bytes behind it. */
function passwordOf({ nonce }: AltchaParameters, counter: number): Uint8Array<ArrayBuffer> {
  const bytes = bytesOf(nonce);
  const password = new Uint8Array(bytes.length + 4);
  password.set(bytes);
  new DataView(password.buffer).setUint32(bytes.length, counter);
  return password;
}

/**
 * Verifies solutions of Altcha (proof of work, protocol 2), which your own server hands out with `createChallenge` of
 * [`altcha-lib`](https://github.com/altcha-org/altcha-lib): no provider is asked. A challenge must be signed, and end within a
 * day (`expiresAt`). Proof of work makes programs pay; it does not tell people from programs.
 *
 * Source: altcha-lib 2.3, `verifySolution`; unlike it, this also checks that the derived key has the prefix.
 *
 * @throws ConfigurationError an option is malformed
 * @example guards: { human: { verify: altcha({ hmacSignatureSecret }) } }
 */
export function altcha(options: AltchaOptions): HumanVerifier {
  const { hmacKeySignatureSecret, deriveKey = deriveByPbkdf2, clock = Date } = options;
  const secret = checkSecret(options.hmacSignatureSecret, 'altcha', 'hmacSignatureSecret');

  async function isSolved({ challenge: { parameters }, solution }: Payload): Promise<boolean> {
    const { keySignature, salt, keyPrefix } = parameters;
    const derivedKey = solution.derivedKey.toLowerCase();
    if (!derivedKey.startsWith(keyPrefix.toLowerCase())) return false;
    if (keySignature !== undefined && hmacKeySignatureSecret !== undefined) {
      return isEqual(
        await signatureOf(bytesOf(derivedKey), hmacKeySignatureSecret),
        keySignature.toLowerCase(),
      );
    }
    const derived = await deriveKey(parameters, bytesOf(salt), passwordOf(parameters, solution.counter));
    return isEqual(toHex(derived.derivedKey), derivedKey);
  }

  return async ({ token }): Promise<HumanVerification> => {
    const payload = parsePayload(token);
    if (payload === undefined) return { passed: false, reason: 'malformed' };
    const { parameters, signature } = payload.challenge;
    const signed = new TextEncoder().encode(canonicalJson(parameters));
    if (!isEqual(await signatureOf(signed, secret), signature.toLowerCase())) {
      return { passed: false, reason: 'invalid-signature' };
    }
    const leftS = (parameters.expiresAt ?? Number.POSITIVE_INFINITY) - clock.now() / 1000;
    if (!(leftS <= MAX_LIFE_S)) return { passed: false, reason: 'no-expiry' };
    if (leftS < 0) return { passed: false, reason: 'expired' };
    // Many tokens can be written for one solution.
    const id = signature.toLowerCase();
    return (await isSolved(payload)) ? { passed: true, id } : { passed: false, reason: 'wrong-solution' };
  };
}
