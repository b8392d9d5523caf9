import { setImmediate as nextTurn } from 'node:timers/promises';
import { deflateSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConnectionError, type SmsError, TimeoutError } from '../../../src/errors.ts';
import { USER_AGENT } from '../../../src/internal/version.ts';
import { createEmit } from '../../../src/telemetry/create-emit.ts';
import type { DispatchHandler, DispatchOptions, RawHeader } from '../../../src/transport/dispatcher.ts';
import {
  BODY,
  CANARY_KEY,
  failureOf,
  finish,
  json,
  playFetch,
  READ,
  requestOf,
  SEND,
  type TestRequest,
  testTransport,
} from '../../support/transport.ts';

const DISPATCHER = Symbol.for('undici.globalDispatcher.1');
const WRAPPED = Symbol.for('undici.globalDispatcher.2');
const symbols = globalThis as { [DISPATCHER]?: unknown; [WRAPPED]?: unknown };
const bytes = (text: string) => new Uint8Array(new TextEncoder().encode(text));
const ANSWER = '{"umid":"u-1"}';

type Play = (handler: DispatchHandler, options: DispatchOptions) => void;

/** Node's dispatcher, which plays the parts in turn, and the last one from then on. */
class EventEmitter {}
class Dispatcher extends EventEmitter {}
class DispatcherBase extends Dispatcher {
  readonly seen: DispatchOptions[] = [];
  readonly handlers: DispatchHandler[] = [];
  readonly #plays: readonly Play[];

  constructor(plays: readonly Play[]) {
    super();
    this.#plays = plays;
  }

  dispatch(options: DispatchOptions, handler: DispatchHandler): boolean {
    this.seen.push(options);
    this.handlers.push(handler);
    this.#plays[Math.min(this.seen.length, this.#plays.length) - 1]?.(handler, options);
    return true;
  }
}
const FACTORY = Symbol('factory');
const OPTIONS = Symbol('options');
class Agent extends DispatcherBase {
  [FACTORY] = function defaultFactory() {};
  [OPTIONS]: unknown = {};

  constructor(...plays: readonly Play[]) {
    super(plays);
  }
}

const respond =
  (text: string | Uint8Array, status = 200, headers: readonly RawHeader[] = [], abort = () => {}): Play =>
  (handler) => {
    handler.onConnect(abort);
    handler.onHeaders(status, headers);
    const body = typeof text === 'string' ? bytes(text) : text;
    if (body.length > 0) handler.onData(body as Uint8Array<ArrayBuffer>);
    handler.onComplete();
  };

let before: readonly [unknown, unknown];

function install(dispatcher: object): void {
  symbols[DISPATCHER] = dispatcher;
  symbols[WRAPPED] = undefined;
}

function setUp(dispatcher: object, more: Parameters<typeof testTransport>[1] = {}) {
  install(dispatcher);
  return testTransport(undefined, more);
}

beforeEach(() => {
  before = [symbols[DISPATCHER], symbols[WRAPPED]];
  vi.useFakeTimers();
});
afterEach(() => {
  [symbols[DISPATCHER], symbols[WRAPPED]] = before;
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('a message on Node', () => {
  it('goes straight to the HTTP client, as it would through fetch', async () => {
    const agent = new Agent(respond(ANSWER));
    const { transport } = setUp(agent);
    const query = { a: 'b&c' };
    expect(await transport.request(requestOf(SEND, { query }))).toEqual({
      status: 200,
      body: { umid: 'u-1' },
      attempts: 1,
    });
    expect(agent.seen).toEqual([
      {
        origin: 'https://sms.example.test',
        path: '/api/v1/subaccounts/team%26co/messages?a=b%26c',
        method: 'POST',
        headers: {
          accept: 'application/json',
          authorization: `Bearer ${CANARY_KEY}`,
          'content-type': 'application/json',
          'user-agent': USER_AGENT,
        },
        body: JSON.stringify(BODY),
        maxRedirections: 0,
        headersTimeout: 0,
        bodyTimeout: 0,
      },
    ]);
  });

  it('goes straight also as the first request of a process', async () => {
    const agent = new Agent(respond(ANSWER));
    const { transport } = testTransport(undefined);
    symbols[DISPATCHER] = undefined;
    const { Headers } = globalThis;
    vi.stubGlobal('Headers', undefined);
    // Node loads its client when one of its classes is looked at.
    Object.defineProperty(globalThis, 'Headers', {
      configurable: true,
      get: () => {
        install(agent);
        return Headers;
      },
    });
    await transport.request(requestOf(SEND));
    expect(agent.seen).toHaveLength(1);
  });

  it('is read in as many pieces as it comes in, and after early hints', async () => {
    const [start, end] = [bytes(`{"umid":"é"}`).slice(0, 10), bytes('{"umid":"é"}').slice(10)];
    const { transport } = setUp(
      new Agent((handler) => {
        handler.onConnect(() => {});
        handler.onHeaders(103, []);
        handler.onHeaders(200, []);
        handler.onData(start);
        handler.onData(end);
        handler.onComplete();
      }),
    );
    expect(await transport.request(requestOf(SEND))).toMatchObject({ body: { umid: 'é' } });
  });

  it.each([
    ['bytes', [bytes('X-Request-Id'), bytes('request-77')]],
    ['texts', ['x-request-id', 'request-77']],
    ['lists', ['x-request-id', [bytes('request-77')]]],
  ] as const)('has headers as %s', async (_, headers) => {
    const { transport } = setUp(new Agent(respond(ANSWER, 200, headers as readonly RawHeader[])));
    expect(await transport.request(requestOf(SEND))).toMatchObject({ requestId: 'request-77' });
  });

  it('shows the response to onResponse, with repeated headers', async () => {
    const headers: readonly RawHeader[] = [bytes('a'), [bytes('1'), bytes('2')], 'b', '3'];
    const { transport } = setUp(new Agent(respond(ANSWER, 200, headers)));
    const seen: { status: number; headers: Headers }[] = [];
    await transport.request(requestOf(SEND, { options: { onResponse: (raw) => void seen.push(raw) } }));
    expect(seen).toMatchObject([{ status: 200 }]);
    expect(Object.fromEntries(seen[0]?.headers ?? [])).toEqual({ a: '1, 2', b: '3' });
  });
});

describe('a response', () => {
  it.each([
    ['gzip', gzipSync(ANSWER)],
    ['X-Gzip', gzipSync(ANSWER)],
    ['deflate', deflateSync(ANSWER)],
    ['identity', bytes(ANSWER)],
  ])('that comes as %s unasked is read', async (encoding, body) => {
    const headers = [bytes('content-encoding'), bytes(encoding)];
    const { transport } = setUp(new Agent(respond(new Uint8Array(body), 200, headers)));
    expect(await transport.request(requestOf(SEND))).toMatchObject({ body: { umid: 'u-1' } });
  });

  it.each([
    ['in a compression that nobody reads', 'br', bytes(ANSWER)],
    ['that is no gzip', 'gzip', bytes(ANSWER)],
    ['that grows too large', 'gzip', gzipSync('x'.repeat(10_000_000))],
  ])('%s is unreadable: the outcome is unknown', async (_, encoding, body) => {
    const headers = [bytes('content-encoding'), bytes(encoding)];
    const { transport } = setUp(new Agent(respond(new Uint8Array(body), 200, headers)));
    const error = await failureOf(transport.request(requestOf(SEND)));
    expect(error).toMatchObject({ submission: 'unknown', attempts: 1 });
  });

  it('that is being decompressed ends with the call', async () => {
    const controller = new AbortController();
    const headers = [bytes('content-encoding'), bytes('gzip')];
    const play = respond(new Uint8Array(gzipSync(ANSWER)), 200, headers);
    const { transport } = setUp(
      new Agent((handler, options) => {
        play(handler, options);
        controller.abort();
      }),
    );
    const options = { signal: controller.signal };
    const error = await failureOf(transport.request(requestOf(SEND, { options })));
    expect(error).toMatchObject({ name: 'AbortError', submission: 'unknown' });
    // The late text changes nothing.
    for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  });

  it('that is too large is cut off', async () => {
    const abort = vi.fn();
    const { transport } = setUp(
      new Agent((handler) => {
        handler.onConnect(abort);
        handler.onHeaders(200, []);
        expect(handler.onData(new Uint8Array(1_000_000))).toBe(false);
        // Pieces that are still on their way.
        expect(handler.onData(new Uint8Array(1))).toBe(false);
        expect(handler.onHeaders(200, [])).toBe(false);
        handler.onComplete();
        handler.onError(new Error('aborted'));
      }),
    );
    expect(await failureOf(transport.request(requestOf(SEND)))).toMatchObject({ submission: 'unknown' });
    expect(abort).toHaveBeenCalledOnce();
  });

  it('with an error status is a refusal even without its body', async () => {
    const { transport } = setUp(
      new Agent((handler) => {
        handler.onConnect(() => {});
        handler.onHeaders(400, []);
        handler.onError(new Error('reset'));
      }),
    );
    const error = await failureOf(transport.request(requestOf(SEND)));
    expect(error).toMatchObject({ submission: 'rejected', status: 400 });
  });

  it('with a success status but without its body is unknown', async () => {
    const { transport } = setUp(
      new Agent((handler) => {
        handler.onConnect(() => {});
        handler.onHeaders(200, []);
        handler.onError(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
      }),
    );
    const error = await failureOf(transport.request(requestOf(SEND)));
    expect(error).toMatchObject({ submission: 'unknown', reason: 'reset' });
  });
});

describe('a request that fails', () => {
  const broken: Play = (handler) => handler.onError(new Error('the proxy hung up'));
  const written: Play = (handler) => {
    handler.onConnect(() => {});
    handler.onError(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
  };
  const thrown: Play = () => {
    throw new Error('invalid argument');
  };

  it.each([
    ['a failure before the write', new Agent(broken), 'not-submitted', 3],
    ['an exception of the client', new Agent(thrown), 'not-submitted', 3],
    ['a failure after the write, whatever its code says', new Agent(written), 'unknown', 1],
  ] as const)('%s', async (_, agent, submission, attempts) => {
    const { transport } = setUp(agent, { retry: { maxAttempts: 3, baseMs: 1, maxMs: 1 } });
    const error = await finish(failureOf(transport.request(requestOf(SEND))));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ submission, attempts });
  });

  it('a connection that hangs: not submitted, and the request is not written when it comes', async () => {
    const agent = new Agent(() => {});
    const { transport } = setUp(agent);
    const error = await finish(failureOf(transport.request(requestOf(SEND))));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ submission: 'not-submitted', reason: 'timeout' });
    const abort = vi.fn();
    for (const handler of agent.handlers) handler.onConnect(abort);
    expect(abort).toHaveBeenCalledTimes(agent.handlers.length);
  });

  it('an answer that hangs: unknown, and the connection ends', async () => {
    const abort = vi.fn();
    const { transport } = setUp(new Agent((handler) => handler.onConnect(abort)));
    const error = await finish(failureOf(transport.request(requestOf(SEND))));
    expect(error).toMatchObject({ name: 'TimeoutError', submission: 'unknown', attempts: 1 });
    expect(abort).toHaveBeenCalledOnce();
  });

  it.each([
    ['before the write', false, 'not-submitted'],
    ['after it', true, 'unknown'],
  ] as const)('an abort %s', async (_, isWritten, submission) => {
    const abort = vi.fn();
    const controller = new AbortController();
    const agent = new Agent((handler) => isWritten && handler.onConnect(abort));
    const { transport } = setUp(agent);
    const options = { signal: controller.signal };
    const outcome = failureOf(transport.request(requestOf(SEND, { options })));
    while (agent.seen.length === 0) await Promise.resolve();
    controller.abort();
    expect(await outcome).toMatchObject({ name: 'AbortError', submission });
    expect(abort).toHaveBeenCalledTimes(isWritten ? 1 : 0);
  });

  it('an abort by a listener of the attempt writes nothing', async () => {
    const controller = new AbortController();
    const agent = new Agent(respond(ANSWER));
    const emit = createEmit(
      ({ type }) => {
        if (type === 'attempt-started') controller.abort();
      },
      () => 0,
    );
    const { transport } = setUp(agent, { emit });
    const options = { signal: controller.signal };
    const error = await failureOf(transport.request(requestOf(SEND, { options })));
    expect(error).toMatchObject({ name: 'AbortError', submission: 'not-submitted' });
    expect(agent.seen).toEqual([]);
  });

  it('a dispatcher that repeats writes once', async () => {
    const again = vi.fn();
    const { transport } = setUp(
      new Agent((handler) => {
        handler.onConnect(() => {});
        handler.onConnect(again);
        handler.onError(new Error('reset'));
      }),
    );
    const error = (await failureOf(transport.request(requestOf(SEND)))) as SmsError;
    expect(error.submission).toBe('unknown');
    expect(again).toHaveBeenCalledOnce();
  });
});

describe('through fetch', () => {
  const patched = () => {
    const { fetch, calls } = playFetch(() => json({ umid: 'u' }));
    vi.stubGlobal('fetch', fetch);
    return calls;
  };
  it.each([
    ['the same in both places', (agent: Agent) => agent],
    ['a wrapper of a plain one', () => new Agent()],
  ])('nothing with %s', async (name, second) => {
    class Dispatcher1Wrapper extends Agent {}
    const agent = name.startsWith('a') ? new Dispatcher1Wrapper(respond(ANSWER)) : new Agent(respond(ANSWER));
    const { transport } = setUp(agent);
    symbols[WRAPPED] = second(agent);
    await transport.request(requestOf(SEND));
    await transport.request(requestOf(SEND));
    expect(agent.seen).toHaveLength(2);
  });

  async function dispatched(request: TestRequest, more = {}): Promise<number> {
    const agent = new Agent(respond(ANSWER));
    const { transport } = setUp(agent, more);
    await transport.request(request);
    return agent.seen.length;
  }

  it('everything when fetch was replaced, until it is Node’s own again', async () => {
    const calls = patched();
    expect(await dispatched(requestOf(SEND))).toBe(0);
    expect(calls).toHaveLength(1);
    vi.unstubAllGlobals();
    expect(await dispatched(requestOf(SEND))).toBe(1);
  });

  it('everything on a runtime without fetch', async () => {
    vi.stubGlobal('fetch', undefined);
    expect(await failureOf(dispatched(requestOf(SEND)))).toMatchObject({ submission: 'unknown' });
  });

  it.each([
    ['a read', requestOf(READ), {}],
    ['a large body', requestOf(SEND, { body: { text: 'x'.repeat(70_000) } }), {}],
    ['everything with transport: fetch', requestOf(SEND), { transport: 'fetch' }],
  ] as const)('%s', async (_, request, more) => {
    const { fetch, calls } = playFetch(() => json({ umid: 'u' }));
    // Its text looks like Node's own.
    fetch.toString = () => 'internal/deps/undici';
    vi.stubGlobal('fetch', fetch);
    vi.spyOn(Function.prototype, 'toString').mockReturnValue('internal/deps/undici');
    const count = await dispatched(request, more);
    vi.restoreAllMocks();
    expect([count, calls.length]).toEqual([0, 1]);
  });

  class Dispatcher1Wrapper extends Agent {}
  class Subclass extends Agent {}
  const composed = (agent: Agent) =>
    new Proxy(agent, {
      get: (target, name) => (name === 'dispatch' ? () => true : Reflect.get(target, name)),
    });

  it.each([
    ['no dispatcher', undefined, undefined],
    ['something else in its place', {}, undefined],
    ['a class of the team', new Subclass(respond(ANSWER)), undefined],
    ['a composed dispatcher', composed(new Agent(respond(ANSWER))), undefined],
    ['a method of its own', Object.assign(new Agent(), { dispatch: () => true }), undefined],
    ['a pool of the team', Object.assign(new Agent(), { [FACTORY]: () => {} }), undefined],
    ['interceptors', Object.assign(new Agent(), { [OPTIONS]: { interceptors: {} } }), undefined],
    ['another dispatcher in the second place', new Agent(respond(ANSWER)), new Agent()],
    ['a wrapper of a composed one', new Dispatcher1Wrapper(respond(ANSWER)), composed(new Agent())],
  ])('everything with %s', async (_, dispatcher, second) => {
    const { fetch, calls } = playFetch(() => json({ umid: 'u' }));
    vi.stubGlobal('fetch', fetch);
    vi.spyOn(Function.prototype, 'toString').mockReturnValue('internal/deps/undici');
    const { transport } = setUp(dispatcher as object);
    symbols[WRAPPED] = second;
    await transport.request(requestOf(SEND));
    vi.restoreAllMocks();
    expect(calls).toHaveLength(1);
  });
});
