import type { WebhookReceiver } from '../delivery.ts';
import { assertAdapter, orServerError } from './adapter.ts';
import {
  closeUnreadBody,
  type NodeWebhookRequest,
  type NodeWebhookResponse,
  withDelivery,
} from './node-delivery.ts';

/** What the adapter looks at of a Fastify request. */
export interface FastifyWebhookRequest {
  readonly raw: NodeWebhookRequest;
  readonly body?: unknown;
}

/** What the adapter does with a Fastify reply. */
export interface FastifyWebhookReply {
  readonly raw: NodeWebhookResponse;
  readonly sent: boolean;
  code(status: number): unknown;
  header(name: string, value: string): unknown;
  send(): unknown;
}

/** A route handler of Fastify. */
export type FastifyWebhookHandler = (request: FastifyWebhookRequest, reply: FastifyWebhookReply) => void;

async function respond(
  receiver: WebhookReceiver,
  request: FastifyWebhookRequest,
  reply: FastifyWebhookReply,
): Promise<void> {
  const outcome = await orServerError(
    () => withDelivery(request.raw, reply.raw, request.body, (delivery) => receiver.respond(delivery)),
    (serverError) => serverError,
  );
  // The other end is gone, or a time limit of Fastify's has answered already.
  if (outcome === undefined || reply.sent) return;
  reply.code(outcome.status);
  for (const [name, value] of Object.entries(outcome.headers)) reply.header(name, value);
  closeUnreadBody(request.raw, (name, value) => reply.header(name, value));
  reply.send();
}

/**
 * Serves a receiver as a route handler of Fastify 5. Fastify reads and parses JSON before any handler runs, so before
 * the receiver has authenticated the sender; a scope without parsers turns the order round, see the second route.
 *
 * @throws ConfigurationError when `receiver` is none.
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
  return (request, reply) => void respond(receiver, request, reply);
}
