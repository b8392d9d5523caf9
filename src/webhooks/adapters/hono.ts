import type { WebhookReceiver } from '../delivery.ts';
import { assertAdapter, orServerError, type RemoteAddressOptions, toResponse } from './adapter.ts';

/** What the adapter looks at of a Hono context. */
export interface HonoWebhookContext {
  readonly req: {
    readonly raw: Request;
    header(name: string): string | undefined;
    text(): Promise<string>;
  };
}

/**
 * A body that a middleware has read: Hono's cache still has the text, unless it was read past Hono. Asked for only when the
 * receiver wants it: a stranger must get the same answer either way.
 */
async function* cachedBody(request: HonoWebhookContext['req']): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(await request.text());
}

/**
 * Serves a receiver as a handler of Hono 4, on every runtime. It needs no middleware that reads the body, and works
 * behind one (`context.req.json()` and the like; Hono keeps what they read).
 *
 * The address of the other end is known only to the platform: `remoteAddress` gives it, for example with
 * `(context: Context) => getConnInfo(context).remote.address`, where `getConnInfo` is that of `hono/cloudflare-workers`,
 * `hono/bun`, `hono/deno` or `@hono/node-server/conninfo`.
 *
 * @throws ConfigurationError when `receiver` is none, or an option is unknown.
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
