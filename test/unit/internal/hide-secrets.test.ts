import { describe, expect, it } from 'vitest';
import { hideIn, hideSecrets, repeatsSecret, secretsIn } from '../../../src/internal/hide-secrets.ts';
import { CANARY_KEY, CANARY_TEXT } from '../../support/canary.ts';

describe('hideSecrets', () => {
  it.each([
    ['as it is', CANARY_TEXT],
    ['in part', CANARY_TEXT.slice(7, 22)],
    ['in capitals', CANARY_TEXT.toUpperCase()],
    ['with other spaces', CANARY_TEXT.replaceAll(' ', '\n  ')],
    ['for an address', encodeURIComponent(CANARY_TEXT)],
    ['for an address twice', encodeURIComponent(encodeURIComponent(CANARY_TEXT))],
    ['for a form', CANARY_TEXT.replaceAll(' ', '+')],
    ['for JSON', CANARY_TEXT.replace(/./g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)],
    ['for HTML', CANARY_TEXT.replace(/./g, (c) => `&#${c.charCodeAt(0)};`)],
    ['for HTML in hexadecimal', CANARY_TEXT.replace(/./g, (c) => `&#x${c.charCodeAt(0).toString(16)};`)],
    ['for a script', CANARY_TEXT.replace(/ /g, '\\x20')],
  ])('hides a text that is repeated %s', (_, repeated) => {
    const hidden = hideSecrets(`Content "${repeated}" is not allowed.`, [CANARY_TEXT]);
    expect(hidden).toBe('Content "[redacted]" is not allowed.');
  });

  it.each([
    ['Your code is 4711', 'bad code 4711!', 'bad code [redacted]!'],
    ['Your code is 123-456', 'bad code 123456', 'bad code [redacted]'],
    ['Your code is 123456', 'bad code 123 456', 'bad code [redacted]'],
    ['Your code is ١٢٣٤', 'bad code ١٢٣٤', 'bad code [redacted]'],
    ['Hi Bob', 'bad text hi-bob', 'bad text [redacted]'],
    ['Mei', 'variable Mei is wrong', 'variable [redacted] is wrong'],
    ['您的验证码是一二三四', '内容 您的验证码是一二三四', '内容 [redacted]'],
  ])('%s: short ones are found as words', (secret, text, hidden) => {
    expect(hideSecrets(text, [secret])).toBe(hidden);
  });

  it('leaves what only looks alike', () => {
    for (const text of ['Invalid MSISDN format', 'code 14711 of 2', 'a%zz &#99999999; \\u12', '', 'on']) {
      expect(hideSecrets(text, ['Your code is 4711', 'on', ''])).toBe(text);
    }
  });

  it('reads no more than it shows, in time that grows no faster than the secrets', () => {
    expect(hideSecrets('x'.repeat(100_000), []).length).toBe(2_000);
    const texts = Array.from(
      { length: 10_000 },
      (_, index) => `${CANARY_TEXT} ${index} ${'lorem ipsum '.repeat(10)}`,
    );
    expect(hideSecrets(CANARY_TEXT, texts)).toBe('[redacted]');
  });
});

describe('repeatsSecret', () => {
  const uuid = 'bda3d56d-1424-e711-813c-06ed3428fe67';

  it.each([
    ['an id that holds a code', 'req-471100-7', ['Your code is 471100'], true],
    ['an id that holds a number', 'sms_6591726354_1', ['6591726354'], true],
    ['an id with nothing of it', 'req-7', ['Your code is 471100', '6591726354'], false],
    ['a UUID with a group of it', uuid, ['Your code is 1424'], false],
    ['a UUID that a text repeats', uuid, ['nothing', `See ${uuid}.`], true],
    ['a UUID in capitals', uuid.toUpperCase(), ['Your code is 1424'], false],
    ['no secret at all', 'req-7', [], false],
  ])('%s', (_, id, secrets, expected) => {
    expect(repeatsSecret(id, secrets)).toBe(expected);
  });
});

describe('secretsIn', () => {
  it('finds every text but settings and ids', () => {
    const body = {
      text: 'a',
      source: 'TEAM',
      clientMessageId: 'id',
      templateVariables: { name: 'b', age: 7, yes: true, source: undefined },
      messages: [{ text: 'c', destination: '+65' }, null],
      deep: { deep: { deep: { deep: { deep: { deep: { deep: { text: 'd' } } } } } } },
    };
    expect([...secretsIn(body)]).toEqual(['a', 'b', '7', 'c']);
  });
});

describe('hideIn', () => {
  it('replaces a key in values and names, at every depth', () => {
    const shown = hideIn({ [CANARY_KEY]: [`x ${CANARY_KEY}`, 1, null, { a: CANARY_KEY }] }, CANARY_KEY);
    expect(shown).toEqual({ '[redacted]': ['x [redacted]', 1, null, { a: '[redacted]' }] });
  });

  it('leaves a value alone that holds no key', () => {
    const value = { a: ['x', 1, null, { b: 'y' }] };
    expect(hideIn(value, CANARY_KEY)).toBe(value);
  });
});
