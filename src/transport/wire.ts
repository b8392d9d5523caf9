import { loadFile } from '../internal/load-file.ts';
import type { Fetch } from '../types.ts';
import { watchConnections } from './failed-connections.ts';
import type { KyInstance } from './ky.ts';

/** One request as it is sent. */
export interface WireRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer> | undefined;
  /** The runtime must not send the body a second time on its own. */
  readonly once: boolean;
  /** Default: the global `fetch`, looked up per request, so that later patches of it take effect. */
  readonly fetch: Fetch | undefined;
  /** Called right before `fetch`. */
  readonly beforeFetch: () => void;
}

/** The library and no promise of it, because requests of a Worker may not share one. */
let loaded: KyInstance | undefined;

/**
 * Loads ky for the first request that needs it: importing it takes as long as the rest of the package.
 *
 * @throws ConfigurationError its file cannot be loaded
 */
export async function loadKy(): Promise<KyInstance> {
  loaded ??= (await loadFile(() => import('./ky.ts'))).ky;
  return loaded;
}

/** The runtime's own `fetch`, unless it was replaced before this module was loaded. */
const RUNTIME_FETCH = globalThis.fetch;

/** Whether a request goes straight to the runtime: nothing that the team wrote can fail behind it. */
export function isRuntimeFetch(fetch: Fetch | undefined): boolean {
  return (fetch ?? globalThis.fetch) === RUNTIME_FETCH;
}

/** Version of undici, where `fetch` is Node's own. */
function undiciOf(fetch: Fetch): string | undefined {
  const { process } = globalThis as { process?: { readonly versions?: { readonly undici?: string } } };
  return fetch === RUNTIME_FETCH && !('Bun' in globalThis) ? process?.versions?.undici : undefined;
}

/** undici 7.19 to 7.24 (Node.js 24.14 and 24.15) hides a 401 in answer to a stream behind a failed fetch: nodejs/undici#5018. */
const HIDES_401 = /^7\.(?:19|2[0-4])\./;

/**
 * Deno sends a POST again when the answer is lost on a reused connection, and Node after a 421, as the fetch standard says:
 * neither when the body can be read only once. A replaced `fetch` gets the text on Node, because those of tests read it.
 */
function resendsBodies(fetch: Fetch): boolean {
  const undici = undiciOf(fetch);
  return 'Deno' in globalThis || (undici !== undefined && !HIDES_401.test(undici));
}

function oneShot(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}

/**
 * Writes one request and returns any response: no retry, no redirect, no time limit, no error for a status. The
 * caller decides about all of these.
 */
export function sendOnWire(ky: KyInstance, request: WireRequest, signal: AbortSignal): Promise<Response> {
  const { body } = request;
  watchConnections(request.url);
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
      const fetch = request.fetch ?? globalThis.fetch;
      const { method, headers } = prepared as Request;
      const init: RequestInit & { duplex?: 'half' } = { method, headers, signal, redirect: 'manual' };
      if (body !== undefined && request.once && resendsBodies(fetch)) {
        const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
        init.body = oneShot(bytes);
        init.duplex = 'half';
        // Node would send a stream in chunks, which not every proxy takes. Deno forbids the header.
        if (undiciOf(fetch) !== undefined) headers.set('content-length', `${bytes.length}`);
      } else if (body !== undefined) init.body = body;
      request.beforeFetch();
      return fetch(request.url, init);
    },
  });
}
