import { ConfigurationError } from '../errors.ts';
import { builtinModule } from '../internal/builtin-module.ts';

interface FileSystem {
  readFileSync(path: string, encoding: 'utf8'): string;
}

/**
 * Reads a key file with the file system of the runtime.
 *
 * @throws ConfigurationError when there is no file system, or the file cannot be read
 */
export function readKeyFile(path: string, source: string): string {
  const fileSystem = builtinModule<FileSystem>('node:fs');
  if (fileSystem === undefined) {
    throw new ConfigurationError(
      `${source}: this runtime cannot read files; give the option apiKey or the environment variable EIGHTBYEIGHT_API_KEY.`,
      'apiKey',
    );
  }
  try {
    return fileSystem.readFileSync(path, 'utf8');
  } catch (error) {
    // The path is not shown, because it may name an internal system.
    const code = (error as { code?: unknown }).code;
    throw new ConfigurationError(
      `${source} cannot be read (${typeof code === 'string' ? code : 'unknown reason'}).`,
      'apiKey',
    );
  }
}
