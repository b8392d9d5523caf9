import type { Emit } from '../events.ts';
import { boolean, FALSE_OR_OPTIONS, type Fields, falseOr, integer, list, object, oneOf } from '../schema.ts';
import { hasLoneSurrogate } from '../text/estimate-text.ts';
import { findUnfilled, isUnfilledValue } from '../text/unfilled.ts';
import { countryField } from './countries.ts';
import { messageFields } from './event-fields.ts';
import type { Content, Guard, GuardMode, OutgoingMessage, Refusal } from './guard.ts';
import { NUMERIC_SENDER_COUNTRIES } from './numeric-senders.ts';

/**
 * Refuses messages that would arrive cut, garbled or embarrassing.
 *
 * @example content: { maxParts: 2, replaceTypography: true }
 */
export interface ContentGuardOptions {
  /** `enforce` refuses; `monitor` only reports what it would have refused. @default 'enforce' */
  readonly mode?: GuardMode | undefined;
  /** Maximum number of parts (segments) of one message. @default 10: 8x8 cuts longer messages silently */
  readonly maxParts?: number | undefined;
  /**
   * Refuses a text with an unfilled placeholder: `{{name}}`, `{name}`, `%name%`, "Hi undefined", `[object Object]`, `NaN`. Text that
   * may be intended ("undefined behaviour", `{SALE}`) is sent, and raises the event `possible-placeholder`. `false` sends everything.
   * @default true
   */
  readonly refusePlaceholders?: boolean | undefined;
  /**
   * Replaces typographic quotes, dashes, ellipses and special spaces with their plain form, wherever the plain form
   * is in GSM-7. One curly quote doubles the price of a text. `to-save-parts` does so only if that saves parts. @default false
   */
  readonly replaceTypography?: boolean | 'to-save-parts' | undefined;
  /**
   * Also replaces Latin letters that GSM-7 lacks with their nearest ones (`ç` with `c`, `ł` with `l`), only if that saves parts. It
   * may change a word: choose it by language. Texts with emoji or other alphabets are never changed.
   * @default false
   */
  readonly transliterate?: false | 'to-save-parts' | undefined;
  /**
   * Countries, as ISO 3166-1 alpha-2 codes, in which a sender ID may be a name although the list in `docs/guards.md` says that it
   * may not. @default none
   */
  readonly alphanumericSenders?: readonly string[] | undefined;
}

const fields: Fields<ContentGuardOptions> = {
  mode: oneOf(['enforce', 'monitor']),
  maxParts: integer({ min: 1, max: 10 }),
  refusePlaceholders: boolean(),
  replaceTypography: oneOf([true, false, 'to-save-parts']),
  transliterate: oneOf([false, 'to-save-parts']),
  alphanumericSenders: list(countryField, { min: 1, max: 300 }),
};
export const contentField = falseOr(object(fields, FALSE_OR_OPTIONS));

/** 8x8 schedules at most 7 days ahead. */
const MAX_SCHEDULE_MS = 7 * 24 * 60 * 60 * 1000;
/** Every control character except line feed, form feed and carriage return, which are in GSM-7. */
const CONTROL_CHARACTER = /[\u0000-\u0009\u000b\u000e-\u001f\u007f-\u009f]/;
const PLACEHOLDER = /\{\{([^{}]*)\}\}/g;
/** 3GPP TS 23.040 9.1.2.5: 11 characters of GSM-7, or up to 16 digits. 8x8 allows letters, digits and spaces. */
const SENDER_ID = /^(?:\+?\d{1,16}|(?=.*[A-Za-z0-9])[A-Za-z0-9 ]{1,11})$/;

const UNFILLED: Refusal<'content'> = {
  reason: 'unresolved-placeholder',
  message:
    'The text has an unfilled placeholder such as {name} or %name%, or "undefined", "NaN" or "[object Object]". Fill it in, or set guards.content.refusePlaceholders to false if it is intended.',
};

/** The refusal of a text that was not filled in; `doubt` is told of one that may be meant. */
function checkPlaceholders(
  { text, placeholders, values = [] }: Content,
  doubt: () => void,
): Refusal<'content'> | undefined {
  const rest =
    placeholders === undefined
      ? text
      : text.replace(PLACEHOLDER, (whole, inside: string) => {
          const name = inside.trim();
          return /^url(:|$)/.test(name) || placeholders.includes(name) ? '' : whole;
        });
  const begin = rest.indexOf('{{');
  if (begin !== -1 && rest.includes('}}', begin + 2)) {
    return {
      reason: 'unresolved-placeholder',
      message: 'The text still contains a {{placeholder}}. Replace it before sending.',
    };
  }
  if (values.some(isUnfilledValue)) return UNFILLED;
  const found = findUnfilled(rest);
  if (found === 'doubtful') doubt();
  return found === 'certain' ? UNFILLED : undefined;
}

/** 8x8 replaces `{code}` and `{brand}`, a brand that is missing with nothing, and sends every other brace unchanged. */
function checkTemplate(template: string, hasBrand: boolean): Refusal<'content'> | undefined {
  if (!template.includes('{code}')) {
    return {
      reason: 'no-code',
      message: 'The `template` has no {code}, so the person would receive no code.',
    };
  }
  if (template.includes('{brand}') && !hasBrand) {
    return {
      reason: 'unresolved-placeholder',
      message: 'The `template` has {brand}, but there is no `brand`: 8x8 would leave the place empty.',
    };
  }
  const unknown = template
    .replaceAll('{code}', '')
    .replaceAll('{brand}', '')
    .match(/\{[^{}]*\}/);
  if (unknown === null) return undefined;
  return {
    reason: 'unresolved-placeholder',
    message:
      'The `template` contains a placeholder other than {code} and {brand}. 8x8 would send it unchanged.',
  };
}

function checkParts({ measure, encoding }: Content, maxParts: number): Refusal<'content'> | undefined {
  if (measure.unencodable > 0 && encoding === 'GSM7') {
    return {
      reason: 'not-encodable',
      message: `The text contains ${measure.unencodable} characters that GSM7 cannot carry. Use encoding AUTO, or replace them (messages.estimate names them).`,
    };
  }
  if (measure.parts <= maxParts) return undefined;
  return {
    reason: 'too-many-parts',
    message: `The text needs ${measure.parts} parts, but ${maxParts} are allowed (guards.content.maxParts); 8x8 sends at most 10 and drops the rest. Shorten it or send two messages.`,
    observed: measure.parts,
    limit: maxParts,
  };
}

function checkDates({ scheduledAt, expiresAt }: Content, now: number): Refusal<'content'> | undefined {
  if (scheduledAt !== undefined && scheduledAt <= now) {
    return { reason: 'schedule-in-past', message: '`scheduled` is in the past. Omit it to send now.' };
  }
  if (scheduledAt !== undefined && scheduledAt > now + MAX_SCHEDULE_MS) {
    return {
      reason: 'schedule-too-far',
      message: '`scheduled` is more than 7 days ahead; 8x8 accepts at most 7.',
    };
  }
  if (expiresAt !== undefined && expiresAt <= (scheduledAt ?? now)) {
    return {
      reason: 'already-expired',
      message: '`expiry` is not after the time of sending, so the message would never go out.',
    };
  }
  return undefined;
}

/** Sender IDs that the networks of a country take, by country. */
function numericSenders(alphanumericSenders: readonly string[] = []): ReadonlyMap<string, string> {
  const allowed = new Set(alphanumericSenders.map((country) => country.toUpperCase()));
  const rest = NUMERIC_SENDER_COUNTRIES.filter(({ country }) => !allowed.has(country));
  return new Map(rest.map(({ country, instead }) => [country, instead]));
}

/** Checks text, sender ID and dates. `holdsKey` tells whether a text contains the API key. */
export function createContentGuard(
  options: ContentGuardOptions,
  { holdsKey, emit }: { readonly holdsKey: (text: string) => boolean; readonly emit: Emit },
): Guard<'content'> {
  const { mode = 'enforce', maxParts = 10, refusePlaceholders = true, alphanumericSenders } = options;
  const numericOnly = numericSenders(alphanumericSenders);
  /** Messages that were reported: a message is looked at again before it is written. */
  const reported = new WeakSet<Content>();

  function checkSender(source: string, country: string | undefined): Refusal<'content'> | undefined {
    if (!SENDER_ID.test(source)) {
      return {
        reason: 'bad-sender-id',
        message:
          'No phone can show this `source`: use up to 11 letters, digits and spaces, or up to 16 digits.',
      };
    }
    const instead = numericOnly.get(country ?? '');
    if (instead === undefined || !/[A-Za-z]/.test(source)) return undefined;
    return {
      reason: 'sender-not-allowed',
      message: `Networks in ${country} do not accept names as sender IDs. Use ${instead}: source: { byCountry: { ${country}: … } }. (guards.content.alphanumericSenders lifts this check.)`,
    };
  }

  function report(message: OutgoingMessage, content: Content): void {
    if (message.isDryRun === true || reported.has(content)) return;
    reported.add(content);
    emit({ type: 'possible-placeholder', ...messageFields(message) });
  }

  function checkText(message: OutgoingMessage, content: Content): Refusal<'content'> | undefined {
    const { text, extra = '' } = content;
    if (holdsKey(text) || holdsKey(extra)) {
      // Refused in every mode: a key that was texted to somebody is compromised.
      return { reason: 'api-key-in-text', message: 'The message contains your 8x8 API key.', always: true };
    }
    if (hasLoneSurrogate(text)) {
      return {
        reason: 'broken-text',
        message: 'The text contains half of a surrogate pair; it was cut in the middle of a character.',
      };
    }
    if (CONTROL_CHARACTER.test(text)) {
      return {
        reason: 'control-character',
        message:
          'The text contains a control character other than line feed, carriage return or form feed. Remove it.',
      };
    }
    const template =
      content.template === undefined
        ? undefined
        : checkTemplate(content.template, content.values?.[0] !== undefined);
    const unfilled = refusePlaceholders
      ? checkPlaceholders(content, () => report(message, content))
      : undefined;
    return template ?? unfilled ?? checkParts(content, maxParts);
  }

  return {
    name: 'content',
    mode,
    check(message, now) {
      const { content, phone } = message;
      if (content === undefined) return undefined;
      const sender = content.source === undefined ? undefined : checkSender(content.source, phone.country);
      return sender ?? checkText(message, content) ?? checkDates(content, now);
    },
  };
}
