import {
  type ParsedNumber,
  parseNational,
  parseNumber,
  prefixesDialledAbroad,
  type Region,
} from './libphonenumber.ts';
import type { PhoneFailureReason } from './phone-failure.ts';

/** Rule for reading digits that begin with neither a plus, an international prefix nor a zero. */
export type BareDigits = (typeof BARE_DIGITS)[number];
export const BARE_DIGITS = ['national', 'international', 'refuse'] as const;

/** Options for reading a text. */
export interface ReadingContext {
  /** The country of national numbers. */
  readonly region: Region | undefined;
  readonly bareDigits: BareDigits | undefined;
}

/** One number, or the reason why the text cannot be read as one. */
export type Reading = ParsedNumber | PhoneFailureReason;

/** Reasons to refuse digits although they are a valid number. */
export const REFUSED_NUMBERS: ReadonlySet<Reading> = new Set<Reading>([
  'ambiguous',
  'ambiguous-prefix',
  'not-national',
  'not-international',
  'trunk-zero',
]);

const E164 = /^\+[1-9]\d{6,14}$/;

export function isValid(reading: Reading | undefined): reading is ParsedNumber {
  return typeof reading === 'object' && reading.type !== 'UNKNOWN';
}

function getsSms({ type }: ParsedNumber): boolean {
  return type === 'MOBILE' || type === 'FIXED_LINE_OR_MOBILE';
}

function digitsOf(text: string): string {
  return text.replace(/\D/g, '');
}

function groupsOf(text: string): string {
  return text.replace(/\D+/g, ' ').trim();
}

/**
 * A number with its calling code. In most plans, a zero after the code is dialled domestically only, and the parser
 * drops it; in Italy it belongs to the number, in Singapore there is none.
 */
function readAfterPlus(text: string): Reading {
  const read = parseNumber(text, undefined);
  if (read === undefined) return E164.test(text) ? 'unknown-calling-code' : 'not-a-number';
  const { callingCode } = read;
  const national = digitsOf(text).slice(callingCode.length);
  if (!national.startsWith('0')) return read;
  // `+44 (0) 7400 …`, `+44 0 7400 …`: a zero that is written alone is dialled domestically only.
  const isLone = groupsOf(text).startsWith(`${callingCode} 0 `);
  if (isValid(read) && !isLone) return read;
  const withoutZero = parseNational(national.slice(1), callingCode);
  if (!isValid(withoutZero) || withoutZero.e164 === read.e164) return read;
  return isLone && !isValid(read) ? withoutZero : 'trunk-zero';
}

/** The text without the digits of its prefix. */
function afterPrefix(text: string, length: number): string {
  let rest = text;
  for (let count = 0; count < length; count += 1) rest = rest.replace(/\d/, '');
  return `+${rest.replace(/^\D+/, '')}`;
}

/** The valid numbers among readings, each once, in order. */
function numbersIn(readings: readonly (Reading | undefined)[]): readonly ParsedNumber[] {
  const valid = readings.filter(isValid);
  return valid.filter(({ e164 }, index) => valid.findIndex((other) => other.e164 === e164) === index);
}

/** A leading zero that does not exist in this plan: `09123 4567` in Singapore. */
function hasTrunkZero(digits: string, region: Region | undefined): boolean {
  if (!digits.startsWith('0')) return false;
  return [digits.slice(1), digits.replace(/^0+/, '')].some((rest) => isValid(parseNumber(rest, region)));
}

/**
 * A number after 00 or after the prefix that its region dials before foreign numbers. Prefixes differ in length, and
 * national or foreign numbers may begin with the same digits, so every prefix is tried.
 */
function readDialledAbroad(text: string, prefixes: readonly string[], context: ReadingContext): Reading {
  const { region, bareDigits } = context;
  const digits = digitsOf(text);
  const abroad = prefixes.map((prefix) => {
    const read = readAfterPlus(afterPrefix(text, prefix.length));
    // Other prefixes may be part of the number; with the phone guard off, a number with an unknown calling code is
    // sent.
    return read === 'unknown-calling-code' && prefix !== '00' ? 'not-a-number' : read;
  });
  const national = region === undefined ? undefined : parseNational(digits, region);
  const bare = digits.startsWith('0') ? undefined : readAfterPlus(`+${digits}`);
  const [number, second] = numbersIn([...abroad, national, bare]);
  if (number === undefined) return abroad[0] ?? 'not-a-number';
  if (second !== undefined) return 'ambiguous-prefix';
  return number === bare && bareDigits !== 'international' ? 'not-national' : number;
}

/** Whether the digits are grouped as the country writes them, and not as the other number is written. */
function isGroupedAtHome(text: string, national: ParsedNumber, international: ParsedNumber): boolean {
  const groups = groupsOf(text);
  return (
    groups.includes(' ') &&
    groups === groupsOf(national.forms().national) &&
    groups !== groupsOf(international.forms().international)
  );
}

/**
 * Chooses between two people. Unless an option decides, a number is accepted only if it can receive SMS and the other
 * one cannot, and never if both are in one country, because people there omit the plus and the zero alike.
 */
function chooseBetween(
  text: string,
  national: ParsedNumber,
  international: ParsedNumber,
  bareDigits: BareDigits | undefined,
): Reading {
  const [homeGetsSms, abroadGetsSms] = [getsSms(national), getsSms(international)];
  if (bareDigits === 'international') return abroadGetsSms && !homeGetsSms ? international : 'ambiguous';
  if (isGroupedAtHome(text, national, international)) return national;
  const isToldApart = !abroadGetsSms && national.callingCode !== international.callingCode;
  return homeGetsSms && (bareDigits === 'national' || isToldApart) ? national : 'ambiguous';
}

/** Reads digits that can be a national number, or an international one without its plus. */
function readBareDigits(text: string, { region, bareDigits }: ReadingContext): Reading {
  if (bareDigits === 'refuse') return 'bare-digits';
  const isAbroad = bareDigits === 'international';
  const international = readAfterPlus(`+${text}`);
  if (region === undefined) return isAbroad ? international : 'no-country';
  const national = parseNumber(text, region) ?? 'not-a-number';
  if (isValid(national) && isValid(international)) {
    if (national.e164 === international.e164) return national;
    return chooseBetween(text, national, international, bareDigits);
  }
  if (isAbroad) return isValid(national) ? 'not-international' : international;
  return isValid(international) ? 'not-national' : national;
}

function readUnsigned(text: string, digits: string, context: ReadingContext): Reading {
  const prefixes = prefixesDialledAbroad(digits, context.region);
  if (prefixes.length > 0) return readDialledAbroad(text, prefixes, context);
  if (!digits.startsWith('0')) return readBareDigits(text, context);
  return context.region === undefined ? 'no-country' : (parseNumber(text, context.region) ?? 'not-a-number');
}

/**
 * Reads a cleaned text as one number. Tries every reading, and never guesses between two people.
 *
 * @example readText('0011 31 6 12345678', { region: 'AU', bareDigits: undefined }) // +31612345678
 * @example readText('4915112345678', { region: 'DE', bareDigits: undefined }) // 'ambiguous'
 */
export function readText(text: string, context: ReadingContext): Reading {
  if (text.startsWith('+')) return readAfterPlus(text);
  const digits = digitsOf(text);
  const reading = readUnsigned(text, digits, context);
  if (isValid(reading) || REFUSED_NUMBERS.has(reading)) return reading;
  return hasTrunkZero(digits, context.region) ? 'trunk-zero' : reading;
}
