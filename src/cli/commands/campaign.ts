import type { CampaignArguments } from '../campaign/campaign-arguments.ts';
import { withClientOptions } from '../client-options.ts';
import type { AddCommand } from '../command.ts';
import { wholeNumber } from '../read-argument.ts';
import { purposeOption } from './send.ts';

/** `campaign`: a message for every row of a file. */
export const addCampaignCommand: AddCommand = (program, terminal, finish) => {
  withClientOptions(
    program
      .command('campaign')
      .description(
        'Send a message for every row of a CSV file, through all guards. Run the same command again to resume.',
      )
      .argument(
        '<file>',
        'CSV with a heading line: destination, text; optionally country, clientMessageId, source',
      ),
  )
    .addOption(purposeOption().makeOptionMandatory())
    .option('--text <text>', 'text of every message, with {heading} for cells of the row')
    .option('--number-column <heading>', 'heading of the column of numbers', 'destination')
    .option('--source <sender>', 'sender ID of rows without one')
    .option('--country <code>', 'country of national numbers, such as SG')
    .option('--checkpoint <file>', 'file that records the sent rows (default: <file>.checkpoint)')
    .option('--results <file>', 'file with one line of JSON for every row (default: <file>.results.jsonl)')
    .option('--chunk-size <number>', 'messages per request (default: 1000)', wholeNumber(1, 10_000))
    .option('--dry-run', 'count rows, parts and price; send nothing')
    .action(async (file: string, given: CampaignArguments) => {
      const { runCampaign } = await import('../campaign/run-campaign.ts');
      await runCampaign(file, given, terminal, finish);
    });
};
