import { describe, expect, it } from 'vitest';
import { CANARY_KEY, CANARY_NUMBER, expectNoCanary } from '../support/canary.ts';
import { numberOf, testClient } from '../support/client.ts';
import { ACCOUNT_ID } from '../support/emulator.ts';
import { jsonResponse, lostConnection, respondWith } from '../support/respond-with.ts';
import { failureOf } from '../support/transport.ts';

const path = '/api/v1/subaccounts/{subAccountId}/sender-ids';

function answering(
  answers: Parameters<typeof respondWith>[0],
  options: Parameters<typeof testClient>[0] = {},
) {
  const methods: string[] = [];
  const network = respondWith(answers);
  const client = testClient({
    ...options,
    fetch: (url, init) => {
      methods.push(init?.method ?? 'GET');
      return network.fetch(url, init);
    },
  });
  return { ...client, methods, written: network.written };
}

describe('sms.request', () => {
  it('only gets on a client with allowedRecipients, whatever is written out', async () => {
    const { sms, written } = answering([jsonResponse([])], { allowedRecipients: ['+6591234567'] });
    const error = await failureOf(sms.request({ path, method: 'POST', dangerouslyUnguarded: true }));
    expect(error).toMatchObject({ name: 'ValidationError', submission: 'not-submitted' });
    expect((error as Error).message).toContain('allowedRecipients');
    expect(written).toEqual([]);
    expect(await sms.request({ path })).toMatchObject({ status: 200 });
  });

  it('gets from an endpoint that has no method', async () => {
    const { sms, written, methods } = answering([jsonResponse([{ id: 1 }])]);
    expect(await sms.request({ path, query: { limit: 10, active: true, name: 'a&b=c/../d' } })).toEqual({
      status: 200,
      body: [{ id: 1 }],
    });
    expect(methods).toEqual(['GET']);
    expect(written[0]?.url).toBe(
      'https://sms.8x8.com/api/v1/subaccounts/team_otp/sender-ids?limit=10&active=true&name=a%26b%3Dc%2F..%2Fd',
    );
    expect(written[0]?.headers.get('authorization')).toMatch(/^Bearer /);
  });

  it.each([
    ['sms', 'https://sms.8x8.uk'],
    ['verification', 'https://verify.8x8.uk'],
    ['lookup', 'https://lookup.8x8.uk'],
    ['contacts', 'https://contacts.8x8.uk'],
  ] as const)('goes to the host of the product %s in the region', async (product, host) => {
    const { sms, written } = answering([jsonResponse({})], { region: 'eu', accountId: ACCOUNT_ID });
    await sms.request({ product, path: 'api/v3/accounts/{accountId}/a&b/+65' });
    expect(written[0]?.url).toBe(`${host}/api/v3/accounts/${ACCOUNT_ID}/a%26b/%2B65`);
  });

  it('takes an empty answer, and a long one', async () => {
    const long = 'x'.repeat(100_000);
    const { sms } = answering([new Response(null, { status: 204 }), jsonResponse({ long })]);
    expect(await sms.request({ path })).toEqual({ status: 204, body: undefined });
    expect(await sms.request({ path })).toEqual({ status: 200, body: { long } });
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'] as const)(
    'refuses %s, unless dangerouslyUnguarded is written out',
    async (method) => {
      const { sms, written, methods } = answering([jsonResponse({ ok: true })]);
      for (const dangerouslyUnguarded of [undefined, false]) {
        const error = await failureOf(sms.request({ path, method, dangerouslyUnguarded }));
        expect(error).toMatchObject({ code: 'validation', path: 'method', submission: 'not-submitted' });
      }
      expect(written).toEqual([]);
      const body = { newThing: 1 };
      expect(await sms.request({ path, method, body, dangerouslyUnguarded: true })).toMatchObject({
        body: { ok: true },
      });
      expect(methods).toEqual([method]);
      expect(written[0]?.body).toEqual(body);
    },
  );

  it.each([
    'https://evil.example/api',
    '//evil.example/api',
    '/\\evil.example',
    '/api/../v1',
    '/api/..',
    '/./api',
    '/api//v1',
    '/api/v1/',
    '/',
    '/api/%2e%2e/v1',
    '/api/a%2Fb',
    '/api/a%5Cb',
    '/api/v1?code=1',
    '/api/v1#x',
    '/api/v1;a=1',
    '/api/v 1',
    '/api/v1\n/x',
    '/api/v1\u0000',
    '/api/{other}/x',
    '/api/x{subAccountId}',
    '/api/messages./x',
    '/api/v1/ſubaccounts',
    'user:pass@evil.example',
    'javascript:alert(1)',
  ])('refuses the path %j', async (bad) => {
    const { sms, written } = answering([jsonResponse({})]);
    const error = await failureOf(sms.request({ path: bad }));
    expect(error).toMatchObject({ code: 'validation', path: 'path', submission: 'not-submitted' });
    expect(written).toEqual([]);
  });

  it.each([
    ['/api/v1/subaccounts/{subAccountId}/messages', 'messages.send'],
    ['/api/v1/subaccounts/team_otp/messages/batch', 'messages.send'],
    ['api/v2/SubAccounts/team_otp/Messages/Batch', 'messages.send'],
    ['/api/v1/subaccounts/{subAccountId}/surveys/nps/messages', 'surveys.send'],
    ['/api/v1/subaccounts/{subAccountId}/surveys/nps/messages/batch', 'surveys.send'],
    ['/api/v2/subaccounts/{subAccountId}/sessions', 'verifications.start'],
    ['/api/v2/subaccounts/{subAccountId}/sessions/a44a91', 'verifications.start'],
    ['/api/v1/subaccounts/{subAccountId}/phones/+6591234567', 'lookup.get'],
  ])('opens no second door to %s', async (guarded, instead) => {
    const { sms, written } = answering([jsonResponse({})]);
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const) {
      const error = await failureOf(sms.request({ path: guarded, method, dangerouslyUnguarded: true }));
      expect(error).toMatchObject({ code: 'validation', message: expect.stringContaining(`Use ${instead}`) });
    }
    expect(written).toEqual([]);
  });

  it.each([
    [{ path, body: {} }, 'body'],
    [{ path, method: 'get' }, 'method'],
    [{ path, product: 'chat' }, 'product'],
    [{ path, headers: {} }, 'headers'],
    [{}, 'path'],
    [{ path, query: { a: {} } }, 'query'],
  ])('refuses %j', async (request, field) => {
    const { sms, written } = answering([jsonResponse({})]);
    expect(await failureOf(sms.request(request as never))).toMatchObject({ code: 'validation', path: field });
    expect(written).toEqual([]);
  });

  it.each(['GET', 'POST'] as const)('never repeats a %s that may have been carried out', async (method) => {
    const { sms, written } = answering([lostConnection()], {
      retry: { maxAttempts: 3, baseMs: 1, maxMs: 1 },
    });
    const error = await failureOf(sms.request({ path, method, dangerouslyUnguarded: true }));
    expect(error).toMatchObject({
      submission: 'unknown',
      message: expect.stringContaining('check before you repeat it'),
    });
    expect(written).toHaveLength(1);
  });

  it('shows no number, id, code or body in events and errors', async () => {
    const { sms, events } = answering(
      [jsonResponse({ code: 1000, message: `bad ${CANARY_NUMBER} ${CANARY_KEY}` }, 400)],
      {
        apiKey: CANARY_KEY,
      },
    );
    const error = await failureOf(
      sms.request({
        path: `/api/v1/things/${CANARY_NUMBER}/4711`,
        query: { code: CANARY_NUMBER },
        method: 'POST',
        body: { text: 'canary text for one person only' },
        dangerouslyUnguarded: true,
      }),
    );
    expectNoCanary(error);
    expectNoCanary(events);
    expect(events[0]).toMatchObject({ type: 'attempt-started', path: '/api/v1/things/{value3}/{value4}' });
  });

  it('waits for its permit in the lane where 8x8 allows one request per second', async () => {
    const { sms, emulator } = testClient();
    const { umid } = await sms.messages.send({ destination: numberOf(1), text: 'Hello' });
    const details = `/api/v1/subaccounts/{subAccountId}/messages/${umid}`;
    const { status } = await sms.request({ path: details });
    const second = sms.request({ path: details }, { deadlineMs: 20 });
    expect(await failureOf(second)).toMatchObject({ code: 'timeout', submission: 'not-submitted' });
    expect([status, emulator.requests.length]).toEqual([200, 2]);
  });

  it('ends with its signal and its client', async () => {
    const { sms, written } = answering([jsonResponse({})]);
    expect(await failureOf(sms.request({ path }, { signal: AbortSignal.abort() }))).toMatchObject({
      code: 'aborted',
    });
    await sms.close();
    expect(await failureOf(sms.request({ path }))).toMatchObject({ code: 'configuration' });
    expect(written).toEqual([]);
  });
});
