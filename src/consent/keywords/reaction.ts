import { lazily } from '../../internal/lazily.ts';
import { allLanguages } from './languages/index.ts';
import { splitWords } from './split-words.ts';

const QUOTE = /["\u201c-\u201f\u00ab\u00bb\u2039\u203a\u300c-\u300f\uff02\u2033]/;
/** A quotation mark only at the edge of a word: inside of one it is an apostrophe. */
const SINGLE_QUOTE = /['\u2018-\u201b]/;
const letterPattern = lazily(() => /\p{L}/u);
const emojiPattern = lazily(
  () => /(?:\p{Extended_Pictographic}|\p{Regional_Indicator}|\p{Emoji_Modifier})+/gu,
);
const invisiblePattern = lazily(() => /\p{Default_Ignorable_Code_Point}/gu);
/** Replaces an emoji among words. */
const EMOJI_WORD = 'emojiword';
/** The longest words around a quotation, in UTF-16 code units. */
const MAX_EDGE = 80;
/** Google Messages marks a reaction in any language by hair spaces, with zero-width spaces around the emoji. */
const GOOGLE_MARKS = /^\u200a[^\u200a]{0,40}[\u200b\u200c]/u;

interface Forms {
  /** Words before a quotation and words after it. */
  readonly around: ReadonlySet<string>;
  /** Whole messages about something that was no text. */
  readonly whole: ReadonlySet<string>;
}

let known: Forms | undefined;

function keyOf(text: string): string {
  const words = splitWords(text.replace(invisiblePattern(), '').replace(emojiPattern(), ` ${EMOJI_WORD} `));
  return words.map(({ plain }) => plain).join(' ');
}

function readForms(): Forms {
  const around = new Set<string>();
  const whole = new Set<string>();
  for (const { reactions } of allLanguages()) {
    if (reactions === undefined) continue;
    const things = reactions.things?.split(',') ?? [];
    for (const form of reactions.forms.replaceAll('#', ` ${EMOJI_WORD} `).split(',')) {
      const [before = '', after = ''] = form.split('…');
      around.add(`${keyOf(before)}…${keyOf(after)}`);
      for (const thing of things) whole.add(keyOf(`${before} ${thing} ${after}`));
    }
  }
  return { around, whole };
}

/** Positions of the quotation marks between two positions of a text. */
function quotesIn(text: string, from: number, to: number): number[] {
  const found: number[] = [];
  for (let at = from; at < to; at++) {
    const isEdge = !letterPattern().test(text[at - 1] ?? ' ') || !letterPattern().test(text[at + 1] ?? ' ');
    const character = text[at] as string;
    if (QUOTE.test(character) || (isEdge && SINGLE_QUOTE.test(character))) found.push(at);
  }
  return found;
}

/**
 * Whether a message is a reaction to another one, as iOS and Android write it out for phones without reactions: `Liked “…”`,
 * `👍 to “…”`. It quotes a message that was sent to the person, so the person says none of its words.
 */
export function isReaction(message: string): boolean {
  if (GOOGLE_MARKS.test(message) && message.endsWith('\u200a')) return true;
  const text = message.trim();
  known ??= readForms();
  if (text.length <= MAX_EDGE && known.whole.has(keyOf(text))) return true;
  const starts = quotesIn(text, 0, Math.min(text.length, MAX_EDGE));
  if (starts.length === 0) return false;
  const ends = quotesIn(text, Math.max(0, text.length - MAX_EDGE), text.length);
  const tails = new Map([
    // Cut off by a phone: the quotation has no end.
    ...(ends.length < 2 && text.length > MAX_EDGE ? [[text.length, ''] as const] : []),
    ...ends.map((end) => [end, keyOf(text.slice(end))] as const),
  ]);
  return starts.some((start) => {
    const head = keyOf(text.slice(0, start));
    return [...tails].some(([end, tail]) => end > start && known?.around.has(`${head}…${tail}`));
  });
}
