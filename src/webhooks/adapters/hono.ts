import type { WebhookReceiver } from '../delivery.ts';
import { assertAdapter, orServerError, type RemoteAddressOptions, toResponse } from './adapter.ts';

/** The part of a Hono context that the adapter reads. */
export interface HonoWebhookContext {
  /** Hono's request. */
  readonly req: {
    /** The standard `Request`. */
    readonly raw: Request;
    /** Returns a header by name. */
    header(name: string): string | undefined;
    /** Reads the body, or returns Hono's cached copy of it. */
    text(): Promise<string>;
  };
}

/**
 * A body that a middleware has already read: Hono keeps its text, unless it was read without Hono. The text is requested
 * only when the receiver asks for it, so that an unauthenticated sender gets the same response either way.
 */
async function* cachedBody(request: HonoWebhookContext['req']): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(await request.text());
}

/**
 * Turns a receiver into a handler for Hono 4, on every runtime. It needs no middleware that reads the body, and works
 * behind one (`context.req.json()` and the like; Hono keeps what they read).
 *
 * Only the platform knows the sender's address: pass it with `remoteAddress`, for example
 * `(context: Context) => getConnInfo(context).remote.address` with the `getConnInfo` of `hono/cloudflare-workers`,
 * `hono/bun`, `hono/deno` or `@hono/node-server/conninfo`.
 *
 * @throws ConfigurationError `receiver` is not a receiver, or an option is unknown
 *
 * @example
 * ```ts
 * app.all('/webhooks/8x8', toHonoHandler(receiver));
 *
 * app.all('/webhooks/8x8', toHonoHandler(receiver, {
 *   remoteAddress: (context) => context.req.header('CF-Connecting-IP'), // on Cloudflare only
 * }));
 * ```
 */
export function toHonoHandler<Context extends HonoWebhookContext>(
  receiver: WebhookReceiver,
  options: RemoteAddressOptions<Context> = {},
): (context: Context) => Promise<Response> {
  assertAdapter('toHonoHandler', receiver, options);
  const respond = async ({ req }: Context, remoteAddress: string | undefined): Promise<Response> => {
    const { raw } = req;
    if (!raw.bodyUsed) return receiver.handle(raw, { remoteAddress });
    const body = cachedBody(req);
    const header = (name: string) => raw.headers.get(name) ?? undefined;
    return toResponse(
      await receiver.respond({ method: raw.method, header, body, remoteAddress, signal: raw.signal }),
    );
  };
  return (context) =>
    orServerError(async () => respond(context, options.remoteAddress?.(context) ?? undefined), toResponse);
}
