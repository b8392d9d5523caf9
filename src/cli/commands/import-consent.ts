import { Option } from 'commander';
import type { ConsentImport, ConsentLedger, ImportConsentOptions } from '../../index.ts';
import { type ClientArguments, withClientOptions } from '../client-options.ts';
import type { AddCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openInput } from '../files.ts';
import { type OpenedClient, withClient } from '../open-client.ts';
import { plural } from '../plural.ts';
import { createProgress } from '../progress.ts';
import { collectPair, timeOrNow, wholeNumber } from '../read-argument.ts';
import { printRows, showTime } from '../rows.ts';
import type { Terminal } from '../terminal.ts';

interface ImportArguments extends ClientArguments {
  readonly dryRun?: boolean;
  readonly format?: 'csv' | 'jsonl';
  readonly country?: string;
  readonly state?: 'opted-in' | 'opted-out';
  readonly scope?: 'all' | 'marketing';
  readonly source?: string;
  readonly at?: Date | string;
  readonly column?: Readonly<Record<string, string>>;
  readonly timeZone?: string;
  readonly dateOrder?: 'day-first' | 'month-first';
  readonly encoding?: NonNullable<ImportConsentOptions['encoding']>;
  readonly fromLine?: number;
}

async function ledgerOf({ settings }: OpenedClient): Promise<ConsentLedger> {
  const { consent } = settings.guards;
  if (consent !== false && consent.ledger !== undefined) return consent.ledger;
  const { ConfigurationError } = await import('../../index.ts');
  throw new ConfigurationError(
    'guards.consent.ledger is not set: export the ledger of your service from the configuration file.',
    'guards.consent.ledger',
  );
}

function toOptions(file: string, given: ImportArguments): ImportConsentOptions {
  const { format, dryRun, country, state, scope, source, at, column } = given;
  const { timeZone, dateOrder, encoding, fromLine } = given;
  return {
    format: format ?? (/\.(jsonl|ndjson)$/i.test(file) ? 'jsonl' : 'csv'),
    dryRun,
    country,
    defaults: { state, scope, source, at },
    columns: column,
    timeZone,
    dateOrder,
    encoding,
    fromLine,
  };
}

function printResult(result: ConsentImport, isDryRun: boolean, terminal: Terminal): void {
  const { rows, recorded, bad, badRows, preview } = result;
  const { print, paint } = terminal;
  if (preview.length > 0) {
    print(paint('bold', 'The first rows were read as'));
    printRows(
      preview.map(({ line, destination, state, scope, at, source }) => [
        `line ${line}`,
        `${destination} ${state} for ${scope}, ${showTime(at)}, from ${source}`,
      ]),
      terminal,
    );
  }
  if (badRows.length > 0) {
    print(
      paint('yellow', `Left out: ${plural(bad, 'row')}${bad > badRows.length ? ', the first of them' : ''}`),
    );
    printRows(
      badRows.map(({ line, reason }) => [`line ${line}`, reason]),
      terminal,
    );
  }
  const good = plural(isDryRun ? rows - bad - result.skipped : recorded, 'row');
  print(isDryRun ? `${good} would be recorded. Nothing was recorded.` : `${good} recorded.`);
}

/** `import-consent`: choices of people from a file. */
export const addImportConsentCommand: AddCommand = (program, terminal, finish) => {
  withClientOptions(
    program
      .command('import-consent')
      .description('Record opt-ins and opt-outs from a file. Try it with --dry-run first.')
      .argument('<file>', 'CSV, or one JSON object per line'),
  )
    .option('--dry-run', 'read every row, record none')
    .addOption(
      new Option('--format <format>', 'csv or jsonl (default: by the name of the file)').choices([
        'csv',
        'jsonl',
      ]),
    )
    .option('--column <field=heading>', 'heading of a field: destination=Phone; may be repeated', collectPair)
    .option('--country <code>', 'country of national numbers, such as SG')
    .addOption(new Option('--state <state>', 'choice of rows without one').choices(['opted-in', 'opted-out']))
    .addOption(new Option('--scope <scope>', 'scope of rows without one').choices(['all', 'marketing']))
    .option('--source <word>', 'where the choices came from, for rows without a source')
    .option(
      '--at <time>',
      'when they chose, for rows without a time: now, or 2026-11-22T09:00:00Z',
      timeOrNow,
    )
    .option('--time-zone <name>', 'time zone of dates without one, such as Asia/Singapore')
    .addOption(
      new Option('--date-order <order>', 'order of dates such as 1/7/2026').choices([
        'day-first',
        'month-first',
      ]),
    )
    .addOption(
      new Option('--encoding <name>', 'encoding of the file (default: utf-8)').choices([
        'utf-8',
        'utf-16le',
        'utf-16be',
        'windows-1252',
      ]),
    )
    .option(
      '--from-line <number>',
      'resume at this line after a failure',
      wholeNumber(1, Number.MAX_SAFE_INTEGER),
    )
    .action(async (file: string, given: ImportArguments) => {
      await withClient(given, terminal, async (opened) => {
        const { importConsent } = await import('../../index.ts');
        const ledger = await ledgerOf(opened);
        const input = await openInput(file, terminal);
        const progress = createProgress(given.dryRun ? 'Reading' : 'Recording', 'rows', terminal);
        try {
          const result = await importConsent(ledger, input.chunks, {
            ...toOptions(file, given),
            client: opened.sms,
            signal: terminal.signal,
            onProgress: ({ rows }) => progress.update(rows, input.bytesRead() / Math.max(1, input.bytes)),
          });
          progress.clear();
          if (result.bad > 0) finish(EXIT.failed);
          if (given.json) terminal.print(JSON.stringify(result));
          else printResult(result, given.dryRun === true, terminal);
        } finally {
          progress.clear();
        }
      });
    });
};
