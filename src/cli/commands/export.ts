import { Option } from 'commander';
import { guardFormulas } from '../../consent/formula-guard.ts';
import type { ExportRow } from '../../index.ts';
import { csvLine } from '../../internal/csv-line.ts';
import { type ClientArguments, withClientOptions } from '../client-options.ts';
import type { AddCommand } from '../command.ts';
import { createOutput } from '../files.ts';
import { withClient } from '../open-client.ts';
import { plural } from '../plural.ts';
import { createProgress } from '../progress.ts';
import { collect } from '../read-argument.ts';

type Format = 'csv' | 'jsonl';

interface ExportArguments extends ClientArguments {
  readonly from?: string;
  readonly to?: string;
  readonly out?: string;
  readonly format?: Format;
  readonly country?: readonly string[];
  readonly number?: string;
}

/** The columns of the CSV file, each with its value. */
const COLUMNS: Readonly<Record<string, (row: ExportRow) => string | number | undefined>> = {
  umid: (row) => row.umid,
  createdAt: (row) => row.createdAt,
  direction: (row) => row.direction,
  state: ({ status }) => status.state,
  detail: ({ status }) => status.detail,
  errorCode: ({ status }) => status.errorCode,
  errorMessage: ({ status }) => status.errorMessage,
  stateAt: ({ status }) => status.timestamp,
  msisdn: (row) => row.msisdn,
  country: (row) => row.country,
  operator: (row) => row.operator,
  source: (row) => row.source,
  encoding: (row) => row.encoding,
  parts: (row) => row.smsCount,
  price: ({ price }) => price.total,
  currency: ({ price }) => price.currency,
  subAccountId: (row) => row.subAccountId,
  clientMessageId: (row) => row.clientMessageId,
  clientBatchId: (row) => row.clientBatchId,
  batchId: (row) => row.batchId,
  body: (row) => row.body,
};

const PHONE_NUMBER = /^\+\d{1,20}$/;

/** The text of a person must not run as a formula when a spreadsheet opens the file. A phone number is none. */
function protect(cell: string | number | undefined): string | number | undefined {
  return typeof cell === 'string' && !PHONE_NUMBER.test(cell) ? guardFormulas(cell) : cell;
}

function toCsv(row: ExportRow): string {
  return csvLine(Object.values(COLUMNS).map((read) => protect(read(row))));
}

const WRITERS: Readonly<Record<Format, { readonly heading: string; line(row: ExportRow): string }>> = {
  csv: { heading: csvLine(Object.keys(COLUMNS)), line: toCsv },
  jsonl: { heading: '', line: (row) => `${JSON.stringify(row)}\n` },
};

function formatOf({ format, out, json }: ExportArguments): Format {
  if (format !== undefined) return format;
  if (out === undefined) return json ? 'jsonl' : 'csv';
  return /\.(jsonl|ndjson)$/i.test(out) ? 'jsonl' : 'csv';
}

/** `export`: the log of messages as a file. */
export const addExportCommand: AddCommand = (program, terminal) => {
  withClientOptions(
    program
      .command('export')
      .description('Write the log of messages, sent and received, to a file or to standard output.'),
  )
    .option('--from <time>', 'first day or time, UTC (default: 7 days ago)')
    .option('--to <time>', 'last day or time, UTC (default: now)')
    .option('-o, --out <file>', 'new file, which only you may read')
    .addOption(
      new Option('--format <format>', 'csv or jsonl (default: by the name of the file)').choices([
        'csv',
        'jsonl',
      ]),
    )
    .option('--country <code>', 'only this country; may be repeated', collect)
    .option('--number <number>', 'only messages to or from this number')
    .action(async (given: ExportArguments) => {
      await withClient(given, terminal, async ({ sms }) => {
        const { from, to, country: countries, number: phoneNumber, out } = given;
        const { heading, line } = WRITERS[formatOf(given)];
        const query = { from, to, countries, phoneNumber };
        const file = out === undefined ? undefined : await createOutput(out, terminal);
        const write = file === undefined ? async (text: string) => terminal.write(text) : file.write;
        const progress = createProgress('Exporting', 'rows', terminal);
        let rows = 0;
        try {
          progress.update(0);
          await write(heading);
          for await (const row of sms.exports.run(query, { signal: terminal.signal })) {
            await write(line(row));
            rows += 1;
            progress.update(rows);
          }
          progress.clear();
          await file?.finish();
        } finally {
          progress.clear();
          await file?.discard();
        }
        if (out === undefined) return;
        if (given.json) terminal.print(JSON.stringify({ rows, file: out }));
        else terminal.print(`${plural(rows, 'message')} in ${out}.`);
      });
    });
};
