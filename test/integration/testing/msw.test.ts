import { http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { memoryLimits, SmsClient } from '../../../src/index.ts';
import { createEmulator, createMswHandlers, createTestClock } from '../../../src/testing/index.ts';

/** Real msw around the platform's own `fetch`: a request that is not intercepted would reach the network. */

const emulator = createEmulator({ requestsPerSecond: false });
const server = setupServer(...createMswHandlers(emulator, { http, baseUrl: 'https://proxy.example.com' }));
const message = { destination: '+6591234567', text: 'Hello' };

function newClient(options: { region?: 'apac' | 'us' | 'eu' | 'id'; baseUrl?: string } = {}) {
  const clock = createTestClock();
  return new SmsClient({
    apiKey: 'any',
    subAccountId: 'test',
    accountId: 'mine',
    clock,
    limits: memoryLimits({ clock }),
    retry: { baseMs: 1, maxMs: 1 },
    ...options,
  });
}

beforeAll(() => server.listen({ onUnhandledFrame: 'error' }));
afterEach(() => emulator.clear());
afterAll(() => server.close());

describe('with msw', () => {
  it.each(['apac', 'us', 'eu', 'id'] as const)(
    'the default fetch reaches the emulator in region %s',
    async (region) => {
      const sms = newClient({ region });
      const { umid } = await sms.messages.send(message);
      expect(emulator.messages).toMatchObject([{ umid, text: 'Hello', destination: message.destination }]);
      await sms.account.prices();
      expect(emulator.requests.map(({ method, status }) => [method, status])).toEqual([
        ['POST', 200],
        ['GET', 200],
      ]);
    },
  );

  it('a custom base URL is intercepted too', async () => {
    await newClient({ baseUrl: 'https://proxy.example.com' }).messages.send(message);
    expect(emulator.messages).toHaveLength(1);
  });

  it('another host is not', async () => {
    const told = vi.spyOn(console, 'error').mockImplementation(() => {});
    const sms = newClient({ baseUrl: 'https://other.example.com' });
    await expect(sms.messages.send(message)).rejects.toMatchObject({ submission: 'unknown' });
    expect(told).toHaveBeenCalledWith(expect.stringContaining('without a matching request handler'));
    expect(emulator.requests).toHaveLength(0);
    told.mockRestore();
  });

  it('faults are played: an error of 8x8, and a lost response', async () => {
    const sms = newClient();
    emulator.failNext('500');
    await expect(sms.messages.send(message)).rejects.toMatchObject({ status: 500, submission: 'unknown' });
    emulator.failNext('lost-response');
    await expect(sms.messages.send(message)).rejects.toMatchObject({
      code: 'connection',
      submission: 'unknown',
    });
    expect(emulator.messages).toHaveLength(1);
  });

  it.each(['reset', 'refused', 'dns', 'lost-response'] as const)(
    '%s looks like any broken connection',
    async (fault) => {
      const sms = newClient();
      emulator.failNext(fault, { times: 3 });
      await expect(sms.messages.send(message)).rejects.toMatchObject({
        code: 'connection',
        reason: 'other',
        submission: 'unknown',
      });
      emulator.clear();
    },
  );

  it.each([
    ['options', undefined],
    ['options.http', {}],
    // A common mistake: `http` itself.
    ['options.all', http],
    ['options.baseUrl', { http, baseUrl: 'proxy' }],
    ['options.baseURL', { http, baseURL: 'https://proxy.example.com' }],
  ])('%s is refused, with its name', (path, options) => {
    const make = () => createMswHandlers(emulator, options as never);
    expect(make).toThrow(expect.objectContaining({ code: 'validation', path }));
  });

  it('every product of every region has a handler', () => {
    const paths: string[] = [];
    const handlers = createMswHandlers(emulator, { http: { all: (path) => paths.push(path) } });
    expect(handlers).toHaveLength(16);
    for (const product of ['sms', 'verify', 'lookup', 'contacts']) {
      for (const domain of ['8x8.com', 'us.8x8.com', '8x8.uk', '8x8.id']) {
        expect(paths).toContain(`https://${product}.${domain}/*`);
      }
    }
  });

  it('an exception in the emulator itself does not look like a broken connection', async () => {
    const broken = { fetch: () => Promise.reject(new RangeError('a fault')) };
    const resolvers = createMswHandlers(broken, { http: { all: (_path, resolver) => resolver } });
    await expect(resolvers[0]?.({ request: new Request('https://sms.8x8.com/') })).rejects.toThrow('a fault');
  });
});
