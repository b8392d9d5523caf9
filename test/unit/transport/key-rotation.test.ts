import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCredentials } from '../../../src/config/credentials.ts';
import { AuthenticationError, ConfigurationError } from '../../../src/errors.ts';
import { failureOf, finish, json, ok, requestOf, SEND, testTransport } from '../../support/transport.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('401 and another key', () => {
  const rotating = (keys: readonly string[]) => {
    let given = 0;
    return createCredentials(
      { kind: 'function', get: () => keys[Math.min(given++, keys.length - 1)] ?? '' },
      { clock: { now: () => Date.now() }, emit: () => {} },
    );
  };
  const refusing = (good: string) => {
    const used: (string | null)[] = [];
    const fetch = async (_: unknown, init?: RequestInit) => {
      const key = new Headers(init?.headers).get('authorization');
      used.push(key);
      return key === `Bearer ${good}` ? ok() : json({ message: `no ${key}` }, 401);
    };
    return { fetch, used };
  };

  it('is repeated at once, also for a send', async () => {
    const { fetch, used } = refusing('second');
    const { transport } = testTransport(fetch, { credentials: rotating(['first', 'second']) });
    expect((await finish(transport.request(requestOf(SEND)))).attempts).toBe(2);
    expect(used).toEqual(['Bearer first', 'Bearer second']);
  });

  it('is not repeated with the same key', async () => {
    const { fetch, used } = refusing('none');
    const { transport } = testTransport(fetch, { credentials: rotating(['first']) });
    const error = await finish(failureOf(transport.request(requestOf(SEND))));
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(error).toMatchObject({ submission: 'rejected', attempts: 1 });
    expect((error as Error).message).toContain('apiKey function');
    expect(used).toHaveLength(1);
  });

  it('ends after maxAttempts, and shows none of the keys', async () => {
    const { fetch } = refusing('none');
    const { transport } = testTransport(fetch, {
      credentials: rotating(['key-a', 'key-b', 'key-c', 'key-d']),
    });
    const error = await finish(failureOf(transport.request(requestOf(SEND))));
    expect(error).toMatchObject({ name: 'AuthenticationError', attempts: 3 });
    expect((error as Error).message).not.toMatch(/key-/);
  });

  it('reports the 401 when the key function fails then', async () => {
    let calls = 0;
    const credentials = createCredentials(
      {
        kind: 'function',
        get: () => {
          if (calls++ > 0) throw new Error('vault');
          return 'first';
        },
      },
      { clock: { now: () => Date.now() }, emit: () => {} },
    );
    const { transport } = testTransport(refusing('none').fetch, { credentials });
    expect(await failureOf(transport.request(requestOf(SEND)))).toBeInstanceOf(AuthenticationError);
  });

  it('obeys an abort while the key function is asked', async () => {
    let calls = 0;
    const credentials = createCredentials(
      { kind: 'function', get: () => (calls++ > 0 ? new Promise(() => {}) : 'first') },
      { clock: { now: () => Date.now() }, emit: () => {} },
    );
    const { transport } = testTransport(refusing('none').fetch, { credentials });
    const controller = new AbortController();
    const error = failureOf(transport.request(requestOf(SEND, { options: { signal: controller.signal } })));
    await vi.advanceTimersByTimeAsync(5);
    controller.abort();
    expect(await error).toMatchObject({ name: 'AbortError', submission: 'rejected' });
  });

  it('fails before anything is sent when there is no key at all', async () => {
    const { fetch, used } = refusing('x');
    const { transport } = testTransport(fetch, { credentials: rotating(['']) });
    expect(await failureOf(transport.request(requestOf(SEND)))).toBeInstanceOf(ConfigurationError);
    expect(used).toEqual([]);
  });
});
