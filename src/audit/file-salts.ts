import { ConfigurationError } from '../errors.ts';
import { nodeFiles } from './node-files.ts';
import type { SaltStore } from './salts.ts';

const NAME = /^[0-9a-f]{32}$/;
const SALT = /^[A-Za-z0-9_-]{22,}$/;
/** Waits for another process that has created the file and not written it yet; our numbers. */
const [LOOKS, LOOK_MS] = [20, 5];

const codeOf = (error: unknown) => (error as { readonly code?: unknown }).code;

/**
 * Salts as files, one per person, in a folder that all processes share. Only the owner may read them. Exclude the folder from
 * backups, or a restored one brings forgotten people back. Node, Bun and Deno only.
 *
 * @throws ConfigurationError the folder is not a path
 * @example auditLog({ writer, secret, salts: fileSalts('/var/lib/sms-salts') })
 */
export function fileSalts(folder: string): SaltStore {
  if (typeof folder !== 'string' || folder === '') {
    throw new ConfigurationError('fileSalts needs the path of a folder.', 'folder');
  }
  const made = new Set<string>();

  function pathOf(name: string): readonly [folder: string, path: string] {
    if (!NAME.test(name)) throw new TypeError('not the name of a salt');
    const inner = `${folder}/${name.slice(0, 2)}`;
    return [inner, `${inner}/${name.slice(2)}`];
  }

  async function read(name: string): Promise<string | undefined> {
    const { readFile } = nodeFiles().promises;
    for (let look = 0; look < LOOKS; look += 1) {
      try {
        const text = await readFile(pathOf(name)[1], 'utf8');
        if (SALT.test(text)) return text;
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined;
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    // Its process ended before the salt was written, so no record was made with it.
    await remove(name);
    return undefined;
  }

  async function remove(name: string): Promise<void> {
    const { rm } = nodeFiles().promises;
    await rm(pathOf(name)[1], { force: true });
  }

  return {
    read,
    remove,
    async create(name, salt) {
      const { mkdir, writeFile } = nodeFiles().promises;
      const [inner, path] = pathOf(name);
      for (;;) {
        if (!made.has(inner)) await mkdir(inner, { recursive: true, mode: 0o700 });
        made.add(inner);
        try {
          await writeFile(path, salt, { flag: 'wx', mode: 0o600 });
          return salt;
        } catch (error) {
          if (codeOf(error) === 'ENOENT') made.delete(inner);
          else if (codeOf(error) !== 'EEXIST') throw error;
          else {
            const known = await read(name);
            if (known !== undefined) return known;
          }
        }
      }
    },
  };
}
