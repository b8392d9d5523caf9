import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KEYWORD_LANGUAGES, OURS } from '../../../../src/consent/keywords/language-words.ts';
import { allLanguages } from '../../../../src/consent/keywords/languages/index.ts';
import { builtInIndex, readKeyword } from '../../../../src/consent/keywords/read-keyword.ts';
import { splitWords } from '../../../../src/consent/keywords/split-words.ts';

const LANGUAGES = allLanguages();

const keyOf = (word: string) =>
  splitWords(word)
    .map(({ plain }) => plain)
    .join(' ');
const split = (words = '') => (words === '' ? [] : words.split(','));
const written = (word: string) => word.replace(/^!/, '');
const words = LANGUAGES.flatMap(({ language, acts, lists }) =>
  lists.flatMap((list) =>
    split(list.words).map((word) => ({ ...list, word: written(word), language, acts })),
  ),
);
const languages = LANGUAGES.map(({ language }) => language);

it('every language of the options has lists', () => {
  expect(languages).toEqual(KEYWORD_LANGUAGES);
});

const UNREAD = ['pt', 'ko', 'ar', 'hi', 'ta', 'ru', 'ja', 'it', 'nl', 'tr', 'pl'];

describe('the words', () => {
  it.each(words)('$language $kind: $word', ({ kind, word }) => {
    const shared = words.filter((other) => keyOf(other.word) === keyOf(word));
    const strongest = shared.find(({ acts }) => acts) ?? shared[0];
    const expected = strongest?.acts === true ? kind : 'possible-opt-out';
    expect(readKeyword(word)).toEqual({
      kind: expected,
      word: strongest?.word,
      language: strongest?.language,
    });
    expect(readKeyword(word.toLowerCase()).kind).toBe(expected);
  });

  it('counts a Vietnamese word that only its accents tell from others only with its accents', () => {
    expect(readKeyword('DỪNG')).toEqual({ kind: 'opt-out', word: 'DỪNG', language: 'vi' });
    expect(readKeyword('dung').kind).toBe('possible-opt-out');
    expect(readKeyword('đúng').kind).toBe('none');
  });

  it.each(LANGUAGES.flatMap(({ courtesy }) => split(courtesy)))('courtesy, and alone nothing: %s', (word) => {
    const alone = word === 'STP' ? 'possible-opt-out' : 'none';
    expect(readKeyword(word).kind).toBe(alone);
    expect(readKeyword(`${word}, STOP`).kind).toBe('opt-out');
    expect(readKeyword(`STOP ${word}`).kind).toBe('opt-out');
  });

  it.each(LANGUAGES.flatMap(({ phrases }) => split(phrases)))('wording, never acted on: %s', (word) => {
    expect(readKeyword(word).kind).toBe('possible-opt-out');
    expect(readKeyword(`zzqx ${word} 123`).kind).toBe('possible-opt-out');
  });

  it.each(LANGUAGES.flatMap(({ alone }) => split(alone)))(
    'a possible opt-out when it stands alone: %s',
    (word) => {
      expect(['possible-opt-out', 'opt-out']).toContain(readKeyword(word).kind);
    },
  );

  it('names a page or "ours" for each list', () => {
    for (const { lists, reactions } of LANGUAGES) {
      for (const { source } of [...lists, ...(reactions === undefined ? [] : [reactions])]) {
        expect(source === OURS || URL.canParse(source), source).toBe(true);
      }
    }
  });

  it('acts in no language that no native speaker has read, and knows only opt-outs of it', () => {
    const unread = LANGUAGES.filter(({ acts }) => !acts);
    expect(unread.map(({ language }) => language).sort()).toEqual(UNREAD.toSorted());
    for (const { lists } of unread)
      expect(new Set(lists.map(({ kind }) => kind))).toEqual(new Set(['opt-out']));
  });

  it('has opt-out, opt-in, yes and help in every other language', () => {
    for (const language of languages.filter((each) => !UNREAD.includes(each))) {
      const kinds = new Set(words.filter((word) => word.language === language).map(({ kind }) => kind));
      expect([...kinds].sort(), language).toEqual(['confirm', 'help', 'opt-in', 'opt-out']);
    }
  });

  it('are all in the documents, with their use and source', () => {
    const documented = readFileSync(new URL('../../../../docs/keywords.md', import.meta.url), 'utf8').split(
      '\n',
    );
    const rows = LANGUAGES.flatMap(({ language, lists }) =>
      lists.map(({ kind, use = 'clear', words: listed, source }) => {
        const page = source === OURS ? OURS : `[page](${source})`;
        return `| \`${language}\` | ${kind} | ${split(listed).map(written).join(', ')} | ${use} | ${page} |`;
      }),
    );
    expect(documented.filter((line) => rows.includes(line))).toEqual(rows);
  });

  it('has no word in two kinds', () => {
    const kinds = new Map<string, string>();
    for (const { kind, word } of words) {
      expect(kinds.get(keyOf(word)) ?? kind, word).toBe(kind);
      kinds.set(keyOf(word), kind);
    }
  });

  it('compares misspelt words with every opt-out of one word', () => {
    const optOuts = builtInIndex().optOuts.map(({ plain }) => plain);
    expect(optOuts).toEqual(
      expect.arrayContaining(['stop', 'unsubscribe', 'desabonnement', 'berhenti', 'стоп']),
    );
  });

  it.each([
    'stop quit end revoke cancel unsubscribe', // 47 CFR 64.1200(a)(10)
    'STOP UNSUBSCRIBE END QUIT STOPALL REVOKE OPTOUT CANCEL', // Twilio
    'ARRET CANCEL END OPT-OUT OPTOUT QUIT REMOVE STOP TD UNSUBSCRIBE', // AWS
    'STOP STOPALL UNSUBSCRIBE CANCEL END QUIT', // Telnyx
  ])('knows every word of a published list: %s', (list) => {
    for (const word of [...list.split(' '), 'opt out', 'STOP ALL']) {
      expect(readKeyword(word).kind, word).toBe('opt-out');
    }
  });

  it('leaves ordinary answers alone', () => {
    for (const word of ['no', 'nope', 'ok', 'T', 'N', 'R', 'later', 'confirm', 'please confirm', '1', 'đúng'])
      expect(readKeyword(word), word).toEqual({ kind: 'none' });
  });
});
