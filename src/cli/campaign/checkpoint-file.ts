import { createHash } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { PRIVATE_MODE } from '../files.ts';

/** The checkpoint of a campaign in a file, which survives `kill -9`. */
export interface CheckpointFile {
  /** The token of an earlier run; undefined when there was none. */
  readonly resumeFrom: string | undefined;
  save(token: string): Promise<void>;
  /** Lets another process go on. */
  unlock(): Promise<void>;
}

interface Content {
  readonly about: string;
  readonly token: string;
}

async function refusal(message: string): Promise<Error> {
  const { ConfigurationError } = await import('../../index.ts');
  return new ConfigurationError(`${message} Nothing was sent.`, 'checkpoint');
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** One process at a time: two would send the same rows. A lock that a killed process left is taken over. */
async function lock(path: string): Promise<void> {
  for (;;) {
    try {
      const handle = await open(path, 'wx', PRIVATE_MODE);
      await handle.write(String(process.pid));
      await handle.close();
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const pid = Number(await readFile(path, 'utf8').catch(() => ''));
    if (pid > 0 && isRunning(pid)) {
      throw await refusal(
        `Process ${pid} is sending this campaign. If it is another program, remove ${path}.`,
      );
    }
    await rm(path, { force: true });
  }
}

async function read(path: string): Promise<Content | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { about, token } = JSON.parse(text) as Content;
    if (typeof about === 'string' && typeof token === 'string') return { about, token };
  } catch {
    // Not JSON: refused below.
  }
  throw await refusal(`${path} is not a checkpoint.`);
}

/** Replaces a file in one step, after its content has reached the disk. */
async function replace(path: string, text: string): Promise<void> {
  const next = `${path}.next`;
  const handle = await open(next, 'w', PRIVATE_MODE);
  await handle.writeFile(text);
  await handle.sync();
  await handle.close();
  await rename(next, path);
}

/**
 * Opens the checkpoint of a campaign, and locks it.
 *
 * @param settings that must be the same when a campaign is resumed: its text, its purpose, …
 * @throws ConfigurationError another process sends it, or the checkpoint belongs to another campaign
 */
export async function openCheckpoint(path: string, settings: readonly unknown[]): Promise<CheckpointFile> {
  const about = createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 16);
  const lockPath = `${path}.lock`;
  await lock(lockPath);
  try {
    const earlier = await read(path);
    if (earlier !== undefined && earlier.about !== about) {
      throw await refusal(
        `${path} belongs to a run with another text, purpose, sender or sub-account. Give the same ones to resume, or remove the file to send every row again.`,
      );
    }
    return {
      resumeFrom: earlier?.token,
      save: (token) => replace(path, JSON.stringify({ about, token })),
      unlock: () => rm(lockPath, { force: true }),
    };
  } catch (error) {
    await rm(lockPath, { force: true });
    throw error;
  }
}
