/** The error of a malformed file. Its message contains nothing from the file. */
export class CsvError extends Error {}

/**
 * Longest row: the text of an export has at most 1,530 characters. A longer row means an unclosed quote, or a file
 * that is not CSV.
 */
const MAX_ROW_CHARACTERS = 1_000_000;
const QUOTE = '"'.charCodeAt(0);
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
/** A file without a line feed in its first characters has none: spreadsheets on a Mac write carriage returns alone. */
const MAX_HEADING_CHARACTERS = 100_000;

type Newline = '\n' | '\r\n' | '\r';
type Row = readonly string[];

/** The characters that end a cell and a row. */
interface Dialect {
  /** One of these ends a row. */
  readonly newlines: readonly Newline[];
  /** Character code of the delimiter. */
  readonly delimiter: number;
}

/** The line break at this place; undefined when there is none. */
function newlineAt(text: string, index: number, { newlines }: Dialect): Newline | undefined {
  const code = text.charCodeAt(index);
  if (code !== LINE_FEED && code !== CARRIAGE_RETURN) return undefined;
  return newlines.find((newline) => text.startsWith(newline, index));
}

/** Whether a character ends a cell: a delimiter or a line break. */
function isBorder(text: string, index: number, dialect: Dialect): boolean {
  return text.charCodeAt(index) === dialect.delimiter || newlineAt(text, index, dialect) !== undefined;
}

function isWhiteSpace(code: number): boolean {
  return (code <= 0x20 || code > 0x7f) && /\s/.test(String.fromCharCode(code));
}

function findBorder(text: string, start: number, dialect: Dialect): number {
  let index = start;
  while (index < text.length && !isBorder(text, index, dialect)) index += 1;
  return index;
}

function skipWhiteSpace(text: string, start: number, dialect: Dialect): number {
  let index = start;
  while (isWhiteSpace(text.charCodeAt(index)) && !isBorder(text, index, dialect)) index += 1;
  return index;
}

/**
 * Index of the quote that closes a cell: after it comes the end of the cell, possibly after white space, or the end
 * of the file. Any other quote, unless doubled, is part of the cell. Undefined when no quote closes it.
 */
function findClosingQuote(text: string, start: number, dialect: Dialect, isEnd: boolean): number | undefined {
  for (let index = start; index < text.length; index += 1) {
    if (text.charCodeAt(index) !== QUOTE) continue;
    if (text.charCodeAt(index + 1) === QUOTE) {
      index += 1;
      continue;
    }
    if (isEnd && index + 1 === text.length) return index;
    if (isBorder(text, skipWhiteSpace(text, index + 1, dialect), dialect)) return index;
  }
  return undefined;
}

function isNotEmpty(row: Row): boolean {
  return row.length > 1 || row[0] !== '';
}

/** Reads the complete rows at the start of a text, and the number of characters they occupy. Takes linear time. */
function readRows(
  text: string,
  dialect: Dialect,
  isEnd: boolean,
): { readonly rows: readonly Row[]; readonly length: number } {
  const rows: Row[] = [];
  let row: string[] = [];
  let length = 0;
  for (let start = 0; start < text.length || row.length > 0; ) {
    let end: number;
    if (text.charCodeAt(start) === QUOTE) {
      const quote = findClosingQuote(text, start + 1, dialect, isEnd);
      if (quote === undefined) break;
      row.push(text.slice(start + 1, quote).replace(/""/g, '"'));
      end = skipWhiteSpace(text, quote + 1, dialect);
    } else {
      end = findBorder(text, start, dialect);
      if (end === text.length && !isEnd) break;
      row.push(text.slice(start, end));
    }
    start = end + 1;
    if (text.charCodeAt(end) === dialect.delimiter) continue;
    rows.push(row);
    row = [];
    start = length = Math.min(end + (newlineAt(text, end, dialect)?.length ?? 0), text.length);
  }
  return { rows, length };
}

/** The line breaks of a file by its first line. */
function newlinesOf(text: string, isEnd: boolean, isMixed: boolean): readonly Newline[] | undefined {
  const headingEnd = text.indexOf('\n');
  if (headingEnd === -1 && !isEnd && !(isMixed && text.length > MAX_HEADING_CHARACTERS)) return undefined;
  if (isMixed) return headingEnd === -1 && text.includes('\r') ? ['\r'] : ['\n', '\r\n'];
  return [text[headingEnd - 1] === '\r' ? '\r\n' : '\n'];
}

/**
 * The rows of a CSV file (RFC 4180: quoted fields, quotes and line breaks in them, CRLF or LF), a few at a time: the
 * next chunk of text is read when the rows of the last one are consumed, and only the row that a chunk cuts is kept.
 * An empty line is a row with one empty field.
 *
 * @param delimiter one character
 * @param isMixed for files that people put together: a row may end with either line break, or with a carriage return alone
 * @throws CsvError the file ends in the middle of a field, or a row has no end
 */
export async function* parseCsv(
  texts: AsyncIterable<string>,
  delimiter = ',',
  isMixed = false,
): AsyncGenerator<readonly Row[], void, void> {
  let newlines: readonly Newline[] | undefined;
  let rest = '';
  function takeRows(isEnd: boolean): readonly Row[] {
    newlines ??= newlinesOf(rest, isEnd, isMixed);
    if (newlines === undefined) return [];
    const { rows, length } = readRows(rest, { newlines, delimiter: delimiter.charCodeAt(0) }, isEnd);
    rest = rest.slice(length);
    if (isEnd && rest !== '') throw new CsvError('the file ends in the middle of a field');
    return rows;
  }
  // A row in many small chunks would be parsed again with each, so it is parsed only when it has doubled in size.
  let enough = 0;
  for await (const text of texts) {
    rest += text;
    if (rest.length < enough && rest.length <= MAX_ROW_CHARACTERS) continue;
    const rows = takeRows(false);
    enough = 2 * rest.length;
    if (rows.length > 0) yield rows;
    if (rest.length > MAX_ROW_CHARACTERS) {
      throw new CsvError(`a row has more than ${MAX_ROW_CHARACTERS} characters`);
    }
  }
  for (const isEnd of [false, true]) {
    const rows = takeRows(isEnd);
    if (rows.length > 0) yield rows;
  }
}

async function* decode(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void, void> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  try {
    for (let isEnd = false; !isEnd; ) {
      const { done, value } = await reader.read();
      isEnd = done;
      yield decoder.decode(value, { stream: !done });
    }
  } finally {
    // The stream is no longer needed, so an error while closing it is ignored.
    await reader.cancel().catch(() => {});
  }
}

/**
 * The rows of a CSV file as 8x8 sends it, without empty ones and without a byte order mark. Ending early cancels the
 * stream.
 *
 * @throws CsvError as {@link parseCsv}
 */
export async function* readCsv(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<readonly Row[], void, void> {
  for await (const rows of parseCsv(decode(stream))) {
    const filled = rows.filter(isNotEmpty);
    if (filled.length > 0) yield filled;
  }
}
