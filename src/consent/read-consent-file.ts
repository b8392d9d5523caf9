import { type ReportError, runUserCode } from '../internal/user-code.ts';
import { raceAbort } from '../internal/wait.ts';
import { createDecoder, type FileEncoding, wrongFile } from './decode-file.ts';

/** A file: its text, its bytes, or pieces of either as they come (a Node.js stream, the body of a `Response`). */
export type ConsentFile = string | Uint8Array | AsyncIterable<string | Uint8Array>;

/** One row with the line it begins on, or why it cannot be used. */
export type FileRow =
  | { readonly line: number; readonly value: unknown }
  | { readonly line: number; readonly reason: string };

/** How a file is read. */
export interface FileReading {
  readonly encoding: FileEncoding;
  readonly signal: AbortSignal;
  readonly reportError: ReportError;
}

/** Characters, or bytes. */
const PIECE_LENGTH = 65_536;
const NO_FILE = 'must be a string, bytes, or a stream of either';
/** The longest row has a text of 1,600 characters and 2,000 of evidence. A longer line belongs to no file of lines. */
const MAX_LINE_CHARACTERS = 1_000_000;

function isIterable(source: unknown): source is AsyncIterable<unknown> {
  return typeof source === 'object' && source !== null && Symbol.asyncIterator in source;
}

function* slices(text: string): Generator<string, void, void> {
  for (let at = 0; at < text.length; at += PIECE_LENGTH) yield text.slice(at, at + PIECE_LENGTH);
}

async function* bytePieces(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += PIECE_LENGTH) yield bytes.subarray(at, at + PIECE_LENGTH);
}

function piecesOf(source: unknown): AsyncIterable<unknown> {
  if (source instanceof Uint8Array) return bytePieces(source);
  if (isIterable(source)) return source;
  throw wrongFile(NO_FILE);
}

/** The error of the team's own stream may hold anything, so it is shown to its author alone. */
async function nextOf(
  pieces: AsyncIterator<unknown>,
  { signal, reportError }: FileReading,
): Promise<IteratorResult<unknown>> {
  try {
    const next = runUserCode({ reportError }, 'importConsent.source', () => pieces.next(), signal);
    return await raceAbort(next, signal);
  } catch {
    signal.throwIfAborted();
    throw wrongFile('broke off: its stream failed');
  }
}

async function* readPieces(
  source: AsyncIterable<unknown>,
  reading: FileReading,
): AsyncGenerator<string, void, void> {
  const pieces = source[Symbol.asyncIterator]();
  const decode = createDecoder(reading.encoding);
  let isDone = false;
  try {
    for (;;) {
      const { done, value } = await nextOf(pieces, reading);
      isDone = done === true;
      if (typeof value === 'string') yield value;
      else if (isDone || value instanceof Uint8Array) yield decode(isDone ? new Uint8Array() : value, isDone);
      else throw wrongFile(NO_FILE);
      if (isDone) return;
    }
  } finally {
    // Not awaited: a stream that hangs does not answer, and its failure no longer matters.
    if (!isDone) void (async () => pieces.return?.())().catch(() => {});
  }
}

/**
 * The text of a file, without its byte order mark.
 *
 * @throws ValidationError the file is not text, or not in its encoding
 */
export async function* readTexts(
  source: ConsentFile,
  reading: FileReading,
): AsyncGenerator<string, void, void> {
  const texts = typeof source === 'string' ? slices(source) : readPieces(piecesOf(source), reading);
  let isFirst = true;
  for await (const text of texts) {
    yield isFirst ? text.replace(/^\ufeff/, '') : text;
    isFirst &&= text === '';
  }
}

function parseLine(line: number, text: string): FileRow {
  try {
    // Databases write `null` for a missing value.
    return { line, value: JSON.parse(text, (_, value) => (value === null ? undefined : value)) };
  } catch {
    return { line, reason: 'The line is not JSON.' };
  }
}

/**
 * The rows of a file of JSON lines; empty lines are skipped.
 *
 * @throws ValidationError a line does not end
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
      throw wrongFile(`has a line ${line + lines.length + 1} of more than ${MAX_LINE_CHARACTERS} characters`);
    }
    for (const each of lines) {
      line += 1;
      if (each.trim() !== '') yield parseLine(line, each);
    }
  }
  if (rest.trim() !== '') yield parseLine(line + 1, rest);
}
