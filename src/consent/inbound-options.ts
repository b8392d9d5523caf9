import { type Fields, flag, oneOf, shape, text } from '../schema.ts';
import { type KeywordOptions, keywordFields } from './keywords/read-keyword.ts';

/**
 * What happens to texts that people write. Answers go out from the number they wrote to, past every guard.
 *
 * @example inbound: { optOutReply: 'You will get no more messages from Example.', helpReply: 'Example: +65 6123 4567' }
 */
export interface InboundConsentOptions extends KeywordOptions {
  /** Confirms an opt-out, once. 47 CFR 64.1200(a)(12) allows one text, without advertising. @default none is sent */
  readonly optOutReply?: string | undefined;
  /** Confirms an opt-in. @default none is sent */
  readonly optInReply?: string | undefined;
  /** Answers HELP, at most once an hour to a number (ours). @default none is sent */
  readonly helpReply?: string | undefined;
  /** What STOP stops. @default 'all' */
  readonly optOutScope?: 'all' | 'marketing' | undefined;
  /** Also puts who opted out of everything on 8x8's own block list, which 8x8 reads once an hour. @default false */
  readonly blockAt8x8?: boolean | undefined;
  /** START agrees to marketing ("text START to join"), instead of only undoing a STOP. @default false */
  readonly keywordOptIn?: boolean | undefined;
}

/** Ten parts of GSM-7; the content guard says more exactly what fits. */
const MAX_REPLY_CHARACTERS = 1_530;

const reply = text({ max: MAX_REPLY_CHARACTERS });
const fields: Fields<InboundConsentOptions> = {
  optOutReply: reply,
  optInReply: reply,
  helpReply: reply,
  optOutScope: oneOf(['all', 'marketing']),
  blockAt8x8: flag(),
  keywordOptIn: flag(),
  ...keywordFields,
};
export const inboundField = shape(fields, 'an object of options');
