import { afterEach, describe, expect, it, vi } from 'vitest';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** The body that the runtime's own `fetch` gets for a POST, on a Node whose undici has this version. */
async function bodyOnNodeWith(undici: string, once = true): Promise<unknown> {
  let body: unknown;
  const runtimeFetch = async (_url: unknown, init?: RequestInit) => {
    body = init?.body;
    return new Response('{}');
  };
  vi.stubGlobal('fetch', runtimeFetch);
  vi.stubGlobal('process', Object.create(process, { versions: { value: { undici } } }));
  // The module keeps the `fetch` of the runtime when it is loaded.
  vi.resetModules();
  const { loadKy, sendOnWire } = await import('../../../src/transport/wire.ts');
  await sendOnWire(
    await loadKy(),
    {
      method: 'POST',
      url: 'https://sms.example.test/messages',
      headers: {},
      body: '{"text":"Hello"}',
      once,
      fetch: undefined,
      beforeFetch() {},
    },
    new AbortController().signal,
  );
  return body;
}

describe('the body of a POST on Node', () => {
  it.each(['6.21.3', '7.18.2', '7.25.0', '7.190.0', '8.20.0'])(
    'is a stream, which undici %s cannot send twice',
    async (undici) => {
      const body = await bodyOnNodeWith(undici);
      expect(body).toBeInstanceOf(ReadableStream);
      expect(await new Response(body as ReadableStream).text()).toBe('{"text":"Hello"}');
    },
  );

  it.each(['7.19.0', '7.20.0', '7.24.6'])(
    'is text, because undici %s hides a 401 behind a stream',
    async (undici) => {
      expect(await bodyOnNodeWith(undici)).toBe('{"text":"Hello"}');
    },
  );

  it('is text when the request may be repeated', async () => {
    expect(await bodyOnNodeWith('7.25.0', false)).toBe('{"text":"Hello"}');
  });
});
