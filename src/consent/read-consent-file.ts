import { ValidationError } from '../errors.ts';
import { raceAbort } from '../wait.ts';

/** A file: a text, or its pieces as they come (a Node.js stream, the body of a `Response`). */
export type ConsentFile = string | AsyncIterable<string | Uint8Array>;

/** One row with the line it begins on, or why it is none. */
export type FileRow =
  | { readonly line: number; readonly value: unknown }
  | { readonly line: number; readonly reason: string };

const PIECE_CHARACTERS = 65_536;
/** The longest row has a text of 1,600 characters and 2,000 of evidence. Beyond, it is no file of lines. */
const MAX_LINE_CHARACTERS = 1_000_000;

function isIterable(source: unknown): source is AsyncIterable<unknown> {
  return typeof source === 'object' && source !== null && Symbol.asyncIterator in source;
}

function wrong(problem: string): ValidationError {
  return new ValidationError(`The consent file ${problem}.`, 'source');
}

function* cut(text: string): Generator<string, void, void> {
  for (let at = 0; at < text.length; at += PIECE_CHARACTERS) yield text.slice(at, at + PIECE_CHARACTERS);
}

/** Decodes bytes strictly: a file in another encoding would lose what people wrote without a word. */
function createDecoder(): (piece: unknown, isEnd?: boolean) => string {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  return (piece, isEnd = false) => {
    if (typeof piece === 'string') return piece;
    if (!(piece instanceof Uint8Array)) throw wrong('must be a string, or give strings or bytes');
    try {
      return decoder.decode(piece, { stream: !isEnd });
    } catch {
      throw wrong('is not in UTF-8');
    }
  };
}

/** What the team's own stream throws may hold anything. */
async function nextOf(pieces: AsyncIterator<unknown>, signal: AbortSignal): Promise<IteratorResult<unknown>> {
  try {
    return await raceAbort((async () => pieces.next())(), signal);
  } catch {
    signal.throwIfAborted();
    throw wrong('broke off: its stream failed');
  }
}

async function* readPieces(
  source: AsyncIterable<unknown>,
  signal: AbortSignal,
): AsyncGenerator<string, void, void> {
  const pieces = source[Symbol.asyncIterator]();
  const decode = createDecoder();
  let isDone = false;
  try {
    for (;;) {
      const { done, value } = await nextOf(pieces, signal);
      isDone = done === true;
      yield isDone ? decode(new Uint8Array(), true) : decode(value);
      if (isDone) return;
    }
  } finally {
    // Not waited for: a stream that hangs does not answer. It is of no use any more, and what goes wrong is no news.
    if (!isDone) void (async () => pieces.return?.())().catch(() => {});
  }
}

/**
 * The text of a file, without its byte order mark.
 *
 * @throws ValidationError it is no text, or not in UTF-8
 */
export async function* readTexts(
  source: ConsentFile,
  signal: AbortSignal,
): AsyncGenerator<string, void, void> {
  if (typeof source !== 'string' && !isIterable(source)) {
    throw wrong('must be a string, or give strings or bytes');
  }
  let isFirst = true;
  for await (const text of typeof source === 'string' ? cut(source) : readPieces(source, signal)) {
    yield isFirst ? text.replace(/^\ufeff/, '') : text;
    isFirst &&= text === '';
  }
}

function parseLine(line: number, text: string): FileRow {
  try {
    // Databases write `null` for what is missing.
    return { line, value: JSON.parse(text, (_, value) => (value === null ? undefined : value)) };
  } catch {
    return { line, reason: 'The line is no JSON.' };
  }
}

/**
 * The rows of a file of JSON lines; empty lines are passed over.
 *
 * @throws ValidationError a line has no end
 */
export async function* readJsonLines(texts: AsyncIterable<string>): AsyncGenerator<FileRow, void, void> {
  let rest = '';
  let line = 0;
  for await (const text of texts) {
    // Only the new piece is searched: a line in many small pieces would be read again with each of them.
    const lines = text.split('\n');
    lines[0] = rest + lines[0];
    rest = lines.pop() as string;
    if (rest.length > MAX_LINE_CHARACTERS) {
      throw wrong(`has a line ${line + lines.length + 1} of more than ${MAX_LINE_CHARACTERS} characters`);
    }
    for (const each of lines) {
      line += 1;
      if (each.trim() !== '') yield parseLine(line, each);
    }
  }
  if (rest.trim() !== '') yield parseLine(line + 1, rest);
}
