/** A run of digits inside a text. */
interface Run {
  readonly digits: string;
  readonly start: number;
  readonly end: number;
}

/** Reads a piece of a text: the key of the person, or undefined when the piece is not a valid number. */
type ReadPiece = (piece: string) => number | undefined;

/** A longer tail may also be a group, and is checked against the groups around it. */
const MAX_SHORT_TAIL = 2;
/** Longest group that people write inside a number: `12345 67890`. A longer run is a number written in one piece. */
const MAX_GROUP = 5;
/** The shortest numbers of all plans, without calling code (Tokelau, Tristan da Cunha). */
const MIN_HEAD_DIGITS = 4;
const PLAIN_SEPARATOR = /^[ .-]+$/;
/** `1. 0812 …`, `(2) 0812 …`, `3 0812 …`: an index in a list. */
const PLACE_IN_LIST = /^(?:\d|\(?\d{1,2}[.):/-]{1,3}) {1,8}(?=\D{0,64}\d)/;

function countDigits(text: string): number {
  return text.replace(/\D/g, '').length;
}

function splitRuns(text: string): readonly Run[] {
  return Array.from(text.matchAll(/\d+/g), ({ 0: digits, index }) => ({
    digits,
    start: index,
    end: index + digits.length,
  }));
}

/** The text between this run and the one before it. */
function separatorAt(text: string, runs: readonly Run[], place: number): string | undefined {
  const [before, after] = [runs[place - 1], runs[place]];
  return before === undefined || after === undefined ? undefined : text.slice(before.end, after.start);
}

/**
 * Whether the grouping of a number continues across this gap: the same separator as before, groups of a usual size,
 * pairs beside pairs; at the first gap, enough digits after it.
 */
function isGroupingContinued(text: string, runs: readonly Run[], place: number): boolean {
  const separator = separatorAt(text, runs, place);
  if (separator === undefined || !PLAIN_SEPARATOR.test(separator)) return false;
  const [before, after, next] = [runs[place - 1], runs[place], runs[place + 1]];
  if (before === undefined || before.digits.length > MAX_GROUP || after === undefined) return false;
  if (place === 1)
    return before.digits.length <= MIN_HEAD_DIGITS && countDigits(text.slice(after.start)) >= MIN_HEAD_DIGITS;
  if (separator !== separatorAt(text, runs, place - 1)) return false;
  if (after.digits.length > MAX_SHORT_TAIL) return true;
  const isPair = (run: Run | undefined) => run?.digits.length === 2;
  const isBeforePair = isPair(next) && separator === separatorAt(text, runs, place + 1);
  return isPair(after) && (isPair(before) || isBeforePair);
}

/**
 * Whether digits are separate from a number: the `.0` of a spreadsheet, `/ 9`, `(2)`, `-8`, an extension, an index in
 * a list. A parser reads them as digits of the number, which may then belong to another person.
 *
 * @param text cleaned, with `-` for every dash and a blank for every space
 * @param whole the result of `read` for the whole text
 * @example holdsSeparateDigits('+62812345678.0', 628123456780, read) // true
 * @example holdsSeparateDigits('+62 812-345-6780', 628123456780, read) // false
 */
export function holdsSeparateDigits(text: string, whole: number | undefined, read: ReadPiece): boolean {
  const place = PLACE_IN_LIST.exec(text);
  if (place !== null) {
    const rest = read(text.slice(place[0].length));
    if (rest !== undefined && rest !== whole) return true;
  }
  const runs = splitRuns(text);
  for (let index = runs.length - 1; index >= 1; index -= 1) {
    const [before, after] = [runs[index - 1] as Run, runs[index] as Run];
    const head = text.slice(0, before.end);
    if (countDigits(head) < MIN_HEAD_DIGITS) return false;
    const isContinued = isGroupingContinued(text, runs, index);
    if (isContinued && whole !== undefined) continue;
    const isShort = !isContinued && countDigits(text.slice(after.start)) <= MAX_SHORT_TAIL;
    if (isShort && (whole === undefined || before.digits.length > MAX_GROUP)) return true;
    if (read(head) !== undefined) return true;
  }
  return false;
}
