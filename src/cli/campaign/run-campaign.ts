import { closeSync, openSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import type { SendResult, SmsClient } from '../../index.ts';
import { EXIT } from '../exit-codes.ts';
import { openInput, PRIVATE_MODE } from '../files.ts';
import { type OpenedClient, withClient } from '../open-client.ts';
import { plural } from '../plural.ts';
import { createProgress } from '../progress.ts';
import { printRows, type Row } from '../rows.ts';
import type { Terminal } from '../terminal.ts';
import type { CampaignArguments } from './campaign-arguments.ts';
import { openCheckpoint } from './checkpoint-file.ts';
import { type CampaignPreview, previewCampaign } from './dry-run.ts';
import { readCampaign } from './read-campaign.ts';

/** Rows of this run by outcome. `unknown`: 8x8 may have accepted them. */
type Counts = Record<'accepted' | 'blocked' | 'rejected' | 'failed' | 'unknown', number>;

type Finish = (exitCode: number) => void;

function outcomeOf(result: SendResult): keyof Counts {
  return result.status === 'failed' && result.error.submission === 'unknown' ? 'unknown' : result.status;
}

/** A line of the results: no number, because the row says whose it is. */
function toLine(result: SendResult): string {
  const { index, clientMessageId } = result;
  const about = { row: index + 1, outcome: outcomeOf(result), clientMessageId };
  const rest =
    result.status === 'accepted'
      ? { umid: result.umid, parts: result.parts }
      : { code: result.error.code, message: result.error.message };
  return `${JSON.stringify({ ...about, ...rest })}\n`;
}

/** Reads the file once, so that the bar knows its end, and a fault in it is found before the first message. */
async function countRows(file: string, given: CampaignArguments, terminal: Terminal): Promise<number> {
  const { chunks } = await openInput(file, terminal);
  let rows = 0;
  for await (const _ of readCampaign(chunks, layoutOf(given))) rows += 1;
  return rows;
}

const layoutOf = ({ numberColumn, text }: CampaignArguments) => ({ numberColumn, text });

function exitCodeOf({ blocked, rejected, failed, unknown }: Counts): number {
  if (unknown > 0) return EXIT.unknown;
  return blocked + rejected + failed > 0 ? EXIT.failed : EXIT.ok;
}

function printPreview(preview: CampaignPreview, terminal: Terminal): void {
  const { rows, parts, badNumbers, badRows, price, unpriced } = preview;
  const sums = Object.entries(price).map(([currency, sum]) => `${sum.toFixed(2)} ${currency}`);
  const listed: readonly Row[] = [
    ['rows', rows.toLocaleString('en-US')],
    ['parts', parts.toLocaleString('en-US')],
    ['price', sums.length === 0 ? 'not known: set EIGHTBYEIGHT_ACCOUNT_ID' : `about ${sums.join(', ')}`],
    ['without price', unpriced > 0 && sums.length > 0 ? plural(unpriced, 'row') : undefined],
    ['bad numbers', badNumbers === 0 ? undefined : `${badNumbers}: row ${badRows.join(', ')}`],
  ];
  printRows(listed, terminal);
  terminal.print('Nothing was sent. Limits and consent are checked when a message is sent.');
}

async function dryRun(
  file: string,
  given: CampaignArguments,
  { sms, settings }: OpenedClient,
  terminal: Terminal,
  finish: Finish,
): Promise<void> {
  if (settings.accountId !== undefined) {
    await sms.account.prices(
      { subAccountId: settings.subAccountId, direction: 'outbound' },
      { signal: terminal.signal },
    );
  }
  const { chunks } = await openInput(file, terminal);
  const preview = await previewCampaign(sms, readCampaign(chunks, layoutOf(given)), given.country);
  if (preview.badNumbers > 0) finish(EXIT.failed);
  if (given.json) terminal.print(JSON.stringify(preview));
  else printPreview(preview, terminal);
}

interface Sending {
  readonly file: string;
  readonly given: CampaignArguments;
  readonly sms: SmsClient;
  readonly checkpoint: Awaited<ReturnType<typeof openCheckpoint>>;
  readonly resultsPath: string;
  readonly total: number;
}

async function send(
  { file, given, sms, checkpoint, resultsPath, total }: Sending,
  terminal: Terminal,
): Promise<Counts> {
  const counts: Counts = { accepted: 0, blocked: 0, rejected: 0, failed: 0, unknown: 0 };
  const { purpose, country, source, chunkSize } = given;
  const { chunks } = await openInput(file, terminal);
  const progress = createProgress('Sending', `of ${total.toLocaleString('en-US')}`, terminal);
  const results = openSync(resultsPath, 'a', PRIVATE_MODE);
  try {
    await sms.messages
      .sendMany(readCampaign(chunks, layoutOf(given)), {
        purpose,
        country,
        chunkSize,
        ...(source !== undefined && { template: { source } }),
        checkpoint: checkpoint.save,
        resumeFrom: checkpoint.resumeFrom,
        signal: terminal.signal,
      })
      .run((result) => {
        counts[outcomeOf(result)] += 1;
        writeSync(results, toLine(result));
        progress.update(result.index + 1, (result.index + 1) / total);
      });
    return counts;
  } finally {
    progress.clear();
    closeSync(results);
  }
}

function printCounts(counts: Counts, resultsFile: string, terminal: Terminal): void {
  const { accepted, unknown } = counts;
  const sum = Object.values(counts).reduce((one, other) => one + other, 0);
  if (sum === 0) {
    terminal.print(
      `Every row of this file was handled before: see ${resultsFile}. To start again, remove the checkpoint.`,
    );
    return;
  }
  const shown = Object.entries(counts).filter(([name, count]) => name === 'accepted' || count > 0);
  printRows(
    shown.map(([name, count]) => [name, count.toLocaleString('en-US')]),
    terminal,
  );
  if (accepted < sum) terminal.print(`Reasons are in ${resultsFile}.`);
  if (unknown > 0)
    terminal.print('8x8 may have accepted the unknown ones: look for their client message IDs in an export.');
}

/** Sends a campaign from its file, or resumes one that was stopped. */
export async function runCampaign(
  file: string,
  given: CampaignArguments,
  terminal: Terminal,
  finish: Finish,
): Promise<void> {
  await withClient(given, terminal, async (opened) => {
    if (given.dryRun) return dryRun(file, given, opened, terminal, finish);
    const { sms, settings } = opened;
    const total = await countRows(file, given, terminal);
    const path = (name: string) => resolve(terminal.folder, name);
    const { checkpoint: checkpointFile = `${file}.checkpoint`, results = `${file}.results.jsonl` } = given;
    const { purpose, text, source, country, numberColumn } = given;
    const checkpoint = await openCheckpoint(path(checkpointFile), [
      settings.subAccountId,
      purpose,
      text,
      source,
      country,
      numberColumn,
    ]);
    try {
      if (checkpoint.resumeFrom !== undefined && !given.json)
        terminal.print(`Resuming with ${checkpointFile}.`);
      const counts = await send(
        { file, given, sms, checkpoint, resultsPath: path(results), total },
        terminal,
      );
      finish(exitCodeOf(counts));
      if (given.json) terminal.print(JSON.stringify({ ...counts, results }));
      else printCounts(counts, results, terminal);
    } finally {
      await checkpoint.unlock();
    }
  });
}
