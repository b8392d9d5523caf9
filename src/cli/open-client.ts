import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type ClientSettings, settingsOf } from '../config/client-settings.ts';
import type { SmsClient } from '../index.ts';
import type { ClientArguments } from './client-options.ts';
import { configurationError } from './configuration-error.ts';
import type { Terminal } from './terminal.ts';

/** A client, and where its settings come from. */
export interface OpenedClient {
  readonly sms: SmsClient;
  readonly settings: ClientSettings;
  /** Path of the configuration file; undefined when only the environment was read. */
  readonly configFile: string | undefined;
  /** Closes the client. What the configuration file opened ends with the process. */
  close(): Promise<void>;
}

interface ConfigModule {
  readonly default?: unknown;
}

/** Read in the folder of the call when there is no `--config`. */
const CONFIG_FILES = ['mjs', 'js', 'mts', 'ts'].map((extension) => `8x8-sms-guard.config.${extension}`);

/** The configuration file that is named, or that stands in the folder of the call. */
export function findConfig({ config }: ClientArguments, { folder }: Terminal): string | undefined {
  if (config !== undefined) return resolve(folder, config);
  return CONFIG_FILES.map((name) => resolve(folder, name)).find((path) => existsSync(path));
}

/** Reads variables into the environment; those that are set already win. */
async function readEnvFile(path: string, { folder }: Terminal): Promise<void> {
  try {
    process.loadEnvFile(resolve(folder, path));
  } catch (error) {
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    throw await configurationError(`The file of --env-file cannot be read (${code}).`, 'envFile');
  }
}

async function importConfig(path: string, { folder }: Terminal): Promise<ConfigModule> {
  const shown = relative(folder, path);
  if (!existsSync(path)) throw await configurationError(`There is no file ${shown}.`, 'config');
  try {
    return (await import(pathToFileURL(path).href)) as ConfigModule;
  } catch (error) {
    // The team's own exception, on its own terminal.
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw await configurationError(`${shown} cannot be loaded. ${text}`, 'config');
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

async function createClient(exported: unknown, shown: string): Promise<SmsClient> {
  const { SmsClient } = await import('../index.ts');
  if (!isObject(exported) || Array.isArray(exported)) {
    throw await configurationError(
      `${shown} must export the options of the client: export default { subAccountId: 'shop', … }; or a client, or a function that returns either.`,
      'config',
    );
  }
  if (settingsOf(exported) !== undefined) return exported as unknown as SmsClient;
  if ('messages' in exported) {
    throw await configurationError(
      `${shown} exports a client of another version of 8x8-sms-guard. Export its options instead.`,
      'config',
    );
  }
  return new SmsClient(exported);
}

/**
 * Opens the client that a configuration file describes, or the environment.
 *
 * @throws ConfigurationError a file cannot be read, or a setting is missing or malformed
 */
export async function openClient(given: ClientArguments, terminal: Terminal): Promise<OpenedClient> {
  if (given.envFile !== undefined) await readEnvFile(given.envFile, terminal);
  const path = findConfig(given, terminal);
  const module = path === undefined ? { default: {} } : await importConfig(path, terminal);
  const shown = path === undefined ? '' : relative(terminal.folder, path);
  const exported: unknown = typeof module.default === 'function' ? await module.default() : module.default;
  const sms = await createClient(exported, shown);
  return {
    sms,
    settings: settingsOf(sms) as ClientSettings,
    configFile: path === undefined ? undefined : shown,
    close: () => sms.close({ drainMs: 0 }),
  };
}

/** Runs work with a client, and closes it afterwards. */
export async function withClient(
  given: ClientArguments,
  terminal: Terminal,
  work: (opened: OpenedClient) => Promise<void>,
): Promise<void> {
  const opened = await openClient(given, terminal);
  try {
    await work(opened);
  } finally {
    await opened.close();
  }
}
