import { type Cache, createCache } from '../internal/cache.ts';
import { kindOf } from '../internal/kind-of.ts';
import { canonicalKey } from './canonical-key.ts';
import { cleanInput, MAX_INPUT_CHARACTERS } from './clean-input.ts';
import { type E164Number, readE164 } from './e164-reader.ts';
import { type NumberType, type ParsedNumber, regionOf } from './libphonenumber.ts';
import { type PhoneFailure, phoneFailure } from './phone-failure.ts';
import {
  type BareDigits,
  isValid,
  REFUSED_NUMBERS,
  type Reading,
  type ReadingContext,
  readText,
} from './readings.ts';
import { holdsSeparateDigits } from './separate-digits.ts';

/** A parsed phone number. {@link judgePhone} decides whether it may receive SMS. */
export interface Phone {
  /** For example `+6591234567`: a plus and 7 to 15 digits. */
  readonly e164: string;
  /** The same without the plus. */
  readonly msisdn: string;
  /** Key to count the person under, see {@link canonicalKey}. */
  readonly key: number;
  /**
   * ISO 3166-1 alpha-2; `undefined` when the number belongs to no country (satellite, +800, …) or the plan does not
   * tell the country.
   */
  readonly country: string | undefined;
  /** Without the plus, for example `65`. */
  readonly callingCode: string;
  readonly type: NumberType;
  /** Whether the number is in a range that is in use. */
  readonly valid: boolean;
  /** Whether the length exists in the country. True for every valid number. */
  readonly possible: boolean;
}

/** Defaults for reading the numbers of a client. */
export interface PhoneDefaults {
  readonly defaultCountry: string | undefined;
  readonly bareDigits: BareDigits | undefined;
}

export type PhoneResult = { readonly ok: true; readonly phone: Phone } | PhoneFailure;

const E164 = /^\+[1-9]\d{6,14}$/;
/** 14 MB when full (measured). */
const MAX_CACHED = 50_000;

/**
 * Eviction is harmless, because a result depends only on the input. Created with the first entry, because it costs
 * some milliseconds.
 */
let cache: Cache<string, PhoneResult> | undefined;

function toPhone(e164: string, { callingCode, country, type, possible }: E164Number): Phone {
  const msisdn = e164.slice(1);
  return {
    e164,
    msisdn,
    key: canonicalKey(msisdn),
    country,
    callingCode,
    type,
    valid: type !== 'UNKNOWN',
    possible,
  };
}

/** A key that belongs to no person. */
const REFUSED_KEY = -1;

/** The key of a valid number; undefined for any other. */
function keyOf(reading: Reading): number | undefined {
  if (isValid(reading)) return canonicalKey(reading.e164.slice(1));
  return REFUSED_NUMBERS.has(reading) ? REFUSED_KEY : undefined;
}

function hasSeparateDigits(text: string, whole: ParsedNumber, context: ReadingContext): boolean {
  if (!holdsSeparateDigits(text, keyOf(whole), (piece) => keyOf(readText(piece, context)))) return false;
  if (!isValid(whole)) return true;
  // The numbers of some plans begin or end with a lone digit: `9 789 4021` in Curaçao.
  const { national, international } = whole.forms();
  return text !== national && text !== international;
}

function work(raw: string, isE164: boolean, context: ReadingContext): PhoneResult {
  const cleaned = isE164 ? { text: raw } : cleanInput(raw);
  if ('reason' in cleaned) return phoneFailure(cleaned.reason, cleaned.hint);
  const read = readText(cleaned.text, context);
  if (typeof read === 'string') return phoneFailure(read);
  if (read.hasExtension) return phoneFailure('extension');
  if (!isE164 && hasSeparateDigits(cleaned.text, read, context)) return phoneFailure('separate-digits');
  // Reuses the string of the cache key, so that the cache holds one string instead of two.
  if (isE164 && read.e164 === raw) return { ok: true, phone: toPhone(raw, read) };
  if (!E164.test(read.e164)) return phoneFailure('wrong-length');
  return { ok: true, phone: toPhone(read.e164, read) };
}

/** Removes a person's number in E.164 from the cache. */
export function forgetPhone(e164: string): void {
  cache?.delete(e164);
}

/** One number and the settings to read it with. */
export interface PhoneInput {
  readonly raw: unknown;
  /** ISO 3166-1 alpha-2, any case. */
  readonly country?: string | undefined;
  readonly bareDigits?: BareDigits | undefined;
}

const ONE_NUMBER =
  'Pass one number as a string, not an array. For several people use messages.sendBatch({ destinations, template }).';

function notAString(raw: unknown): string | undefined {
  if (Array.isArray(raw)) return ONE_NUMBER;
  if (raw === undefined || raw === null) return 'The number is missing: pass it as a string.';
  if (typeof raw === 'number' || typeof raw === 'bigint') return undefined;
  return `Pass the number as a string, not ${kindOf(raw)}.`;
}

/** Like {@link normalisePhone}; with `keep: false` the result is read from the cache but not added to it. */
export function normaliseInput({ raw, country, bareDigits }: PhoneInput, keep: boolean): PhoneResult {
  if (typeof raw !== 'string') return phoneFailure('not-a-string', notAString(raw));
  if (raw.length > MAX_INPUT_CHARACTERS) return phoneFailure('too-long');
  const region = country === undefined ? undefined : regionOf(country);
  if (country !== undefined && region === undefined) return phoneFailure('unknown-country');
  const isE164 = E164.test(raw);
  // Cheaper than a look into the cache.
  const number = isE164 ? readE164(raw) : undefined;
  if (number !== undefined) return { ok: true, phone: toPhone(raw, number) };
  // E.164 has one meaning everywhere; other notations depend on country and mode, always three characters. No two
  // inputs share a key.
  const cacheKey = isE164 ? raw : (bareDigits?.[0] ?? '-') + (region ?? '--') + raw;
  const known = cache?.get(cacheKey);
  if (known !== undefined) return known;
  const result = work(raw, isE164, { region, bareDigits });
  if (keep) {
    cache ??= createCache(MAX_CACHED);
    cache.set(cacheKey, result);
  }
  return result;
}

/**
 * Parses a phone number from a person or a database: E.164, national numbers when `country` (ISO 3166-1 alpha-2, any
 * case) is given, digits of any script, the usual punctuation, a leading `00`. Never throws and never guesses: an
 * ambiguous number is refused, with the reason and a hint. The last 50,000 results of other spellings than E.164 are cached.
 *
 * @example
 * ```ts
 * normalisePhone('9123 4567', 'SG'); // { ok: true, phone: { e164: '+6591234567', type: 'MOBILE', … } }
 * normalisePhone('9123 4567', undefined); // { ok: false, reason: 'no-country', hint: 'Start the number with + …' }
 * ```
 */
export function normalisePhone(
  raw: unknown,
  country: string | undefined,
  bareDigits?: BareDigits,
): PhoneResult {
  return normaliseInput({ raw, country, bareDigits }, true);
}
