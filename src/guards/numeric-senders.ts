/** A country whose networks take no name as a sender ID, with the page that says so. */
export interface NumericSenderCountry {
  /** ISO 3166-1 alpha-2 code. */
  readonly country: string;
  /** Sender IDs that its networks take instead. */
  readonly instead: string;
  /** Page of 8x8, or of another provider where 8x8 has none. */
  readonly source: string;
}

const GUIDELINES_AMERICA =
  'https://support.wavecell.com/hc/en-us/sections/900000474246-North-South-America-SMS-Guidelines-';

/**
 * Countries without alphanumeric sender IDs, by sources that were read on 29 November 2026. Only those for which a source says so: nothing is refused for a country that
 * is not listed, and one that merely asks for registration is not.
 */
export const NUMERIC_SENDER_COUNTRIES: readonly NumericSenderCountry[] = [
  {
    country: 'CA',
    instead: 'a long code, a toll-free number or a short code',
    source: 'https://support.wavecell.com/hc/en-us/articles/900001969823-CANADA-SMS-Products-and-Compliance',
  },
  { country: 'CL', instead: 'a short code', source: GUIDELINES_AMERICA },
  {
    country: 'CN',
    instead: 'a number of 8x8',
    source: 'https://docs.aws.amazon.com/end-user-messaging/latest/userguide/nx-features-senders.html',
  },
  { country: 'CO', instead: 'a short code', source: GUIDELINES_AMERICA },
  {
    country: 'PR',
    instead: 'a long code or a toll-free number',
    source: 'https://developers.telnyx.com/docs/messaging/messages/alphanumeric-sender-id',
  },
  {
    country: 'US',
    instead: 'a long code, a toll-free number or a short code',
    source: 'https://support.wavecell.com/hc/en-us/articles/900001964166-USA-SMS-Products-and-Compliance',
  },
];
