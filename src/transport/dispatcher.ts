import type { Fetch } from '../types.ts';

/** The events of one request, as undici 6 named them; later versions still take these names at `DISPATCHER`. */
export interface DispatchHandler {
  /** Right before the request is written; `abort` ends it, also in this moment. */
  onConnect(abort: (reason?: Error) => void): void;
  onHeaders(status: number, rawHeaders: readonly RawHeader[]): boolean;
  onData(chunk: Uint8Array<ArrayBuffer>): boolean;
  onComplete(): void;
  onError(error: unknown): void;
}

/** Names and values in turns. A repeated header of a wrapped handler is a list. */
export type RawHeader = Uint8Array | string | readonly (Uint8Array | string)[];

export interface DispatchOptions {
  readonly origin: string;
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** 0: no time limit. */
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
}

/** Node's own HTTP client, on which its `fetch` stands. */
export interface Dispatcher {
  dispatch(options: DispatchOptions, handler: DispatchHandler): boolean;
}

/**
 * The place where Node's `fetch` and the `undici` package meet: `setGlobalDispatcher` writes it, `fetch` reads it, and a proxy of the
 * environment is in it. See decision 18.
 */
const DISPATCHER = Symbol.for('undici.globalDispatcher.1');

/** The `fetch` that was looked at last, and whether it is Node's own. */
let looked: { readonly fetch: Fetch; readonly isNodes: boolean } | undefined;

/** Whether `fetch` is Node's own, by its source text: tests and APM vendors replace it. */
function isNodes(fetch: Fetch): boolean {
  if (looked?.fetch !== fetch) {
    const source = Function.prototype.toString.call(fetch);
    looked = { fetch, isNodes: source.includes('internal/deps/undici') };
  }
  return looked.isNodes;
}

/** The dispatcher behind the global `fetch`; undefined where that is not Node's own, or was not used yet. */
export function findDispatcher(): Dispatcher | undefined {
  const { fetch } = globalThis;
  if (typeof fetch !== 'function' || !isNodes(fetch)) return undefined;
  const found = (globalThis as { readonly [DISPATCHER]?: unknown })[DISPATCHER];
  const dispatcher = found as Dispatcher | undefined;
  return typeof dispatcher?.dispatch === 'function' ? dispatcher : undefined;
}

/** undici 8 keeps its dispatcher here, and a wrapper of it at `DISPATCHER`. */
const WRAPPED = Symbol.for('undici.globalDispatcher.2');
/** Node's own classes: a request that these did not announce was not written. Another one may forget to say so. */
const NODES_CLASSES = /^(?:Agent|EnvHttpProxyAgent|ProxyAgent)$/;

/** Whether a request that `onConnect` did not announce was certainly not written. */
export function announcesWrites(dispatcher: object): boolean {
  const { name } = dispatcher.constructor;
  const wrapped = (globalThis as { readonly [WRAPPED]?: object })[WRAPPED];
  if (name === 'Dispatcher1Wrapper' && wrapped !== undefined)
    return NODES_CLASSES.test(wrapped.constructor.name);
  return NODES_CLASSES.test(name);
}
