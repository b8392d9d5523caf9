import { Command, CommanderError } from 'commander';
import { VERSION } from '../internal/version.ts';
import type { AddCommand } from './command.ts';
import { addAuditCommand } from './commands/audit.ts';
import { addCampaignCommand } from './commands/campaign.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { addConsentCommand } from './commands/consent.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addEstimateCommand } from './commands/estimate.ts';
import { addExportCommand } from './commands/export.ts';
import { addImportConsentCommand } from './commands/import-consent.ts';
import { addLimitsCommand } from './commands/limits.ts';
import { addLookupCommand } from './commands/lookup.ts';
import { addSandboxCommand } from './commands/sandbox.ts';
import { addSendCommand } from './commands/send.ts';
import { addSimulateCommand } from './commands/simulate.ts';
import { addStatusCommand } from './commands/status.ts';
import { EXIT } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/** Every command, in the order of the help. */
const COMMANDS: readonly AddCommand[] = [
  addSandboxCommand,
  addDoctorCommand,
  addSimulateCommand,
  addSendCommand,
  addEstimateCommand,
  addStatusCommand,
  addLookupCommand,
  addConsentCommand,
  addLimitsCommand,
  addExportCommand,
  addImportConsentCommand,
  addCampaignCommand,
  addAuditCommand,
  addCompletionCommand,
];

/** Arguments are shown by `ps` and kept in the history of the shell. */
const SECRET_ARGUMENT = /^--?[a-z-]*(?:api-?key|secret|token|password|authorization|bearer)/i;

function createProgram(terminal: Terminal, finish: (exitCode: number) => void): Command {
  const program = new Command('8x8-sms-guard');
  program
    .description('A sandbox and tools for the 8x8 SMS API.')
    .version(VERSION, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: terminal.write,
      writeErr: terminal.writeError,
    })
    .addHelpText(
      'after',
      '\nSecrets are read from the environment, never from arguments. Exit codes: 0 done, 1 failed, 2 wrong arguments,\n3 a setting is missing or malformed, 4 a message may have been sent, 130 stopped.',
    );
  for (const add of COMMANDS) add(program, terminal, finish);
  return program;
}

/** The exit code of an error: scripts read from it whether a message may be sent again. */
async function exitCodeOf(error: unknown, { signal }: Terminal): Promise<number> {
  const { ConfigurationError, SmsError, ValidationError } = await import('../index.ts');
  if (SmsError.isInstance(error) && error.submission === 'unknown') return EXIT.unknown;
  if (signal.aborted) return EXIT.interrupted;
  if (ConfigurationError.isInstance(error) || ValidationError.isInstance(error)) return EXIT.configuration;
  return EXIT.failed;
}

/** Says what went wrong, and returns the exit code. */
async function reportError(error: unknown, isJson: boolean, terminal: Terminal): Promise<number> {
  const { SmsError } = await import('../index.ts');
  const exitCode = await exitCodeOf(error, terminal);
  const text = error instanceof Error ? error.message : String(error);
  const isOwn = SmsError.isInstance(error);
  if (isJson) {
    const fields = isOwn
      ? error.toJSON()
      : { name: error instanceof Error ? error.name : 'Error', message: text };
    terminal.print(JSON.stringify({ error: fields }));
    return exitCode;
  }
  if (exitCode === EXIT.interrupted) {
    terminal.warn(`Stopped. ${isOwn ? text : ''}`.trimEnd());
    return exitCode;
  }
  terminal.warn(`${terminal.paint('red', 'error:')} ${text}`);
  if (isOwn) terminal.warn(terminal.paint('dim', `See ${error.docUrl}`));
  // A fault of the program itself, whose author needs the stack.
  if (!isOwn && error instanceof Error) terminal.warn(error.stack ?? '');
  return exitCode;
}

/**
 * Runs a command line and returns the exit code. Never throws.
 *
 * @param commandArguments without the names of Node and the program
 */
export async function runCli(commandArguments: readonly string[], terminal: Terminal): Promise<number> {
  const secret = commandArguments.find((argument) => SECRET_ARGUMENT.test(argument));
  if (secret !== undefined) {
    terminal.warn(
      'error: secrets are not read from arguments, which other users of this machine can see. Set the environment variable instead.',
    );
    return EXIT.usage;
  }
  let exitCode: number = EXIT.ok;
  const program = createProgram(terminal, (code) => {
    exitCode = code;
  });
  try {
    if (commandArguments.length === 0) program.outputHelp();
    else await program.parseAsync(commandArguments, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return reportError(error, commandArguments.includes('--json'), terminal);
  }
}
