import type { WebhookEvent } from './webhook-event.ts';

/** One HTTP request that says it comes from 8x8, as far as a receiver looks at it. Adapters make it of what their framework has. */
export interface WebhookDelivery {
  readonly method: string;
  /** A header by its name in any case; several of one name joined by `, `. */
  header(name: string): string | undefined;
  /** The body: bytes as they come, a text, or JSON that a framework has parsed already. */
  readonly body:
    | AsyncIterable<Uint8Array>
    | ReadableStream<Uint8Array>
    | string
    | { readonly parsed: unknown }
    | undefined;
  /** Address of the other end of the connection; needed for `authentication.sourceAddresses`. */
  readonly remoteAddress?: string | undefined;
  /** Fires when the other end went away. */
  readonly signal?: AbortSignal | undefined;
}

/** What a `Request` does not tell. */
export interface WebhookConnection {
  /** Address of the other end of the connection; needed for `authentication.sourceAddresses`. */
  readonly remoteAddress?: string | undefined;
}

/** What to answer 8x8. There is never a body: who is refused learns nothing. */
export interface WebhookResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** An authenticated event, and whether it was handled before. */
export type ReceivedWebhook = WebhookEvent & {
  /** True when this very event was handled within 24 hours: no handler ran. */
  readonly duplicate: boolean;
};

/** Takes in what 8x8 posts. */
export interface WebhookReceiver {
  /**
   * `Request` in, `Response` out. Never throws.
   *
   * @example export const POST = (request: Request) => receiver.handle(request);
   */
  handle(request: Request, connection?: WebhookConnection): Promise<Response>;
  /**
   * The same for an adapter: a delivery in, a status out. Never throws.
   *
   * @example const { status, headers } = await receiver.respond({ method: 'POST', header, body });
   */
  respond(delivery: WebhookDelivery): Promise<WebhookResponse>;
  /**
   * Gives the parsed event, after the handlers ran. It counts as seen by then: what may fail and must be tried again
   * belongs into a handler.
   *
   * @throws WebhookError it was refused or could not be handled; `status` is what to answer
   * @example
   * ```ts
   * const { type, duplicate } = await receiver.receive(request);
   * ```
   */
  receive(request: Request | WebhookDelivery, connection?: WebhookConnection): Promise<ReceivedWebhook>;
}
