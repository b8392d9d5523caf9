import type { ApiCall, EmulatorContext, Handler } from './context.ts';
import { type JsonObject, readChoice, readInteger, readObject, readString, readUrl } from './fields.ts';
import { segment } from './messages.ts';
import { fail, PROBLEMS } from './problems.ts';
import { readClientIp, readDestination, readMessage } from './read-message.ts';
import type { EmulatedVerification } from './verification-store.ts';

/** The fifth wrong code ends a session. */
const MAX_ATTEMPTS = 5;
const CHANNELS = ['sms', 'call', 'whatsapp', 'viber', 'sma'] as const;
const CODE_TYPES = [
  'NUMERIC',
  'NUMERIC_WITH_DASH',
  'ALPHANUMERIC',
  'ALPHANUMERIC_CAPITALS',
  'ALPHANUMERIC_EASY',
] as const;
const invalidParameter = PROBLEMS.invalidParameter;

/** Addresses with silent mobile authentication: the documentation ranges of RFC 5737 and RFC 3849. */
const COVERED_ADDRESS = /^203\.0\.113\.|^2001:db8:/i;

/** The saved template that a start names, or the only one there is; undefined for 8x8's own text. */
function savedTemplate(
  fields: JsonObject,
  saved: EmulatorContext['verificationTemplates'],
): string | undefined {
  const key = readString(fields, 'templateKey', PROBLEMS.invalidTemplate);
  if (saved === undefined) return undefined;
  const [only, ...more] = Object.values(saved);
  if (key === undefined) return more.length === 0 ? only : fail(PROBLEMS.invalidTemplate);
  return Object.hasOwn(saved, key) ? saved[key] : fail(PROBLEMS.invalidTemplate);
}

/** Validates the request of a start as 8x8 does. */
function readStart(fields: JsonObject, { verificationTemplates }: EmulatorContext) {
  const channel = readChoice(fields, 'channel', CHANNELS, invalidParameter) ?? 'sms';
  const whatsapp = readObject(fields.whatsapp ?? {}, invalidParameter);
  if (channel === 'whatsapp' && readString(whatsapp, 'templateName', invalidParameter) === undefined)
    fail(invalidParameter);
  const brand = readString(fields, 'brand', invalidParameter);
  if (brand !== undefined && brand.length > 30) fail(invalidParameter);
  return {
    channel,
    brand,
    clientIp: readClientIp(fields),
    callbackUrl: readUrl(fields, 'callbackUrl', PROBLEMS.invalidCallback),
    language: readString(fields, 'language', invalidParameter),
    template:
      readString(fields, 'template', PROBLEMS.invalidTemplate) ??
      savedTemplate(fields, verificationTemplates),
    codeLength: readInteger(fields, 'codeLength', 3, 10, PROBLEMS.outOfRange) ?? 4,
    codeType: readChoice(fields, 'codeType', CODE_TYPES, invalidParameter) ?? 'NUMERIC',
    validityMs: (readInteger(fields, 'codeValidity', 30, 7_200, PROBLEMS.outOfRange) ?? 300) * 1_000,
    intervalMs: (readInteger(fields, 'resendingInterval', 10, 7_200, PROBLEMS.outOfRange) ?? 10) * 1_000,
    resets: fields.resetSession === true,
  };
}

type Start = ReturnType<typeof readStart>;

/** Builds the text of the message with the code, by default 8x8's own. */
function textOf({ template, brand }: Start, code: string): string {
  const standard =
    brand === undefined ? 'Your verification code is {code}' : '{brand}: Your verification code is {code}';
  return (template ?? standard).replaceAll('{code}', code).replaceAll('{brand}', () => brand ?? '');
}

/** 8x8 drops spaces, brackets and dashes from the number to verify. */
function readNumber({ destination, country }: JsonObject): ReturnType<typeof readDestination> {
  const cleaned = typeof destination === 'string' ? destination.replace(/[\s()[\]-]/g, '') : destination;
  return readDestination({ destination: cleaned, country });
}

/** Sends the code: as a message in `emulator.messages`, or, through other channels, only as a cost. */
function handOver(start: Start, code: string, call: ApiCall, context: EmulatorContext): string | undefined {
  const fields = readObject(call.body);
  const { destination, country } = readNumber(fields);
  if (start.channel !== 'sms') {
    context.otherCosts.add(context.prices.perPartMicros(country));
    return undefined;
  }
  const { source, encoding } = readObject(fields.sms ?? {}, invalidParameter);
  const message = { destination, source, encoding, clientIp: start.clientIp };
  const draft = readMessage(message, textOf(start, code), context.clock.now());
  return context.messages.accept(draft, { subAccountId: segment(call, 'subAccountId') }).umid;
}

/** A device on a covered network is verified by its address alone, without a link to open. */
function isVerifiedSilently({ channel, clientIp }: Start): boolean {
  return channel === 'sma' && clientIp !== undefined && COVERED_ADDRESS.test(clientIp);
}

function sessionResponse(verification: EmulatedVerification) {
  const { sessionId, subAccountId, destination, status, attempt, expiresAt, retryAfter, channel } =
    verification;
  const hasLink = channel === 'sma' && status !== 'VERIFIED';
  return {
    status: 200,
    json: {
      sessionId,
      verifyUri: `/api/v2/subaccounts/${encodeURIComponent(subAccountId)}/sessions/${sessionId}`,
      destination,
      status,
      attempt,
      expiresAt: new Date(expiresAt).toISOString(),
      retryAfter: new Date(retryAfter).toISOString(),
      ...(hasLink && { sma: { verificationUrl: `https://verify.8x8.com/sma/${sessionId}` } }),
    },
  };
}

export const startVerification: Handler = (call, context) => {
  const fields = readObject(call.body);
  const start = readStart(fields, context);
  const { destination } = readNumber(fields);
  const subAccountId = segment(call, 'subAccountId');
  const store = context.verifications;
  const now = context.clock.now();
  const open = store.findOpen(subAccountId, destination);
  if (open !== undefined && now < open.retryAfter) fail(PROBLEMS.resendingInterval);
  const keepsCode = open !== undefined && !start.resets;
  const code = keepsCode ? open.code : store.newCode(start.codeLength, start.codeType);
  const umid = handOver(start, code, call, context);
  const { channel, brand, language, callbackUrl, clientIp } = start;
  const verification = store.put({
    sessionId: open?.sessionId ?? store.newSessionId(),
    subAccountId,
    destination,
    channel,
    code,
    status: isVerifiedSilently(start) ? 'VERIFIED' : 'WAITING',
    attempt: keepsCode ? open.attempt : 0,
    sends: (open?.sends ?? 0) + 1,
    // Sending the same code again extends its validity.
    expiresAt: now + start.validityMs,
    retryAfter: now + start.intervalMs,
    ...(brand !== undefined && { brand }),
    ...(language !== undefined && { language }),
    ...(callbackUrl !== undefined && { callbackUrl }),
    ...(clientIp !== undefined && { clientIp }),
    ...(umid !== undefined && { umid }),
  });
  return sessionResponse(verification);
};

function tryCode(verification: EmulatedVerification, code: string): EmulatedVerification {
  if (verification.status !== 'WAITING') return verification;
  if (code.replaceAll('-', '') === verification.code.replaceAll('-', '')) {
    return { ...verification, status: 'VERIFIED' };
  }
  const attempt = verification.attempt + 1;
  return { ...verification, attempt, status: attempt >= MAX_ATTEMPTS ? 'FAILED' : 'WAITING' };
}

export const getVerification: Handler = (call, context) => {
  const store = context.verifications;
  const found =
    store.find(segment(call, 'subAccountId'), segment(call, 'sessionId')) ?? fail(PROBLEMS.sessionNotFound);
  const code = call.query.get('code');
  if (code === null) return sessionResponse(found);
  if (code.length < 3 || code.length > 10) fail(invalidParameter);
  return sessionResponse(store.put(tryCode(found, code)));
};

/** Serves the link that the person's phone opens for channel `sma`: not an operation of the API, and without a key. */
export const openSmaLink: Handler = (call, context) => {
  const store = context.verifications;
  const found = store.all().find(({ sessionId }) => sessionId === segment(call, 'sessionId'));
  if (found?.channel !== 'sma') return fail(PROBLEMS.sessionNotFound);
  if (found.status === 'WAITING') store.put({ ...found, status: 'VERIFIED' });
  return { status: 200 };
};

export const getSmaCoverage: Handler = (call) => {
  const fields = readObject(call.body);
  const clientIp = readClientIp(fields) ?? fail(PROBLEMS.invalidIp);
  if (fields.destination !== undefined) readNumber(fields);
  return { status: 200, json: { isAvailable: COVERED_ADDRESS.test(clientIp) } };
};
