import { isGsm7 } from './gsm7.ts';
import { measureText, type TextEncoding } from './measure-text.ts';
import { transliterate } from './transliteration.ts';
import { replaceTypography } from './typography.ts';

/** The changes that the content guard may make to a text. */
export interface RewriteOptions {
  readonly replaceTypography?: boolean | 'to-save-parts' | undefined;
  readonly transliterate?: false | 'to-save-parts' | undefined;
}

/** The text as it is sent. `billed` turns it into what is charged, for example with short links at their length. */
export type Rewrite = (
  text: string,
  encoding?: 'AUTO' | TextEncoding,
  billed?: (text: string) => string,
) => string;

/** Changes nothing in a text that is GSM-7 already, or that would stay UCS-2. */
export function createRewrite(options: RewriteOptions): Rewrite {
  const changes = [
    ...(options.replaceTypography === 'to-save-parts' ? [replaceTypography] : []),
    ...(options.transliterate === 'to-save-parts' ? [transliterate] : []),
  ];
  return (given, encoding = 'AUTO', billed = (text) => text) => {
    const text = options.replaceTypography === true ? replaceTypography(given) : given;
    if (changes.length === 0 || isGsm7(text)) return text;
    const partsOf = (changed: string) => measureText(billed(changed), encoding).parts;
    const parts = partsOf(text);
    return changes.map((change) => change(text)).find((changed) => partsOf(changed) < parts) ?? text;
  };
}
