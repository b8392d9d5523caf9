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
  /** 0: none is followed. */
  readonly maxRedirections: number;
  /** 0: no time limit. */
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
}

/** Node's own HTTP client, on which its `fetch` stands. */
export interface Dispatcher {
  dispatch(options: DispatchOptions, handler: DispatchHandler): boolean;
}

/**
 * The places where Node's `fetch` and the `undici` package meet: `setGlobalDispatcher` writes them, and `fetch` reads the first;
 * since undici 7.29 the second. See decision 18.
 */
const FIRST = Symbol.for('undici.globalDispatcher.1');
const SECOND = Symbol.for('undici.globalDispatcher.2');

interface Places {
  readonly [FIRST]?: object;
  readonly [SECOND]?: object;
}

/** The classes behind Node's own dispatcher. One more or less is somebody else's. */
const CLASSES = 'Agent DispatcherBase Dispatcher EventEmitter';

/** The `fetch` that was looked at last, and whether it is Node's own. */
let looked: { readonly fetch: Fetch; readonly isNodes: boolean } | undefined;
/** The dispatcher that was found plain last. */
let plain: object | undefined;

/** Whether `fetch` is Node's own, by its source text: tests and APM vendors replace it. */
function isNodes(fetch: Fetch): boolean {
  if (looked?.fetch !== fetch) {
    const source = Function.prototype.toString.call(fetch);
    looked = { fetch, isNodes: source.includes('internal/deps/undici') };
  }
  return looked.isNodes;
}

function classesOf(dispatcher: object): string {
  const names: string[] = [];
  for (
    let prototype = Object.getPrototypeOf(dispatcher);
    prototype !== null && prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    names.push(prototype.constructor.name);
  }
  return names.join(' ');
}

/** The value of an undici object's own field; its symbols are not registered. */
function fieldOf(dispatcher: object, name: string): unknown {
  const symbol = Object.getOwnPropertySymbols(dispatcher).find(({ description }) => description === name);
  return symbol && (dispatcher as Readonly<Record<symbol, unknown>>)[symbol];
}

/**
 * Whether nothing stands between this dispatcher and the network: no interceptor, no retries, no pool of the team. Only then a
 * request is written once, and `onConnect` announces it.
 */
function isPlain(dispatcher: object): boolean {
  // A method of its own would be somebody else's, also one that came since.
  if (dispatcher === plain && !Object.hasOwn(dispatcher, 'dispatch')) return true;
  if (classesOf(dispatcher) !== CLASSES) return false;
  // Composed dispatchers of undici 7 look like the one that they wrap, except for their method.
  const base = Object.getPrototypeOf(Object.getPrototypeOf(dispatcher)) as Dispatcher;
  if ((dispatcher as Dispatcher).dispatch !== base.dispatch) return false;
  const options = fieldOf(dispatcher, 'options') as { readonly interceptors?: unknown } | undefined;
  const factory = fieldOf(dispatcher, 'factory') as { readonly name?: string } | undefined;
  if (options?.interceptors !== undefined || factory?.name !== 'defaultFactory') return false;
  plain = dispatcher;
  return true;
}

/**
 * The dispatcher behind the global `fetch`; undefined where `fetch` is not Node's own, and where the dispatcher is anything but
 * Node's own kind as it comes.
 */
export function findDispatcher(): Dispatcher | undefined {
  const { fetch } = globalThis;
  if (typeof fetch !== 'function' || !isNodes(fetch)) return undefined;
  // Node loads its client, which fills the places, when `fetch` or one of these classes is first looked at.
  const places = globalThis as Places;
  if (places[FIRST] === undefined) Reflect.get(globalThis, 'Headers');
  const { [FIRST]: first, [SECOND]: second } = places;
  if (first === undefined) return undefined;
  if (second === undefined || second === first) return isPlain(first) ? (first as Dispatcher) : undefined;
  // undici 8 keeps a wrapper with the events of `DispatchHandler` at the first place.
  const isWrapper = first.constructor.name === 'Dispatcher1Wrapper';
  return isWrapper && isPlain(second) ? (first as Dispatcher) : undefined;
}
