/** An error of 8x8: HTTP status, API code, text. */
export interface Problem {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The reason with which a message of a batch is REJECTED, inside HTTP 200, for the same fault. */
  readonly rejection?: string;
}

/** Ends a request with an error response. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

const MISSING_TEXT = 'Text value is missing';
const LONG_TEXT = 'Invalid Text value. Reached max allowed limit';
const LONG_SOURCE = 'Invalid Source value. Reached max allowed limit';
const INVALID_NUMBER = 'Invalid MSISDN format (not E.164 international number)';

const EXPIRED = 'Expiry time already reached';
const BLOCKED = 'Destination is blacklisted';

/** The reason with which a message is REJECTED when 8x8 itself failed. */
export const INTERNAL_ERROR = 'Internal server error';

/** Every error of the emulator, with the codes of 8x8's list of API error codes. */
export const PROBLEMS = {
  invalidParameter: { status: 400, code: 1000, message: 'Invalid parameter' },
  invalidJson: { status: 400, code: 1000, message: 'Request body is not valid JSON' },
  invalidUmid: { status: 400, code: 1000, message: 'Invalid umid.' },
  illegalSubAccount: { status: 400, code: 1001, message: 'Illegal subAccountId' },
  unknownSubAccount: {
    status: 400,
    code: 1001,
    message: "Provided subAccountId doesn't belong to your account",
  },
  invalidNumber: { status: 400, code: 1002, message: INVALID_NUMBER, rejection: INVALID_NUMBER },
  /** Text that not even a response could carry as a number: a batch is refused as a whole. */
  malformedNumber: { status: 400, code: 1002, message: INVALID_NUMBER },
  invalidEncoding: { status: 400, code: 1003, message: 'Invalid encoding' },
  invalidText: { status: 400, code: 1004, message: 'Invalid text' },
  invalidSource: { status: 400, code: 1005, message: 'Invalid source' },
  invalidExpiry: { status: 400, code: 1006, message: 'Invalid expiry' },
  /** Not an HTTP error: REJECTED inside HTTP 200, even for a single message. */
  expired: { status: 200, code: 0, message: EXPIRED, rejection: EXPIRED },
  /** 8x8 documents no text for a number on the account's block list; this text is the emulator's own. */
  blocked: { status: 200, code: 0, message: BLOCKED, rejection: BLOCKED },
  invalidTemplate: { status: 400, code: 1007, message: 'Invalid SMS template' },
  invalidId: { status: 400, code: 1008, message: 'Invalid ID' },
  invalidCountry: { status: 400, code: 1009, message: 'Invalid country code' },
  bodyTooLarge: { status: 413, code: 1010, message: 'Request body is too large' },
  outOfRange: { status: 400, code: 1010, message: 'Parameter out of range' },
  invalidSchedule: { status: 400, code: 1011, message: 'Invalid schedule time' },
  invalidIp: { status: 400, code: 1012, message: 'Invalid IP address' },
  insecureProtocol: {
    status: 426,
    code: 1014,
    message: 'TLS 1.3+ is required for Singapore-bound messages. Detected: TLSv1.2',
    headers: { upgrade: 'TLS/1.3' },
  },
  bulkLimit: { status: 400, code: 1100, message: 'Bulk limit reached' },
  unauthorized: { status: 401, code: 1200, message: 'Request was not authenticated properly' },
  forbidden: { status: 403, code: 1201, message: 'Access forbidden' },
  notPrepaid: { status: 403, code: 1201, message: 'Account not in prepaid mode' },
  messageNotFound: { status: 404, code: 1300, message: 'Message not found.' },
  contactNotFound: { status: 404, code: 1300, message: 'Unable to find contact' },
  groupNotFound: { status: 404, code: 1300, message: 'Unable to find group' },
  notFound: { status: 404, code: 1300, message: 'Not found' },
  resendingInterval: { status: 403, code: 1400, message: 'Resending interval violation' },
  sessionNotFound: { status: 404, code: 1404, message: 'Session not found' },
  internal: { status: 500, code: 2000, message: INTERNAL_ERROR },
  unavailable: { status: 503, code: 2000, message: 'Service unavailable' },
  missingNumber: { status: 400, code: 3002, message: 'Missing MSISDN' },
  missingText: { status: 400, code: 3005, message: MISSING_TEXT, rejection: MISSING_TEXT },
  textTooLong: { status: 400, code: 3006, message: LONG_TEXT, rejection: LONG_TEXT },
  clientMessageIdTooLong: { status: 400, code: 3009, message: 'ClientMessageId is too long' },
  sourceTooLong: { status: 400, code: 3011, message: LONG_SOURCE, rejection: LONG_SOURCE },
  missingMessages: { status: 400, code: 3012, message: 'Messages are missing' },
  tooManyMessages: { status: 400, code: 3013, message: 'Too many messages' },
  clientBatchIdTooLong: { status: 400, code: 3014, message: 'ClientBatchId is too long' },
  invalidCallback: { status: 400, code: 3020, message: 'Invalid delivery receipt callback URL' },
  invalidJob: { status: 404, code: 4018, message: 'Invalid jobId' },
  groupExists: { status: 409, code: 5003, message: 'A group with the same name already exists' },
  /** 8x8 documents the status, but neither code nor text. */
  contactConflict: { status: 409, code: 1000, message: 'The addresses belong to several contacts' },
} as const satisfies Record<string, Problem>;

/** Throws a problem as an expression, so that a validation fits in one line. */
export function fail(problem: Problem): never {
  throw new ProblemError(problem);
}

/** HTTP 405, for which 8x8 has no code. */
export function methodNotAllowed(allowed: readonly string[]): Problem {
  return {
    status: 405,
    code: 2001,
    message: 'Method not allowed',
    headers: { allow: allowed.join(', ') },
  };
}

/** HTTP 429, with whole seconds in `Retry-After`. */
export function quotaExceeded(retryAfterSeconds: number): Problem {
  return {
    status: 429,
    code: 429,
    message: `Quota exceeded. Please try again in ${retryAfterSeconds} second(s).`,
    headers: { 'retry-after': String(retryAfterSeconds) },
  };
}
