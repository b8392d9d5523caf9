import { ConfigurationError } from '../errors.ts';

type FileSystem = typeof import('node:fs');

interface RuntimeProcess {
  getBuiltinModule?(name: 'node:fs'): FileSystem | undefined;
}

/**
 * The file system of the runtime. It is looked up instead of imported, because bundlers for Workers follow an import.
 *
 * @throws ConfigurationError there is none
 */
export function nodeFiles(): FileSystem {
  const { process } = globalThis as unknown as { process?: RuntimeProcess };
  const files = process?.getBuiltinModule?.('node:fs');
  if (files !== undefined) return files;
  throw new ConfigurationError(
    'This runtime has no files: give auditLog a writer and salts of your own.',
    'file',
  );
}
