import type { BatchMessage, SmsClient } from '../../index.ts';

/** The forecast of a campaign. */
export interface CampaignPreview {
  readonly rows: number;
  readonly parts: number;
  /** Rows whose number cannot be read. */
  readonly badNumbers: number;
  /** Line numbers are not known to `sendMany`, so rows are counted from 1 without the heading: the first ten. */
  readonly badRows: readonly number[];
  /** By currency; of rows whose price is known. */
  readonly price: Readonly<Record<string, number>>;
  /** Rows without a known price. */
  readonly unpriced: number;
}

const MAX_BAD_ROWS = 10;
const MICROS = 1_000_000;

/** Adds up parts and prices. Sends nothing, and asks no guard that counts. */
export async function previewCampaign(
  sms: SmsClient,
  rows: AsyncIterable<BatchMessage>,
  defaultCountry: string | undefined,
): Promise<CampaignPreview> {
  const { InvalidPhoneNumberError } = await import('../../index.ts');
  let [count, parts, badNumbers, unpriced] = [0, 0, 0, 0];
  const badRows: number[] = [];
  const micros: Record<string, number> = {};
  for await (const { text = '', destination, country } of rows) {
    count += 1;
    try {
      const estimate = sms.messages.estimate({ text, destination, country: country ?? defaultCountry });
      parts += estimate.parts;
      const { price } = estimate;
      if (price === undefined) unpriced += 1;
      else micros[price.currency] = (micros[price.currency] ?? 0) + Math.round(price.amount * MICROS);
    } catch (error) {
      if (!InvalidPhoneNumberError.isInstance(error)) throw error;
      badNumbers += 1;
      if (badRows.length < MAX_BAD_ROWS) badRows.push(count);
    }
  }
  const price = Object.fromEntries(Object.entries(micros).map(([currency, sum]) => [currency, sum / MICROS]));
  return { rows: count, parts, badNumbers, badRows, price, unpriced };
}
