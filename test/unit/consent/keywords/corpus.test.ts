import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { KeywordMatch } from '../../../../src/consent/keywords/keyword-match.ts';
import { allLanguages } from '../../../../src/consent/keywords/languages/index.ts';
import { createKeywordReader } from '../../../../src/consent/keywords/read-keyword.ts';
import type { Answer, Meaning } from './corpus/answer.ts';
import { asianAnswers } from './corpus/asia.ts';
import { englishAnswers } from './corpus/english.ts';
import { europeanAnswers } from './corpus/europe.ts';

const LANGUAGES = allLanguages();

const answers: readonly Answer[] = [...englishAnswers, ...asianAnswers, ...europeanAnswers];
const read = createKeywordReader();
const results = answers.map((answer) => ({ ...answer, kind: read(answer.text, answer.country).kind }));
type Result = (typeof results)[number];

const wantsOut = ({ meaning }: Answer) => meaning === 'stop' || meaning === 'leave';
const isSeen = ({ kind }: Result) => kind === 'opt-out' || kind === 'possible-opt-out';
const percent = (part: number, whole: number) =>
  whole === 0 ? '–' : `${Math.round((100 * part) / whole)} %`;

/** One line of the table in docs/keywords.md. */
function row(name: string, some: readonly Result[]): string {
  const wanting = some.filter(wantsOut);
  const acted = some.filter(({ kind }) => kind === 'opt-out');
  const seen = some.filter(isSeen);
  return [
    '',
    name,
    some.length,
    wanting.length,
    percent(wanting.filter(isSeen).length, wanting.length),
    percent(acted.filter(wantsOut).length, acted.length),
    percent(seen.filter(wantsOut).length, seen.length),
    '',
  ]
    .join(' | ')
    .trim();
}

const table = [
  ...LANGUAGES.map(({ language }) =>
    row(
      `\`${language}\``,
      results.filter((result) => result.language === language),
    ),
  ),
  row('all', results),
];

describe('400 answers and more, by language', () => {
  it('are enough, of every language', () => {
    expect(answers.length).toBeGreaterThanOrEqual(400);
    for (const { language } of LANGUAGES) {
      const some = answers.filter((answer) => answer.language === language);
      expect(some.length, language).toBeGreaterThanOrEqual(20);
    }
    expect(new Set(answers.map(({ language, text }) => `${language} ${text}`)).size).toBe(answers.length);
  });

  it('have the precision and recall that the documents say', () => {
    const documented = readFileSync(new URL('../../../../docs/keywords.md', import.meta.url), 'utf8').split(
      '\n',
    );
    expect(documented.filter((line) => table.includes(line))).toEqual(table);
  });

  it('nobody who wants to be left alone is passed over', () => {
    expect(results.filter((result) => wantsOut(result) && !isSeen(result))).toEqual([]);
  });

  it('nobody is opted out by what they say in passing', () => {
    expect(results.filter((result) => result.kind === 'opt-out' && !wantsOut(result))).toEqual([]);
  });

  it('the words that senders name act in every language that a native speaker has read', () => {
    const acting = LANGUAGES.filter(({ acts }) => acts).map(({ language }) => language);
    const stops = results.filter(({ meaning, language }) => meaning === 'stop' && acting.includes(language));
    expect(stops.filter(({ kind }) => kind !== 'opt-out')).toEqual([]);
  });

  it('the other kinds are told apart', () => {
    const kinds: Partial<Record<Meaning, KeywordMatch['kind']>> = {
      start: 'opt-in',
      yes: 'confirm',
      help: 'help',
      reaction: 'reaction',
    };
    expect(
      results.filter(({ meaning, kind }) => kinds[meaning] !== undefined && kinds[meaning] !== kind),
    ).toEqual([]);
  });
});
