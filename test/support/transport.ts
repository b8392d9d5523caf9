import './load-ky.ts';
import { vi } from 'vitest';
import { createCalls } from '../../src/call.ts';
import { createCredentials } from '../../src/config/credentials.ts';
import type { SmsEvent } from '../../src/events.ts';
import { createEmit } from '../../src/telemetry/create-emit.ts';
import { createTransport, type TransportConfig } from '../../src/transport/create-transport.ts';
import type { Operation } from '../../src/transport/operation.ts';
import type { TransportRequest } from '../../src/transport/transport.ts';
import type { CallOptions, Fetch } from '../../src/types.ts';

export const CANARY_KEY = 'canary-key-7f3a9c';
export const CANARY_NUMBER = '+6591234567';

/** A send: never repeated once it may have been accepted. */
export const SEND: Operation = {
  name: 'messages.send',
  operationId: 'Send SMS',
  product: 'sms',
  method: 'POST',
  path: '/api/v1/subaccounts/{subAccountId}/messages',
  repeat: 'never',
  responseBody: 'json',
};

/** A read in the details lane. */
export const DETAILS: Operation = {
  name: 'messages.get',
  operationId: 'Get SMS',
  product: 'sms',
  method: 'GET',
  path: '/api/v1/subaccounts/{subAccountId}/messages/{umid}',
  repeat: 'safe',
  lane: 'details',
  responseBody: 'json',
};

export const READ: Operation = {
  name: 'account.balance',
  operationId: 'Get balance',
  product: 'sms',
  method: 'GET',
  path: '/api/v1/accounts/{accountId}/balance',
  repeat: 'safe',
  responseBody: 'json',
};

const SEGMENTS = { subAccountId: 'team&co', accountId: 'acme', umid: 'u-1' };
export const BODY = { destination: CANARY_NUMBER, text: 'hello' };

/** A request, and the options of its call. */
export interface TestRequest extends TransportRequest {
  readonly options: CallOptions;
}

/** A request with the defaults of most tests. */
export function requestOf(operation: Operation, more: Partial<TestRequest> = {}): TestRequest {
  return {
    operation,
    segments: SEGMENTS,
    options: {},
    ...(operation.method === 'POST' && { body: BODY, clientMessageId: 'cm-1' }),
    ...more,
  };
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers });
}

/** A `fetch` that returns its responses in order, then repeats the last one. */
export function playFetch(...answers: readonly (() => Response | Promise<Response>)[]) {
  const calls: { readonly url: string; readonly init: RequestInit }[] = [];
  const fetch: Fetch = async (url, init) => {
    calls.push({ url: String(url), init: init ?? {} });
    const answer = answers[Math.min(calls.length, answers.length) - 1];
    if (answer === undefined) throw new Error('no answer left');
    return answer();
  };
  return { fetch, calls };
}

/** A stream of the same chunks; `end` is called and awaited once, for every kind of end. */
function untilEnd(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  end: () => Promise<void>,
): ReadableStream<Uint8Array> {
  return new ReadableStream(
    {
      async pull(sink) {
        try {
          const { done, value } = await reader.read();
          if (!done) return sink.enqueue(value);
          await end();
          sink.close();
        } catch (error) {
          await end();
          sink.error(error);
        }
      },
      async cancel() {
        await reader.cancel();
        await end();
      },
    },
    { highWaterMark: 0 },
  );
}

/** A private transport for a fake host, with its events. */
export function testTransport(
  fetch: Fetch | undefined,
  { deadlineMs, ...overrides }: Partial<TransportConfig> & { readonly deadlineMs?: number } = {},
) {
  const events: SmsEvent[] = [];
  const clock = overrides.clock ?? { now: () => Date.now() };
  const emit = createEmit(
    (event) => void events.push(event),
    () => clock.now(),
  );
  const host = 'https://sms.example.test';
  const calls = createCalls(deadlineMs);
  const own = createTransport({
    hosts: { sms: host, verification: host, lookup: host, contacts: host },
    credentials: createCredentials({ kind: 'value', key: CANARY_KEY, from: 'option' }, { clock, emit }),
    subAccountId: 'team&co',
    fetch,
    retry: { maxAttempts: 3, baseMs: 500, maxMs: 8000 },
    pace: { requestsPerSecond: 1710, maxQueued: 10_000 },
    emit,
    clock,
    sharedState: false,
    random: () => 0.5,
    ...overrides,
  });
  /** Each request is a call of its own, as in a method of the client. */
  const transport = {
    request: ({ options, ...request }: TestRequest) =>
      calls.run(options, (call) => own.request(request, call)),
    /** The call stays open until the stream ends, as it does for the rows of an export. */
    download: (url: string, options: CallOptions) =>
      new Promise<ReadableStream<Uint8Array>>((resolve, reject) => {
        const whole = calls.run(options, async (call) => {
          const reader = (await own.download(url, call)).getReader();
          await new Promise<void>((end) => {
            const ended = () => {
              end();
              return whole;
            };
            resolve(untilEnd(reader, ended));
          });
        });
        whole.catch(reject);
      }),
    close: ({ drainMs = 10_000 } = {}) => calls.close(drainMs),
  };
  return { transport, events, own, run: calls.run };
}

export const ok = () => json({ umid: 'u' });

/** Fails like `fetch`. */
export const fail = (error: unknown) => () => Promise.reject(error);

/** Never responds, and ignores its signal. */
export const hang = () => new Promise<Response>(() => {});

/** An error as Node's `fetch` throws it. */
export const coded = (code: string) =>
  new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code }) });

/** Runs a call to its end through any wait; with fake timers. */
export async function finish<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  await vi.runAllTimersAsync();
  return promise;
}

/** The error of a promise that must fail. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}
