import {
  ApiError,
  type ApiErrorFields,
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  ServerError,
  TlsUpgradeRequiredError,
} from '../errors.ts';
import { hideSecrets, repeatsSecret } from '../internal/hide-secrets.ts';
import { redactText } from '../internal/redact.ts';
import { advice, type FailureContext, statusHint } from './error-text.ts';

/** A response that is not a success, or a success that cannot be read. */
export interface ErrorResponse {
  readonly status: number;
  readonly text: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly requestId?: string | undefined;
}

export interface RequestFailureContext extends FailureContext {
  readonly attempts: number;
  readonly clientMessageId: string | undefined;
  /** `ifConflict` of the operation: why a 409 is a refusal. */
  readonly ifConflict?: string | undefined;
  /** Source of the API key. */
  readonly keySource: string;
  /** Keys that must not appear in the message. */
  readonly secrets: readonly string[];
  /** Texts and codes of the request, which must not appear either. Read only when 8x8's words are shown. */
  readonly sent: () => readonly string[];
  /** The same with numbers and keys, which no id may repeat. */
  readonly idSecrets: () => readonly string[];
  /** `confidential` of the operation: 8x8's text is not shown. */
  readonly confidential?: boolean | undefined;
}

/** A shorter key is a word that texts hold. */
const SHORTEST_REAL_KEY = 8;

/** The fields of 8x8's error body. */
interface ErrorBody {
  readonly code?: number | undefined;
  readonly message?: string | undefined;
  readonly errorId?: string | undefined;
  readonly timestamp?: string;
}

function parseErrorBody(text: string | undefined): ErrorBody {
  let body: unknown;
  try {
    body = JSON.parse(text ?? '');
  } catch {
    // A page of a proxy, or no body: only the status counts.
    return {};
  }
  if (typeof body !== 'object' || body === null) return {};
  const { code, message, errorId, timestamp } = body as Record<string, unknown>;
  return {
    // 8x8's have four digits; more could be a number or a code that we sent.
    ...(Number.isInteger(code) && Math.abs(code as number) < 10_000 && { code: code as number }),
    ...(typeof message === 'string' && { message }),
    ...(typeof errorId === 'string' && { errorId }),
    ...(typeof timestamp === 'string' && { timestamp }),
  };
}

function errorClass(status: number): new (fields: ApiErrorFields) => ApiError {
  if (status >= 500) return ServerError;
  switch (status) {
    case 401:
      return AuthenticationError;
    case 403:
      return PermissionDeniedError;
    case 404:
      return NotFoundError;
    case 426:
      return TlsUpgradeRequiredError;
    case 429:
      return RateLimitError;
    default:
      return status >= 400 ? BadRequestError : ApiError;
  }
}

function hintOf(
  status: number,
  apiCode: number | undefined,
  { ifConflict, keySource }: RequestFailureContext,
): string | undefined {
  return (status === 409 ? ifConflict : undefined) ?? statusHint(status, apiCode, keySource);
}

/** 8x8's codes for SMS. Source: 8x8 SMS API, "Error codes". */
const isSmsCode = (code: number) => code >= 1_000 && code < 1_100;

/** 8x8's body without anything that the request held. */
function cleanBody(body: ErrorBody, { confidential, secrets, sent }: RequestFailureContext): ErrorBody {
  const { code, message = '', errorId } = body;
  const held = sent();
  const isRepeated = (text: string) => hideSecrets(text, held) !== text;
  // Keys such as `test`, in somebody's tests, are not hidden.
  const hidden = hideSecrets(message, [
    ...held,
    ...secrets.filter(({ length }) => length >= SHORTEST_REAL_KEY),
  ]);
  return {
    ...body,
    code: code !== undefined && !isSmsCode(code) && isRepeated(String(code)) ? undefined : code,
    // Redacted before it is cut, so that no half of a key remains, and cut so that the advice fits.
    message: confidential ? '' : redactText(hidden, secrets),
    errorId: errorId !== undefined && held.some((text) => text.includes(errorId)) ? undefined : errorId,
  };
}

function shownRequestId(
  { requestId }: ErrorResponse,
  { idSecrets }: RequestFailureContext,
): string | undefined {
  return requestId === undefined || repeatsSecret(requestId, idSecrets()) ? undefined : requestId;
}

/** Builds the error of a response: what happened, whether anything was sent, what to do. */
export function apiError(response: ErrorResponse, context: RequestFailureContext): ApiError {
  const body = cleanBody(parseErrorBody(response.text), context);
  const { message = '' } = body;
  const said = [
    `${context.operation}: 8x8 responded with HTTP ${response.status}`,
    ...(body.code === undefined ? [] : [`code ${body.code}`]),
  ].join(', ');
  const sentences = [
    message === '' ? `${said}.` : `${said}: ${message}${/[.!?…]$/.test(message) ? '' : '.'}`,
    hintOf(response.status, body.code, context),
    advice(context),
  ];
  return new (errorClass(response.status))({
    message: sentences.filter((sentence) => sentence !== undefined).join(' '),
    submission: context.submission,
    status: response.status,
    attempts: context.attempts,
    apiCode: body.code,
    errorId: body.errorId,
    timestamp: body.timestamp,
    retryAfterMs: response.retryAfterMs,
    clientMessageId: context.clientMessageId,
    requestId: shownRequestId(response, context),
    secrets: context.secrets,
  });
}

/** Builds the error of a success whose body is missing, too large or not JSON. */
export function unreadableResponse(response: ErrorResponse, context: RequestFailureContext): ApiError {
  const problem =
    response.text === undefined
      ? 'is too large'
      : response.text === ''
        ? 'is empty'
        : 'is not JSON (a page of a proxy?)';
  return new ApiError({
    message: `${context.operation}: the response (HTTP ${response.status}) ${problem}. ${advice(context)}`,
    submission: context.submission,
    status: response.status,
    attempts: context.attempts,
    clientMessageId: context.clientMessageId,
    requestId: shownRequestId(response, context),
  });
}
