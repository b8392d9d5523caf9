import { ConfigurationError } from '../errors.ts';
import { hideOriginal } from './user-code.ts';

/** Codes of Node and Bun, such as ERR_MODULE_NOT_FOUND and EMFILE. Anything else may name a path. */
const CODE = /^[A-Z][A-Z_]{1,40}$/;

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' && CODE.test(code) ? ` (${code})` : '';
}

/**
 * Imports a file of this package that is loaded with its first use.
 *
 * @throws ConfigurationError the file cannot be loaded. Its exception, which names paths, goes to `onError` alone.
 */
export async function loadFile<File>(importFile: () => Promise<File>): Promise<File> {
  try {
    return await importFile();
  } catch (error) {
    const message = `A file of 8x8-sms-guard could not be loaded${codeOf(error)}. Nothing was sent. If the package was replaced on disk, restart the process; if you bundle your program, keep the files that the bundler creates for import().`;
    throw hideOriginal(new ConfigurationError(message), error);
  }
}
