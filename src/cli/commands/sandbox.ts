import { Option } from 'commander';
import type { Sandbox, SandboxFault, SandboxOptions, SandboxWebhook } from '../../sandbox/index.ts';
import type { AddCommand } from '../command.ts';
import { collect, decimalNumber, wholeNumber } from '../read-argument.ts';
import type { Terminal } from '../terminal.ts';

interface SandboxArguments {
  readonly port?: number;
  readonly host?: string;
  readonly allowHost?: readonly string[];
  readonly webhookUrl?: string;
  readonly oauthUrl?: string;
  readonly oauthClientId?: string;
  readonly oauthScope?: string;
  readonly oauthLocation?: 'header' | 'body';
  readonly speed?: number;
  readonly data?: string;
  readonly fault?: readonly SandboxFault[];
  readonly json?: boolean;
}

/** The webhook of the arguments, with its secrets of the environment. */
function toWebhook(given: SandboxArguments, { env }: Terminal): SandboxWebhook | undefined {
  const { webhookUrl, oauthUrl, oauthClientId, oauthScope, oauthLocation } = given;
  if (webhookUrl === undefined) return undefined;
  const authorization = env.SANDBOX_WEBHOOK_AUTHORIZATION || undefined;
  if (oauthUrl === undefined) return { url: webhookUrl, authorization };
  return {
    url: webhookUrl,
    oauth: {
      url: oauthUrl,
      clientId: oauthClientId ?? '',
      clientSecret: env.SANDBOX_OAUTH_CLIENT_SECRET ?? '',
      credentialsLocation: oauthLocation,
      scope: oauthScope,
    },
  };
}

/** Reads `503` or `503:2`: the name of a fault, and how many requests it hits. */
function readFault(given: string, previous: readonly SandboxFault[] = []): readonly SandboxFault[] {
  const [name = '', times = '1'] = given.split(':');
  const fault = name as SandboxFault['fault'];
  return [...previous, { fault, times: wholeNumber(1, 1_000_000)(times) }];
}

function toOptions(given: SandboxArguments, terminal: Terminal): SandboxOptions {
  const { port, host, allowHost, speed, data, fault } = given;
  return {
    port,
    host,
    allowHosts: allowHost,
    apiKey: terminal.env.SANDBOX_API_KEY || undefined,
    webhook: toWebhook(given, terminal),
    speed,
    data,
    faults: fault,
    log: terminal.warn,
  };
}

function announce({ url, apiKey, environment }: Sandbox, terminal: Terminal): void {
  const { print, paint } = terminal;
  print(paint('bold', 'The 8x8 sandbox is running. Nothing reaches 8x8, and nothing costs money.'));
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
    .option('--host <address>', 'address to listen on (default: 127.0.0.1, this machine only)')
    .option(
      '--allow-host <name>',
      'host name of the sandbox, or of a receiver to which it may post; may be repeated',
      collect,
    )
    .option('--webhook-url <url>', 'address on this machine to which receipts, replies and clicks are posted')
    .option('--oauth-url <url>', 'token endpoint for the webhooks (OAuth 2.0 client credentials)')
    .option('--oauth-client-id <id>', 'client ID for the token')
    .option('--oauth-scope <scope>', 'scope of the token')
    .addOption(
      new Option('--oauth-location <where>', 'location of ID and secret in the token request').choices([
        'header',
        'body',
      ]),
    )
    .option(
      '--speed <factor>',
      'factor by which receipts and repeated webhooks come faster than from 8x8 (default: 1)',
      decimalNumber(0.01, 1_000_000),
    )
    .option('--data <file>', 'file that keeps the state, with complete numbers and texts')
    .option('--fault <name[:times]>', 'fault of the next requests, such as 503:2; may be repeated', readFault)
    .option('--json', 'print address, key and variables as one line of JSON')
    .addHelpText(
      'after',
      '\nFrom the environment: SANDBOX_API_KEY, SANDBOX_WEBHOOK_AUTHORIZATION (the Authorization header of webhooks),\nSANDBOX_OAUTH_CLIENT_SECRET.',
    )
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
