import type { WebhookReceiver } from '../delivery.ts';
import { assertAdapter, orServerError } from './adapter.ts';
import {
  closeUnreadBody,
  type NodeWebhookRequest,
  type NodeWebhookResponse,
  withDelivery,
} from './node-delivery.ts';

/** A request listener of Node's `http`. */
export type NodeWebhookHandler = (
  request: NodeWebhookRequest & { readonly body?: unknown },
  response: NodeWebhookResponse,
) => void;

async function respond(
  receiver: WebhookReceiver,
  request: Parameters<NodeWebhookHandler>[0],
  response: NodeWebhookResponse,
): Promise<void> {
  const outcome = await orServerError(
    () => withDelivery(request, response, request.body, (delivery) => receiver.respond(delivery)),
    (serverError) => serverError,
  );
  // The other end is gone, or a time limit of the server's has answered already.
  if (outcome === undefined || response.headersSent) return;
  response.statusCode = outcome.status;
  for (const [name, value] of Object.entries(outcome.headers)) response.setHeader(name, value);
  closeUnreadBody(request, (name, value) => response.setHeader(name, value));
  response.end();
}

/** The same for Node and for Express; `name` stands in errors. */
export function createNodeHandler(name: string, receiver: WebhookReceiver): NodeWebhookHandler {
  assertAdapter(name, receiver);
  return (request, response) => void respond(receiver, request, response);
}

/**
 * Serves a receiver as a request listener of Node's `http`, `https` or `http2` (and of anything that calls a
 * `(request, response)` function). Give it the requests of one path; it answers every method and never throws. A
 * `request.body` that a parser left there is used, else the body is read from the request.
 *
 * @throws ConfigurationError when `receiver` is none.
 *
 * @example
 * ```ts
 * const handle = toNodeHandler(receiver);
 * createServer((request, response) =>
 *   request.url === '/webhooks/8x8' ? handle(request, response) : response.writeHead(404).end(),
 * ).listen(3000);
 * ```
 */
export function toNodeHandler(receiver: WebhookReceiver): NodeWebhookHandler {
  return createNodeHandler('toNodeHandler', receiver);
}
