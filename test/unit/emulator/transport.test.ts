import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEmulator } from '../../../src/emulator/emulator.ts';
import { START, SUB_ACCOUNT, startEmulator } from '../../support/emulator.ts';

const path = `${SUB_ACCOUNT}/messages`;
const url = `https://sms.8x8.com${path}`;
const message = { destination: '+6591234567', text: 'Your code is 4711' };
const headers = { authorization: 'Bearer good-key', 'content-type': 'application/json' };

describe('access control', () => {
  it.each([undefined, '', 'Bearer ', 'good-key', 'Basic good-key', 'Bearer wrong', 'Bearer good-key x'])(
    'refuses the authorization %j',
    async (authorization) => {
      const { call, emulator } = startEmulator({ apiKey: 'good-key' });
      const sent = authorization === undefined ? {} : { authorization };
      const response = await call('POST', path, message, { headers: sent });
      expect([response.status, response.body.code]).toEqual([401, 1200]);
      expect(emulator.requests[0]?.authorized).toBe(authorization !== undefined);
    },
  );

  it('accepts any of several keys, and every key when none is configured', async () => {
    const several = startEmulator({ apiKey: ['old-key', 'good-key'] });
    const any = startEmulator();
    expect((await several.call('POST', path, message)).status).toBe(200);
    expect((await any.call('POST', path, message)).status).toBe(200);
  });

  it.each([
    ['team_otp', 200, undefined],
    ['a%26b', 200, undefined],
    ['other', 400, 1001],
    ['a', 400, 1001],
    ['white%20space', 400, 1001],
  ])('responds to the sub-account %s with %i', async (subAccountId, status, code) => {
    const { call } = startEmulator({ subAccountIds: ['team_otp', 'a&b'] });
    const response = await call('POST', `/api/v1/subaccounts/${subAccountId}/messages`, message);
    expect([response.status, response.body.code]).toEqual([status, code]);
  });

  it.each([
    ['GET', '/', 404, 1300],
    ['GET', '/api/v1/subaccounts/team_otp', 404, 1300],
    ['POST', '/api/v1/subaccounts//messages', 404, 1300],
    ['POST', '/api/v1/subaccounts/%zz/messages', 404, 1300],
    ['PUT', path, 405, 2001],
  ])('responds to %s %s with %i', async (method, where, status, code) => {
    const { call, emulator } = startEmulator();
    const response = await call(method, where);
    expect([response.status, response.body.code]).toEqual([status, code]);
    expect(response.headers.get('allow')).toBe(status === 405 ? 'POST' : null);
    expect(emulator.requests[0]).not.toHaveProperty('operationId');
  });

  it('accepts 1,800 requests per second and sub-account', async () => {
    const { call, advance } = startEmulator();
    const statuses = new Map<number, number>();
    const count = async (where: string) => {
      const { status } = await call('DELETE', `${where}/00000000-0000-4000-8000-000000000000/pii`);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    };
    for (let index = 0; index < 1801; index += 1) await count(path);
    expect([...statuses]).toEqual([
      [404, 1800],
      [429, 1],
    ]);
    await count('/api/v1/subaccounts/other/messages');
    expect(statuses.get(404)).toBe(1801);
    advance(1000);
    await count(path);
    expect(statuses.get(404)).toBe(1802);
  });

  it('counts by the monotonic clock when there is one', async () => {
    let monotonic = 0;
    const { call } = startEmulator({
      requestsPerSecond: 1,
      clock: { now: () => START, monotonic: () => monotonic },
    });
    const first = await call('POST', path, message);
    const second = await call('POST', path, message);
    monotonic = 1000;
    const third = await call('POST', path, message);
    expect([first.status, second.status, third.status]).toEqual([200, 429, 200]);
  });
});

describe('requests', () => {
  it('are recorded with body, status and the number of the attempt', async () => {
    const { call, emulator } = startEmulator();
    await call('POST', path, message);
    await call('POST', path, message);
    await call('POST', path, 'no json');
    await call('GET', `${path}/exports/none?x=1`);
    const common = { at: START, method: 'POST', path, operationId: 'Send-Sms-Single', authorized: true };
    expect(emulator.requests).toEqual([
      { ...common, body: message, attempt: 1, status: 200 },
      { ...common, body: message, attempt: 2, status: 200 },
      { ...common, body: 'no json', attempt: 1, status: 400 },
      {
        ...common,
        method: 'GET',
        path: `${path}/exports/none`,
        operationId: 'get-log-export-job-result',
        attempt: 1,
        status: 404,
      },
    ]);
  });

  it('can be a Request, a URL, or have a stream as body', async () => {
    const emulator = createEmulator();
    const body = JSON.stringify(message);
    const stream = new Blob([body.slice(0, 9), body.slice(9)]).stream();
    const responses = [
      await emulator.fetch(new Request(url, { method: 'POST', headers, body })),
      await emulator.fetch(new URL(url), { method: 'POST', headers, body }),
      await emulator.fetch(url, { method: 'POST', headers, body: stream, duplex: 'half' } as RequestInit),
    ];
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(emulator.messages).toHaveLength(3);
    expect(new Set(emulator.messages.map(({ umid }) => umid)).size).toBe(3);
  });

  it('with more than 64 MB are not read to the end', async () => {
    const emulator = createEmulator();
    const chunk = new Uint8Array(8 * 1024 * 1024);
    const cancel = vi.fn();
    const body = new ReadableStream({ pull: (controller) => controller.enqueue(chunk), cancel });
    const response = await emulator.fetch(url, {
      method: 'POST',
      headers,
      body,
      duplex: 'half',
    } as RequestInit);
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ code: 1010 });
    expect(cancel).toHaveBeenCalledTimes(1);
  });

  it('have the same ids in every run with a seed, others without', async () => {
    const run = async (seed: number) => {
      const { call, emulator } = startEmulator({ seed });
      await call('POST', path, message);
      await call('POST', path, message);
      return emulator.messages.map(({ umid }) => umid);
    };
    const [first, again, other] = [await run(7), await run(7), await run(8)];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    expect(
      first.every((umid) => /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/.test(umid)),
    ).toBe(true);
  });

  it('fail with the error of a broken clock rather than with an invented response', async () => {
    const now = vi.fn().mockReturnValueOnce(START).mockThrow(new RangeError('no time'));
    const { call } = startEmulator({ clock: { now }, requestsPerSecond: false });
    await expect(call('POST', path, message)).rejects.toThrow('no time');
  });
});

describe('aborting', () => {
  it('before the request arrives leaves nothing behind', async () => {
    const emulator = createEmulator();
    const reason = new Error('changed my mind');
    const signal = AbortSignal.abort(reason);
    await expect(emulator.fetch(url, { signal })).rejects.toBe(reason);
    await expect(emulator.fetch(new Request(url, { signal }))).rejects.toBe(reason);
    expect(emulator.requests).toEqual([]);
  });

  it('while the body is read leaves nothing behind', async () => {
    const emulator = createEmulator();
    const controller = new AbortController();
    const reason = new Error('changed my mind');
    const body = new Blob([JSON.stringify(message)]).stream();
    const response = emulator.fetch(url, {
      method: 'POST',
      headers,
      body,
      signal: controller.signal,
      duplex: 'half',
    } as RequestInit);
    controller.abort(reason);
    await expect(response).rejects.toBe(reason);
    expect(emulator.messages).toEqual([]);
  });
});

describe('faults', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    ['429', 429, 429],
    ['500', 500, 2000],
    ['503', 503, 2000],
    ['tls', 426, 1014],
  ] as const)('%s responds with %i before anything is accepted', async (fault, status, code) => {
    const { call, emulator } = startEmulator();
    emulator.failNext(fault);
    const response = await call('POST', path, message);
    expect([response.status, response.body.code]).toEqual([status, code]);
    expect(emulator.requests[0]).toMatchObject({ fault, status });
    expect(emulator.messages).toEqual([]);
    expect((await call('POST', path, message)).status).toBe(200);
    expect(emulator.requests[1]).not.toHaveProperty('fault');
  });

  it('include the time to retry, and the required TLS version', async () => {
    const { call, emulator } = startEmulator();
    emulator.failNext('429', { retryAfterSeconds: 17 });
    emulator.failNext('429');
    emulator.failNext('tls');
    const [first, second, third] = [
      await call('POST', path, message),
      await call('POST', path, message),
      await call('POST', path, message),
    ];
    expect(first.headers.get('retry-after')).toBe('17');
    expect(second.headers.get('retry-after')).toBe('1');
    expect(third.headers.get('upgrade')).toBe('TLS/1.3');
  });

  it('can misreport: an error after the message was accepted', async () => {
    const { call, emulator } = startEmulator();
    emulator.failNext('500', { accepted: true });
    expect((await call('POST', path, message)).status).toBe(500);
    expect(emulator.messages).toHaveLength(1);
  });

  it.each([
    ['reset', 'ECONNRESET', 'read', 0],
    ['refused', 'ECONNREFUSED', 'connect', 0],
    ['dns', 'ENOTFOUND', 'getaddrinfo', 0],
    ['lost-response', 'ECONNRESET', 'read', 1],
  ] as const)('%s breaks the connection as Node does', async (fault, code, syscall, accepted) => {
    const { call, emulator } = startEmulator();
    emulator.failNext(fault);
    const error = await call('POST', path, message).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ message: 'fetch failed', cause: { code, syscall } });
    expect(emulator.messages).toHaveLength(accepted);
    expect(emulator.requests).toEqual([expect.objectContaining({ fault })]);
    expect(emulator.requests[0]).not.toHaveProperty('status');
  });

  it.each([
    ['http://localhost:8080/x', 'localhost:8080'],
    ['http://localhost/x', 'localhost:80'],
    ['https://sms.8x8.com/x', 'sms.8x8.com:443'],
  ])('refused names the address of %s', async (where, address) => {
    const emulator = createEmulator();
    emulator.failNext('refused');
    const error = await emulator.fetch(where).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ cause: { message: `connect ECONNREFUSED ${address}` } });
  });

  it.each([
    [{}, 502],
    [{ status: 200 }, 200],
  ])('html responds with a page (%j)', async (options, status) => {
    const { call, emulator } = startEmulator();
    emulator.failNext('html', options);
    const response = await call('POST', path, message);
    expect(response.status).toBe(status);
    expect(response.body).toContain('<html>');
    expect(response.headers.get('content-type')).toBe('text/html');
    expect(emulator.messages).toEqual([]);
  });

  it('truncated and empty respond with less than the whole', async () => {
    const { call, emulator } = startEmulator();
    emulator.failNext('truncated');
    emulator.failNext('empty');
    const half = await call('POST', path, message);
    const nothing = await call('POST', path, message);
    expect(half.status).toBe(200);
    expect(half.body).toMatch(/^\{"umid":"[^}]*$/);
    expect([nothing.status, nothing.body]).toEqual([200, undefined]);
    expect(emulator.messages).toHaveLength(2);
  });

  it('reject refuses every message inside HTTP 200', async () => {
    const { call, emulator } = startEmulator();
    emulator.failNext('reject');
    emulator.failNext('reject', { description: 'Blocked' });
    const one = await call('POST', path, message);
    const batch = await call('POST', `${path}/batch`, { messages: [message, message] });
    expect(one.body.status).toEqual({ code: 'REJECTED', description: 'Internal server error' });
    expect(batch.body).toMatchObject({ acceptedCount: 0, rejectedCount: 2 });
    expect(emulator.messages).toEqual([]);
  });

  it('slow responds late, after the message was accepted', async () => {
    const { call, emulator } = startEmulator();
    emulator.failNext('slow', { delayMs: 5000 });
    emulator.failNext('slow');
    const settled: number[] = [];
    const note = ({ status }: { status: number }) => settled.push(status);
    const first = call('POST', path, message).then(note);
    const second = call('POST', path, message).then(note);
    await vi.advanceTimersByTimeAsync(1000);
    await second;
    expect([emulator.messages.length, settled]).toEqual([2, [200]]);
    await vi.advanceTimersByTimeAsync(4000);
    await first;
    expect(settled).toEqual([200, 200]);
  });

  it('slow ends immediately when the caller aborts, and leaves no timer and no listener', async () => {
    const emulator = createEmulator();
    const controller = new AbortController();
    const removed = vi.spyOn(controller.signal, 'removeEventListener');
    const request = { method: 'POST', headers, body: JSON.stringify(message), signal: controller.signal };
    emulator.failNext('slow', { delayMs: 10, times: 2 });
    const patient = emulator.fetch(url, request);
    await vi.advanceTimersByTimeAsync(10);
    expect((await patient).status).toBe(200);
    expect(removed).toHaveBeenCalledWith('abort', expect.any(Function));
    const response = emulator.fetch(url, request).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(9);
    const reason = new Error('too slow');
    controller.abort(reason);
    expect(await response).toBe(reason);
    expect(vi.getTimerCount()).toBe(0);
    expect(emulator.messages).toHaveLength(2);
  });

  it('can be any response', async () => {
    const { call, emulator } = startEmulator();
    emulator.failNext({ status: 302, headers: { location: 'https://elsewhere.example/' } });
    emulator.failNext({ status: 200, body: 'x' });
    const redirect = await call('POST', path, message);
    expect([redirect.status, redirect.headers.get('location')]).toEqual([302, 'https://elsewhere.example/']);
    expect((await call('POST', path, message)).body).toBe('x');
    expect(emulator.requests[0]?.fault).toBe('response');
  });

  it('can be a response whose body is an object', async () => {
    const { call, emulator } = startEmulator();
    emulator.failNext({ status: 400, body: { code: 2007, message: 'Not enough balance' } });
    const refused = await call('POST', path, message);
    expect([refused.status, refused.body]).toEqual([400, { code: 2007, message: 'Not enough balance' }]);
    expect(refused.headers.get('content-type')).toBe('application/json');
    emulator.failNext({ status: 400, body: {}, headers: { 'Content-Type': 'application/problem+json' } });
    const typed = await call('POST', path, message);
    expect(typed.headers.get('content-type')).toBe('application/problem+json');
  });

  it('hit only requests that they match, as often as requested, in their order', async () => {
    const { call, emulator } = startEmulator();
    emulator.failNext('500', { times: 2, match: ({ operationId }) => operationId === 'Send-Sms-Single' });
    emulator.failNext('503');
    const statuses = [
      (await call('GET', `${path}/exports/none`)).status,
      (await call('GET', `${path}/exports/none`)).status,
      (await call('POST', path, message)).status,
      (await call('POST', path, message)).status,
      (await call('POST', path, message)).status,
    ];
    expect(statuses).toEqual([503, 404, 500, 500, 200]);
  });
});
