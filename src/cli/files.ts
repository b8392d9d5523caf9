import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { configurationError } from './configuration-error.ts';
import type { Terminal } from './terminal.ts';

/** Only their owner may read files with numbers and texts of people. */
export const PRIVATE_MODE = 0o600;

/** A file that is read once, with the number of bytes that were read so far. */
export interface InputFile {
  readonly bytes: number;
  readonly bytesRead: () => number;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * Opens a file for reading.
 *
 * @throws ConfigurationError it cannot be read
 */
export async function openInput(name: string, { folder }: Terminal): Promise<InputFile> {
  const path = resolve(folder, name);
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error || !found.isFile()) {
    const why = found instanceof Error ? found.code : 'not a file';
    throw await configurationError(`${relative(folder, path)} cannot be read (${why}).`, 'file');
  }
  let bytesRead = 0;
  async function* read(): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
      bytesRead += chunk.byteLength;
      yield chunk;
    }
  }
  return { bytes: found.size, bytesRead: () => bytesRead, chunks: read() };
}

/** A file that gets its name when it is whole. */
export interface OutputFile {
  write(text: string): Promise<void>;
  /** Closes the file, and gives it its name. */
  finish(): Promise<void>;
  /** Removes what was written, unless the file is finished. */
  discard(): Promise<void>;
}

/**
 * Creates a file that only its owner may read.
 *
 * @throws ConfigurationError it exists, or cannot be written
 */
export async function createOutput(name: string, { folder }: Terminal): Promise<OutputFile> {
  const path = resolve(folder, name);
  const shown = relative(folder, path);
  const exists = await stat(path).then(
    () => true,
    () => false,
  );
  if (exists) throw await configurationError(`${shown} exists: name another file, or remove it.`, 'out');
  const unfinished = `${path}.part`;
  let handle: FileHandle;
  try {
    handle = await open(unfinished, 'w', PRIVATE_MODE);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw await configurationError(`${shown} cannot be written (${code}).`, 'out');
  }
  let isFinished = false;
  return {
    write: async (text) => void (await handle.write(text)),
    async finish() {
      await handle.close();
      await rename(unfinished, path);
      isFinished = true;
    },
    async discard() {
      if (isFinished) return;
      await handle.close();
      await rm(unfinished, { force: true });
    },
  };
}
