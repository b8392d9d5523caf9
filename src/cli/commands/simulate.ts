import { type ClientArguments, withClientOptions } from '../client-options.ts';
import type { AddCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { findConfig, openClient } from '../open-client.ts';
import { wholeNumber } from '../read-argument.ts';

interface SimulateArguments extends ClientArguments {
  readonly seconds?: number;
}

/** Long enough to watch. */
const SECONDS_ON_A_TERMINAL = 20;

/** `simulate`: an attack on a sign-up form, live. */
export const addSimulateCommand: AddCommand = (program, terminal, finish) => {
  withClientOptions(
    program
      .command('simulate')
      .description(
        'Watch an hour of SMS pumping at a sign-up form, with and without guards. Needs no account, sends nothing.',
      ),
  )
    .option(
      '--seconds <number>',
      'seconds that the hour takes; 0 shows only the result (default on a terminal: 20)',
      wholeNumber(0, 3_600),
    )
    .action(async (given: SimulateArguments) => {
      const { runSimulation } = await import('../simulate/run-simulation.ts');
      const { tableOf } = await import('../simulate/table.ts');
      const { print, paint } = terminal;
      const own = findConfig(given, terminal) === undefined ? undefined : await openClient(given, terminal);
      const isLive = terminal.isInteractive && !given.json;
      const seconds = given.seconds ?? SECONDS_ON_A_TERMINAL;
      if (!given.json) {
        print(
          paint('bold', 'An hour at a sign-up form: 300 people want a code, and robots ask 1,000 times.'),
        );
        print('Emulated: nothing is sent. The two options are guards.countries and guards.prefix.');
        print();
      }
      try {
        const columns = await runSimulation(own, isLive ? seconds : 0, terminal);
        if (given.json) print(JSON.stringify(columns));
        else if (!isLive || seconds === 0) for (const line of tableOf(columns)) print(line);
        if (terminal.signal.aborted) finish(EXIT.interrupted);
      } finally {
        await own?.close();
      }
    });
};
