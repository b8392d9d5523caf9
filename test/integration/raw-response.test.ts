import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { USER_AGENT } from '../../src/internal/version.ts';
import { numberOf, testClient } from '../support/client.ts';
import { failureOf } from '../support/transport.ts';

const message = { destination: numberOf(1), text: 'Hello there' };
const ID = 'req-7f3a9c51';

function answering(
  ...answers: readonly { readonly status: number; readonly id?: string; readonly body?: object }[]
) {
  const seen: Headers[] = [];
  let count = 0;
  const fetch = async (_: unknown, init: RequestInit = {}) => {
    seen.push(new Headers(init.headers));
    const {
      status,
      id = ID,
      body = {},
    } = answers[Math.min(count, answers.length - 1)] as (typeof answers)[0];
    count += 1;
    return new Response(JSON.stringify(body), { status, headers: { 'x-request-id': id, 'x-own': '1' } });
  };
  return { fetch, seen };
}
const TAKEN = { umid: 'bda3d56d-1424-e711-813c-06ed3428fe67', status: { code: 'QUEUED' } };

describe('user-agent', () => {
  it('names the package and its version', async () => {
    const { name, version } = JSON.parse(
      readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8'),
    );
    expect(USER_AGENT).toBe(`${name}/${version}`);
    const { fetch, seen } = answering({ status: 200, body: TAKEN });
    await testClient({ fetch }).sms.messages.send(message);
    expect(seen[0]?.get('user-agent')).toBe(USER_AGENT);
  });

  it('can be left out', async () => {
    const { fetch, seen } = answering({ status: 200, body: TAKEN });
    await testClient({ fetch, userAgent: false }).sms.messages.send(message);
    expect(seen[0]?.has('user-agent')).toBe(false);
  });
});

describe('onResponse', () => {
  it('gets status, headers and id of every response', async () => {
    const { fetch } = answering({ status: 429 }, { status: 200, body: TAKEN });
    const { sms } = testClient({ fetch, retry: { maxAttempts: 2, baseMs: 1 } });
    const onResponse = vi.fn();
    const sent = await sms.messages.send(message, { onResponse });
    expect(sent).toMatchObject({ requestId: ID, attempts: 2 });
    expect(onResponse.mock.calls).toEqual([
      [{ status: 429, headers: expect.any(Headers), requestId: ID }],
      [{ status: 200, headers: expect.any(Headers), requestId: ID }],
    ]);
    expect(onResponse.mock.calls[1]?.[0].headers.get('x-own')).toBe('1');
  });

  it('is asked of every kind of call, and must be a function', async () => {
    const { sms } = testClient();
    const onResponse = vi.fn();
    await sms.messages.sendBatch({ messages: [message] }, { onResponse });
    for await (const _ of sms.messages.sendMany([message], { onResponse }));
    await failureOf(sms.messages.get('8f4f7bdb-0c3d-4f0e-8d3a-5f9f1c9f7b11', { onResponse }));
    expect(onResponse).toHaveBeenCalledTimes(3);
    const wrong = await failureOf(sms.messages.send(message, { onResponse: 'x' as never }));
    expect(wrong).toMatchObject({ path: 'options.onResponse', submission: 'not-submitted' });
  });
});

describe('requestId', () => {
  it.each([400, 401, 403, 404, 422, 429, 500])('is on the error after %i', async (status) => {
    const { fetch } = answering({ status });
    expect(await failureOf(testClient({ fetch }).sms.messages.send(message))).toMatchObject({
      requestId: ID,
    });
  });

  it('is on a rejection and on a response that cannot be read', async () => {
    for (const body of [{ status: { code: 'REJECTED' } }, {}]) {
      const { fetch } = answering({ status: 200, body });
      expect(await failureOf(testClient({ fetch }).sms.messages.send(message))).toMatchObject({
        requestId: ID,
      });
    }
  });

  it('is left out when it is no id, or repeats what was sent', async () => {
    for (const id of ['6591234567', 'x y', 'short', 'Hello-there-friend', 'x'.repeat(101)]) {
      for (const status of [200, 400]) {
        const { fetch } = answering({ status, id, body: TAKEN });
        const outcome = await testClient({ fetch })
          .sms.messages.send(message)
          .catch((error: unknown) => error);
        expect(outcome).not.toHaveProperty('requestId');
      }
    }
  });

  it('is searched for in every message of a long batch', async () => {
    const secret = 'Aubergine-4711';
    const messages = Array.from({ length: 1_000 }, (_, index) => {
      return { destination: numberOf(index), text: index === 900 ? `For you: ${secret}` : 'Hello there' };
    });
    for (const [id, shown] of [
      [ID, ID],
      [secret, undefined],
    ] as const) {
      const { fetch } = answering({ status: 200, id });
      const { results } = await testClient({ fetch }).sms.messages.sendBatch({ messages });
      const { error } = results[0] as unknown as { error: { requestId?: string } };
      expect(error.requestId).toBe(shown);
    }
  });
});
