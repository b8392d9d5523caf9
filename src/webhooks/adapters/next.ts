import type { WebhookReceiver } from '../delivery.ts';
import { assertAdapter, orServerError, type RemoteAddressOptions, toResponse } from './adapter.ts';

/**
 * Serves a receiver as a route handler of Next.js' app router (and of every other framework whose handlers take a
 * `Request` and give a `Response`). Next.js answers the methods that a route does not export with 405 itself.
 *
 * @throws ConfigurationError when `receiver` is none, or an option is unknown.
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
