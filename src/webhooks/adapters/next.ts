import type { WebhookReceiver } from '../delivery.ts';
import { assertAdapter, orServerError, type RemoteAddressOptions, toResponse } from './adapter.ts';

/**
 * Turns a receiver into a route handler for the app router of Next.js (and for every other framework whose handlers take a
 * `Request` and return a `Response`). Next.js itself answers 405 to the methods that a route does not export.
 *
 * @throws ConfigurationError `receiver` is not a receiver, or an option is unknown
 *
 * @example
 * ```ts
 * // app/webhooks/8x8/route.ts
 * export const POST = toNextHandler(receiver);
 * ```
 */
export function toNextHandler<NextRequest extends Request>(
  receiver: WebhookReceiver,
  options: RemoteAddressOptions<NextRequest> = {},
): (request: NextRequest) => Promise<Response> {
  assertAdapter('toNextHandler', receiver, options);
  return (request) =>
    orServerError(
      async () => receiver.handle(request, { remoteAddress: options.remoteAddress?.(request) ?? undefined }),
      toResponse,
    );
}
