import type { WebhookReceiver } from '../delivery.ts';
import { createNodeHandler, type NodeWebhookHandler } from './node.ts';

/**
 * Turns a receiver into a request handler for Express 4 and 5. It needs no body parser, and works behind one
 * (`express.json()`, `express.raw()`, `express.text()`). The sender's address is the socket's: the receiver's
 * `trustedProxies` applies, not Express' `trust proxy`. The handler never calls `next`.
 *
 * @throws ConfigurationError `receiver` is not a receiver
 *
 * @example
 * ```ts
 * app.all('/webhooks/8x8', toExpressHandler(receiver));
 * ```
 */
export function toExpressHandler(receiver: WebhookReceiver): NodeWebhookHandler {
  return createNodeHandler('toExpressHandler', receiver);
}
