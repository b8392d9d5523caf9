import type { Sandbox, SandboxOptions } from '../../sandbox/index.ts';
import type { AddCommand } from '../command.ts';
import { collect, wholeNumber } from '../read-argument.ts';
import type { Terminal } from '../terminal.ts';

interface SandboxArguments {
  readonly port?: number;
  readonly host?: string;
  readonly allowHost?: readonly string[];
  readonly json?: boolean;
}

function toOptions(given: SandboxArguments, { env }: Terminal): SandboxOptions {
  const { port, host, allowHost } = given;
  return { port, host, allowHosts: allowHost, apiKey: env.SANDBOX_API_KEY || undefined };
}

function announce({ url, apiKey, environment }: Sandbox, terminal: Terminal): void {
  const { print, paint } = terminal;
  print(paint('bold', 'The 8x8 sandbox is running. Nothing leaves this machine, and nothing costs money.'));
  print();
  print(`  Page  ${paint('cyan', `${url}/`)}`);
  print(`  API   ${url}  SMS, Verification, Number Lookup and Contacts`);
  print(`  Key   ${apiKey}  any other key that begins with sandbox_ works too`);
  print();
  print('  Variables to paste:');
  for (const [name, value] of Object.entries(environment)) print(`    export ${name}=${value}`);
  print();
  print(paint('dim', '  Ctrl+C stops it.'));
}

/** Resolves when the user asks for the end. */
function untilStopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** `sandbox`: the emulated 8x8 as a server on this machine. */
export const addSandboxCommand: AddCommand = (program, terminal) => {
  program
    .command('sandbox')
    .description('Run an emulated 8x8 on this machine, with a page that shows the messages on phones.')
    .option('-p, --port <number>', 'TCP port; 0 takes a free one (default: 8808)', wholeNumber(0, 65_535))
    .option('--host <address>', 'address to listen on (default: 127.0.0.1, this machine alone)')
    .option('--allow-host <name>', 'a name by which it may be called; may be repeated', collect)
    .option('--json', 'print address, key and variables as one line of JSON')
    .action(async (given: SandboxArguments) => {
      const { startSandbox } = await import('../../sandbox/index.ts');
      const options = toOptions(given, terminal);
      const sandbox = await startSandbox(options);
      for (const warning of sandbox.warnings)
        terminal.warn(`${terminal.paint('yellow', 'warning:')} ${warning}`);
      try {
        const { url, apiKey, environment } = sandbox;
        if (given.json) terminal.print(JSON.stringify({ url, apiKey, environment }));
        else announce(sandbox, terminal);
        await untilStopped(terminal.signal);
      } finally {
        await sandbox.close();
      }
    });
};
