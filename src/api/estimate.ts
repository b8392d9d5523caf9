import type { ClientContext } from '../client-context.ts';
import { readPhone } from '../phone/read-phone.ts';
import { countryCode, type Fields, objectWith, oneOf, text, unknown } from '../schema.ts';
import { type Encoding, MAX_TEXT_CHARACTERS } from '../sending/sms-message.ts';
import { estimateText, type TextEstimate } from '../text/estimate-text.ts';
import { assertValid } from './input.ts';
import type { KnownPrice } from './price-cache.ts';

/** A text and its possible destination. */
export interface EstimateInput {
  /** Text of the message, at most 20,000 characters. */
  readonly text: string;
  /** Encoding of the text. @default 'AUTO' */
  readonly encoding?: Encoding | undefined;
  /** Destination of the text; it decides the price. */
  readonly destination?: string | undefined;
  /** Country for the price, or of a national `destination`: ISO 3166-1 alpha-2. @default `defaultCountry` of the client */
  readonly country?: string | undefined;
}

/** Price of a message, from the price list that was fetched last, or from newer delivery receipts; see `source`. */
export interface EstimatedPrice extends KnownPrice {
  /** `perPart` times the parts, in `currency`. */
  readonly amount: number;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
}

/** Parts of a text, and its price if known. */
export interface MessageEstimate extends TextEstimate {
  /**
   * The text as it would be sent; absent when that is the given text. `replaceTypography` and `transliterate` of
   * `guards.content` change it.
   */
  readonly sentText?: string;
  /**
   * Absent until `account.prices` was called for the country and the client's sub-account, or a webhook receiver of
   * this client received a receipt with a price for that country.
   */
  readonly price?: EstimatedPrice;
}

const estimateFields: Fields<EstimateInput> = {
  text: text({ min: 0, max: MAX_TEXT_CHARACTERS }),
  encoding: oneOf(['AUTO', 'GSM7', 'UCS2']),
  destination: unknown(),
  country: countryCode(),
};
const estimateSchema = objectWith(['text'], estimateFields, 'a message { text, … }');

const MICROS = 1_000_000;

export function createEstimate({
  rewrite,
  phoneDefaults,
  priceCache,
}: ClientContext): (message: EstimateInput) => MessageEstimate {
  return (message) => {
    assertValid(estimateSchema, message, 'message');
    const { encoding, destination, country = phoneDefaults.defaultCountry } = message;
    const written = rewrite(message.text, encoding);
    const estimate = {
      ...estimateText(written, encoding),
      ...(written !== message.text && { sentText: written }),
    };
    const target =
      destination === undefined ? country : readPhone(destination, country, phoneDefaults).country;
    const known = target === undefined ? undefined : priceCache.find(target.toUpperCase());
    if (target === undefined || known === undefined) return estimate;
    // Rounded to millionths, so that three parts at 0.034 are exactly 0.102.
    const amount = (Math.round(known.perPart * MICROS) * estimate.parts) / MICROS;
    return { ...estimate, price: { ...known, amount, country: target.toUpperCase() } };
  };
}
