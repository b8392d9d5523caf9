import { describe, expect, it } from 'vitest';
import { measureText } from '../../../src/text/measure-text.ts';
import { createRewrite, type RewriteOptions } from '../../../src/text/rewrite.ts';

const SAVE = 'to-save-parts';
const at = (length: number, text: string) => text + 'a'.repeat(length - text.length);

describe('createRewrite', () => {
  it.each<[RewriteOptions, string, string]>([
    [{}, at(71, '’'), at(71, '’')],
    [{ replaceTypography: true }, at(10, '’'), at(10, "'")],
    [{ replaceTypography: SAVE }, at(70, '’'), at(70, '’')],
    [{ replaceTypography: SAVE }, at(71, '’'), at(71, "'")],
    [{ replaceTypography: SAVE }, at(71, 'ç’'), at(71, 'ç’')],
    [{ transliterate: SAVE }, at(70, 'ç’'), at(70, 'ç’')],
    [{ transliterate: SAVE }, at(71, 'ç’'), at(71, "c'")],
    [{ transliterate: SAVE }, at(71, '’'), at(71, "'")],
    [{ replaceTypography: SAVE, transliterate: SAVE }, at(71, 'ç’'), at(71, "c'")],
    [{ replaceTypography: true, transliterate: SAVE }, at(70, 'ç’'), at(70, 'ç’')],
    [{ replaceTypography: true, transliterate: SAVE }, at(71, 'ç’'), at(71, "c'")],
    [{ transliterate: SAVE }, at(200, 'ç👍'), at(200, 'ç👍')],
    [{ transliterate: SAVE }, at(200, 'a'), at(200, 'a')],
    [{ transliterate: false, replaceTypography: false }, at(71, '’'), at(71, '’')],
  ])('with %j', (options, text, expected) => {
    expect(createRewrite(options)(text)).toBe(expected);
  });

  it('changes nothing where the replacement is longer than what it saves', () => {
    // Two parts either way: 70 UTF-16 units fit in one, 200 septets need two.
    const text = `${'…'.repeat(45)}${'a'.repeat(25)}b`;
    expect(measureText(text).parts).toBe(2);
    expect(createRewrite({ replaceTypography: true })(text)).toHaveLength(161);
    expect(createRewrite({ replaceTypography: SAVE })(text)).toBe(text);
  });

  it('looks at the encoding: only AUTO has parts to save', () => {
    const rewrite = createRewrite({ transliterate: SAVE });
    const text = at(71, 'ç');
    expect([rewrite(text, 'UCS2'), rewrite(text, 'GSM7'), rewrite(text, 'AUTO')]).toEqual([
      text,
      text,
      at(71, 'c'),
    ]);
  });

  it('counts what is billed', () => {
    const rewrite = createRewrite({ transliterate: SAVE });
    const billed = (text: string) => text.replace('{link}', 'x'.repeat(30));
    expect(rewrite(at(50, 'ç{link}'))).toBe(at(50, 'ç{link}'));
    expect(rewrite(at(50, 'ç{link}'), 'AUTO', billed)).toBe(at(50, 'c{link}'));
  });
});
