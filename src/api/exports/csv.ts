/** What is wrong with a file. Says nothing of what stands in it. */
export class CsvError extends Error {}

/** No row of an export is longer: a text has 1,530 characters. Beyond, a quote was never closed, or it is no CSV. */
const MAX_ROW_CHARACTERS = 1_000_000;
const QUOTE = '"'.charCodeAt(0);

type Newline = '\n' | '\r\n';
type Row = readonly string[];

/** What ends a cell and a row. */
interface Dialect {
  readonly newline: Newline;
  /** Code of the character between two cells. */
  readonly delimiter: number;
}

/** A separator or a line break, which end a cell. */
function isBorder(text: string, index: number, { newline, delimiter }: Dialect): boolean {
  const code = text.charCodeAt(index);
  return code === delimiter || (code === newline.charCodeAt(0) && text.startsWith(newline, index));
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
 * The index of the quote that closes a cell: a border follows, or white space and a border, or nothing at the end of the
 * file. A quote that neither closes the cell nor is doubled is part of it. Undefined when none closes it.
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

/** The whole rows at the beginning of a text, and how many characters they take up. Takes time in proportion to them. */
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
    start = length = Math.min(end + dialect.newline.length, text.length);
  }
  return { rows, length };
}

/**
 * The rows of a CSV file (RFC 4180: quoted fields, quotes and line breaks in them, CRLF or LF), a few at a time: one piece
 * of the text is read when the rows of the last one are used up, and only the row that is cut by the end of a piece is
 * kept. An empty line is a row with one empty field.
 *
 * @param delimiter one character
 * @throws CsvError the file ends in the middle of a field, or a row has no end
 */
export async function* parseCsv(
  texts: AsyncIterable<string>,
  delimiter = ',',
): AsyncGenerator<readonly Row[], void, void> {
  let newline: Newline | undefined;
  let rest = '';
  function takeRows(isEnd: boolean): readonly Row[] {
    const headingEnd = newline === undefined ? rest.indexOf('\n') : -1;
    if (headingEnd !== -1 || isEnd) newline ??= rest[headingEnd - 1] === '\r' ? '\r\n' : '\n';
    if (newline === undefined) return [];
    const { rows, length } = readRows(rest, { newline, delimiter: delimiter.charCodeAt(0) }, isEnd);
    rest = rest.slice(length);
    if (isEnd && rest !== '') throw new CsvError('the file ends in the middle of a field');
    return rows;
  }
  // A row that came in many small pieces would be read again with each: it is looked at when it has doubled.
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
    // Of no use any more; what goes wrong in ending it is no news.
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
