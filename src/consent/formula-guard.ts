/** Characters with which a spreadsheet begins a formula, and the full-width ones that some take for them. */
const BEGINS_FORMULA = /[=+\-@＝＋－＠]/;
/** A spreadsheet may skip these between a separator and a formula. */
const SKIPPED = /[\s"']/;
/** Some programs drop a tab or line break at the start of a cell, so that the rest becomes the start. */
const DROPPED = /[\t\r\n]/;
const SEPARATOR = /[,;|\t\r\n]/;
const GUARD = "'";

/**
 * For each position of a text, whether a formula would begin there if a cell did. Computed from the end, in time proportional
 * to the text.
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
 * Protects a text so that no spreadsheet runs it as a formula, whatever separator it assumes: an apostrophe goes before
 * everything that would begin one, at the start and after each common separator. {@link unguardFormulas} removes exactly these.
 */
export function guardFormulas(text: string): string {
  const starts = formulaStarts(text);
  let guarded = '';
  for (let at = 0; at < text.length; at++) {
    guarded += isCellStart(text, at) && starts[at] === true ? GUARD + text[at] : text[at];
  }
  return guarded;
}

/** Restores the text from before {@link guardFormulas}. */
export function unguardFormulas(guarded: string): string {
  const starts = formulaStarts(guarded);
  let text = '';
  for (let at = 0; at < guarded.length; at++) {
    const isGuard = guarded[at] === GUARD && starts[at + 1] === true && isCellStart(guarded, at);
    if (!isGuard) text += guarded[at];
  }
  return text;
}
