/** Characters with which a spreadsheet begins a formula, and the full-width ones that some take for them. */
const BEGINS_FORMULA = /[=+\-@＝＋－＠]/;
/** Between one of the common separators and a formula a spreadsheet may skip these. */
const SKIPPED = /[\s"']/;
/** A tab or line break at the beginning of a cell is dropped by some, and what follows becomes the beginning. */
const DROPPED = /[\t\r\n]/;
const SEPARATOR = /[,;|\t\r\n]/;
const GUARD = "'";

/**
 * For each place of a text, and for its end: whether a formula would begin there if a cell did. Read from the end, so that
 * it takes time in proportion to the text.
 */
function formulaStarts(text: string): boolean[] {
  const starts = new Array<boolean>(text.length + 1).fill(false);
  for (let at = text.length - 1; at >= 0; at--) {
    const character = text[at] as string;
    starts[at] =
      BEGINS_FORMULA.test(character) ||
      DROPPED.test(character) ||
      (SKIPPED.test(character) && starts[at + 1] === true);
  }
  return starts;
}

function isCellStart(text: string, at: number): boolean {
  return at === 0 || SEPARATOR.test(text[at - 1] as string);
}

/**
 * A text that no spreadsheet runs as a formula, whatever it takes for the separator of the file: an apostrophe goes before
 * everything that would begin one, at the beginning and after each common separator. {@link unguardFormulas} takes exactly
 * these away.
 */
export function guardFormulas(text: string): string {
  const starts = formulaStarts(text);
  let guarded = '';
  for (let at = 0; at < text.length; at++) {
    guarded += isCellStart(text, at) && starts[at] === true ? GUARD + text[at] : text[at];
  }
  return guarded;
}

/** The text of before {@link guardFormulas}. */
export function unguardFormulas(guarded: string): string {
  const starts = formulaStarts(guarded);
  let text = '';
  for (let at = 0; at < guarded.length; at++) {
    const isGuard = guarded[at] === GUARD && starts[at + 1] === true && isCellStart(guarded, at);
    if (!isGuard) text += guarded[at];
  }
  return text;
}
