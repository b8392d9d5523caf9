import {
  boolean,
  type Fields,
  list,
  messageText,
  object,
  oneOf,
  refine,
  text,
  unknown,
  validate,
} from '../schema.ts';
import { type KeywordOptions, keywordFields } from './keywords/keyword-options.ts';
import { type Brands, createSenderNames } from './senders.ts';

/**
 * Options for texts that people send to you. Replies are sent from the number that they wrote to, and pass every guard.
 *
 * @example inbound: { optOutReply: 'You will receive no more messages from Example.', helpReply: 'Example: +65 6123 4567' }
 */
export interface InboundConsentOptions extends KeywordOptions {
  /** Confirms an opt-out, once. 47 CFR 64.1200(a)(12) allows one text without advertising. @default no reply */
  readonly optOutReply?: string | undefined;
  /** Confirms an opt-in. @default no reply */
  readonly optInReply?: string | undefined;
  /** Replies to HELP, at most once per hour and number (chosen by this package). @default no reply */
  readonly helpReply?: string | undefined;
  /**
   * Messages that STOP stops: all, advertising, or those of the sender or brand that the person wrote to (`sender`, see
   * `brands`). Do not switch `sender` off again: opt-outs of one sender count only while it is on. @default 'all'
   */
  readonly optOutScope?: 'all' | 'marketing' | 'sender' | undefined;
  /**
   * Sender IDs by brand, for `optOutScope: 'sender'`: a STOP to one of them counts for all of its brand. A sender ID that is
   * not listed is a brand of its own. @default none
   *
   * @example brands: { shop: ['+6580001234', 'SHOP'], bank: ['+6580005678'] }
   */
  readonly brands?: Brands | undefined;
  /** Also adds people who opted out of everything to 8x8's block list, which 8x8 reads once per hour. @default false */
  readonly blockAt8x8?: boolean | undefined;
  /** START opts in to marketing ("text START to join") instead of only undoing a STOP. @default false */
  readonly keywordOptIn?: boolean | undefined;
}

const senderIds = list(text({ max: 40 }), { min: 1, max: 1_000 });
const brandsField = refine<Brands>(
  unknown(),
  (brands) => {
    if (typeof brands !== 'object' || brands === null || Array.isArray(brands)) return false;
    const names = Object.entries(brands);
    const senders = names.flatMap(([, ids]) => (Array.isArray(ids) ? ids.map(String) : []));
    const nameOf = createSenderNames();
    return (
      names.length <= 1_000 &&
      names.every(([name, ids]) => /^[\w.-]{1,40}$/.test(name) && validate(senderIds, ids) === undefined) &&
      new Set(senders.map(nameOf)).size === senders.length
    );
  },
  'must be an object of sender IDs by brand (letters, digits and ._-), each sender ID in one brand.',
);
/** Ten GSM-7 parts; the content guard checks the exact length. */
const MAX_REPLY_CHARACTERS = 1_530;

const reply = messageText({ max: MAX_REPLY_CHARACTERS });
const fields: Fields<InboundConsentOptions> = {
  optOutReply: reply,
  optInReply: reply,
  helpReply: reply,
  optOutScope: oneOf(['all', 'marketing', 'sender']),
  brands: brandsField,
  blockAt8x8: boolean(),
  keywordOptIn: boolean(),
  ...keywordFields,
};
export const inboundField = object(fields, 'an object of options');
