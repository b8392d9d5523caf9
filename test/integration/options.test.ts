import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SmsClient } from '../../src/client.ts';
import type { SmsClientOptions } from '../../src/config/options.ts';
import { createEmulator } from '../../src/emulator/emulator.ts';
import { ConfigurationError, QueueFullError, TimeoutError, ValidationError } from '../../src/errors.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import type { CallOptions } from '../../src/types.ts';
import { API_KEY, numberOf, SUB_ACCOUNT_ID, testClient } from '../support/client.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { jsonResponse, refusedConnection, respondWith } from '../support/respond-with.ts';
import { failureOf } from '../support/transport.ts';

const message = { destination: numberOf(1), text: 'Hello' };
const ACCEPTED = jsonResponse({ umid: 'u-1', status: { code: 'QUEUED' } });
const hangs = () => new Promise<never>(() => {});
const VARIABLES = ['API_KEY', 'API_KEY_FILE', 'SUB_ACCOUNT_ID', 'ACCOUNT_ID', 'REGION', 'BASE_URL'];

beforeEach(() => {
  vi.useFakeTimers();
  for (const name of VARIABLES) vi.stubEnv(`EIGHTBYEIGHT_${name}`, undefined);
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** A client that counts for itself, and what it wrote. */
function sending(options: SmsClientOptions, answers: Parameters<typeof respondWith>[0] = [ACCEPTED]) {
  const { fetch, written } = respondWith(answers);
  const sms = new SmsClient({
    apiKey: API_KEY,
    subAccountId: SUB_ACCOUNT_ID,
    fetch,
    clock: createFakeClock(),
    ...options,
  });
  return { sms, written, keys: () => written.map(({ headers }) => headers.get('authorization')) };
}

describe('options of the sender', () => {
  it('apiKey: the text goes out as bearer', async () => {
    const { sms, keys } = sending({ apiKey: ' key-1\n' });
    await sms.messages.send(message);
    expect(keys()).toEqual(['Bearer key-1']);
  });

  it('apiKey: the function is asked why, and asked again after a 401', async () => {
    const asked: string[] = [];
    const apiKey = ({ reason }: { readonly reason: string }) => {
      asked.push(reason);
      return `key-${asked.length}`;
    };
    const { sms, keys } = sending({ apiKey }, [jsonResponse({ code: 1200, message: 'no' }, 401), ACCEPTED]);
    const sent = sms.messages.send(message);
    await vi.runAllTimersAsync();
    await sent;
    expect(asked).toEqual(['attempt', 'unauthorized']);
    expect(keys()).toEqual(['Bearer key-1', 'Bearer key-2']);
  });

  it('EIGHTBYEIGHT_API_KEY and EIGHTBYEIGHT_SUB_ACCOUNT_ID', async () => {
    vi.stubEnv('EIGHTBYEIGHT_API_KEY', 'env-key');
    vi.stubEnv('EIGHTBYEIGHT_SUB_ACCOUNT_ID', 'env_sub');
    const { sms, keys, written } = sending({ apiKey: undefined, subAccountId: undefined });
    await sms.messages.send(message);
    expect(keys()).toEqual(['Bearer env-key']);
    expect(written[0]?.url).toContain('/subaccounts/env_sub/');
  });

  it('EIGHTBYEIGHT_API_KEY_FILE: read at once, and again after a 401', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'key-file-'));
    const file = join(folder, 'key');
    writeFileSync(file, 'file-key\n');
    vi.stubEnv('EIGHTBYEIGHT_API_KEY_FILE', file);
    const { sms, keys } = sending({ apiKey: undefined }, [
      () => {
        writeFileSync(file, 'rotated-key\n');
        return jsonResponse({ code: 1200, message: 'no' }, 401);
      },
      ACCEPTED,
    ]);
    const sent = sms.messages.send(message);
    await vi.runAllTimersAsync();
    await sent;
    rmSync(folder, { recursive: true });
    expect(keys()).toEqual(['Bearer file-key', 'Bearer rotated-key']);
  });

  it('subAccountId stands in the path, percent-encoded', async () => {
    const { sms, written } = sending({ subAccountId: 'team&co' });
    await sms.messages.send(message);
    expect(written[0]?.url).toBe('https://sms.8x8.com/api/v1/subaccounts/team%26co/messages');
  });

  it.each([
    [{ region: 'us' }, 'sms.us.8x8.com'],
    [{ baseUrl: 'https://proxy.example.com' }, 'proxy.example.com'],
  ] as const)('%j decides the host', async (options, host) => {
    const { sms, written } = sending(options);
    await sms.messages.send(message);
    expect(new URL(written[0]?.url ?? '').host).toBe(host);
  });

  it.each([
    ['EIGHTBYEIGHT_REGION', 'eu', 'sms.8x8.uk'],
    ['EIGHTBYEIGHT_BASE_URL', 'http://localhost:8088', 'localhost:8088'],
  ])('%s decides the host', async (name, value, host) => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    vi.stubEnv(name, value);
    const { sms, written } = sending({});
    await sms.messages.send(message);
    expect(new URL(written[0]?.url ?? '').host).toBe(host);
  });

  it('accountId and EIGHTBYEIGHT_ACCOUNT_ID are the scope unless one is given', async () => {
    const limits = memoryLimits();
    const take = vi.spyOn(limits, 'take');
    vi.stubEnv('EIGHTBYEIGHT_ACCOUNT_ID', 'acc-env');
    for (const own of [{}, { accountId: 'acc-1' }, { accountId: 'acc-1', scope: 'sc' }]) {
      await sending({ limits, ...own }).sms.messages.send(message);
    }
    expect(take.mock.calls.map(([scope]) => scope)).toEqual(['acc-env', 'acc-1', 'sc']);
  });

  it('dangerouslyAllowBrowser lets it run where everyone reads the key', async () => {
    vi.stubGlobal('navigator', { userAgent: 'Mozilla/5.0' });
    expect(() => sending({})).toThrow(ConfigurationError);
    await expect(
      sending({ dangerouslyAllowBrowser: true }).sms.messages.send(message),
    ).resolves.toBeDefined();
  });
});

describe('how it is sent', () => {
  it('timeoutMs ends an attempt', async () => {
    const { sms } = sending({ timeoutMs: 1_234, retry: false }, [hangs]);
    const failed = failureOf(sms.messages.send(message));
    await vi.advanceTimersByTimeAsync(1_233);
    expect(vi.getTimerCount()).toBeGreaterThan(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(await failed).toMatchObject({
      code: 'timeout',
      submission: 'unknown',
      message: expect.stringContaining('timeoutMs = 1234 ms'),
    });
  });

  it.each([
    ['send', 10_000],
    ['sendBatch', 60_000],
  ] as const)('without timeoutMs an attempt of %s has %i ms', async (method, timeoutMs) => {
    const { sms } = sending({ retry: false }, [hangs]);
    let settled = false;
    const batch = { destinations: [numberOf(1), numberOf(2)], template: { text: 'Hello' } };
    const call = method === 'send' ? failureOf(sms.messages.send(message)) : sms.messages.sendBatch(batch);
    const ended = call.finally(() => (settled = true));
    await vi.advanceTimersByTimeAsync(timeoutMs - 1);
    expect(settled).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await ended;
    expect(settled).toBe(true);
  });

  it('deadlineMs ends the whole call, however many attempts', async () => {
    const { sms } = sending({ deadlineMs: 2_000, timeoutMs: 60_000 }, [hangs]);
    const failed = failureOf(sms.messages.send(message));
    await vi.advanceTimersByTimeAsync(2_000);
    const error = await failed;
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ submission: 'unknown', clientMessageId: expect.any(String) });
  });

  it('deadlineMs also covers what comes before the network', async () => {
    const check = vi.fn(() => hangs());
    const { sms, written } = sending({ deadlineMs: 300, guards: { consent: { check, timeoutMs: 60_000 } } });
    const failed = failureOf(sms.messages.send(message));
    await vi.advanceTimersByTimeAsync(300);
    expect(await failed).toMatchObject({ code: 'timeout', submission: 'not-submitted' });
    expect(check).toHaveBeenCalledOnce();
    expect(written).toHaveLength(0);
  });

  it.each([
    [undefined, 3],
    [false, 1],
    [{ maxAttempts: 2 }, 2],
  ] as const)('retry %j: %i attempts', async (retry, attempts) => {
    const { sms, written } = sending({ retry }, [refusedConnection()]);
    const failed = failureOf(sms.messages.send(message));
    await vi.runAllTimersAsync();
    expect(await failed).toMatchObject({ code: 'connection', submission: 'not-submitted', attempts });
    expect(written).toHaveLength(attempts);
  });

  it('retry.baseMs and retry.maxMs are the first and the longest wait', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.999_999);
    const waits: unknown[] = [];
    const { sms } = sending(
      {
        retry: { maxAttempts: 4, baseMs: 100, maxMs: 150 },
        onEvent: (event) => void (event.type === 'attempt-failed' && waits.push(event.retryInMs)),
      },
      [refusedConnection()],
    );
    const failed = failureOf(sms.messages.send(message));
    await vi.runAllTimersAsync();
    await failed;
    expect(waits.map((wait) => (wait === undefined ? wait : Math.round(wait as number)))).toEqual([
      100,
      150,
      150,
      undefined,
    ]);
  });

  it('pace.requestsPerSecond spaces the requests, pace: false does not', async () => {
    const slow = sending({ pace: { requestsPerSecond: 1 }, guards: { recipient: false } });
    const all = [1, 2, 3].map(() => slow.sms.messages.send(message));
    await vi.advanceTimersByTimeAsync(0);
    expect(slow.written).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(5_000);
    await Promise.all(all);
    const free = sending({ pace: false, guards: { recipient: false } });
    const many = Array.from({ length: 50 }, () => free.sms.messages.send(message));
    await vi.advanceTimersByTimeAsync(0);
    expect(free.written).toHaveLength(50);
    await Promise.all(many);
  });

  it('pace.maxQueued bounds who waits', async () => {
    const { sms } = sending({ pace: { requestsPerSecond: 1, maxQueued: 1 }, guards: { recipient: false } });
    const all = [1, 2, 3].map(() => sms.messages.send(message).catch((error: unknown) => error));
    await vi.runAllTimersAsync();
    const results = await Promise.all(all);
    expect(results.filter((result) => result instanceof QueueFullError)).toHaveLength(1);
    expect(results.find((result) => result instanceof QueueFullError)).toMatchObject({
      submission: 'not-submitted',
      maxQueued: 1,
    });
  });

  it('fetch: the global one is looked up when it is needed', async () => {
    const { sms } = sending({ fetch: undefined });
    const fetch = vi.fn(async () => ACCEPTED.clone());
    vi.stubGlobal('fetch', fetch);
    await sms.messages.send(message);
    expect(fetch).toHaveBeenCalledOnce();
  });

  it('defaultCountry reads national numbers, and the message goes before it', async () => {
    const { sms, written } = sending({ defaultCountry: 'SG' });
    await sms.messages.send({ destination: '9123 4567', text: 'a' });
    await sms.messages.send({ destination: '0812 3456 7890', country: 'ID', text: 'a' });
    expect(written.map(({ body }) => (body as { destination: string }).destination)).toEqual([
      '+6591234567',
      '+6281234567890',
    ]);
    await expect(
      sending({}).sms.messages.send({ destination: '9123 4567', text: 'a' }),
    ).rejects.toMatchObject({
      reason: 'no-country',
    });
  });
});

describe('bareDigits', () => {
  const destinationOf = async (options: SmsClientOptions, destination: string) => {
    const { sms, written } = sending(options);
    await sms.messages.send({ destination, text: 'a' });
    const [sent] = written.map(({ body }) => (body as { destination: string }).destination);
    return sent;
  };
  const refusalOf = (options: SmsClientOptions, destination: string) =>
    sending(options)
      .sms.messages.send({ destination, text: 'a' })
      .then(
        () => undefined,
        (error: unknown) => error,
      );

  it('international: digits are read as 8x8 prints them, with a default country and without', async () => {
    const bareDigits = 'international';
    expect(await destinationOf({ bareDigits }, '6591234567')).toBe('+6591234567');
    expect(await destinationOf({ bareDigits, defaultCountry: 'SG' }, '12025550143')).toBe('+12025550143');
    expect(await destinationOf({ bareDigits, defaultCountry: 'DE' }, '4915112345678')).toBe('+4915112345678');
    expect(await refusalOf({ bareDigits, defaultCountry: 'US' }, '6598234567')).toMatchObject({
      reason: 'ambiguous',
    });
  });

  it('national: a number of the country wins over a foreign one, never over another of the country', async () => {
    const bareDigits = 'national';
    expect(await destinationOf({ bareDigits, defaultCountry: 'CN' }, '13123456789')).toBe('+8613123456789');
    expect(await refusalOf({ bareDigits, defaultCountry: 'DE' }, '4915112345678')).toMatchObject({
      reason: 'ambiguous',
    });
  });

  it('refuse: the plus must be there', async () => {
    const options: SmsClientOptions = { bareDigits: 'refuse', defaultCountry: 'SG' };
    expect(await refusalOf(options, '91234567')).toMatchObject({ reason: 'bare-digits' });
    expect(await destinationOf(options, '+6591234567')).toBe('+6591234567');
  });

  it('is named by the refusals that it decides, in every mode of the guard', async () => {
    const guards = [undefined, { phone: false }, { phone: { mode: 'monitor' } }] as const;
    const rows = [
      ['6591234567', {}],
      ['12025550143', { defaultCountry: 'SG' }],
      ['4915112345678', { defaultCountry: 'DE' }],
      ['13123456789', { defaultCountry: 'CN' }],
      ['91234567', { defaultCountry: 'SG', bareDigits: 'international' }],
      ['91234567', { defaultCountry: 'SG', bareDigits: 'refuse' }],
    ] as const;
    for (const guard of guards) {
      for (const [destination, options] of rows) {
        const error = await refusalOf({ ...options, guards: guard }, destination);
        expect(error, destination).toMatchObject({
          code: 'invalid-phone-number',
          submission: 'not-submitted',
        });
        expect((error as Error).message).toContain('`bareDigits`');
      }
    }
  });

  it('counts for consent and support too', async () => {
    const { sms } = sending({ bareDigits: 'international' });
    expect(await sms.guards.inspect('6591234567')).toMatchObject({ destination: '+65******67' });
  });
});

describe('options of counting and reporting', () => {
  it('limits: this store is asked', async () => {
    const limits = memoryLimits();
    const spies = [
      vi.spyOn(limits, 'take'),
      vi.spyOn(limits, 'settle'),
      vi.spyOn(limits, 'inspect'),
      vi.spyOn(limits, 'release'),
    ];
    const { sms } = sending({ limits });
    await sms.messages.send(message);
    await sms.guards.inspect(message.destination);
    await sms.guards.release(message.destination);
    for (const spy of spies) expect(spy).toHaveBeenCalledOnce();
  });

  it('onEvent: receives every decision and attempt, with the context', async () => {
    const told: [string, unknown][] = [];
    const context = { request: 'r-1' };
    const { sms } = sending({ onEvent: (event, details) => void told.push([event.type, details.context]) });
    await sms.messages.send({ ...message, purpose: 'otp' }, { context });
    expect(told.map(([type]) => type)).toEqual([
      'message-admitted',
      'backoff-started',
      'attempt-started',
      'attempt-finished',
      'message-sent',
    ]);
    for (const [, given] of told) expect(given).toBe(context);
  });

  it('clock: dates and windows go by it', async () => {
    const { sms, clock } = testClient({ guards: { recipient: { limit: 1, windowMs: 60_000 } } });
    await sms.messages.send(message);
    expect(await failureOf(sms.messages.send(message))).toMatchObject({ retryAfterMs: 60_000 });
    clock.advance(60_000);
    await sms.messages.send(message);
    const tomorrow = new Date(clock.now() + 86_400_000);
    await expect(
      sms.messages.send({ destination: numberOf(3), text: 'a', scheduled: tomorrow }),
    ).resolves.toBeDefined();
    clock.advance(86_400_001);
    expect(
      await failureOf(sms.messages.send({ destination: numberOf(3), text: 'a', scheduled: tomorrow })),
    ).toMatchObject({ reason: 'schedule-in-past' });
  });

  it('clock: one with `now` only will do', async () => {
    let now = Date.UTC(2026, 10, 22);
    const clock = { now: () => now };
    const { sms } = sending({ clock, guards: { recipient: { limit: 1, windowMs: 60_000 } } });
    await sms.messages.send(message);
    now -= 3_600_000;
    expect(await failureOf(sms.messages.send(message))).toMatchObject({ code: 'limit' });
    now += 3_660_000;
    await expect(sms.messages.send(message)).resolves.toBeDefined();
  });
});

describe('the options of one call', () => {
  it('timeoutMs goes before that of the client', async () => {
    const { sms } = sending({ timeoutMs: 60_000, retry: false }, [hangs]);
    const failed = failureOf(sms.messages.send(message, { timeoutMs: 50 }));
    await vi.advanceTimersByTimeAsync(50);
    expect(await failed).toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('timeoutMs = 50'),
    });
  });

  it('deadlineMs goes before that of the client', async () => {
    const { sms } = sending({ deadlineMs: 60_000, timeoutMs: 90_000 }, [hangs]);
    const failed = failureOf(sms.messages.send(message, { deadlineMs: 70 }));
    await vi.advanceTimersByTimeAsync(70);
    expect(await failed).toMatchObject({ code: 'timeout', submission: 'unknown' });
  });

  it('maxAttempts goes before that of the client, and before retry: false', async () => {
    for (const [retry, maxAttempts] of [
      [{ maxAttempts: 5 }, 2],
      [false, 2],
      [undefined, 1],
    ] as const) {
      const { sms, written } = sending({ retry }, [refusedConnection()]);
      const failed = failureOf(sms.messages.send(message, { maxAttempts }));
      await vi.runAllTimersAsync();
      await failed;
      expect(written).toHaveLength(maxAttempts);
    }
  });

  it('signal ends the call: before the write nothing was sent, after it the outcome is unknown', async () => {
    const { sms, written } = sending({}, [hangs]);
    const early = await failureOf(sms.messages.send(message, { signal: AbortSignal.abort() }));
    expect(early).toMatchObject({ name: 'AbortError', code: 'aborted', submission: 'not-submitted' });
    expect(written).toHaveLength(0);
    const controller = new AbortController();
    const late = failureOf(sms.messages.send(message, { signal: controller.signal }));
    await vi.advanceTimersByTimeAsync(5);
    expect(written).toHaveLength(1);
    controller.abort(new Error('mine'));
    expect(await late).toMatchObject({
      name: 'AbortError',
      submission: 'unknown',
      clientMessageId: expect.any(String),
    });
  });

  it.each([
    [{ timeoutMs: Number.NaN }, 'options.timeoutMs'],
    [{ deadlineMs: -1 }, 'options.deadlineMs'],
    [{ maxAttempts: 0 }, 'options.maxAttempts'],
    [{ signal: {} }, 'options.signal'],
    [{ singal: undefined }, 'options.singal'],
    [null, 'options'],
    [[], 'options'],
  ])('%j is refused at %s, before anything is counted', async (options, path) => {
    const limits = memoryLimits();
    const take = vi.spyOn(limits, 'take');
    const { sms, written } = sending({ limits });
    const calls = [
      sms.messages.send(message, options as CallOptions),
      sms.messages.sendBatch({ messages: [message] }, options as CallOptions),
      sms.guards.inspect(message.destination, {}, options as CallOptions),
      sms.guards.release(message.destination, {}, options as CallOptions),
      sms.consent.status(message.destination, {}, options as CallOptions),
    ];
    for (const call of calls) {
      const error = await failureOf(call);
      expect(error).toBeInstanceOf(ValidationError);
      expect(error).toMatchObject({ path, submission: 'not-submitted' });
    }
    expect(take).not.toHaveBeenCalled();
    expect(written).toHaveLength(0);
  });
});

describe('the emulator as fetch', () => {
  it('takes what the client writes', async () => {
    const emulator = createEmulator({ apiKey: API_KEY, subAccountIds: [SUB_ACCOUNT_ID] });
    const { sms } = sending({ fetch: emulator.fetch });
    await sms.messages.send(message);
    expect(emulator.messages).toHaveLength(1);
  });
});
