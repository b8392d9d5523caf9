import { describe, expect, it } from 'vitest';
import { builtInIndex } from '../../../../src/consent/keywords/keyword-index.ts';
import {
  ACCENTED_OPT_OUTS,
  CLEAR_PHRASES,
  keywordLists,
  POLITE_WORDS,
} from '../../../../src/consent/keywords/keyword-lists.ts';
import { readKeyword } from '../../../../src/consent/keywords/read-keyword.ts';
import { splitWords } from '../../../../src/consent/keywords/split-words.ts';

const LANGUAGES = ['en', 'id', 'ms', 'th', 'vi', 'tl', 'zh-Hans', 'zh-Hant', 'fr', 'de', 'es'];
const KINDS = ['opt-out', 'opt-in', 'confirm', 'help'];
const keyOf = (word: string) =>
  splitWords(word)
    .map(({ plain }) => plain)
    .join(' ');
const words = keywordLists().flatMap((list) => list.words.split(',').map((word) => ({ ...list, word })));

describe('the words', () => {
  it.each(words)('$language $kind: $word', ({ language, kind, word }) => {
    const shared = words.filter((other) => keyOf(other.word) === keyOf(word));
    expect(readKeyword(word)).toEqual({ kind, word: shared[0]?.word, language: shared[0]?.language });
    expect(shared.map((other) => other.language)).toContain(language);
    expect(readKeyword(word.toLowerCase()).kind).toBe(kind);
  });

  it.each(ACCENTED_OPT_OUTS.split(','))('vi opt-out, with its accents: %s', (word) => {
    expect(readKeyword(word)).toEqual({ kind: 'opt-out', word, language: 'vi' });
    expect(readKeyword(keyOf(word)).kind).toBe('possible-opt-out');
  });

  it.each(POLITE_WORDS.split(','))('polite, and alone nothing: %s', (word) => {
    expect(readKeyword(word)).toEqual({ kind: 'none' });
    expect(readKeyword(`${word}, STOP`).kind).toBe('opt-out');
    expect(readKeyword(`STOP ${word}`).kind).toBe('opt-out');
  });

  it.each(CLEAR_PHRASES.split(','))('a phrase, never acted on: %s', (word) => {
    expect(readKeyword(word)).toEqual({ kind: 'possible-opt-out', word });
    expect(readKeyword(`hey ${word} 123`)).toEqual({ kind: 'possible-opt-out', word });
  });

  it('has opt-out, opt-in, yes and help in every language, and a page or "ours" for each list', () => {
    for (const language of LANGUAGES) {
      const kinds = new Set(words.filter((word) => word.language === language).map(({ kind }) => kind));
      expect([...kinds].sort(), language).toEqual([...KINDS].sort());
    }
    for (const { source } of keywordLists()) expect(source === 'ours' || URL.canParse(source)).toBe(true);
  });

  it('has no word in two kinds', () => {
    const kinds = new Map<string, string>();
    for (const { kind, word } of words) {
      expect(kinds.get(keyOf(word)) ?? kind, word).toBe(kind);
      kinds.set(keyOf(word), kind);
    }
    const others = [...POLITE_WORDS.split(','), ...CLEAR_PHRASES.split(',')];
    expect(others.filter((word) => kinds.has(keyOf(word)))).toEqual([]);
  });

  it('hides no opt-out word at the start of a longer entry', () => {
    const entries = [...builtInIndex().entries];
    const optOuts = entries.filter(([, { kind }]) => kind === 'opt-out').map(([key]) => `${key} `);
    const others = entries
      .filter(([, { kind }]) => kind !== 'opt-out' && kind !== 'phrase')
      .map(([key]) => key);
    expect(others.filter((key) => optOuts.some((start) => key.startsWith(start)))).toEqual([]);
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
