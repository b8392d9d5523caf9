import type { WebhookReceiver } from '../delivery.ts';
import { assertAdapter, orServerError } from './adapter.ts';
import {
  closeUnreadBody,
  type NodeWebhookRequest,
  type NodeWebhookResponse,
  withDelivery,
} from './node-delivery.ts';

/**
 * A request listener for Node's `http`. The promise resolves when the response has been sent or the sender has gone, and
 * never rejects.
 */
export type NodeWebhookHandler = (
  request: NodeWebhookRequest & { readonly body?: unknown },
  response: NodeWebhookResponse,
) => Promise<void>;

async function respond(
  receiver: WebhookReceiver,
  request: Parameters<NodeWebhookHandler>[0],
  response: NodeWebhookResponse,
): Promise<void> {
  const outcome = await orServerError(
    () => withDelivery(request, response, request.body, (delivery) => receiver.respond(delivery)),
    (serverError) => serverError,
  );
  // The sender closed the connection, or one of the server's time limits has already sent a response.
  if (outcome === undefined || response.headersSent) return;
  response.statusCode = outcome.status;
  for (const [name, value] of Object.entries(outcome.headers)) response.setHeader(name, value);
  closeUnreadBody(request, (name, value) => response.setHeader(name, value));
  response.end();
}

/** Creates the handler for Node and Express; `name` appears in errors. */
export function createNodeHandler(name: string, receiver: WebhookReceiver): NodeWebhookHandler {
  assertAdapter(name, receiver);
  return (request, response) => respond(receiver, request, response);
}

/**
 * Turns a receiver into a request listener for Node's `http`, `https` or `http2` (and for anything that calls a
 * `(request, response)` function). Route one path to it; it answers every method and never throws. It uses
 * `request.body` when a parser has set it, and otherwise reads the body from the request.
 *
 * @throws ConfigurationError `receiver` is not a receiver
 *
 * @example
 * ```ts
 * const handle = toNodeHandler(receiver);
 * createServer((request, response) => {
 *   if (request.url === '/webhooks/8x8') void handle(request, response);
 *   else response.writeHead(404).end();
 * }).listen(3000);
 * ```
 */
export function toNodeHandler(receiver: WebhookReceiver): NodeWebhookHandler {
  return createNodeHandler('toNodeHandler', receiver);
}
