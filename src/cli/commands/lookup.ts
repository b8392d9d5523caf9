import { Option } from 'commander';
import type { LookupOperator, LookupType } from '../../index.ts';
import { type ClientArguments, withClientOptions } from '../client-options.ts';
import type { AddCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { withClient } from '../open-client.ts';
import { printRows } from '../rows.ts';

interface LookupArguments extends ClientArguments {
  readonly type?: LookupType;
  readonly country?: string;
}

const showOperator = (operator: LookupOperator | undefined) =>
  operator && [operator.operatorName, operator.country].filter((word) => word !== undefined).join(', ');

const showFlag = (flag: boolean | null | undefined) =>
  flag === undefined ? undefined : flag === null ? 'not known' : flag ? 'yes' : 'no';

/** `lookup`: facts about a number. */
export const addLookupCommand: AddCommand = (program, terminal, finish) => {
  withClientOptions(
    program
      .command('lookup')
      .description('Look up facts about a number.')
      .argument('<number>', 'phone number'),
  )
    .addOption(
      new Option('--type <type>', 'format (default) is free; operator and live cost money').choices([
        'format',
        'operator',
        'live',
      ]),
    )
    .option('--country <code>', 'country of a national number, such as SG')
    .action(async (number: string, given: LookupArguments) => {
      await withClient(given, terminal, async ({ sms }) => {
        const { type, country } = given;
        const found = await sms.lookup.get(number, { type, country }, { signal: terminal.signal });
        const { status } = found;
        if (status.state === 'error') finish(EXIT.failed);
        if (given.json) return terminal.print(JSON.stringify(found));
        printRows(
          [
            ['number', number],
            ['national', found.phoneNumberNational],
            ['type', found.phoneType],
            ['country', found.country],
            ['operator', showOperator(found.currentOperator)],
            ['original operator', showOperator(found.originalOperator)],
            ['ported', showFlag(found.ported)],
            ['switched on', showFlag(found.presence)],
            ['roaming', showFlag(found.roaming)],
            [
              'lookup',
              status.state === 'ok' ? 'ok' : `${status.state}: ${status.errorMessage ?? status.reason}`,
            ],
          ],
          terminal,
        );
      });
    });
};
