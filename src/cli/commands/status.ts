import type { MessageDetails } from '../../index.ts';
import { type ClientArguments, withClientOptions } from '../client-options.ts';
import type { AddCommand } from '../command.ts';
import { withClient } from '../open-client.ts';
import { printRows, type Row, showTime } from '../rows.ts';

async function showError({
  errorCode = 0,
  errorMessage,
}: MessageDetails['status']): Promise<string | undefined> {
  if (errorCode === 0) return undefined;
  const { describeDeliveryError } = await import('../../index.ts');
  const known = describeDeliveryError(errorCode);
  const meaning = known === undefined ? (errorMessage ?? 'unknown') : `${known.meaning} (${known.kind})`;
  return `${errorCode}, ${meaning}`;
}

async function rowsOf(message: MessageDetails): Promise<readonly Row[]> {
  const { status, price, smsCount, encoding, createdAt } = message;
  const detail = status.detail === undefined ? '' : `, ${status.detail.replaceAll('_', ' ')}`;
  return [
    ['state', status.state + detail],
    ['error', await showError(status)],
    ['since', status.timestamp && showTime(status.timestamp)],
    ['to', message.msisdn],
    ['from', message.source],
    ['sub-account', message.subAccountId],
    ['created', showTime(createdAt)],
    ['parts', `${smsCount}, ${encoding}`],
    ['price', price && `${price.total} ${price.currency}`],
    ['client message ID', message.clientMessageId],
  ];
}

/** `status`: what became of a message. */
export const addStatusCommand: AddCommand = (program, terminal) => {
  withClientOptions(
    program
      .command('status')
      .description('Show the state of a message. 8x8 allows one request per second.')
      .argument('<umid>', "8x8's ID of the message"),
  ).action(async (umid: string, given: ClientArguments) => {
    await withClient(given, terminal, async ({ sms }) => {
      const message = await sms.messages.get(umid, { signal: terminal.signal });
      if (given.json) terminal.print(JSON.stringify(message));
      else printRows(await rowsOf(message), terminal);
    });
  });
};
