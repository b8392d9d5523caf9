import { lazily } from './lazily.ts';

const digitPattern = lazily(() => /\p{Nd}/u);
const otherDigitsPattern = lazily(() => /(?![0-9])\p{Nd}/gu);
/**
 * Zero-width characters, soft hyphens, direction marks, variation selectors, fillers: they result from copy and paste
 * and have no meaning in a number or a code. Unicode Standard 5.21, "Ignoring Characters in Processing".
 */
const invisiblePattern = lazily(() => /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu);

/** The value of a decimal digit of any script: Unicode orders the ten digits of a script from zero up. */
function asciiDigit(character: string): string {
  const codePoint = character.codePointAt(0) as number;
  let zero = codePoint;
  while (digitPattern().test(String.fromCodePoint(zero - 1))) zero -= 1;
  return String((codePoint - zero) % 10);
}

/** Writes the digits of other scripts, such as `٤٧` and `४७`, in ASCII. */
export function asciiDigits(text: string): string {
  return text.replace(otherDigitsPattern(), asciiDigit);
}

/** Full-width and styled forms as plain ones, without invisible characters. */
export function visibleText(raw: string): string {
  return raw.normalize('NFKC').replace(invisiblePattern(), '');
}

/** A code as a person typed or pasted it: digits of any script as ASCII, without surrounding space. */
export function typedCode(typed: string): string {
  return asciiDigits(visibleText(typed)).trim();
}
