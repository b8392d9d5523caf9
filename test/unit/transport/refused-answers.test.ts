import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  ApiError,
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  PermissionDeniedError,
  ServerError,
  TlsUpgradeRequiredError,
} from '../../../src/errors.ts';
import {
  CANARY_KEY,
  CANARY_NUMBER,
  failureOf,
  finish,
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

describe('an answer that is not a success', () => {
  it.each([
    [400, BadRequestError, 'bad-request'],
    [401, AuthenticationError, 'authentication'],
    [403, PermissionDeniedError, 'permission-denied'],
    [404, NotFoundError, 'not-found'],
    [410, BadRequestError, 'bad-request'],
    [422, BadRequestError, 'bad-request'],
    [426, TlsUpgradeRequiredError, 'tls-upgrade-required'],
  ])('%i is final: rejected', async (status, errorClass, code) => {
    const { fetch, calls } = playFetch(() =>
      json(
        {
          code: 1002,
          message: `Invalid MSISDN ${CANARY_NUMBER} for ${CANARY_KEY}`,
          errorId: '6a7b1c2d-0000-4000-8000-123456789abc',
          timestamp: '2026-11-22T10:00:00.00Z',
        },
        status,
      ),
    );
    const { transport, events } = testTransport(fetch);
    const error = await failureOf(transport.request(requestOf(SEND)));
    expect(error).toBeInstanceOf(errorClass);
    expect(error).toMatchObject({
      code,
      status,
      submission: 'rejected',
      attempts: 1,
      apiCode: 1002,
      errorId: '6a7b1c2d-0000-4000-8000-123456789abc',
      timestamp: '2026-11-22T10:00:00.00Z',
      clientMessageId: 'cm-1',
    });
    expect((error as Error).message).toMatch(
      /^messages\.send: 8x8 responded with HTTP \d+, code 1002: Invalid MSISDN /,
    );
    expect((error as Error).message).toContain('Nothing was sent.');
    expect(calls).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ type: 'attempt-failed', status, submission: 'rejected' });
    expect(events.at(-1)).not.toHaveProperty('retryInMs');
    expect(inspect([error, events], { depth: 9, showHidden: true })).not.toContain(CANARY_KEY);
    expect(inspect([error, events], { depth: 9, showHidden: true })).not.toMatch(/91234567/);
  });

  it('names the source of the key and the usual mix-up after 401', async () => {
    const { transport } = testTransport(playFetch(() => json({ code: 1200 }, 401)).fetch);
    const error = await failureOf(transport.request(requestOf(SEND)));
    expect((error as Error).message).toMatch(/option apiKey.*account ID.*sub-account ID/);
  });

  it.each([408, 409, 500, 502, 503, 301, 302, 307, 308])('%i leaves a send unknown', async (status) => {
    const { fetch, calls } = playFetch(() => new Response(null, { status }));
    const { transport } = testTransport(fetch);
    const error = await finish(failureOf(transport.request(requestOf(SEND))));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status, submission: 'unknown', attempts: 1 });
    expect((error as Error).message).toMatch(/Do not send it again/);
    expect(calls).toHaveLength(1);
  });

  it.each([408, 500, 503])('%i of a read is repeated', async (status) => {
    const { fetch, calls } = playFetch(() => new Response('busy', { status }), ok);
    const { transport, events } = testTransport(fetch);
    expect((await finish(transport.request(requestOf(READ)))).attempts).toBe(2);
    expect(calls).toHaveLength(2);
    expect(events[1]).toMatchObject({ type: 'attempt-failed', retryInMs: 250, submission: 'not-submitted' });
  });

  it('gives up a read after maxAttempts, with the last error', async () => {
    const { fetch, calls } = playFetch(() => new Response(null, { status: 500 }));
    const { transport } = testTransport(fetch);
    const error = await finish(failureOf(transport.request(requestOf(READ))));
    expect(error).toBeInstanceOf(ServerError);
    expect(error).toMatchObject({ submission: 'not-submitted', attempts: 3 });
    expect((error as Error).message).toMatch(/Calling it again is safe/);
    expect(calls).toHaveLength(3);
    await finish(failureOf(transport.request(requestOf(READ, { options: { maxAttempts: 5 } }))));
    expect(calls).toHaveLength(8);
  });

  it('is not repeated when retry is off', async () => {
    const { fetch, calls } = playFetch(() => new Response(null, { status: 500 }));
    const { transport } = testTransport(fetch, { retry: false });
    await failureOf(transport.request(requestOf(READ)));
    expect(calls).toHaveLength(1);
    await finish(failureOf(transport.request(requestOf(READ, { options: { maxAttempts: 2 } }))));
    expect(calls).toHaveLength(3);
  });

  it.each([
    ['an HTML page', '<html>no</html>'],
    ['nothing', ''],
    ['a number', '7'],
    ['null', 'null'],
    ['half of it', '{"code": 10'],
    ['other types', '{"code":"x","message":5,"errorId":{},"timestamp":1}'],
    ['a number for a code', '{"code":6591234567}'],
  ])('keeps its status when the body is %s', async (_, text) => {
    const { transport } = testTransport(playFetch(() => new Response(text, { status: 403 })).fetch);
    const error = await failureOf(transport.request(requestOf(SEND)));
    expect(error).toMatchObject({ name: 'PermissionDeniedError', status: 403 });
    expect((error as ApiError).apiCode).toBeUndefined();
    expect((error as Error).message).toMatch(/^messages\.send: 8x8 responded with HTTP 403\. /);
  });

  it('keeps its status when the body is over 1 MB, or breaks, or never ends', async () => {
    const large = () => new Response('x'.repeat(1024 * 1024 + 1), { status: 404 });
    const broken = () =>
      new Response(new ReadableStream({ start: (sink) => sink.error(new Error('x')) }), { status: 404 });
    const endless = () => new Response(new ReadableStream(), { status: 404 });
    for (const answer of [large, broken, endless]) {
      const { transport } = testTransport(playFetch(answer).fetch);
      const error = await finish(failureOf(transport.request(requestOf(SEND))));
      expect(error).toMatchObject({ name: 'NotFoundError', status: 404, submission: 'rejected' });
    }
  });

  it("cuts a long message of 8x8's, but not the advice, and shows no half of a key", async () => {
    const message = `${'x'.repeat(295)}${CANARY_KEY}${'y'.repeat(5000)}`;
    const { transport } = testTransport(playFetch(() => json({ message }, 400)).fetch);
    const error = (await failureOf(transport.request(requestOf(SEND)))) as Error;
    expect(error.message).not.toMatch(/canary/);
    expect(error.message).toMatch(/… Nothing was sent\.$/);
  });

  it("ends 8x8's own sentence once", async () => {
    const { transport } = testTransport(playFetch(() => json({ message: 'Bad.' }, 400)).fetch);
    const error = (await failureOf(transport.request(requestOf(SEND)))) as Error;
    expect(error.message).toBe('messages.send: 8x8 responded with HTTP 400: Bad. Nothing was sent.');
  });
});
