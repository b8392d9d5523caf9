import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCredentials } from '../../../src/config/credentials.ts';
import type { Fetch } from '../../../src/types.ts';
import {
  CANARY_KEY,
  CANARY_NUMBER,
  json,
  playFetch,
  READ,
  requestOf,
  SEND,
  testTransport,
} from '../../support/transport.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const echo = { code: 1002, message: `no ${CANARY_NUMBER} with Bearer ${CANARY_KEY} code=canary-code` };
const coded = (code: string) =>
  new TypeError(`fetch failed ${CANARY_KEY}`, {
    cause: Object.assign(new Error(`${CANARY_NUMBER} ${CANARY_KEY}`), { code }),
  });
const statuses = [301, 302, 400, 401, 403, 404, 408, 409, 421, 422, 426, 429, 500, 503];

const outcomes: readonly (readonly [string, () => Response | Promise<Response>])[] = [
  ['200', () => json({ umid: 'u' })],
  ['200, unreadable', () => new Response(`<p>${CANARY_KEY} ${CANARY_NUMBER}</p>`)],
  ...statuses.map((status) => [`${status}`, () => json(echo, status)] as const),
  ...['ENOTFOUND', 'ECONNREFUSED', 'ECONNRESET', 'EWHATEVER'].map(
    (code) => [code, () => Promise.reject(coded(code))] as const,
  ),
  ['nothing', () => new Promise<Response>(() => {})],
];

/** All that a person or a log could see of a value. */
function shown(value: unknown): string {
  const error = value instanceof Error ? `${value.message} ${value.stack} ${value}` : '';
  return `${error} ${JSON.stringify(value)} ${inspect(value, { depth: 12, showHidden: true, getters: true })}`;
}

describe('the key, the number and a query', () => {
  it.each(outcomes)('show in no error, event or object after: %s', async (_, answer) => {
    const { transport, events } = testTransport(playFetch(answer).fetch);
    const body = { destination: CANARY_NUMBER, text: 'x', code: 'canary-code' };
    const results = [SEND, READ].map((operation) =>
      transport
        .request(requestOf(operation, { query: { code: 'canary-code', phone: CANARY_NUMBER }, body }))
        .catch((error: unknown) => error),
    );
    await vi.runAllTimersAsync();
    const seen = shown([await Promise.all(results), events, transport]);
    const own = (await Promise.all(results)).map(shown).join(' ');
    expect(events.length).toBeGreaterThanOrEqual(4);
    for (const text of [seen, own]) {
      expect(text).not.toContain(CANARY_KEY);
      expect(text).not.toContain(CANARY_NUMBER.slice(4, -2));
      // 8x8's own message is shown; it is the path and the query that must not be.
      expect(text.replaceAll(/code=canary-code/g, '')).not.toContain('canary-code');
      expect(text).not.toContain('team%26co');
    }
  });
});

describe('a key that is changed while thousands of calls are under way', () => {
  it('fails none of them, and repeats each at most once', async () => {
    const live = { key: 'key-0' };
    const fetch: Fetch = async (_, init) => {
      const key = new Headers(init?.headers).get('authorization');
      await new Promise((resolve) => setTimeout(resolve, 20));
      return key === `Bearer ${live.key}` || key === `Bearer ${grace}` ? json({ umid: 'u' }) : json({}, 401);
    };
    // Both keys are live for a moment, as 8x8 allows it.
    let grace = 'key-0';
    const credentials = createCredentials(
      { kind: 'function', get: async () => live.key },
      { clock: { now: () => Date.now() }, emit: () => {} },
    );
    const { transport } = testTransport(fetch, { credentials, pace: false });
    const calls: Promise<number>[] = [];
    for (let round = 1; round <= 40; round++) {
      for (let index = 0; index < 50; index++) {
        calls.push(transport.request(requestOf(SEND)).then(({ attempts }) => attempts));
      }
      await vi.advanceTimersByTimeAsync(5);
      if (round % 10 === 0) {
        grace = live.key;
        live.key = `key-${round}`;
        await vi.advanceTimersByTimeAsync(25);
        grace = '';
      }
    }
    await vi.runAllTimersAsync();
    const attempts = await Promise.all(calls);
    expect(attempts).toHaveLength(2000);
    expect(Math.max(...attempts)).toBe(2);
  });
});
