import { MAX_PARTS, measureText } from '../text/measure-text.ts';
import { callingCodeOf, originOf } from './calling-codes.ts';
import { type JsonObject, readChoice, readEncoding, readString, readTime, readUrl } from './fields.ts';
import type { MessageDraft } from './message.ts';
import { fail, PROBLEMS } from './problems.ts';

/** 8x8's limits on the fields of a message (SMS API, "Send SMS"). */
const MAX_CLIENT_MESSAGE_ID = 350;
const MAX_SOURCE = 16;
const MAX_ALPHANUMERIC_SOURCE = 11;
const MAX_SCHEDULE_AHEAD_MS = 7 * 24 * 60 * 60 * 1000;
/** 8x8 gives no number for "text too long"; this one is the emulator's own, far above the 10 parts that are sent. */
const MAX_TEXT = 10_000;
/** The sender ID of a message without `source`; at 8x8 it is configured with the sub-account. */
const DEFAULT_SOURCE = 'EMULATOR';

function internationalDigits(destination: string, country: string | undefined): string {
  const digits = destination.replace('+', '');
  if (destination.startsWith('+') || country === undefined) return digits;
  const callingCode = callingCodeOf(country) ?? fail(PROBLEMS.invalidCountry);
  // "6591234567" with SG is international, "65123456" is national: the rest must be long enough for a number.
  if (digits.startsWith(callingCode) && digits.length - callingCode.length >= 7) return digits;
  return callingCode + (country.toUpperCase() === 'IT' ? digits : digits.replace(/^0/, ''));
}

export function readDestination(fields: JsonObject): { destination: string; country?: string } {
  const country = readString(fields, 'country', PROBLEMS.invalidCountry);
  const given = readString(fields, 'destination', PROBLEMS.malformedNumber) ?? fail(PROBLEMS.missingNumber);
  if (!/^\+?\d{7,15}$/.test(given)) fail(PROBLEMS.malformedNumber);
  const digits = internationalDigits(given, country);
  const origin = originOf(digits);
  if (!/^[1-9]\d{6,14}$/.test(digits) || !origin.routable) fail(PROBLEMS.invalidNumber);
  return {
    destination: `+${digits}`,
    ...(origin.country !== undefined && { country: origin.country }),
  };
}

function readSource(fields: JsonObject): string {
  const source = readString(fields, 'source', PROBLEMS.invalidSource);
  if (source === undefined || source === '') return DEFAULT_SOURCE;
  if (source.length > MAX_SOURCE) {
    // 16 digits with a leading plus are one character longer and still allowed.
    if (!/^\+\d{16}$/.test(source)) fail(PROBLEMS.sourceTooLong);
    return source;
  }
  if (/^\+?\d+$/.test(source)) return source;
  if (!/^[A-Za-z0-9 ]+$/.test(source)) fail(PROBLEMS.invalidSource);
  return source.length > MAX_ALPHANUMERIC_SOURCE ? fail(PROBLEMS.sourceTooLong) : source;
}

/** Cuts a text as 8x8 does, which sends the first ten parts and silently drops the rest. */
function cutToParts(text: string, encoding: 'GSM7' | 'UCS2'): string {
  let fits = 0;
  let tooLong = text.length;
  while (tooLong - fits > 1) {
    const middle = Math.floor((fits + tooLong) / 2);
    if (measureText(text.slice(0, middle), encoding).parts > MAX_PARTS) tooLong = middle;
    else fits = middle;
  }
  const endsInsidePair = /[\ud800-\udbff]$/.test(text.slice(0, fits));
  return text.slice(0, endsInsidePair ? fits - 1 : fits);
}

function readText(
  text: string | undefined,
  wanted: 'AUTO' | 'GSM7' | 'UCS2',
): Pick<MessageDraft, 'text' | 'encoding' | 'parts' | 'cut'> {
  if (text === undefined || text === '') return fail(PROBLEMS.missingText);
  if (text.length > MAX_TEXT) fail(PROBLEMS.textTooLong);
  const { encoding, parts } = measureText(text, wanted);
  if (parts <= MAX_PARTS) return { text, encoding, parts, cut: false };
  return { text: cutToParts(text, encoding), encoding, parts: MAX_PARTS, cut: true };
}

export function readClientIp(fields: JsonObject): string | undefined {
  const address = readString(fields, 'clientIp', PROBLEMS.invalidIp);
  if (address !== undefined && !/^(\d{1,3}\.){3}\d{1,3}$|^[0-9a-f.]*:[0-9a-f:.]*$/i.test(address)) {
    fail(PROBLEMS.invalidIp);
  }
  return address;
}

function readTimes(fields: JsonObject, now: number): Pick<MessageDraft, 'scheduledAt' | 'expiresAt'> {
  const scheduledAt = readTime(fields, 'scheduled', PROBLEMS.invalidSchedule);
  const expiresAt = readTime(fields, 'expiry', PROBLEMS.invalidExpiry);
  if (scheduledAt !== undefined && scheduledAt > now + MAX_SCHEDULE_AHEAD_MS) fail(PROBLEMS.invalidSchedule);
  if (expiresAt !== undefined && expiresAt <= Math.max(now, scheduledAt ?? now)) fail(PROBLEMS.expired);
  return {
    // A message that is already due is sent immediately.
    ...(scheduledAt !== undefined && scheduledAt > now && { scheduledAt }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}

/**
 * Validates one message as 8x8 does. `text` is a separate argument, because surveys build theirs from a template. Fails
 * with the first fault found; in a batch, a message whose problem has a `rejection` is REJECTED.
 */
export function readMessage(fields: JsonObject, text: string | undefined, now: number): MessageDraft {
  const clientMessageId = readString(fields, 'clientMessageId', PROBLEMS.invalidParameter);
  if (clientMessageId !== undefined && clientMessageId.length > MAX_CLIENT_MESSAGE_ID) {
    fail(PROBLEMS.clientMessageIdTooLong);
  }
  const encoding = readEncoding(fields);
  const track = readChoice(fields, 'track', ['None', 'Outcome'], PROBLEMS.invalidParameter);
  const dlrCallbackUrl = readUrl(fields, 'dlrCallbackUrl', PROBLEMS.invalidCallback);
  const clientIp = readClientIp(fields);
  return {
    ...readDestination(fields),
    source: readSource(fields),
    ...readText(text, encoding),
    ...readTimes(fields, now),
    ...(clientMessageId !== undefined && { clientMessageId }),
    ...(clientIp !== undefined && { clientIp }),
    ...(dlrCallbackUrl !== undefined && { dlrCallbackUrl }),
    ...(track !== undefined && { track }),
  };
}
