import type { Command } from 'commander';

/** Options of every command that works with a client. */
export interface ClientArguments {
  readonly config?: string;
  readonly envFile?: string;
  readonly json?: boolean;
}

/** Adds the options that say where the client's settings are. */
export function withClientOptions(command: Command): Command {
  return command
    .option(
      '-c, --config <file>',
      'module with the options of your client (default: 8x8-sms-guard.config.mjs)',
    )
    .option('--env-file <file>', 'read environment variables from a file such as .env')
    .option('--json', 'print JSON');
}
