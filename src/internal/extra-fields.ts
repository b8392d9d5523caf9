import { refineBy, unknown } from '../schema.ts';

/**
 * Every name of a field that 8x8's operations know, in requests, responses, paths and queries, at any depth. A contract test
 * compares it with 8x8's schemas.
 */
const KNOWN_NAMES = `acceptedCount accountId addresses all alpha2Code amount answerId answers attempt balance batchId body brand call callbackUrl
  cancelledCount channel clientBatchId clientId clientIp clientMessageId clientSecret code codeLength codeType codeValidity
  contactGroups contactId contacts countries country countryName createdAt credentialsLocation currency currentOperator
  customAttributes data defaultPrice deleteContacts description destination destinations detail dialingPrefix direction
  dlrCallbackUrl duplicatedRows email enabled encoding errorCode errorId errorMessage errorRows expires expiresAt expiry
  externalId facebookUserId file fileColumns fileHasHeader fileLocation fileName fileType firstName from groupId groups
  hasNextPage hasPreviousPage hni httpAuthorization id ids inbound includeMessagesInResponse insertedRows invalidFileLocation
  isAvailable isBlacklist items jobId kakaoTalkId language lastName limit lineId mcc message messages mnc msisdn msisdns name
  numberTypes oauth offset op operatorId operatorName operators originalOperator outbound outcome page path perSms phoneNumber
  phoneNumberNational phoneType ported presence price query questionId rejectedCount repetition requestId resendingInterval
  resetSession retryAfter roaming roamingOperator scheduled scope sessionId sma sms smsCount source speed state status
  subAccountId subAccounts surveyId template templateBody templateKey templateName templateVariables text timestamp to total
  totalCount totalFiltered totalPages totalRows track type umid url value verificationUrl verifyUri voiceProfile weChatUserId
  whatsapp zaloId`;

let known: ReadonlySet<string> | undefined;

/** As the fields that 8x8 has today; nothing that another alphabet could make look like one of them. */
const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
/** Ours, of all of `extra` as JSON. */
const MAX_CHARACTERS = 10_000;
const MAX_DEPTH = 5;

/** A name as a lenient reader might take it. */
function comparable(name: string): string {
  return name.replace(/[_-]/g, '').toLowerCase();
}

/** True for a name that 8x8's operations know today, in any spelling. */
export function isKnownName(name: string): boolean {
  known ??= new Set(KNOWN_NAMES.split(/\s+/).map(comparable));
  return known.has(comparable(name));
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

function problemOf(value: unknown, depth = 0): string | undefined {
  if (value === undefined || value === null || typeof value === 'boolean' || typeof value === 'string')
    return undefined;
  if (typeof value === 'number')
    return Number.isFinite(value) ? undefined : 'holds a number that JSON cannot represent, such as NaN.';
  if (!isObject(value)) return `holds a ${typeof value}, which JSON has not.`;
  if (depth > MAX_DEPTH) return `is nested more than ${MAX_DEPTH} levels deep.`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== null && prototype !== Object.prototype) {
    return 'holds an instance of a class. Pass a plain object with its fields.';
  }
  if (!Array.isArray(value) && (Symbol.iterator in value || Symbol.asyncIterator in value)) {
    return 'holds an object that is iterated.';
  }
  for (const [name, item] of Object.entries(value)) {
    const problem = (Array.isArray(value) ? undefined : problemOfName(name)) ?? problemOf(item, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function problemOfName(name: string): string | undefined {
  if (!NAME.test(name)) {
    return 'may only hold names of up to 64 letters, digits, - and _ that begin with a letter.';
  }
  if (!isKnownName(name)) return undefined;
  return `may not hold "${name}": 8x8 knows a field of that name today, so it would bypass the checks. Use the typed field.`;
}

/** Fields that 8x8 added after this version. Sent as they are; the guards read nothing in them but the API key. */
export const extraField = refineBy(unknown(), (value) => {
  if (!isObject(value) || Array.isArray(value)) return 'must be an object of fields that 8x8 added later.';
  const problem = problemOf(value);
  if (problem !== undefined) return problem;
  return JSON.stringify(value).length <= MAX_CHARACTERS
    ? undefined
    : `must have at most ${MAX_CHARACTERS} characters as JSON.`;
});
