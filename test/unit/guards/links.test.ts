import { describe, expect, it } from 'vitest';
import type { OutgoingMessage } from '../../../src/guards/guard.ts';
import { createLinksGuard, type LinksGuardOptions, linksField } from '../../../src/guards/links.ts';
import { validate } from '../../../src/schema.ts';
import { NOON } from '../../support/fake-clock.ts';
import { messageOf } from '../../support/outgoing-message.ts';

function reasonFor(text: string, options: LinksGuardOptions = {}, placeholders?: readonly string[]) {
  const message = messageOf({ text, ...(placeholders && { placeholders }) });
  return createLinksGuard(options).check?.(message, NOON)?.reason;
}

describe('every link', () => {
  it.each<[string, string | undefined]>([
    ['Your code is 4711', undefined],
    ['See https://shop.example.com/a', undefined],
    ['See https://bit.ly/x', 'link-shortener'],
    ['See tinyurl.com/x', 'link-shortener'],
    ['See www.bit.ly/x', 'link-shortener'],
    ['See https://team.short.gy/x', 'link-shortener'],
    ['See https://notbit.ly/x', undefined],
    ['点击reurl.cc查看', 'link-shortener'],
    ['See https://аpple.com', 'look-alike-host'],
    ['See https://xn--pple-43d.com', 'look-alike-host'],
    ['See пример.рф', 'look-alike-host'],
    ['See http://1.2.3.4/', 'address-link'],
    ['See http://[::1]/', 'address-link'],
    ['See https://a.com@b.com', 'user-in-link'],
    ['See https://localhost/', 'malformed-link'],
    ['See https://exa%mple.com', 'malformed-link'],
    ['See myapp://open', undefined],
    ['See exam\u200dple.com', 'hidden-character'],
    ['Hello \u202emoc.live', 'hidden-character'],
    ['Your Pаypal account', 'look-alike-character'],
  ])('without a list: %s → %s', (text, reason) => {
    expect(reasonFor(text)).toBe(reason);
  });

  it.each<[string, string | undefined]>([
    ['example.com', undefined],
    ['https://EXAMPLE.com:8443/a', undefined],
    ['https://a.example.com', 'link-not-allowed'],
    ['https://a.b.wide.example', undefined],
    ['https://wide.example', 'link-not-allowed'],
    ['https://notwide.example', 'link-not-allowed'],
    ['https://evilexample.com', 'link-not-allowed'],
    ['https://example.com.evil.com', 'link-not-allowed'],
    ['https://bit.ly/x', undefined],
    ['https://t.co/x', 'link-shortener'],
    ['点击evil.com查看', 'link-not-allowed'],
    ['点击example.com查看', undefined],
    ['https://пример.рф', undefined],
    ['https://xn--e1afmkfd.xn--p1ai', undefined],
    ['http://127.0.0.1/', undefined],
    ['http://2130706433/', undefined],
    ['http://127.0.0.2/', 'address-link'],
    ['https://localhost/', undefined],
    ['https://me@example.com', 'user-in-link'],
    ['https://example.com/?next=https://evil.com', 'link-not-allowed'],
    ['myapp://open', undefined],
    ['other://open', 'link-not-allowed'],
  ])('with a list: %s → %s', (text, reason) => {
    const allow = [
      'Example.com',
      '*.wide.example',
      'bit.ly',
      'пример.рф',
      '127.0.0.1',
      'localhost',
      'myapp://',
    ];
    expect(reasonFor(`See ${text}`, { allow })).toBe(reason);
  });

  it('is refused with an empty list, and email addresses are none', () => {
    expect(reasonFor('See example.com', { allow: [] })).toBe('link-not-allowed');
    expect(reasonFor('Write to me@example.com', { allow: [] })).toBeUndefined();
  });

  it('may be short, and words may mix alphabets, when it is told so', () => {
    expect(reasonFor('https://bit.ly/x', { refuseShorteners: false })).toBeUndefined();
    expect(reasonFor('https://bit.ly/x', { refuseShorteners: false, allow: [] })).toBe('link-not-allowed');
    expect(reasonFor('Pаypal', { refuseLookAlikes: false })).toBeUndefined();
    expect(reasonFor('https://аpple.com', { refuseLookAlikes: false })).toBe('look-alike-host');
  });

  it('that 8x8 makes for a survey passes', () => {
    const links = 'Hi {{name}}: {{url}} {{url:a:b}} {{url:https://8x8.com}}';
    expect(reasonFor(links, { allow: [] }, ['name'])).toBeUndefined();
    expect(reasonFor(`${links} evil.com`, { allow: [] }, ['name'])).toBe('link-not-allowed');
    expect(reasonFor('https://{{name}}.com', {}, [])).toBe('malformed-link');
  });

  it('is named by its place and not by its host', () => {
    const refusal = createLinksGuard({ allow: [] }).check?.(messageOf({ text: 'See evil.com' }), NOON);
    expect(refusal?.message).toMatch(/^The link at character 5 /);
    expect(JSON.stringify(refusal)).not.toContain('evil');
  });
});

it('looks at nothing in a message without a text', () => {
  const { content: _, ...message } = messageOf();
  expect(createLinksGuard({ allow: [] }).check?.(message as OutgoingMessage, NOON)).toBeUndefined();
});

describe('the options', () => {
  it.each([
    'example.com',
    '*.example.com',
    'EXAMPLE.com',
    'пример.рф',
    'localhost',
    '10.0.0.1',
    '[::1]',
    'myapp://',
  ])('take %s', (host) => {
    expect(validate(linksField, { allow: [host] })).toBeUndefined();
  });

  it.each([
    ...[
      'https://example.com',
      'example.com/a',
      'example.com:80',
      'me@example.com',
      '*',
      '*.',
      'a b',
      '',
      '*.*.com',
    ],
    ...['exa%mple.com', 'a,b', `${'a'.repeat(254)}.com`, 'MyApp://x'],
  ])('do not take %j', (host) => {
    expect(validate(linksField, { allow: [host] })?.path).toBe('allow[0]');
  });
});
