import { runCli } from './run-cli.ts';
import { createTerminal } from './terminal.ts';

/** Runs the command line of a process, and ends it with the exit code. */
export async function runProcess(own: NodeJS.Process): Promise<void> {
  const controller = new AbortController();
  // Once, so that the second Ctrl+C ends a command that hangs.
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    own.once(name, () => controller.abort(name));
  }
  const { stdin, stdout, stderr, env } = own;
  // `8x8-sms-guard export | head` closes the pipe early.
  stdout.on('error', (error: NodeJS.ErrnoException) => own.exit(error.code === 'EPIPE' ? 0 : 1));
  const { signal } = controller;
  const terminal = createTerminal({ stdin, stdout, stderr, env, folder: own.cwd(), signal });
  const exitCode = await runCli(own.argv.slice(2), terminal);
  // The store of a configuration file may hold a connection open. Output is flushed first.
  stdout.write('', () => stderr.write('', () => own.exit(exitCode)));
}
