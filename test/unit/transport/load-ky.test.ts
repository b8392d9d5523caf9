import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Call } from '../../../src/call.ts';
import type { AttemptRequest } from '../../../src/transport/attempt-request.ts';

afterEach(() => {
  vi.doUnmock('ky');
  vi.doUnmock('../../support/load-ky.ts');
  vi.resetModules();
});

const LIMITS = { timeoutMs: 10_000, maxBytes: 1_000 };

/** The first attempt of a process that loads ky in this way. */
async function firstAttempt(load: () => Promise<object>) {
  vi.resetModules();
  vi.doMock('ky', load);
  const { runAttempt } = await import('../../../src/transport/attempt.ts');
  const fetch = vi.fn(async () => new Response('{}'));
  const neverLeft = vi.fn();
  const request: AttemptRequest = {
    method: 'POST',
    url: 'https://sms.example.test/messages',
    headers: {},
    body: '{}',
    once: true,
    direct: false,
    fetch,
    neverLeft,
    beforeFetch() {},
  };
  const run = (signal: AbortSignal, limits = LIMITS) =>
    runAttempt(request, limits, () => 0, { signal } as Call);
  return { run, fetch, neverLeft };
}

const never = () => new Promise<never>(() => {});

describe('an attempt before ky is loaded', () => {
  it('fails without a request when ky cannot be loaded', async () => {
    const { run, fetch, neverLeft } = await firstAttempt(async () => {
      throw new Error('the file is gone');
    });
    await expect(run(new AbortController().signal)).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('A file of 8x8-sms-guard could not be loaded'),
    });
    expect(neverLeft).toHaveBeenCalledOnce();
    expect(fetch).not.toHaveBeenCalled();
  });

  it('has provably not left when its time is up', async () => {
    const { run, fetch } = await firstAttempt(never);
    expect(await run(new AbortController().signal, { ...LIMITS, timeoutMs: 1 })).toEqual({
      kind: 'failure',
      reason: 'timeout',
      neverLeft: true,
      timedOut: true,
    });
    expect(fetch).not.toHaveBeenCalled();
  });

  it('has provably not left when it is aborted', async () => {
    const { run, fetch, neverLeft } = await firstAttempt(never);
    const controller = new AbortController();
    const attempt = run(controller.signal);
    controller.abort(new Error('stop'));
    await expect(attempt).rejects.toThrow('stop');
    expect(neverLeft).toHaveBeenCalledOnce();
    expect(fetch).not.toHaveBeenCalled();
  });
});

describe('a request for which ky cannot be loaded', () => {
  it('fails with the reason, which goes to its author, and was not sent', async () => {
    vi.resetModules();
    const original = new Error('the file is gone');
    vi.doMock('ky', () => Promise.reject(original));
    vi.doMock('../../support/load-ky.ts', () => ({}));
    const { playFetch, requestOf, SEND, testTransport } = await import('../../support/transport.ts');
    const { fetch, calls } = playFetch();
    const reportError = vi.fn();
    const emit = Object.assign(() => {}, { reportError });
    const { transport } = testTransport(fetch, { emit });
    await expect(transport.request(requestOf(SEND))).rejects.toMatchObject({
      code: 'configuration',
      submission: 'not-submitted',
    });
    expect(calls).toHaveLength(0);
    expect(reportError).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ code: 'configuration' }),
      'import',
    );
  });
});
