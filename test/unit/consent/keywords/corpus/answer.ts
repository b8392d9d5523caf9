import type { KeywordLanguage } from '../../../../../src/consent/keywords/language-words.ts';

/**
 * What a person means with an answer.
 *
 * - `stop`: an opt-out in the words that senders name.
 * - `leave`: asks to be left alone in other words, or misspelt.
 * - `talk`: anything else, also with opt-out words in it.
 * - `start`, `yes`, `help`: the other keywords.
 * - `reaction`: a phone's report of a reaction.
 */
export type Meaning = 'stop' | 'leave' | 'talk' | 'start' | 'yes' | 'help' | 'reaction';

export interface Answer {
  readonly language: KeywordLanguage;
  /** Of the number; makes words of its languages ordinary. */
  readonly country: string;
  readonly meaning: Meaning;
  readonly text: string;
}

/** Reads answers of one language, one a line after the meaning that they share. */
export function answersOf(
  language: KeywordLanguage,
  country: string,
  texts: Partial<Record<Meaning, string>>,
): readonly Answer[] {
  return Object.entries(texts).flatMap(([meaning, lines]) =>
    lines
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => ({ language, country, meaning: meaning as Meaning, text })),
  );
}
