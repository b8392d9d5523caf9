import type { WebhookEvent } from './webhook-event.ts';

/**
 * One HTTP request that claims to come from 8x8, reduced to what a receiver reads. An adapter builds it from its
 * framework's request.
 */
export interface WebhookDelivery {
  /** HTTP method. Only `POST` is accepted; the case does not matter. */
  readonly method: string;
  /** Returns a header by its case-insensitive name; several headers of one name are joined with `, `. */
  header(name: string): string | undefined;
  /** The body: a stream of bytes, a text, or JSON that the framework has already parsed. */
  readonly body:
    | AsyncIterable<Uint8Array>
    | ReadableStream<Uint8Array>
    | string
    | {
        /** The JSON value, as the framework parsed it. */
        readonly parsed: unknown;
      }
    | undefined;
  /** IP address of the other end of the connection; required for `authentication.sourceAddresses`. */
  readonly remoteAddress?: string | undefined;
  /** Aborts when the sender closes the connection. */
  readonly signal?: AbortSignal | undefined;
}

/** Facts about the connection that a `Request` does not carry. */
export interface WebhookConnection {
  /** IP address of the other end of the connection; required for `authentication.sourceAddresses`. */
  readonly remoteAddress?: string | undefined;
}

/** The HTTP response for 8x8. It never has a body, so that a refused sender learns nothing. */
export interface WebhookResponse {
  /** HTTP status. */
  readonly status: number;
  /** `Allow` with 405, `Retry-After` (seconds) with `in-progress`; otherwise empty. */
  readonly headers: Readonly<Record<string, string>>;
}

/** An authenticated event, and whether it was handled before. */
export type ReceivedWebhook = WebhookEvent & {
  /** True when the same event was handled within the last 24 hours; no handler ran. */
  readonly duplicate: boolean;
};

/** Receives the webhooks that 8x8 posts. */
export interface WebhookReceiver {
  /**
   * Handles a `Request` and returns the `Response` for 8x8. Never throws.
   *
   * @example export const POST = (request: Request) => receiver.handle(request);
   */
  handle(request: Request, connection?: WebhookConnection): Promise<Response>;
  /**
   * Handles a delivery from an adapter and returns the status and headers to send. Never throws.
   *
   * @example const { status, headers } = await receiver.respond({ method: 'POST', header, body });
   */
  respond(delivery: WebhookDelivery): Promise<WebhookResponse>;
  /**
   * Handles a request and returns the parsed event. The event is marked as handled before this returns: put work that may
   * fail and must be repeated into a handler.
   *
   * @throws WebhookError the request was refused or could not be handled; `status` is the HTTP status to send
   * @example
   * ```ts
   * const { type, duplicate } = await receiver.receive(request);
   * ```
   */
  receive(request: Request | WebhookDelivery, connection?: WebhookConnection): Promise<ReceivedWebhook>;
}
