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
 * The rows of a CSV file (RFC 4180: quoted fields, quotes and line breaks in them, CRLF or LF, a byte order mark), a few
 * at a time: one piece of the stream is read when the rows of the last one are used up, and only the row that is cut by
 * the end of a piece is kept. Ending early cancels the stream.
 *
 * @throws CsvError the file ends in the middle of a field, or a row has no end
 */
export async function* readCsv(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<readonly (readonly string[])[], void, void> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let parse: ReturnType<typeof makeParser> | undefined;
  let rest = '';
  try {
    for (let isEnd = false; !isEnd; ) {
      const { done, value } = await reader.read();
      isEnd = done;
      rest += decoder.decode(value, { stream: !done });
      const headingEnd = rest.indexOf('\n');
      if (parse === undefined && (headingEnd !== -1 || isEnd))
        parse = makeParser(rest.slice(0, headingEnd + 1));
      if (parse !== undefined) {
        const { data, errors, meta } = parse(rest, isEnd);
        if (isEnd && errors.some(({ code }) => code === 'MissingQuotes')) {
          throw new CsvError('the file ends in the middle of a field');
        }
        rest = rest.slice(meta.cursor);
        const rows = data.filter(isNotEmpty);
        if (rows.length > 0) yield rows;
      }
      if (rest.length > MAX_ROW_CHARACTERS) {
        throw new CsvError(`a row has more than ${MAX_ROW_CHARACTERS} characters`);
      }
    }
  } finally {
    // Of no use any more; what goes wrong in ending it is no news.
    await reader.cancel().catch(() => {});
  }
}
