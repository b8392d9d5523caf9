import {
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { ConfigurationError } from '../../errors.ts';
import type { StoredTables, TableChange } from './tables.ts';

/** The state of a sandbox in a file. */
export interface StateFile {
  /** The entries that the file held when it was opened. */
  readonly stored: StoredTables;
  /** Adds a change, which `flush` writes. */
  record(change: TableChange): void;
  /** Hands all changes to the operating system, so that they survive the end of this process, however it ends. */
  flush(): void;
  close(): void;
}

/** The first line: what the file is, and the version of its format. */
const HEADING = '["8x8-sms-guard sandbox",1]';
/** Less is not worth a new file. */
const LEAST_OBSOLETE_LINES = 1_000;
const WRITE_BYTES = 1024 * 1024;

type StoredMaps = Map<string, Map<string | number, unknown>>;

function applyChange(tables: StoredMaps, change: unknown): void {
  if (!Array.isArray(change) || typeof change[0] !== 'string') throw new TypeError('not a change');
  const [name, key, value, kind] = change as [string, string | number, unknown, unknown];
  const table = tables.get(name) ?? new Map<string | number, unknown>();
  tables.set(name, table);
  if (change.length === 1) table.clear();
  else if (change.length === 2) table.delete(key);
  else if (kind === 'fields') table.set(key, { ...(table.get(key) as object), ...(value as object) });
  else table.set(key, value);
}

interface ReadState {
  readonly stored: StoredMaps;
  readonly lines: number;
  /** Bytes up to the end of the last whole line. */
  readonly wholeBytes: number;
}

const NEWLINE = 10;

/** The whole lines of a file, with the position after each. `readline` would also end lines at U+2028. */
async function* wholeLines(path: string): AsyncGenerator<readonly [line: string, endsAt: number]> {
  let rest: Buffer = Buffer.alloc(0);
  let endsAt = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: WRITE_BYTES }) as AsyncIterable<Buffer>) {
    const bytes = rest.byteLength === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      endsAt += end + 1 - start;
      yield [bytes.toString('utf8', start, end), endsAt];
      start = end + 1;
    }
    rest = bytes.subarray(start);
  }
}

/** Reads the file up to its last whole line: the rest was being written when a process ended. */
async function readState(path: string): Promise<ReadState> {
  const stored: StoredMaps = new Map();
  const size = existsSync(path) ? statSync(path).size : 0;
  let [lines, wholeBytes] = [0, 0];
  if (size === 0) return { stored, lines, wholeBytes };
  for await (const [line, endsAt] of wholeLines(path)) {
    lines += 1;
    if (lines === 1) {
      if (line !== HEADING)
        throw new ConfigurationError('data names a file that is not the state of a sandbox.', 'data');
    } else {
      try {
        applyChange(stored, JSON.parse(line));
      } catch {
        // The system may have written the end of a torn line and not its middle.
        if (endsAt === size) break;
        throw new ConfigurationError(
          `data: line ${lines} of the file is damaged. Remove that line, or name another file.`,
          'data',
        );
      }
    }
    wholeBytes = endsAt;
  }
  if (lines === 0)
    throw new ConfigurationError('data names a file that is not the state of a sandbox.', 'data');
  return { stored, lines, wholeBytes };
}

function writeAll(file: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.byteLength; ) {
    written += writeSync(file, bytes, written);
  }
}

/** Replaces the file by one without obsolete lines, in one step. */
function rewrite(path: string, stored: StoredMaps): void {
  const draft = `${path}.new`;
  const file = openSync(draft, 'w', 0o600);
  let text = `${HEADING}\n`;
  for (const [name, table] of stored) {
    for (const [key, value] of table) {
      text += `${JSON.stringify([name, key, value])}\n`;
      if (text.length < WRITE_BYTES) continue;
      writeAll(file, text);
      text = '';
    }
  }
  writeAll(file, text);
  fsyncSync(file);
  closeSync(file);
  renameSync(draft, path);
}

/**
 * Opens the file of a sandbox: one change a line, appended. A last line that is not whole is dropped.
 *
 * @throws ConfigurationError the file is damaged, of something else, or cannot be read or written
 */
export async function openStateFile(path: string, onFailure: (line: string) => void): Promise<StateFile> {
  let unlock = () => {};
  try {
    unlock = lock(path);
    const { stored, lines, wholeBytes } = await readState(path);
    let entries = 0;
    for (const table of stored.values()) entries += table.size;
    if (lines === 0 || lines - entries > Math.max(entries, LEAST_OBSOLETE_LINES)) rewrite(path, stored);
    else truncateSync(path, wholeBytes);
    return appendTo(openSync(path, 'a', 0o600), stored, unlock, onFailure);
  } catch (error) {
    unlock();
    if (ConfigurationError.isInstance(error)) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigurationError(
      `data: the file cannot be read and written (${code ?? 'unknown reason'}).`,
      'data',
    );
  }
}

/** Appends changes to an open file. */
export function appendTo(
  file: number,
  stored: StoredTables,
  unlock: () => void,
  onFailure: (line: string) => void,
): StateFile {
  let text = '';
  let isOpen = true;
  function flush(): void {
    if (text === '' || !isOpen) return;
    const written = text;
    text = '';
    try {
      writeAll(file, written);
    } catch (error) {
      // Half a line may be written, so nothing may follow it.
      close();
      const { code } = error as NodeJS.ErrnoException;
      onFailure(
        `the file of --data cannot be written (${code}): from now on the state is kept only in memory`,
      );
    }
  }
  function close(): void {
    if (!isOpen) return;
    isOpen = false;
    closeSync(file);
    unlock();
  }
  return {
    stored,
    record(change) {
      if (!isOpen) return;
      if (text === '') setImmediate(flush);
      text += `${JSON.stringify(change)}\n`;
    },
    flush,
    close() {
      flush();
      close();
    },
  };
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Keeps a second process from the file. A lock whose process has ended, as after `kill -9`, holds nobody back.
 *
 * @throws ConfigurationError another process uses the file
 */
function lock(path: string): () => void {
  const lockPath = `${path}.lock`;
  const owner = existsSync(lockPath) ? Number(readFileSync(lockPath, 'utf8')) : 0;
  if (owner > 0 && owner !== process.pid && isRunning(owner)) {
    throw new ConfigurationError(
      `data: the sandbox of process ${owner} uses this file. Stop it, or name another file.`,
      'data',
    );
  }
  writeFileSync(lockPath, `${process.pid}`, { mode: 0o600 });
  return () => rmSync(lockPath, { force: true });
}
