import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SmsClient } from '../../src/client.ts';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';
import { ConfigurationError, ConsentError, LimitError, ValidationError } from '../../src/errors.ts';
import { sharedState } from '../../src/internal/shared-state.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import { CANARY_KEY, expectNoCanary } from '../support/canary.ts';
import { API_KEY, numberOf, SUB_ACCOUNT_ID, testClient } from '../support/client.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { jsonResponse, respondWith } from '../support/respond-with.ts';
import { failureOf } from '../support/transport.ts';

const NEEDED = { apiKey: API_KEY, subAccountId: SUB_ACCOUNT_ID } as const;
const ONE = { guards: { recipient: { limit: 1, windowMs: 60_000 } } } as const;
const accepts = () => respondWith([jsonResponse({ umid: 'u-1', status: { code: 'QUEUED' } })]);

let numbers = 0;
/** A number that no other test of this process has used: some of these clients share their counts. */
const freshNumber = () => numberOf(500_000 + numbers++);

beforeEach(() => {
  for (const name of ['API_KEY', 'API_KEY_FILE', 'SUB_ACCOUNT_ID', 'ACCOUNT_ID', 'REGION', 'BASE_URL']) {
    vi.stubEnv(`EIGHTBYEIGHT_${name}`, undefined);
  }
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('the constructor', () => {
  it('reads no clock, starts no timer and draws nothing random', () => {
    const spies = [
      vi.spyOn(Date, 'now'),
      vi.spyOn(performance, 'now'),
      vi.spyOn(Math, 'random'),
      vi.spyOn(crypto, 'randomUUID'),
      vi.spyOn(crypto, 'getRandomValues'),
      vi.spyOn(crypto.subtle, 'digest'),
      vi.spyOn(globalThis, 'setTimeout'),
      vi.spyOn(globalThis, 'setInterval'),
      vi.spyOn(globalThis, 'setImmediate'),
      vi.spyOn(globalThis, 'queueMicrotask'),
      vi.spyOn(globalThis, 'fetch'),
    ];
    const clock = { now: vi.fn(() => 0), monotonic: vi.fn(() => 0) };
    const key = vi.fn(() => API_KEY);
    new SmsClient(NEEDED);
    new SmsClient({ ...NEEDED, apiKey: key, clock, limits: memoryLimits({ clock }) }).withOptions({
      region: 'eu',
    });
    for (const spy of [...spies, clock.now, clock.monotonic, key]) expect(spy).not.toHaveBeenCalled();
  });

  it('throws for what is malformed, and shows no key', () => {
    expect(() => new SmsClient({ ...NEEDED, apiKey: `"${CANARY_KEY}"` })).toThrow(ConfigurationError);
    try {
      new SmsClient({ ...NEEDED, apiKey: `Bearer ${CANARY_KEY}` });
    } catch (error) {
      expectNoCanary(error);
      expect((error as Error).message).toMatch(/Bearer/);
    }
    expect(() => new SmsClient()).toThrow(/apiKey is missing/);
  });

  it('shows neither key nor options when it is printed', () => {
    const { sms } = testClient({ apiKey: CANARY_KEY });
    expectNoCanary(sms);
    expectNoCanary(sms.withOptions({ region: 'eu' }));
    expect(inspect(sms)).toMatch(/^SmsClient \{/);
  });
});

describe('EIGHTBYEIGHT_BASE_URL', () => {
  it('is warned about once a client, with the host only', () => {
    vi.stubEnv('EIGHTBYEIGHT_BASE_URL', 'https://proxy.example.com:8443');
    const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    new SmsClient({ ...NEEDED, logger });
    expect(logger.warn).toHaveBeenCalledTimes(1);
    expect(logger.warn.mock.calls[0]?.[0]).toMatch(/ to proxy\.example\.com:8443\.$/);
    for (const quiet of [logger.debug, logger.info, logger.error]) expect(quiet).not.toHaveBeenCalled();
  });

  it('goes to the console without a logger', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    vi.stubEnv('EIGHTBYEIGHT_BASE_URL', 'http://localhost:8088');
    new SmsClient(NEEDED);
    expect(warn).toHaveBeenCalledTimes(1);
    warn.mockClear();
    new SmsClient({ ...NEEDED, baseUrl: 'http://localhost:8088' });
    expect(warn).not.toHaveBeenCalled();
  });
});

describe('state that clients share', () => {
  const send = (sms: SmsClient, destination: string) => sms.messages.send({ destination, text: 'Hello' });

  it('two clients of one scope count together, also with different sub-accounts', async () => {
    const destination = freshNumber();
    const options = { ...NEEDED, ...ONE, accountId: 'acc-shared', fetch: accepts().fetch };
    await send(new SmsClient(options), destination);
    await expect(send(new SmsClient(options), destination)).rejects.toThrow(LimitError);
    const other = new SmsClient({ ...options, subAccountId: 'marketing' });
    await expect(send(other, destination)).rejects.toThrow(LimitError);
  });

  it('a scope of its own counts apart', async () => {
    const destination = freshNumber();
    const options = { ...NEEDED, ...ONE, fetch: accepts().fetch };
    await send(new SmsClient({ ...options, scope: 'scope-a' }), destination);
    await expect(send(new SmsClient({ ...options, scope: 'scope-a' }), destination)).rejects.toThrow(
      LimitError,
    );
    await expect(send(new SmsClient({ ...options, scope: 'scope-b' }), destination)).resolves.toMatchObject({
      status: 'accepted',
    });
  });

  it('without account and scope the sub-account is the scope', async () => {
    const destination = freshNumber();
    const options = { ...NEEDED, ...ONE, fetch: accepts().fetch };
    await send(new SmsClient({ ...options, subAccountId: 'sub_one' }), destination);
    await expect(send(new SmsClient({ ...options, subAccountId: 'sub_one' }), destination)).rejects.toThrow(
      LimitError,
    );
    await expect(
      send(new SmsClient({ ...options, subAccountId: 'sub_two' }), destination),
    ).resolves.toBeDefined();
  });

  it('limits or a clock of its own make a client private', async () => {
    const destination = freshNumber();
    const options = { ...NEEDED, ...ONE, fetch: accepts().fetch };
    await send(new SmsClient(options), destination);
    for (const own of [{ limits: memoryLimits() }, { clock: createFakeClock() }]) {
      const sms = new SmsClient({ ...options, ...own });
      await expect(send(sms, destination)).resolves.toBeDefined();
      await expect(send(sms, destination)).rejects.toThrow(LimitError);
    }
    const limits = memoryLimits();
    await send(new SmsClient({ ...options, limits }), destination);
    await expect(send(new SmsClient({ ...options, limits }), destination)).rejects.toThrow(LimitError);
  });

  it('the default store and pace live on globalThis, for both module formats', async () => {
    const { pacers } = sharedState();
    const subAccountId = 'pace_test';
    await send(new SmsClient({ ...NEEDED, subAccountId, fetch: accepts().fetch }), freshNumber());
    expect([...pacers.keys()]).toContain(`sms.8x8.com ${subAccountId}`);
    expect(sharedState().limits).toBeDefined();
    await send(
      new SmsClient({
        ...NEEDED,
        subAccountId: 'pace_own',
        clock: createFakeClock(),
        fetch: accepts().fetch,
      }),
      freshNumber(),
    );
    expect([...pacers.keys()]).not.toContain('sms.8x8.com pace_own');
  });
});

describe('withOptions', () => {
  const message = { destination: numberOf(1), text: 'Hello' };

  it('changes what is named and keeps the rest', async () => {
    const { sms, emulator } = testClient({ ...ONE, region: 'eu' });
    const { fetch, written } = respondWith([jsonResponse({ umid: 'u', status: { code: 'QUEUED' } })]);
    await sms.withOptions({ fetch, apiKey: undefined }).messages.send(message);
    expect(written[0]?.url).toBe(`https://sms.8x8.uk/api/v1/subaccounts/${SUB_ACCOUNT_ID}/messages`);
    expect(written[0]?.headers.get('authorization')).toBe(`Bearer ${API_KEY}`);
    expect(emulator.requests).toHaveLength(0);
  });

  it('uses the last one of region and baseUrl', async () => {
    const { fetch, written } = accepts();
    const { sms } = testClient({ region: 'eu', fetch, guards: { recipient: false } });
    const proxied = sms.withOptions({ baseUrl: 'https://proxy.example.com' });
    await proxied.messages.send(message);
    await proxied.withOptions({ region: 'us' }).messages.send(message);
    expect(written.map(({ url }) => new URL(url).host)).toEqual(['proxy.example.com', 'sms.us.8x8.com']);
  });

  it('keeps whom the consent guard asks, so that a STOP is not lost by another option of it', async () => {
    const { sms } = testClient({ guards: { consent: { ledger: memoryConsentLedger() } } });
    await sms.consent.revoke(message.destination, { source: 'support' });
    const child = sms.withOptions({ guards: { consent: { otpAfterOptOut: true } } });
    await expect(child.messages.send(message)).rejects.toThrow(ConsentError);
    await child.messages.send({ ...message, purpose: 'otp' });
    const fresh = sms.withOptions({ guards: { consent: { ledger: memoryConsentLedger() } } });
    await fresh.messages.send(message);
    await sms.withOptions({ guards: { consent: false } }).messages.send(message);
  });

  it('counts together with its parent, private or not', async () => {
    const { sms } = testClient({ ...ONE, accountId: 'acc-1' });
    await sms.withOptions({ subAccountId: 'marketing' }).messages.send(message);
    await expect(sms.messages.send(message)).rejects.toThrow(LimitError);
    await expect(sms.withOptions({ timeoutMs: 5_000 }).messages.send(message)).rejects.toThrow(LimitError);
  });

  it('counts together also when the scope is made of what changes', async () => {
    const { sms } = testClient(ONE);
    await sms.messages.send(message);
    for (const own of [{ subAccountId: 'marketing' }, { accountId: 'acc-2' }]) {
      const child = sms.withOptions(own);
      await expect(child.messages.send(message)).rejects.toThrow(LimitError);
      await expect(child.withOptions({ timeoutMs: 5_000 }).messages.send(message)).rejects.toThrow(
        LimitError,
      );
    }
  });

  it('keeps what the class of the options gives', async () => {
    class Options {
      readonly apiKey = API_KEY;
      readonly subAccountId = SUB_ACCOUNT_ID;
      readonly clock = createFakeClock();
      get guards() {
        return { countries: { allow: ['GB'] } };
      }
      fetch() {
        return accepts().fetch('');
      }
    }
    const child = new SmsClient(new Options()).withOptions({ guards: { backoff: false } });
    await expect(child.messages.send(message)).rejects.toMatchObject({ guard: 'countries' });
  });

  it('counts apart with limits, a clock or a scope of its own', async () => {
    const { sms } = testClient(ONE);
    await sms.messages.send(message);
    for (const own of [{ limits: memoryLimits() }, { clock: createFakeClock() }, { scope: 'another' }]) {
      await expect(sms.withOptions(own).messages.send(message)).resolves.toBeDefined();
    }
  });

  it('keeps the guards that it does not name', async () => {
    const { sms } = testClient({ guards: { countries: { allow: ['SG'] }, content: { maxParts: 1 } } });
    const child = sms.withOptions({ guards: { content: undefined, recipient: false } });
    await expect(child.messages.send({ ...message, destination: '+6281234567890' })).rejects.toMatchObject({
      guard: 'countries',
    });
    await expect(child.messages.send({ ...message, text: 'x'.repeat(200) })).rejects.toMatchObject({
      guard: 'content',
    });
    const open = child.withOptions({ guards: { countries: false } });
    await expect(open.messages.send({ ...message, destination: '+6281234567890' })).resolves.toBeDefined();
  });

  it('is paced together with its parent, also when both are private', async () => {
    vi.useFakeTimers();
    const { fetch, written } = accepts();
    const { sms } = testClient({ fetch, pace: { requestsPerSecond: 1, maxQueued: 10 } });
    const child = sms.withOptions({ timeoutMs: 5_000 });
    const sent = [sms, child, child].map((each, index) =>
      each.messages.send({ ...message, destination: numberOf(10 + index) }),
    );
    await vi.advanceTimersByTimeAsync(500);
    expect(written).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(written).toHaveLength(3);
    await Promise.all(sent);
  });

  it.each([null, [], 'eu', { regoin: 'eu' }, { guards: 5 }])('refuses %j', (overrides) => {
    const { sms } = testClient();
    expect(() => sms.withOptions(overrides as never)).toThrow(ConfigurationError);
  });
});

describe('close', () => {
  const message = { destination: numberOf(2), text: 'Hello' };
  const closed = expect.objectContaining({ code: 'configuration', message: expect.stringMatching(/closed/) });

  it('takes no new calls', async () => {
    const { sms } = testClient();
    await sms.messages.send(message);
    await sms.close();
    await sms.close();
    for (const call of [
      sms.messages.send(message),
      sms.messages.sendBatch({ messages: [message] }),
      sms.guards.inspect(message.destination),
      sms.consent.status(message.destination),
    ]) {
      expect(await failureOf(call)).toEqual(closed);
    }
  });

  it('is what `await using` calls', async () => {
    const { sms } = testClient();
    await sms[Symbol.asyncDispose]();
    expect(await failureOf(sms.messages.send(message))).toEqual(closed);
  });

  it('waits for what is under way', async () => {
    const { sms, emulator } = testClient();
    emulator.failNext('slow', { delayMs: 50 });
    const sent = sms.messages.send(message);
    await sms.close();
    await expect(sent).resolves.toMatchObject({ status: 'accepted' });
  });

  it('ends what does not finish in time: it may have been sent', async () => {
    vi.useFakeTimers();
    const { sms } = testClient({ fetch: () => new Promise<never>(() => {}), timeoutMs: 60_000 });
    const sent = failureOf(sms.messages.send(message));
    await vi.advanceTimersByTimeAsync(10);
    const ended = sms.close({ drainMs: 1_000 });
    await vi.advanceTimersByTimeAsync(1_100);
    await ended;
    expect(await sent).toMatchObject({ name: 'AbortError', submission: 'unknown' });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('takes a drain time of any length', async () => {
    vi.useFakeTimers();
    const { sms, emulator } = testClient();
    emulator.failNext('slow', { delayMs: 5_000 });
    const sent = sms.messages.send(message);
    await vi.advanceTimersByTimeAsync(10);
    const ended = sms.close({ drainMs: Number.MAX_SAFE_INTEGER });
    await vi.advanceTimersByTimeAsync(6_000);
    await ended;
    await expect(sent).resolves.toMatchObject({ status: 'accepted' });
  });

  it.each([-1, Number.NaN, Infinity, '5'])('refuses drainMs %o', async (drainMs) => {
    expect(await failureOf(testClient().sms.close({ drainMs: drainMs as number }))).toBeInstanceOf(
      ValidationError,
    );
  });
});
