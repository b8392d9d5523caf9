import { Argument } from 'commander';
import type { ConfigurableGuard, GuardCounter, GuardsInspection } from '../../index.ts';
import { describeDuration } from '../../internal/describe-duration.ts';
import { type ClientArguments, withClientOptions } from '../client-options.ts';
import type { AddCommand } from '../command.ts';
import { type OpenedClient, withClient } from '../open-client.ts';
import { printRows } from '../rows.ts';
import type { Terminal } from '../terminal.ts';

interface LimitsArguments extends ClientArguments {
  readonly guard?: ConfigurableGuard;
  readonly country?: string;
}

/** Counters in the memory of a service are in no other process. */
async function assertShared({ settings }: OpenedClient): Promise<void> {
  if (settings.hasOwnLimits) return;
  const { ConfigurationError } = await import('../../index.ts');
  throw new ConfigurationError(
    'limits is not set, so your service counts in its own memory, which this command cannot see. Export limits: redisLimits(…) from the configuration file.',
    'limits',
  );
}

function showCounter({ count, limit, windowMs, approximate }: GuardCounter): string {
  const most = limit === undefined ? '' : ` of ${limit}`;
  const window = windowMs === undefined ? '' : ` in ${describeDuration(windowMs)}`;
  return `${approximate === true ? 'about ' : ''}${count}${most}${window}`;
}

function printInspection(number: string, { counters, refusals }: GuardsInspection, terminal: Terminal): void {
  const { print, paint } = terminal;
  print(paint('bold', `Counted for ${number}`));
  printRows(
    counters.map((counter) => [counter.guard, showCounter(counter)]),
    terminal,
  );
  print();
  if (refusals.length === 0) {
    print(paint('green', 'A message of any purpose would be admitted now.'));
    return;
  }
  print(paint('bold', 'A message now would be refused'));
  printRows(
    refusals.map((refusal) => [refusal.purpose, `${refusal.guard}: ${refusal.message}`]),
    terminal,
  );
}

/** `limits`: the counters of a number. */
export const addLimitsCommand: AddCommand = (program, terminal) => {
  withClientOptions(
    program
      .command('limits')
      .description(
        'Show or clear the counters of a number. Needs a configuration file with your limit store.',
      )
      .argument('<number>', 'phone number')
      .addArgument(new Argument('[action]', 'action').choices(['show', 'release']).default('show')),
  )
    .option('--guard <name>', 'only this guard; a range (prefix) is released only by its name')
    .option('--country <code>', 'country of a national number, such as SG')
    .action(async (number: string, action: 'show' | 'release', given: LimitsArguments) => {
      await withClient(given, terminal, async (opened) => {
        await assertShared(opened);
        const { guards } = opened.sms;
        const query = { guard: given.guard, country: given.country };
        const { signal } = terminal;
        if (action === 'release') {
          await guards.release(number, query, { signal });
          const released = { released: number, guard: given.guard ?? 'all' };
          if (given.json) return terminal.print(JSON.stringify(released));
          return terminal.print(`Released ${number}. Consent is unchanged.`);
        }
        const found = await guards.inspect(number, query, { signal });
        if (given.json) return terminal.print(JSON.stringify(found));
        printInspection(number, found, terminal);
      });
    });
};
