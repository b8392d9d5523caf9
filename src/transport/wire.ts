import ky from 'ky';
import type { Fetch } from '../types.ts';

/** One request as it goes out. */
export interface WireRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer> | undefined;
  /** The runtime must not send the body a second time on its own. */
  readonly once: boolean;
  /** Default: the global `fetch` of the moment, so that whoever patches it is heard. */
  readonly fetch: Fetch | undefined;
  /** Called right before `fetch`. */
  readonly beforeFetch: () => void;
}

/** Deno sends a POST again when the answer is lost on a reused connection, unless its body can be read only once. */
const resendsBodies = () => 'Deno' in globalThis;

function oneShot(body: string | Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(typeof body === 'string' ? new TextEncoder().encode(body) : body);
      controller.close();
    },
  });
}

/**
 * Writes one request and gives whatever answer comes: no retry, no redirect, no time limit, no error for a status.
 * All of that is decided by the caller.
 */
export function sendOnWire(request: WireRequest, signal: AbortSignal): Promise<Response> {
  const { body, fetch } = request;
  return ky(request.url, {
    method: request.method,
    headers: { ...request.headers },
    redirect: 'manual',
    retry: 0,
    throwHttpErrors: false,
    timeout: false,
    // Address and init instead of ky's `Request`: a `fetch` of another undici refuses a foreign `Request`, a body that
    // went through one loses its length, and the signal would be wrapped twice more. Called without `this`: workerd
    // throws "Illegal invocation".
    fetch: (prepared) => {
      const { method, headers } = prepared as Request;
      const init: RequestInit & { duplex?: 'half' } = { method, headers, signal, redirect: 'manual' };
      if (body !== undefined && request.once && resendsBodies()) {
        init.body = oneShot(body);
        init.duplex = 'half';
      } else if (body !== undefined) init.body = body;
      request.beforeFetch();
      return (fetch ?? globalThis.fetch)(request.url, init);
    },
  });
}
