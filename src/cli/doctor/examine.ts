import type { ClientArguments } from '../client-options.ts';
import { type OpenedClient, openClient } from '../open-client.ts';
import type { Terminal } from '../terminal.ts';
import { checkAccount } from './account.ts';
import { checkEnvironment } from './environment.ts';
import { type Examined, type Finding, hasProblem, messageOf, ok, problem, warning } from './finding.ts';
import { checkGuards } from './guards.ts';
import { checkNetwork } from './network.ts';
import { checkHost, checkKeyForm } from './settings.ts';
import { checkStore } from './store.ts';
import { checkWebhooks } from './webhooks.ts';

/** The advice for a setting that stops the client from being built, by option. */
const SETTING_ADVICE: Readonly<Record<string, string>> = {
  apiKey:
    'Create a key in 8x8 Connect under API keys. Variables in a .env file are read only with --env-file .env.',
  subAccountId: 'Set EIGHTBYEIGHT_SUB_ACCOUNT_ID; 8x8 Connect shows it under API keys.',
  config: 'See docs/cli.md for what a configuration file exports.',
};

async function settingProblem(error: unknown): Promise<Finding> {
  const { ConfigurationError } = await import('../../index.ts');
  if (!ConfigurationError.isInstance(error)) throw error;
  const { option = '' } = error;
  const check = option === 'apiKey' ? 'key' : 'settings';
  return problem(
    check,
    messageOf(error),
    SETTING_ADVICE[option] ?? 'Correct the setting; see docs/options.md.',
  );
}

async function* examineClient(examined: Examined): AsyncGenerator<Finding, void, void> {
  const { configFile } = examined;
  yield ok(
    'settings',
    configFile === undefined ? 'from the environment' : `from ${configFile} and the environment`,
  );
  yield* checkHost(examined);
  const form = await checkKeyForm(examined);
  yield* form;
  const network = await checkNetwork(examined);
  yield* network;
  if (hasProblem([...form, ...network])) {
    yield warning(
      'account',
      'Account, prices and webhooks were not checked, because the key cannot be sent.',
      'Solve the problems above, and run doctor again.',
    );
  } else {
    const account = await checkAccount(examined);
    yield* account;
    if (!hasProblem(account.filter(({ check }) => check === 'account'))) yield* await checkWebhooks(examined);
  }
  yield* await checkStore(examined);
  yield* checkGuards(examined);
}

/** Examines a setup, and yields its findings. Sends no message. */
export async function* examine(
  given: ClientArguments & { readonly receiver?: string },
  terminal: Terminal,
): AsyncGenerator<Finding, void, void> {
  yield* checkEnvironment(terminal.env);
  let opened: OpenedClient;
  try {
    opened = await openClient(given, terminal);
  } catch (error) {
    yield await settingProblem(error);
    return;
  }
  try {
    const { env, signal } = terminal;
    yield* examineClient({ ...opened, receiver: given.receiver, env, signal });
  } finally {
    await opened.close();
  }
}
