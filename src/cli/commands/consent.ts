import { Argument, Option } from 'commander';
import type { Consent, ConsentEntry } from '../../index.ts';
import { type ClientArguments, withClientOptions } from '../client-options.ts';
import type { AddCommand } from '../command.ts';
import { withClient } from '../open-client.ts';
import { printRows, showTime } from '../rows.ts';
import type { Terminal } from '../terminal.ts';

type Action = 'status' | 'grant' | 'revoke' | 'history';

interface ConsentArguments extends ClientArguments {
  readonly source?: string;
  readonly scope?: 'all' | 'marketing';
  readonly sender?: string;
  readonly evidence?: string;
  readonly country?: string;
}

type Found = ConsentEntry | undefined | readonly ConsentEntry[];

function run(
  consent: Consent,
  number: string,
  action: Action,
  given: ConsentArguments,
  { signal }: Terminal,
): Promise<Found> {
  const { source = 'command-line', scope, sender, evidence, country } = given;
  switch (action) {
    case 'grant':
    case 'revoke':
      return consent[action](number, { source, scope, sender, evidence, country }, { signal });
    case 'history':
      return consent.history(number, { country }, { signal });
    case 'status':
      return consent.status(number, { country, sender }, { signal });
  }
}

function describe(entry: ConsentEntry): string {
  const what = entry.scope === 'sender' ? `the sender ${entry.sender}` : entry.scope;
  return `${entry.state} for ${what}, ${showTime(entry.at)}, from ${entry.source}`;
}

function printFound(found: Found, number: string, action: Action, terminal: Terminal): void {
  if (found === undefined || (Array.isArray(found) && found.length === 0)) {
    terminal.print(`Nothing is recorded about ${number}.`);
    return;
  }
  if (Array.isArray(found)) {
    printRows(
      (found as readonly ConsentEntry[]).map((entry, at) => [`${at + 1}`, describe(entry)]),
      terminal,
    );
    return;
  }
  const done = action === 'status' ? '' : 'Recorded: ';
  terminal.print(`${done}${number} ${describe(found as ConsentEntry)}.`);
}

/** `consent`: what a person chose. */
export const addConsentCommand: AddCommand = (program, terminal) => {
  withClientOptions(
    program
      .command('consent')
      .description(
        "Show or record a person's choice. Needs a configuration file with the ledger of your service.",
      )
      .argument('<number>', 'phone number')
      .addArgument(
        new Argument('[action]', 'action')
          .choices(['status', 'grant', 'revoke', 'history'])
          .default('status'),
      ),
  )
    .option('--source <word>', 'where the choice came from (default: command-line)')
    .addOption(
      new Option(
        '--scope <scope>',
        'scope of the choice: marketing (default of grant) or all (default of revoke)',
      ).choices(['all', 'marketing']),
    )
    .option('--sender <sender>', 'only messages of this sender ID or brand')
    .option('--evidence <text>', 'evidence for a regulator')
    .option('--country <code>', 'country of a national number, such as SG')
    .action(async (number: string, action: Action, given: ConsentArguments) => {
      await withClient(given, terminal, async ({ sms }) => {
        const found = await run(sms.consent, number, action, given, terminal);
        if (given.json) terminal.print(JSON.stringify(found ?? null));
        else printFound(found, number, action, terminal);
      });
    });
};
