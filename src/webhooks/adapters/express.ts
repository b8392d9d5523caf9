import type { WebhookReceiver } from '../delivery.ts';
import { createNodeHandler, type NodeWebhookHandler } from './node.ts';

/**
 * Serves a receiver as a request handler of Express 4 and 5. It needs no body parser, and works behind one
 * (`express.json()`, `express.raw()`, `express.text()`). The address is the socket's: Express' `trust proxy` has no say,
 * the receiver's `trustedProxies` has. It never calls `next`.
 *
 * @throws ConfigurationError when `receiver` is none.
 *
 * @example
 * ```ts
 * app.all('/webhooks/8x8', toExpressHandler(receiver));
 * ```
 */
export function toExpressHandler(receiver: WebhookReceiver): NodeWebhookHandler {
  return createNodeHandler('toExpressHandler', receiver);
}
