import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ValidationError } from '../../../src/errors.ts';
import { USER_AGENT } from '../../../src/internal/version.ts';
import {
  BODY,
  CANARY_KEY,
  failureOf,
  finish,
  hang,
  json,
  ok,
  playFetch,
  READ,
  requestOf,
  SEND,
  testTransport,
} from '../../support/transport.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('a request', () => {
  it('goes out once, as JSON, with the key, without redirects, and gives the parsed answer', async () => {
    const { fetch, calls } = playFetch(ok);
    const { transport, events } = testTransport(fetch);
    const answer = await transport.request(requestOf(SEND, { query: { a: 'b&c', none: undefined } }));
    expect(answer).toEqual({ status: 200, body: { umid: 'u' }, attempts: 1 });
    expect(calls).toHaveLength(1);
    expect(calls[0]?.url).toBe('https://sms.example.test/api/v1/subaccounts/team%26co/messages?a=b%26c');
    const init = calls[0]?.init;
    expect(init).toMatchObject({ method: 'POST', redirect: 'manual', body: JSON.stringify(BODY) });
    expect(Object.fromEntries(new Headers(init?.headers))).toEqual({
      accept: 'application/json',
      authorization: `Bearer ${CANARY_KEY}`,
      'content-type': 'application/json',
      'user-agent': USER_AGENT,
    });
    const base = {
      operation: 'messages.send',
      method: 'POST',
      host: 'sms.example.test',
      path: SEND.path,
      attempt: 1,
      clientMessageId: 'cm-1',
    };
    expect(events).toMatchObject([
      { type: 'attempt-started', ...base },
      { type: 'attempt-finished', ...base, status: 200, durationMs: 0 },
    ]);
  });

  it('has no body and no content type when there is none, and ignores what an empty answer holds', async () => {
    const { fetch, calls } = playFetch(() => new Response('<html>', { status: 202 }));
    const { transport } = testTransport(fetch);
    const operation = { ...READ, method: 'DELETE', responseBody: 'empty' } as const;
    expect(await transport.request(requestOf(operation))).toEqual({
      status: 202,
      body: undefined,
      attempts: 1,
    });
    expect(calls[0]?.init.body).toBeUndefined();
    expect(new Headers(calls[0]?.init.headers).has('content-type')).toBe(false);
  });

  it('uses the global fetch of the moment, without this', async () => {
    const seen: unknown[] = [];
    vi.stubGlobal('fetch', function (this: unknown) {
      seen.push(this);
      return Promise.resolve(ok());
    });
    const { transport } = testTransport(undefined);
    await transport.request(requestOf(SEND));
    vi.stubGlobal('fetch', async () => json({ second: true }));
    expect((await transport.request(requestOf(SEND))).body).toEqual({ second: true });
    expect(seen).toEqual([undefined]);
  });

  it('on Deno gives what must not be sent twice as a one-shot stream', async () => {
    const { fetch, calls } = playFetch(ok);
    const { transport } = testTransport(fetch);
    vi.stubGlobal('Deno', {});
    await transport.request(requestOf(SEND));
    await transport.request(requestOf({ ...SEND, repeat: 'safe' }));
    const [never, safe] = calls.map(({ init }) => init as RequestInit & { duplex?: string });
    expect(never?.body).toBeInstanceOf(ReadableStream);
    expect(never?.duplex).toBe('half');
    expect(await new Response(never?.body as ReadableStream).text()).toBe(JSON.stringify(BODY));
    expect(safe?.body).toBe(JSON.stringify(BODY));
    expect(safe?.duplex).toBeUndefined();
  });

  it('sends an upload as its bytes and its own type, the same in every attempt, and has longer for it', async () => {
    const { fetch, calls } = playFetch(() => json({}, 429), ok, hang);
    const { transport } = testTransport(fetch);
    const upload = { contentType: 'multipart/form-data; boundary=x', bytes: Uint8Array.of(0xff, 0, 0xfe) };
    const { body: _, ...request } = requestOf(SEND, { upload });
    await finish(transport.request(request));
    for (const { init } of calls) {
      expect(init.body).toBe(upload.bytes);
      expect(new Headers(init.headers).get('content-type')).toBe(upload.contentType);
    }
    const startedAt = Date.now();
    expect(await failureOf(finish(transport.request(request)))).toMatchObject({ code: 'timeout' });
    expect(Date.now() - startedAt).toBe(60_000);
  });

  it('on Deno gives an upload that must not be sent twice as a one-shot stream', async () => {
    const { fetch, calls } = playFetch(ok);
    const { transport } = testTransport(fetch);
    vi.stubGlobal('Deno', {});
    const upload = { contentType: 'multipart/form-data; boundary=x', bytes: Uint8Array.of(0xff, 0, 0xfe) };
    const { body: _, ...request } = requestOf(SEND, { upload });
    await transport.request(request);
    const init = calls[0]?.init as RequestInit & { duplex?: string };
    expect(init.duplex).toBe('half');
    const sent = await new Response(init.body as ReadableStream).arrayBuffer();
    expect(new Uint8Array(sent)).toEqual(upload.bytes);
  });

  it('is refused before anything is sent when it cannot be written', async () => {
    const { fetch, calls } = playFetch(ok);
    const { transport } = testTransport(fetch);
    expect(await failureOf(transport.request(requestOf(SEND, { body: 1n })))).toBeInstanceOf(ValidationError);
    expect(
      await failureOf(transport.request(requestOf(SEND, { segments: { subAccountId: '..' } }))),
    ).toMatchObject({ code: 'validation', path: 'subAccountId' });
    expect(calls).toHaveLength(0);
  });

  it('hands the context to the events', async () => {
    const { fetch } = playFetch(ok);
    const contexts: unknown[] = [];
    const { transport } = testTransport(fetch, { emit: (_, context) => contexts.push(context) });
    await transport.request(requestOf(SEND, { options: { context: 'mine' } }));
    expect(contexts).toEqual(['mine', 'mine']);
  });
});
