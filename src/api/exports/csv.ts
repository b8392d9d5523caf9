import Papa from 'papaparse/papaparse.min.js';

/** What is wrong with a file. Says nothing of what stands in it. */
export class CsvError extends Error {}

/** No row of an export is longer: a text has 1,530 characters. Beyond, a quote was never closed, or it is no CSV. */
const MAX_ROW_CHARACTERS = 1_000_000;

function makeParser(heading: string) {
  const newline = heading.endsWith('\r\n') ? '\r\n' : '\n';
  const parser = new Papa.Parser({ delimiter: ',', newline });
  return (text: string, isEnd: boolean) => parser.parse(text, 0, !isEnd);
}

function isNotEmpty(row: readonly string[]): boolean {
  return row.length > 1 || row[0] !== '';
}

/**
 * The rows of a CSV file (RFC 4180: quoted fields, quotes and line breaks in them, CRLF or LF), a few at a time: one piece
 * of the text is read when the rows of the last one are used up, and only the row that is cut by the end of a piece is
 * kept. An empty line is a row with one empty field.
 *
 * @throws CsvError the file ends in the middle of a field, or a row has no end
 */
export async function* parseCsv(
  texts: AsyncIterable<string>,
): AsyncGenerator<readonly (readonly string[])[], void, void> {
  let parse: ReturnType<typeof makeParser> | undefined;
  let rest = '';
  function takeRows(isEnd: boolean): readonly (readonly string[])[] {
    const headingEnd = rest.indexOf('\n');
    if (parse === undefined && (headingEnd !== -1 || isEnd))
      parse = makeParser(rest.slice(0, headingEnd + 1));
    if (parse === undefined) return [];
    const { data, errors, meta } = parse(rest, isEnd);
    if (isEnd && errors.some(({ code }) => code === 'MissingQuotes')) {
      throw new CsvError('the file ends in the middle of a field');
    }
    rest = rest.slice(meta.cursor);
    return data;
  }
  for await (const text of texts) {
    rest += text;
    const rows = takeRows(false);
    if (rows.length > 0) yield rows;
    if (rest.length > MAX_ROW_CHARACTERS) {
      throw new CsvError(`a row has more than ${MAX_ROW_CHARACTERS} characters`);
    }
  }
  const rows = takeRows(true);
  if (rows.length > 0) yield rows;
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
): AsyncGenerator<readonly (readonly string[])[], void, void> {
  for await (const rows of parseCsv(decode(stream))) {
    const filled = rows.filter(isNotEmpty);
    if (filled.length > 0) yield filled;
  }
}
