import type { WebhookReceiver } from '../delivery.ts';
import { assertAdapter, orServerError } from './adapter.ts';
import {
  closeUnreadBody,
  type NodeWebhookRequest,
  type NodeWebhookResponse,
  withDelivery,
} from './node-delivery.ts';

/** The part of a Fastify request that the adapter reads. */
export interface FastifyWebhookRequest {
  /** Node's request. */
  readonly raw: NodeWebhookRequest;
  /** The parsed body, when a content-type parser ran. */
  readonly body?: unknown;
}

/** The part of a Fastify reply that the adapter uses. */
export interface FastifyWebhookReply {
  /** Node's response. */
  readonly raw: NodeWebhookResponse;
  /** Whether a response was sent already. */
  readonly sent: boolean;
  /** Sets the status. */
  code(status: number): unknown;
  /** Sets a header. */
  header(name: string, value: string): unknown;
  /** Sends the response. */
  send(): unknown;
}

/** A Fastify route handler. The promise resolves when the response has been sent or the sender has gone. */
export type FastifyWebhookHandler = (
  request: FastifyWebhookRequest,
  reply: FastifyWebhookReply,
) => Promise<unknown>;

async function respond(
  receiver: WebhookReceiver,
  request: FastifyWebhookRequest,
  reply: FastifyWebhookReply,
): Promise<unknown> {
  const outcome = await orServerError(
    () => withDelivery(request.raw, reply.raw, request.body, (delivery) => receiver.respond(delivery)),
    (serverError) => serverError,
  );
  // The sender closed the connection, or one of Fastify's time limits has already sent a response.
  if (outcome === undefined || reply.sent) return undefined;
  reply.code(outcome.status);
  for (const [name, value] of Object.entries(outcome.headers)) reply.header(name, value);
  closeUnreadBody(request.raw, (name, value) => reply.header(name, value));
  reply.send();
  // Fastify's convention for async handlers: its reply is a promise of the end of the response.
  return reply;
}

/**
 * Turns a receiver into a route handler for Fastify 5. Fastify reads and parses JSON before any handler runs, and so
 * before the receiver has authenticated the sender. A scope without parsers reverses the order, see the second route.
 *
 * @throws ConfigurationError `receiver` is not a receiver
 *
 * @example
 * ```ts
 * app.post('/webhooks/8x8', toFastifyHandler(receiver));
 *
 * app.register(async (scope) => {
 *   scope.removeAllContentTypeParsers();
 *   scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
 *   scope.post('/webhooks/8x8/strict', toFastifyHandler(receiver));
 * });
 * ```
 */
export function toFastifyHandler(receiver: WebhookReceiver): FastifyWebhookHandler {
  assertAdapter('toFastifyHandler', receiver);
  return (request, reply) => respond(receiver, request, reply);
}
