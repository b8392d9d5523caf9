import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdsHiddenCharacter, holdsLookAlike } from '../../../src/text/disguise.ts';
import { findLinks } from '../../../src/text/links.ts';

const hostsIn = (text: string) => findLinks(text).map(({ host }) => host);

describe('the links of a text', () => {
  it.each<[string, readonly (string | undefined)[]]>([
    ['Your code is 4711', []],
    ['See https://example.com/a?b=c#d.', ['example.com']],
    ['HTTPS://EXAMPLE.COM:8443/', ['example.com']],
    ['https://example.com.', ['example.com']],
    ['(https://example.com)', ['example.com']],
    ['https:\\\\evil.example', ['evil.example']],
    ['www.anything', ['www.anything']],
    ['Track at example.com/t/1', ['example.com']],
    ['Hello...example.com!', ['example.com']],
    ['a.com,b.org;c.net', ['a.com', 'b.org', 'c.net']],
    ['x.y.zzz/path and and/or', ['x.y.zzz']],
    ['shop.sg:8080', ['shop.sg']],
    ['https://a.com/?next=https://evil.example', ['a.com', 'evil.example']],
    ['see evil.com,https://a.com', ['evil.com', 'a.com']],
    ['evil.comhttps://a.com', ['a.com']],
    ['-evil.com_', ['evil.com']],
    ['evil\uff0ecom and WWW\uff0eEVIL\uff61COM', ['evil.com', 'www.evil.com']],
    ['你好。再见', []],
    ['пример.рф', ['xn--e1afmkfd.xn--p1ai']],
    ['xn--pple-43d.xn--p1ai', ['xn--pple-43d.xn--p1ai']],
    ['myapp://open/4711', ['open']],
    ['://example.com', ['example.com']],
    ['https://', [undefined]],
    ['https://./', [undefined]],
    ['https://a b', ['a']],
    ['https://exa%mple.com', [undefined]],
    ['点击example.com查看', ['example.com']],
    ['มาที่example.comนะ', ['example.com']],
    ['予約はa.comかb.co.jpで', ['a.com', 'b.co.jp']],
    ['点击www.example查看', ['www.example']],
    ['1.2.3.4', ['1.2.3.4']],
    ['http://2130706433/ http://0x7f.1/ http://[::1]/', ['127.0.0.1', '127.0.0.1', '[::1]']],
  ])('%s', (text, hosts) => {
    expect(hostsIn(text)).toEqual(hosts);
  });

  it.each([
    'e.g. this, i.e. that, a.m. and p.m.',
    'Mr.Lee moved to St.John. Total 12.50 EUR',
    'Node.js v1.2.3 on 12.05.2026',
    '1.2.3.456',
    'Write to me@example.com or to first.last@example.com',
    'OK.Go',
    '共12.50元，版本v1.2.3版，联系me@example.com吧',
    '用Node.js写的',
    'Привет.Как дела',
    '@example.com #4711',
    'tel:+6591234567 mailto:me@example.com',
    '您好。谢谢',
    'and so on...',
  ])('are not in: %s', (text) => {
    expect(hostsIn(text)).toEqual([]);
  });

  it('know their place, and what is wrong with them', () => {
    expect(findLinks('Go to https://paypal.com@evil.com/x now')).toEqual([
      {
        start: 6,
        end: 35,
        scheme: 'https',
        host: 'evil.com',
        isPlain: true,
        isIpAddress: false,
        hasUser: true,
        isHidden: false,
      },
    ]);
    expect(findLinks('paypal.com@evil.com/x')).toMatchObject([{ host: 'evil.com', hasUser: true }]);
    expect(findLinks('https://аpple.com')).toMatchObject([{ host: 'xn--pple-43d.com', isPlain: false }]);
    expect(findLinks('https://xn--pple-43d.com')).toMatchObject([{ isPlain: false }]);
    expect(findLinks('ｅxample.com')).toMatchObject([{ host: 'example.com', isPlain: false }]);
    expect(findLinks('pay\u200dpal.com')).toMatchObject([{ host: 'paypal.com', isHidden: true }]);
  });

  it('are found wherever they stand between words', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z]{1,10}$/),
        fc.constantFrom('com', 'org', 'sg', 'io', 'shop'),
        fc.constantFrom(' ', '\n', '"', '(', '<', '，'),
        (name, ending, around) => {
          expect(hostsIn(`Hello${around}${name}.${ending}${around}there`)).toEqual([`${name}.${ending}`]);
          expect(hostsIn(`Hello${around}http://${name}/${around}there`)).toEqual([name]);
        },
      ),
    );
  });
});

describe('a disguise', () => {
  it.each([
    ['a direction override', 'abc\u202edef', true],
    ['an isolate', '\u2066abc\u2069', true],
    ['a zero-width space', 'a\u200bb', true],
    ['a soft hyphen', 'a\u00adb', true],
    ['a Hangul filler', '\u3164', true],
    ['a byte order mark', '\ufeffHello', true],
    ['an emoji of several', '👩‍👩‍👧 and 🏴󠁧󠁢󠁥󠁮󠁧󠁿', false],
    ['Persian with a joiner', 'می‌خواهم', false],
    ['Hebrew with a mark', 'שלום \u200fabc', false],
    ['plain text', 'Hello, é ü 你好', false],
  ])('with invisible characters: %s', (_, text, isHidden) => {
    expect(holdsHiddenCharacter(text)).toBe(isHidden);
  });

  it.each([
    ['Pаypal', true],
    ['Gооgle', true],
    ['Αmazon', true],
    ['Paypal', false],
    ['Привет, Paypal', false],
    ['IT-отдел', false],
    ['Größe Ωmega', false],
  ])('with look-alike letters: %s', (text, isAlike) => {
    expect(holdsLookAlike(text)).toBe(isAlike);
  });
});
