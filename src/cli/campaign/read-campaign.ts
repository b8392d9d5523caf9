import { parseCsv } from '../../api/exports/csv.ts';
import type { BatchMessage } from '../../index.ts';

/** How the rows of a file become messages. */
export interface CampaignLayout {
  /** Heading of the column with the numbers. */
  readonly numberColumn: string;
  /** Text of every message, with `{heading}` for the cells of the row; undefined takes the column `text`. */
  readonly text: string | undefined;
}

/** A column of the file that names a field of the message. */
const FIELDS = ['country', 'clientMessageId', 'source'] as const;
const PLACEHOLDER = /\{([^{}]+)\}/g;
const EMPTY_LINES = /^[\r\n]+/;
/** The longest heading that is looked at: a file with carriage returns alone has no line feed to wait for. */
const MAX_HEADING_CHARACTERS = 100_000;
const DELIMITERS = [',', ';', '\t'] as const;

const normalise = (heading: string): string => heading.trim().toLowerCase();

async function invalid(message: string): Promise<Error> {
  const { ValidationError } = await import('../../index.ts');
  return new ValidationError(`${message} Nothing was sent.`, 'file');
}

async function* decode(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) throw await invalid('The file is not UTF-8: save it as CSV UTF-8.');
    throw error;
  }
}

/** The texts again, and the separator that the first line has most of. */
async function findDelimiter(texts: AsyncIterator<string>): Promise<{ delimiter: string; head: string }> {
  let head = '';
  while (head.length <= MAX_HEADING_CHARACTERS && !head.replace(EMPTY_LINES, '').includes('\n')) {
    const { done, value } = await texts.next();
    if (done) break;
    head += value;
  }
  const [line = ''] = head.replace(EMPTY_LINES, '').split(/[\r\n]/, 1);
  const counts = DELIMITERS.map((each) => line.split(each).length);
  return { delimiter: DELIMITERS[counts.indexOf(Math.max(...counts))] as string, head };
}

async function* after(head: string, texts: AsyncIterator<string>): AsyncGenerator<string, void, void> {
  yield head;
  for (;;) {
    const { done, value } = await texts.next();
    if (done) return;
    yield value;
  }
}

/** Finds the columns that are needed, and says which one is missing. */
async function readHeading(cells: readonly string[], { numberColumn, text }: CampaignLayout) {
  const names = cells.map(normalise);
  const needed = [
    numberColumn,
    ...(text === undefined ? ['text'] : Array.from(text.matchAll(PLACEHOLDER), ([, name]) => name as string)),
  ];
  const missing = needed.find((name) => !names.includes(normalise(name)));
  const read = [...needed, ...FIELDS].map(normalise);
  const twice = read.find((name) => names.indexOf(name) !== names.lastIndexOf(name));
  if (twice !== undefined) {
    throw await invalid(`The first line of the file has two columns "${twice}". Rename one of them.`);
  }
  if (missing === undefined) return names;
  const hint =
    missing === 'text' && text === undefined
      ? 'Add it, or give --text.'
      : missing === numberColumn
        ? 'Name the column of the numbers with --number-column.'
        : 'Every {name} of --text must be a heading.';
  // The first line of a file without a heading is a person.
  throw await invalid(`The first line of the file has no column "${missing}". ${hint}`);
}

/**
 * Why a row cannot be read; undefined when it can. A text with a comma and without quotes has more cells than the heading, and
 * would be sent cut. The row is not shown, because it is a person.
 */
function problemOf(
  names: readonly string[],
  cells: readonly string[],
  { text }: CampaignLayout,
): string | undefined {
  if (cells.length < names.length || cells.slice(names.length).some((cell) => cell.trim() !== '')) {
    return `has ${cells.length} cells, but the first line has ${names.length}. Put cells with a separator into quotes`;
  }
  const needed =
    text === undefined ? [] : Array.from(text.matchAll(PLACEHOLDER), ([, name]) => name as string);
  const empty = needed.find((name) => cells[names.indexOf(normalise(name))]?.trim() === '');
  return empty && `has nothing for {${empty}} of --text. Fill it in, or remove the row`;
}

function toMessage(
  names: readonly string[],
  cells: readonly string[],
  { numberColumn, text }: CampaignLayout,
): BatchMessage {
  const cell = (name: string) => cells[names.indexOf(normalise(name))]?.trim() ?? '';
  const filled =
    text === undefined ? cell('text') : text.replace(PLACEHOLDER, (_, name: string) => cell(name));
  const fields = FIELDS.map((name) => [name, cell(name)] as const).filter(([, value]) => value !== '');
  return { ...Object.fromEntries(fields), destination: cell(numberColumn), text: filled };
}

/**
 * The messages of a CSV file with a heading; the separator may be a comma, a semicolon or a tab. Empty lines are skipped.
 *
 * @throws ValidationError a column is missing or there twice, a row has other cells, or the file is not CSV in UTF-8
 */
export async function* readCampaign(
  chunks: AsyncIterable<Uint8Array>,
  layout: CampaignLayout,
): AsyncGenerator<BatchMessage, void, void> {
  const texts = decode(chunks);
  const { delimiter, head } = await findDelimiter(texts);
  let names: readonly string[] | undefined;
  let row = 0;
  try {
    for await (const rows of parseCsv(after(head, texts), delimiter, true)) {
      for (const cells of rows) {
        if (cells.every((cell) => cell.trim() === '')) continue;
        if (names === undefined) {
          names = await readHeading(cells, layout);
          continue;
        }
        row += 1;
        const problem = problemOf(names, cells, layout);
        if (problem !== undefined) throw await invalid(`Row ${row} of the file ${problem}.`);
        yield toMessage(names, cells, layout);
      }
    }
  } catch (error) {
    const { CsvError } = await import('../../api/exports/csv.ts');
    if (error instanceof CsvError) throw await invalid(`The file is not CSV: ${error.message}.`);
    throw error;
  }
  if (names === undefined) throw await invalid('The file is empty.');
}
