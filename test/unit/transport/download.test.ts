import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  AbortedError,
  ApiError,
  ConnectionError,
  TimeoutError,
  ValidationError,
} from '../../../src/errors.ts';
import { countingSignal } from '../../support/counting-signal.ts';
import { failureOf, playFetch, testTransport } from '../../support/transport.ts';

const SECRET_URL = 'https://files.example.test/export.csv?signature=canary-signature';
const file =
  (...pieces: readonly string[]) =>
  () =>
    new Response(
      new ReadableStream({
        start(sink) {
          for (const piece of pieces) sink.enqueue(new TextEncoder().encode(piece));
          sink.close();
        },
      }),
    );
const read = (stream: ReadableStream<Uint8Array>) => new Response(stream).text();
/** Sends one piece, and then nothing. */
const stuck = () =>
  new Response(new ReadableStream({ start: (sink) => sink.enqueue(new TextEncoder().encode('a')) }));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('download', () => {
  it('streams the file without the key, following nothing, and leaves no listener', async () => {
    const { fetch, calls } = playFetch(file('a,b\n', '1,2\n'));
    const { transport } = testTransport(fetch);
    const counted = countingSignal();
    const stream = await transport.download(SECRET_URL, { signal: counted.signal });
    expect(await read(stream)).toBe('a,b\n1,2\n');
    expect(calls[0]?.url).toBe(SECRET_URL);
    expect(calls[0]?.init).toMatchObject({ method: 'GET', redirect: 'manual' });
    expect(new Headers(calls[0]?.init.headers).has('authorization')).toBe(false);
    expect(counted.listeners).toBe(0);
  });

  it('has no limit of size: more than any other answer may have', async () => {
    const piece = new Uint8Array(1024 * 1024);
    let left = 20;
    const { fetch } = playFetch(
      () =>
        new Response(
          new ReadableStream({
            pull(sink) {
              if (left-- > 0) sink.enqueue(piece);
              else sink.close();
            },
          }),
        ),
    );
    const { transport } = testTransport(fetch);
    let bytes = 0;
    for await (const { byteLength } of await transport.download(SECRET_URL, {})) bytes += byteLength;
    expect(bytes).toBe(20 * 1024 * 1024);
  });

  it.each([
    ['ftp', 'ftp://x.test/a'],
    ['no URL', 'not a url canary-signature'],
    ['plain HTTP', 'http://files.example.test/?canary-signature'],
    ['another port', 'http://127.0.0.1:9999/a'],
    ['user info', 'https://canary-signature@x.test/a'],
    ['a password', 'https://:canary-signature@x.test/a'],
  ])('refuses %s', async (_, url) => {
    const { fetch, calls } = playFetch(file('x'));
    const { transport } = testTransport(fetch);
    const error = await failureOf(transport.download(url, {}));
    expect(error).toBeInstanceOf(ValidationError);
    expect((error as Error).message).not.toContain('canary');
    expect(calls).toHaveLength(0);
  });

  it('may be plain HTTP on the host of baseUrl', async () => {
    const base = 'http://127.0.0.1:8088';
    const { transport } = testTransport(playFetch(file('x')).fetch, {
      hosts: { sms: base, verification: base, lookup: base, contacts: base },
    });
    expect(await read(await transport.download(`${base}/files/1.csv`, {}))).toBe('x');
  });

  it.each([
    [302, /Redirects are not followed/],
    [403, /links of an export expire/],
    [500, /links of an export expire/],
  ])('HTTP %i is an ApiError', async (status, message) => {
    const { transport } = testTransport(playFetch(() => new Response('x', { status })).fetch);
    const error = await failureOf(transport.download(SECRET_URL, {}));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status, submission: 'not-submitted' });
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain('canary');
  });

  it('an answer without a body is an ApiError', async () => {
    const { transport } = testTransport(playFetch(() => new Response(null)).fetch);
    expect(await failureOf(transport.download(SECRET_URL, {}))).toBeInstanceOf(ApiError);
  });

  it.each([
    ['for the headers', () => new Promise<Response>(() => {}), false],
    ['for a piece', stuck, true],
  ])('is given up when nothing comes %s', async (_, answer, opens) => {
    const { transport } = testTransport(playFetch(answer).fetch);
    const counted = countingSignal();
    const options = { timeoutMs: 500, signal: counted.signal };
    const opened = transport.download(SECRET_URL, options);
    const error = failureOf(opens ? opened.then(read) : opened);
    await vi.advanceTimersByTimeAsync(500);
    expect(await error).toBeInstanceOf(TimeoutError);
    expect(await error).toMatchObject({ submission: 'not-submitted' });
    expect(counted.listeners).toBe(0);
  });

  it('is given up when the deadline passes, however steadily it comes', async () => {
    const { transport } = testTransport(playFetch(stuck).fetch);
    const error = failureOf(transport.download(SECRET_URL, { deadlineMs: 300 }).then(read));
    await vi.advanceTimersByTimeAsync(300);
    expect(await error).toBeInstanceOf(TimeoutError);
    expect(((await error) as Error).message).toMatch(/deadlineMs/);
  });

  it('ends with the signal: before, while the headers are awaited, and in the middle', async () => {
    const { fetch, calls } = playFetch(stuck);
    const { transport } = testTransport(fetch);
    const aborted = new AbortController();
    aborted.abort();
    expect(await failureOf(transport.download(SECRET_URL, { signal: aborted.signal }))).toBeInstanceOf(
      AbortedError,
    );
    const controller = new AbortController();
    const stream = await transport.download(SECRET_URL, { signal: controller.signal });
    const reader = stream.getReader();
    await reader.read();
    const error = failureOf(reader.read());
    controller.abort();
    expect(await error).toMatchObject({ name: 'AbortError', submission: 'not-submitted' });
    expect(calls.at(-1)?.init.signal?.aborted).toBe(true);
  });

  it('that breaks is a ConnectionError', async () => {
    const broken = () =>
      new Response(new ReadableStream({ pull: (sink) => sink.error(new Error('canary')) }));
    const { transport } = testTransport(playFetch(broken).fetch);
    const error = await failureOf(transport.download(SECRET_URL, {}).then(read));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ reason: 'other' });
    expect((error as Error).message).not.toContain('canary');
  });

  it('may be left by its reader', async () => {
    let cancelled = 0;
    const { transport } = testTransport(
      playFetch(() => new Response(new ReadableStream({ cancel: () => void cancelled++ }))).fetch,
    );
    const counted = countingSignal();
    const stream = await transport.download(SECRET_URL, { signal: counted.signal });
    await stream.cancel();
    expect(cancelled).toBe(1);
    expect(counted.listeners).toBe(0);
  });

  it('is ended by close', async () => {
    const { transport } = testTransport(playFetch(stuck).fetch);
    const error = failureOf(transport.download(SECRET_URL, {}).then(read));
    await vi.advanceTimersByTimeAsync(1);
    const closing = transport.close({ drainMs: 0 });
    await vi.advanceTimersByTimeAsync(1);
    expect(await error).toMatchObject({ name: 'AbortError' });
    expect(((await error) as Error).message).toMatch(/closed/);
    await closing;
  });
});
