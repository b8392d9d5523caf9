import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runCli } from '../../src/cli/run-cli.ts';
import { createFakeTerminal } from './fake-terminal.ts';

const FROM_HERE = pathToFileURL(`${process.cwd()}/`).href;

/** Import lines of configuration files, which stand outside of the repository. */
export const IMPORTS = {
  redisLimits: `import { redisLimits } from '${FROM_HERE}src/redis/index.ts';`,
  Redis: `import { Redis } from '${FROM_HERE}node_modules/ioredis/built/index.js';`,
  guard: `import * as guard from '${FROM_HERE}src/index.ts';`,
};

/** A folder in which the command is called. */
export interface CliFolder {
  readonly path: string;
  write(name: string, text: string): string;
  /** Writes a configuration file that exports these options; each call has a file of its own, as modules are cached. */
  config(options: string, before?: string): string;
  run(...commandArguments: string[]): Promise<{ exitCode: number; output: string; errors: string }>;
  /** The same, with standard input. */
  runWith(
    input: string,
    ...commandArguments: string[]
  ): Promise<{ exitCode: number; output: string; errors: string }>;
  remove(): void;
}

export function createCliFolder(env: Record<string, string> = {}): CliFolder {
  const path = mkdtempSync(join(tmpdir(), 'sms-guard-cli-'));
  let configs = 0;
  const write = (name: string, text: string) => {
    writeFileSync(join(path, name), text);
    return join(path, name);
  };
  async function runWith(input: string, ...commandArguments: string[]) {
    const { terminal, output, errors } = createFakeTerminal(env, { folder: path, input });
    const exitCode = await runCli(commandArguments, terminal);
    return { exitCode, output: output(), errors: errors() };
  }
  return {
    path,
    write,
    config(options, before = '') {
      configs += 1;
      return write(`config-${configs}.mjs`, `${before}\nexport default ${options};\n`);
    },
    run: (...commandArguments) => runWith('', ...commandArguments),
    runWith,
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
