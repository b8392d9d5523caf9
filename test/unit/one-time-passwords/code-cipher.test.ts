import { describe, expect, it } from 'vitest';
import { createCodeCipher } from '../../../src/one-time-passwords/code-cipher.ts';

const secret = (fill: number) => new Uint8Array(32).fill(fill);

describe('the cipher of codes', () => {
  it('decrypts what it encrypted, each time to another text', async () => {
    const cipher = createCodeCipher([secret(1)]);
    const encrypted = await cipher.encrypt('123456', 'session');
    expect(encrypted).toMatch(/^[0-9a-f]{68}$/);
    expect(await cipher.encrypt('123456', 'session')).not.toBe(encrypted);
    expect(await cipher.decrypt(encrypted, 'session')).toBe('123456');
  });

  it('decrypts with an earlier secret, and encrypts with the first', async () => {
    const old = createCodeCipher([secret(1)]);
    const both = createCodeCipher([secret(2), secret(1)]);
    expect(await both.decrypt(await old.encrypt('123456', 'session'), 'session')).toBe('123456');
    expect(await old.decrypt(await both.encrypt('123456', 'session'), 'session')).toBeUndefined();
  });

  it.each([
    ['another place', (text: string) => text, 'another session'],
    ['a changed text', (text: string) => `00${text.slice(2)}`, 'session'],
    ['a text that was cut', (text: string) => text.slice(0, 40), 'session'],
    ['no text', () => '', 'session'],
    ['anything else', () => 'not hexadecimal', 'session'],
  ])('decrypts nothing for %s', async (_, change, context) => {
    const cipher = createCodeCipher([secret(1)]);
    const encrypted = await cipher.encrypt('123456', 'session');
    expect(await cipher.decrypt(change(encrypted), context)).toBeUndefined();
  });
});
