import { ConfigurationError } from '../errors.ts';
import { builtinModule } from '../internal/builtin-module.ts';

type FileSystem = typeof import('node:fs');

/**
 * The file system of the runtime.
 *
 * @throws ConfigurationError there is none
 */
export function nodeFiles(): FileSystem {
  const files = builtinModule<FileSystem>('node:fs');
  if (files !== undefined) return files;
  throw new ConfigurationError(
    'This runtime has no file system: pass your own writer and salts to auditLog.',
    'file',
  );
}
