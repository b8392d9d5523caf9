import { WebhookError } from '../errors.ts';
import type { EventBody } from '../events.ts';
import { withCallerStack } from '../internal/caller-stack.ts';
import type { WebhookOperation } from '../telemetry/operations.ts';
import { createAuthenticate } from './authentication/authenticate.ts';
import type { AuthenticationFailure, AuthenticationResult } from './authentication/authentication-result.ts';
import type {
  ReceivedWebhook,
  WebhookConnection,
  WebhookDelivery,
  WebhookReceiver,
  WebhookResponse,
} from './delivery.ts';
import { withUmid } from './event-identity.ts';
import { webhookError } from './failures.ts';
import { parseEvent } from './parse-event.ts';
import { parseJson, plainJson } from './plain-json.ts';
import { createEventProcessor } from './process-event.ts';
import { CONSUMED_BODY, readDeliveryBody } from './read-delivery-body.ts';
import {
  bindHandlers,
  DEFAULT_MAX_BODY_BYTES,
  DEFAULT_TIMEOUT_MS,
  readOptions,
  type WebhookReceiverOptions,
} from './receiver-options.ts';

function toDelivery(request: Request, { remoteAddress }: WebhookConnection = {}): WebhookDelivery {
  const { method, headers, body, bodyUsed, signal } = request;
  return {
    method,
    header: (name) => headers.get(name) ?? undefined,
    body: bodyUsed ? CONSUMED_BODY : (body ?? undefined),
    remoteAddress,
    signal,
  };
}

function isEmptyObject(json: unknown): boolean {
  return typeof json === 'object' && json !== null && !Array.isArray(json) && Object.keys(json).length === 0;
}

function isRequest(given: Request | WebhookDelivery): given is Request {
  return typeof (given as WebhookDelivery).header !== 'function';
}

function toErrorResponse(error: WebhookError): WebhookResponse {
  const { status, retryAfterSeconds } = error;
  return {
    status,
    headers: {
      ...(error.reason === 'method-not-allowed' && { allow: 'POST' }),
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
    },
  };
}

/** The event that reports a failure to the team. */
function failureEvent(
  { reason, path }: WebhookError,
  authenticationFailure: AuthenticationResult,
): EventBody {
  switch (reason) {
    case 'unauthorized':
      return { type: 'webhook-refused', reason: authenticationFailure as AuthenticationFailure };
    case 'method-not-allowed':
    case 'too-large':
    case 'malformed':
    case 'incomplete':
      return { type: 'webhook-refused', reason, ...(path !== undefined && { path }) };
    default:
      return { type: 'webhook-failed', reason };
  }
}

/**
 * Creates a receiver for the webhooks that 8x8 posts: delivery receipts, inbound messages, opened links, survey answers.
 * Guards and consent process an event before your handler runs, so that a STOP counts even when the handler throws. Each
 * event is handled once within 24 hours. The receiver's methods do not need `this`.
 *
 * @throws ConfigurationError an option is missing, unknown, malformed or contradictory
 * @example
 * ```ts
 * const receiver = createWebhookReceiver({
 *   client: sms,
 *   authentication: { authorization: process.env.WEBHOOK_AUTHORIZATION },
 *   handlers: { onInbound: (message) => save(message.source, message.body) },
 * });
 * export const POST = (request: Request) => receiver.handle(request);
 * ```
 */
export function createWebhookReceiver(options: WebhookReceiverOptions): WebhookReceiver {
  const inboundPort = readOptions(options);
  const { maxBodyBytes = DEFAULT_MAX_BODY_BYTES, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const { emit } = inboundPort;
  const channels = options.channels && [...options.channels];
  const authenticate = createAuthenticate(options.authentication, inboundPort.clock, emit);
  const processEvent = createEventProcessor({
    inboundPort,
    handlers: bindHandlers(options.handlers),
    timeoutMs,
  });

  async function readJson(delivery: WebhookDelivery): Promise<unknown> {
    const { body = '' } = delivery;
    if (typeof body === 'object' && 'parsed' in body) return readParsed(body.parsed);
    return parseJson(await readDeliveryBody(delivery, body, { maxBodyBytes, timeoutMs }), maxBodyBytes);
  }

  /** Parsers set `{}` for a body that they did not read, and 8x8 never sends one: no event may get lost that way. */
  function readParsed(parsed: unknown): unknown {
    const json = plainJson(parsed, maxBodyBytes);
    if (isEmptyObject(json)) throw webhookError('incomplete');
    return json;
  }

  const receive: WebhookReceiver['receive'] = (given, connection) => {
    const operation: WebhookOperation = { kind: 'webhook' };
    const work = () => receiveOne(operation, given, connection);
    return emit.trace?.(operation, work) ?? work();
  };

  async function receiveOne(
    operation: WebhookOperation,
    given: Request | WebhookDelivery,
    connection: WebhookConnection | undefined,
  ): Promise<ReceivedWebhook> {
    let authenticationFailure: AuthenticationResult;
    try {
      const delivery = isRequest(given) ? toDelivery(given, connection) : given;
      if (delivery.method.toUpperCase() !== 'POST') throw webhookError('method-not-allowed');
      authenticationFailure = await authenticate(delivery);
      if (authenticationFailure !== undefined) throw webhookError('unauthorized');
      const event = await withUmid(parseEvent(await readJson(delivery), channels));
      operation.event = event.type;
      if (event.type === 'delivery-receipt') operation.umid = event.umid;
      const { duplicate, remembered } = await processEvent(event);
      operation.duplicate = duplicate;
      emit({ type: 'webhook-received', kind: event.type, duplicate, remembered });
      return { ...event, duplicate };
    } catch (error) {
      // Any other error comes from a request object that throws when it is read.
      const failure = WebhookError.isInstance(error) ? error : webhookError('incomplete');
      emit(failureEvent(failure, authenticationFailure));
      throw withCallerStack(failure);
    }
  }

  async function respondTo(received: Promise<unknown>): Promise<WebhookResponse> {
    try {
      await received;
      return { status: 200, headers: {} };
    } catch (error) {
      return toErrorResponse(error as WebhookError);
    }
  }

  return {
    receive,
    respond: (delivery) => respondTo(receive(delivery)),
    async handle(request, connection) {
      return new Response(null, await respondTo(receive(request, connection)));
    },
  };
}
