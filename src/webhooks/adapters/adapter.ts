import { ConfigurationError } from '../../errors.ts';
import { anyFunction, object, objectWith, validate, withMethods } from '../../schema.ts';
import type { WebhookReceiver, WebhookResponse } from '../delivery.ts';

/** Options of the adapters for frameworks whose requests do not carry the sender's address. */
export interface RemoteAddressOptions<Source> {
  /**
   * Returns the address of the other end of the connection; required for `authentication.sourceAddresses`. Read only
   * headers that your platform sets itself, for example `CF-Connecting-IP` on Cloudflare: a sender can forge all others.
   * The response is 500 when this function throws.
   * @default none: no address is known
   */
  readonly remoteAddress?: ((source: Source) => string | null | undefined) | undefined;
}

const SERVER_ERROR: WebhookResponse = { status: 500, headers: {} };

/**
 * Checks the arguments of an adapter at start-up.
 *
 * @throws ConfigurationError `receiver` is not a receiver, or an option is unknown
 */
export function assertAdapter(name: string, receiver: WebhookReceiver, options: unknown = {}): void {
  const field = objectWith(['receiver'], {
    receiver: withMethods(['respond', 'handle'], 'a receiver from createWebhookReceiver'),
    options: object({ remoteAddress: anyFunction() }),
  });
  const flaw = validate(field, { receiver, options });
  if (flaw !== undefined) throw new ConfigurationError(`${name}: ${flaw.message}`, flaw.path);
}

/**
 * Returns the result of `work`, or writes a 500. A receiver never throws, but an unhandled rejection ends a plain Node
 * server, and no sender may be able to cause that.
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

/** Converts to a standard `Response`. */
export function toResponse({ status, headers }: WebhookResponse): Response {
  return new Response(null, { status, headers });
}
