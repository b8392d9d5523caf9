import { ValidationError } from '../../errors.ts';
import type { WebhookDelivery, WebhookReceiver, WebhookResponse } from '../delivery.ts';
import { assertAdapter, orServerError, type RemoteAddressOptions } from './adapter.ts';

/**
 * The part of a Lambda event that the adapter reads: API Gateway (REST API and HTTP API, payload format 1.0 and 2.0), a
 * function URL, or an Application Load Balancer.
 */
export interface LambdaWebhookEvent {
  /** HTTP method, except in payload format 2.0. */
  readonly httpMethod?: string | undefined;
  /** Headers, one value each; names in any case. */
  readonly headers?: Readonly<Record<string, string | undefined>> | null | undefined;
  /** Headers with all their values; used instead of `headers` when present. */
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[] | undefined>> | null | undefined;
  /** The body, as text or in base64. */
  readonly body?: string | null | undefined;
  /** Whether `body` is in base64. */
  readonly isBase64Encoded?: boolean | undefined;
  /** Facts about the connection. A load balancer gives none. */
  readonly requestContext: {
    /** Payload format 2.0, and function URLs. */
    readonly http?: { readonly method: string; readonly sourceIp?: string | undefined } | undefined;
    /** Payload format 1.0. */
    readonly identity?: { readonly sourceIp?: string | null | undefined } | undefined;
    /** A load balancer. */
    readonly elb?: unknown;
  };
}

/** The result of a Lambda function, as API Gateway, function URLs and load balancers expect it. */
export interface LambdaWebhookResult {
  /** HTTP status. */
  statusCode: number;
  /** Response headers; absent when the event had `multiValueHeaders`. */
  headers?: Record<string, string>;
  /** Response headers in answer to an event with `multiValueHeaders`: a load balancer that sent those reads no others. */
  multiValueHeaders?: Record<string, string[]>;
  /** Always empty. */
  body: string;
  /** Always false. */
  isBase64Encoded: boolean;
}

/** Characters of base64 decoded at once, a multiple of 4: a body over the limit is not decoded to its end. */
const BASE64_SLICE = 16_384;

async function* decodeBase64(text: string): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < text.length; start += BASE64_SLICE) {
    yield Uint8Array.from(atob(text.slice(start, start + BASE64_SLICE)), (byte) => byte.charCodeAt(0));
  }
}

/** All values of a header. Payload format 1.0 keeps the case that the sender chose. */
function readHeader({ headers, multiValueHeaders }: LambdaWebhookEvent, name: string): string | undefined {
  const wanted = name.toLowerCase();
  const values = Object.entries(multiValueHeaders ?? headers ?? {}).flatMap(([key, value]) =>
    key.toLowerCase() === wanted ? (value ?? []) : [],
  );
  return values.length === 0 ? undefined : values.join(', ');
}

function toDelivery(
  event: LambdaWebhookEvent,
  method: string,
  remoteAddress: string | null | undefined,
): WebhookDelivery {
  const body = event.body ?? '';
  return {
    method,
    header: (name) => readHeader(event, name),
    body: event.isBase64Encoded === true ? decodeBase64(body) : body,
    remoteAddress: remoteAddress ?? undefined,
  };
}

function toResult(event: LambdaWebhookEvent, { status, headers }: WebhookResponse): LambdaWebhookResult {
  const result = { statusCode: status, body: '', isBase64Encoded: false };
  if (event.multiValueHeaders == null) return { ...result, headers: { ...headers } };
  const multiValueHeaders = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, [value]]),
  );
  return { ...result, multiValueHeaders };
}

/**
 * Turns a receiver into a handler for AWS Lambda behind API Gateway (REST API and HTTP API), a function URL, or an
 * Application Load Balancer. The sender's address is the `sourceIp` of the event. A load balancer gives none: return it from
 * `remoteAddress`, which replaces `sourceIp` everywhere. Give the function a longer time limit than the receiver's
 * `timeoutMs`: Lambda's default is 3 seconds.
 *
 * The handler rejects with a `ValidationError` when the event is no HTTP request, for example a scheduled one.
 *
 * @throws ConfigurationError `receiver` is not a receiver, or an option is unknown
 *
 * @example
 * ```ts
 * export const handler = toLambdaHandler(receiver);
 *
 * // Behind a load balancer, which appends the sender's address to this header by default:
 * export const handler = toLambdaHandler(receiver, {
 *   remoteAddress: ({ headers }) => headers?.['x-forwarded-for']?.split(',').at(-1),
 * });
 * ```
 */
export function toLambdaHandler<Event extends LambdaWebhookEvent>(
  receiver: WebhookReceiver,
  options: RemoteAddressOptions<Event> = {},
): (event: Event) => Promise<LambdaWebhookResult> {
  assertAdapter('toLambdaHandler', receiver, options);
  const {
    remoteAddress = ({ requestContext: { http, identity } }: Event) => http?.sourceIp ?? identity?.sourceIp,
  } = options;
  return async (event) => {
    const method = event?.requestContext?.http?.method ?? event?.httpMethod;
    if (event?.requestContext == null || method === undefined) {
      throw new ValidationError(
        'toLambdaHandler: the event is not an HTTP request. Connect the function to API Gateway, a function URL or an Application Load Balancer.',
        'event',
      );
    }
    return orServerError(
      async () => toResult(event, await receiver.respond(toDelivery(event, method, remoteAddress(event)))),
      (serverError) => toResult(event, serverError),
    );
  };
}
