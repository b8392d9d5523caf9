import type { ClientContext } from '../client-context.ts';
import { ValidationError } from '../errors.ts';
import { boolean, type Fields, objectWith, oneOf, shortValues, text, unknown } from '../schema.ts';
import type { Operation, Product } from '../transport/operation.ts';
import type { CallOptions } from '../types.ts';
import { readInput } from './input.ts';

/** A request to an endpoint that this version has no method for. */
export interface EndpointRequest {
  /** HTTP method. Any but GET needs `dangerouslyUnguarded`. @default 'GET' */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | undefined;
  /** Product of 8x8, which decides the host. @default 'sms' */
  readonly product?: Product | undefined;
  /**
   * Path at the product's host, not encoded, for example `/api/v1/subaccounts/{subAccountId}/new-things`. `{subAccountId}`
   * and `{accountId}` are those of the client.
   */
  readonly path: string;
  /** Parameters of the query, encoded for you: at most 50. */
  readonly query?: Readonly<Record<string, string | number | boolean>> | undefined;
  /** Body, sent as JSON. Not for GET. */
  readonly body?: unknown;
  /**
   * Allows a method other than GET: no guard sees what the request sends, costs or deletes. A client with
   * `allowedRecipients` refuses it all the same.
   *
   * @default false
   */
  readonly dangerouslyUnguarded?: boolean | undefined;
}

/** A success of `request`. */
export interface EndpointResponse {
  /** HTTP status, 200 to 299. */
  readonly status: number;
  /** Parsed JSON as 8x8 sent it, unchecked; undefined when there is none. */
  readonly body: unknown;
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
const PRODUCTS = ['sms', 'verification', 'lookup', 'contacts'] as const satisfies readonly Product[];
const MAX_PATH_CHARACTERS = 1_000;

const requestFields: Fields<EndpointRequest> = {
  method: oneOf(METHODS),
  product: oneOf(PRODUCTS),
  path: text({ max: MAX_PATH_CHARACTERS }),
  query: shortValues({ maxEntries: 50, maxLength: 2_000 }),
  body: unknown(),
  dangerouslyUnguarded: boolean(),
};
const requestSchema = objectWith(['path'], requestFields, 'a request { path, … }');

/** One segment that has one meaning only: no slash, no encoding, no parameters. */
const SEGMENT = /^[A-Za-z0-9._~&+@-]+$/;
/** Some servers drop a dot at the end, so that it would be another path. */
const OUTER_DOT = /^\.|\.$/;
const PLACEHOLDER = /^\{(subAccountId|accountId)\}$/;
/** A segment that can hold no number, code or id, so that events may show it. */
const PLAIN_SEGMENT = /^[A-Za-z][A-Za-z-]{0,39}\d?$/;

/**
 * Endpoints that send to a person, judge a code or cost money, in any version of the API, each with the method to use
 * instead. Not even `dangerouslyUnguarded` opens these: the guards would have a second door.
 */
const GUARDED: readonly (readonly [path: RegExp, method: string])[] = [
  [/^api\/v\d+\/subaccounts\/[^/]+\/messages(?:\/batch)?$/i, 'messages.send, sendBatch or sendMany'],
  [
    /^api\/v\d+\/subaccounts\/[^/]+\/surveys\/[^/]+\/messages(?:\/batch)?$/i,
    'surveys.send, sendBatch or sendMany',
  ],
  [/^api\/v\d+\/subaccounts\/[^/]+\/sessions(?:\/[^/]+)?$/i, 'verifications.start, get or check'],
  [/^api\/v\d+\/subaccounts\/[^/]+\/phones\/[^/]+$/i, 'lookup.get'],
];
/** 8x8 allows one request a second there. */
const MESSAGE_DETAILS = /^api\/v\d+\/subaccounts\/[^/]+\/messages\/[^/]+$/i;

function refuse(message: string, path: string): never {
  throw new ValidationError(`${path} ${message} Nothing was sent.`, path);
}

/** The segments of a path that every server between here and 8x8 reads in the same way. */
function readSegments(path: string): readonly string[] {
  const segments = path.replace(/^\//, '').split('/');
  for (const segment of segments) {
    if (PLACEHOLDER.test(segment)) continue;
    if (!SEGMENT.test(segment) || OUTER_DOT.test(segment)) {
      refuse(
        'must be a path at the product\'s host such as "/api/v1/subaccounts/{subAccountId}/things": no host, no ".." or empty segment, nothing percent-encoded; parameters go into `query`.',
        'path',
      );
    }
  }
  return segments;
}

/** The path as an operation has it: whatever could be an id, a number or a code is a value, and in no event. */
function templateOf(segments: readonly string[]): {
  readonly path: string;
  readonly values: Readonly<Record<string, string>>;
} {
  const values: Record<string, string> = {};
  const parts = segments.map((segment, index) => {
    if (PLACEHOLDER.test(segment) || PLAIN_SEGMENT.test(segment)) return segment;
    values[`value${index}`] = segment;
    return `{value${index}}`;
  });
  return { path: `/${parts.join('/')}`, values };
}

function assertUnguarded(
  { method = 'GET', dangerouslyUnguarded, body }: EndpointRequest,
  path: string,
  hasAllowedRecipients: boolean,
): void {
  const guarded = GUARDED.find(([pattern]) => pattern.test(path));
  if (guarded !== undefined) refuse(`is an endpoint behind the guards. Use ${guarded[1]}.`, 'path');
  if (method !== 'GET' && dangerouslyUnguarded !== true) {
    refuse(
      `must be GET. No guard would see a ${method}: to send it anyway, set dangerouslyUnguarded.`,
      'method',
    );
  }
  if (method !== 'GET' && hasAllowedRecipients) {
    refuse(
      `must be GET on a client with allowedRecipients: the package cannot tell whom a ${method} would reach.`,
      'method',
    );
  }
  if (method === 'GET' && body !== undefined) refuse('must be left out: a GET has no body.', 'body');
}

/** Sends requests to endpoints that this version has no method for. */
export function createRequest({
  calls,
  transport,
  subAccountId,
  accountId,
  hasAllowedRecipients,
}: ClientContext): (request: EndpointRequest, options?: CallOptions) => Promise<EndpointResponse> {
  return (request, options) =>
    calls.run(options, async (call) => {
      const given = readInput(requestSchema, request, '');
      const segments = readSegments(given.path);
      const plainPath = segments.join('/');
      assertUnguarded(given, plainPath, hasAllowedRecipients);
      const { path, values } = templateOf(segments);
      const { method = 'GET', product = 'sms', query = {}, body } = given;
      const operation: Operation = {
        name: 'request',
        operationId: 'none',
        product,
        method,
        path,
        // Nobody knows whether it costs or counts: some of 8x8's GETs do.
        repeat: 'never',
        ifLost: 'It is unknown whether 8x8 carried it out: check before you repeat it.',
        responseBody: 'any',
        ...(product === 'sms' && method === 'GET' && MESSAGE_DETAILS.test(plainPath) && { lane: 'details' }),
      };
      const own: Record<string, string> = {};
      if (segments.includes('{subAccountId}')) own.subAccountId = subAccountId;
      if (segments.includes('{accountId}')) own.accountId = accountId();
      const parameters = Object.entries(query).map(([name, value]) => [name, String(value)] as const);
      const answer = await transport.request(
        {
          operation,
          segments: { ...values, ...own },
          query: Object.fromEntries(parameters),
          body,
        },
        call,
      );
      return { status: answer.status, body: answer.body };
    });
}
