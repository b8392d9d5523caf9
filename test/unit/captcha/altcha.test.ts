import { describe, expect, it } from 'vitest';
import { type AltchaOptions, altcha } from '../../../src/captcha/index.ts';
import { ConfigurationError } from '../../../src/errors.ts';
// Written by createChallenge and solveChallenge of altcha-lib 2.3.1, with the secrets below; most end an hour after NOON.
import vectors from '../../support/altcha-vectors.json' with { type: 'json' };
import { createFakeClock, NOON } from '../../support/fake-clock.ts';

const SECRET = 'secret.key';
const KEY_SECRET = 'different.secret.key';

type Name = keyof typeof vectors;
const encode = (payload: unknown) => btoa(JSON.stringify(payload));
const read = (token: string, options: Partial<AltchaOptions> = {}) =>
  altcha({ hmacSignatureSecret: SECRET, clock: createFakeClock(), ...options })({ token });

/** A vector with other parameters or another solution. */
function changed(name: Name, parameters: object, solution: object = {}, signature?: string): string {
  const { challenge, solution: own } = vectors[name];
  return encode({
    challenge: {
      parameters: { ...challenge.parameters, ...parameters },
      signature: signature ?? challenge.signature,
    },
    solution: { ...own, ...solution },
  });
}

describe('altcha', () => {
  it('accepts what altcha-lib makes and solves', async () => {
    const id = vectors.prefix.challenge.signature;
    expect(await read(encode(vectors.prefix))).toEqual({ passed: true, id });
    expect(await read(encode(vectors.deterministic))).toMatchObject({ passed: true });
    const withKey = await read(encode(vectors.deterministic), { hmacKeySignatureSecret: KEY_SECRET });
    expect(withKey).toMatchObject({ passed: true });
    expect(await read(encode(vectors.prefix), { hmacKeySignatureSecret: KEY_SECRET })).toMatchObject({
      passed: true,
    });
  });

  it('knows one puzzle by its signature, however the token is written', async () => {
    const spaced = btoa(JSON.stringify(vectors.prefix, undefined, 2));
    const upper = changed('prefix', {}, {}, vectors.prefix.challenge.signature.toUpperCase());
    const id = vectors.prefix.challenge.signature;
    expect(await read(spaced)).toEqual({ passed: true, id });
    expect(await read(upper)).toEqual({ passed: true, id });
  });

  it.each<[string, string, string]>([
    ['another cost', changed('prefix', { cost: 1 }), 'invalid-signature'],
    ['a later end', changed('prefix', { expiresAt: 4_000_000_000 }), 'invalid-signature'],
    ['a shorter prefix', changed('prefix', { keyPrefix: '0' }), 'invalid-signature'],
    ['another signature', changed('prefix', {}, {}, '00'.repeat(32)), 'invalid-signature'],
    ['no end', encode(vectors.endless), 'no-expiry'],
    ['an end in two days', encode(vectors.long), 'no-expiry'],
    [
      'another counter',
      changed('prefix', {}, { counter: vectors.prefix.solution.counter + 1 }),
      'wrong-solution',
    ],
    ['a key without the prefix', changed('prefix', {}, { derivedKey: 'ff'.repeat(32) }), 'wrong-solution'],
    ['a key that is made up', changed('prefix', {}, { derivedKey: '00'.repeat(32) }), 'wrong-solution'],
    ['nothing', '', 'malformed'],
    ['no base64', '{', 'malformed'],
    ['no JSON', btoa('token'), 'malformed'],
    ['null', encode(null), 'malformed'],
    ['no solution', encode({ challenge: vectors.prefix.challenge }), 'malformed'],
    ['a key that is no number', changed('prefix', {}, { derivedKey: 'xx' }), 'malformed'],
    ['a prefix that is no number', changed('prefix', { keyPrefix: '' }), 'malformed'],
    ['a signature in a list', changed('prefix', {}, {}, ['ab'] as never), 'malformed'],
    ['a key in a list', changed('prefix', {}, { derivedKey: ['00'] }), 'malformed'],
    ['a prefix in a list', changed('prefix', { keyPrefix: ['00'] }), 'malformed'],
    ['a negative counter', changed('prefix', {}, { counter: -1 }), 'malformed'],
    ['a counter of five bytes', changed('prefix', {}, { counter: 2 ** 32 }), 'malformed'],
    ['half a counter', changed('prefix', {}, { counter: 0.5 }), 'malformed'],
  ])('refuses %s', async (_name, token, reason) => {
    expect(await read(token)).toEqual({ passed: false, reason });
  });

  it('refuses a counter without work, which altcha-lib derives and does not hold against the prefix', async () => {
    const { challenge } = vectors.prefix;
    let counter = 0;
    const deriveKey: AltchaOptions['deriveKey'] = async (parameters, salt, password) => {
      const key = await crypto.subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits']);
      const work = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: parameters.cost };
      return { derivedKey: new Uint8Array(await crypto.subtle.deriveBits(work, key, 256)) };
    };
    if (counter === vectors.prefix.solution.counter) counter += 1;
    const bytes = (hex: string) =>
      Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
    const password = new Uint8Array([...bytes(challenge.parameters.nonce), 0, 0, 0, counter]);
    const { derivedKey } = await deriveKey(challenge.parameters, bytes(challenge.parameters.salt), password);
    const hex = [...derivedKey].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    expect(hex.startsWith(challenge.parameters.keyPrefix)).toBe(false);
    const token = changed('prefix', {}, { counter, derivedKey: hex });
    expect(await read(token)).toEqual({ passed: false, reason: 'wrong-solution' });
  });

  it('ends with the challenge', async () => {
    const clock = createFakeClock(NOON + 3_600_000 + 1);
    expect(await read(encode(vectors.prefix), { clock })).toEqual({ passed: false, reason: 'expired' });
    const real = altcha({ hmacSignatureSecret: SECRET });
    expect((await real({ token: encode(vectors.prefix) })).passed).toBe(false);
  });

  it('refuses a wrong key signature, and another secret', async () => {
    const other = { hmacKeySignatureSecret: 'another secret' };
    expect(await read(encode(vectors.deterministic), other)).toEqual({
      passed: false,
      reason: 'wrong-solution',
    });
    const secret = { hmacSignatureSecret: 'another secret' };
    expect(await read(encode(vectors.prefix), secret)).toEqual({
      passed: false,
      reason: 'invalid-signature',
    });
  });

  it('takes the key derivation of another algorithm', async () => {
    await expect(read(encode(vectors.sha))).rejects.toThrow('pass deriveKey');
    const deriveKey: AltchaOptions['deriveKey'] = async ({ cost }, salt, password) => {
      let derivedKey = new Uint8Array([...salt, ...password]);
      for (let turn = 0; turn < cost; turn += 1) {
        derivedKey = new Uint8Array(await crypto.subtle.digest('SHA-256', derivedKey));
      }
      return { derivedKey };
    };
    expect(await read(encode(vectors.sha), { deriveKey })).toMatchObject({ passed: true });
  });

  it.each([{ hmacSignatureSecret: '' }, { hmacSignatureSecret: undefined as never }])(
    'refuses %j',
    (options) => {
      expect(() => altcha(options)).toThrow(ConfigurationError);
    },
  );
});
