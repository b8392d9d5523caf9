import type { EstimateInput, MessageEstimate, SmsClient } from '../../index.ts';
import { type ClientArguments, withClientOptions } from '../client-options.ts';
import type { AddCommand } from '../command.ts';
import { type OpenedClient, openClient } from '../open-client.ts';
import { plural } from '../plural.ts';
import { readText } from '../read-text.ts';
import { printRows } from '../rows.ts';
import type { Terminal } from '../terminal.ts';

interface EstimateArguments extends ClientArguments {
  readonly to?: string;
  readonly country?: string;
}

/** A client for a text alone, when there are no settings: it asks nobody. */
async function openOffline(
  error: unknown,
  given: EstimateArguments,
): Promise<Pick<OpenedClient, 'sms' | 'close'>> {
  const { ConfigurationError, SmsClient } = await import('../../index.ts');
  const isMissing =
    ConfigurationError.isInstance(error) && (error.option === 'apiKey' || error.option === 'subAccountId');
  if (!isMissing || given.config !== undefined) throw error;
  const sms = new SmsClient({ apiKey: 'none', subAccountId: 'none', region: 'apac' });
  return { sms, close: () => sms.close() };
}

/** Fetches the prices of the country, when the account is known. */
async function fetchPrices(
  sms: SmsClient,
  { settings }: OpenedClient,
  { country, to }: EstimateArguments,
  { signal }: Terminal,
): Promise<void> {
  if (settings.accountId === undefined) return;
  const { parsePhoneNumber } = await import('../../index.ts');
  const { defaultCountry, subAccountId } = settings;
  const target =
    to === undefined ? country : parsePhoneNumber(to, { country: country ?? defaultCountry }).country;
  if (target === undefined) return;
  await sms.account.prices({ country: target, subAccountId, direction: 'outbound' }, { signal });
}

function priceOf({ price }: MessageEstimate): string {
  if (price === undefined) return 'not known: set EIGHTBYEIGHT_ACCOUNT_ID, and give --to or --country';
  const { amount, currency, isHighestOfSeveral, country } = price;
  return `${isHighestOfSeveral ? 'at most ' : ''}${amount} ${currency} (${country})`;
}

function charactersOf({ charactersForcingUcs2 }: MessageEstimate): string | undefined {
  if (charactersForcingUcs2.length === 0) return undefined;
  return charactersForcingUcs2
    .slice(0, 10)
    .map(({ character, replacement }) =>
      replacement === undefined ? `"${character}"` : `"${character}" (instead "${replacement}")`,
    )
    .join(', ');
}

function printEstimate(estimate: MessageEstimate, terminal: Terminal): void {
  const { parts, encoding, tooLong, afterReplacement, sentText } = estimate;
  printRows(
    [
      ['parts', tooLong ? `${parts}: 8x8 sends the first 10 only` : parts],
      ['encoding', encoding],
      ['price', priceOf(estimate)],
      ['needs UCS-2', charactersOf(estimate)],
      [
        'with replacements',
        afterReplacement && `${plural(afterReplacement.parts, 'part')}, ${afterReplacement.encoding}`,
      ],
      ['text as sent', sentText],
    ],
    terminal,
  );
}

/** `estimate`: encoding, parts and price of a text. */
export const addEstimateCommand: AddCommand = (program, terminal) => {
  withClientOptions(
    program
      .command('estimate')
      .description(
        'Show encoding, parts and price of a text. Sends nothing; without a price it needs no key.',
      )
      .argument('[text]', 'text; - or nothing reads standard input'),
  )
    .option('--to <number>', 'destination, for the price')
    .option('--country <code>', 'country, for the price')
    .action(async (words: string | undefined, given: EstimateArguments) => {
      const text = await readText(words, terminal);
      const opened = await openClient(given, terminal).catch((error: unknown) => openOffline(error, given));
      try {
        const { sms } = opened;
        if ('settings' in opened) await fetchPrices(sms, opened, given, terminal);
        const input: EstimateInput = { text, destination: given.to, country: given.country };
        const estimate = sms.messages.estimate(input);
        if (given.json) terminal.print(JSON.stringify(estimate));
        else printEstimate(estimate, terminal);
      } finally {
        await opened.close();
      }
    });
};
