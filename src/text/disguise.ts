import { lazily } from '../internal/lazily.ts';

/**
 * Invisible characters that no text for a person needs: overrides and isolates of direction (they can show a link backwards),
 * zero-width and filler characters, soft hyphens. Direction marks, joiners and tags of flags are left to the writing systems that
 * need them. Source: Unicode Technical Report 36, "Unicode Security Considerations".
 */
const HIDDEN =
  /\u034f|\u17b4|\u17b5|[\u00ad\u115f\u1160\u180e\u200b\u202a-\u202e\u2060-\u2064\u2066-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]/;

/** Letters of other alphabets that look like a Latin one. Source: Unicode Technical Standard 39, confusables.txt. */
const LOOK_ALIKE = /[АВЕКМНОРСТУХЅІЈԌԚԜаеорсухѕіјһԁԛԝӏΑΒΕΖΗΙΚΜΝΟΡΤΥΧανορυχγιϲϳ\u0561\u0585\u057d\u0578]/;
const wordPattern = lazily(() => /[\p{L}\p{M}]+/gu);

/** Whether a text holds a character that nobody sees and that may change what people read. */
export function holdsHiddenCharacter(text: string): boolean {
  return HIDDEN.test(text);
}

/** Whether a word mixes Latin letters with letters of another alphabet that look like them, as in a forged brand. */
export function holdsLookAlike(text: string): boolean {
  if (!LOOK_ALIKE.test(text)) return false;
  for (const [word] of text.matchAll(wordPattern())) {
    if (/[A-Za-z]/.test(word) && LOOK_ALIKE.test(word)) return true;
  }
  return false;
}
