import { ConfigurationError } from '../../errors.ts';
import { anyFunction, findFlaw, having, shape, shapeWith } from '../../schema.ts';
import type { WebhookReceiver, WebhookResponse } from '../delivery.ts';

/** Options of the adapters for frameworks that hide the connection. */
export interface RemoteAddressOptions<Source> {
  /**
   * Gives the address of the other end of the connection; needed for `authentication.sourceAddresses`. Read only what
   * your platform sets itself, for example `CF-Connecting-IP` on Cloudflare: everything else the sender could write.
   * When it throws the answer is 500. Default: no address is known.
   */
  readonly remoteAddress?: ((source: Source) => string | null | undefined) | undefined;
}

const SERVER_ERROR: WebhookResponse = { status: 500, headers: {} };

/** Refuses, at start-up, what is no receiver or no known option. */
export function assertAdapter(name: string, receiver: WebhookReceiver, options: unknown = {}): void {
  const field = shapeWith(['receiver'], {
    receiver: having(['respond', 'handle'], 'what createWebhookReceiver gave'),
    options: shape({ remoteAddress: anyFunction() }),
  });
  const flaw = findFlaw(field, { receiver, options });
  if (flaw !== undefined) throw new ConfigurationError(`${name}: ${flaw.message}`, flaw.path);
}

/**
 * What `work` gives, or 500. A receiver does not throw; but a promise that nobody catches ends a plain Node server, and
 * nobody outside should be able to do that.
 */
export async function orServerError<Result, Written>(
  work: () => Promise<Result>,
  write: (serverError: WebhookResponse) => Written,
): Promise<Result | Written> {
  try {
    return await work();
  } catch {
    return write(SERVER_ERROR);
  }
}

/** An answer as the web standard has it. */
export function toResponse({ status, headers }: WebhookResponse): Response {
  return new Response(null, { status, headers });
}
