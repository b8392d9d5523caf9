import type { LanguageWords } from '../language-words.ts';
import { arabic, hindi, tamil } from './ar-hi-ta.ts';
import { english } from './en.ts';
import { french, german, spanish } from './fr-de-es.ts';
import { indonesian, malay } from './id-ms.ts';
import { dutch, italian, polish, turkish } from './it-nl-tr-pl.ts';
import { japanese, korean } from './ko-ja.ts';
import { portuguese, russian } from './pt-ru.ts';
import { tagalog, thai, vietnamese } from './th-vi-tl.ts';
import { simplifiedChinese, traditionalChinese } from './zh.ts';

/** Every language that has lists. A word of two languages belongs to the first of them. */
const ALL: readonly (() => LanguageWords)[] = [
  english,
  indonesian,
  malay,
  thai,
  vietnamese,
  tagalog,
  simplifiedChinese,
  traditionalChinese,
  french,
  german,
  spanish,
  portuguese,
  korean,
  arabic,
  hindi,
  tamil,
  russian,
  japanese,
  italian,
  dutch,
  turkish,
  polish,
];

let made: readonly LanguageWords[] | undefined;

/** The lists are made with their first use, because most processes read no reply. */
export function allLanguages(): readonly LanguageWords[] {
  made ??= ALL.map((words) => words());
  return made;
}
