import { afterEach, describe, expect, it, vi } from 'vitest';
import { SmsClient } from '../../src/client.ts';
import type { ApiKeyFunction } from '../../src/config/credentials.ts';
import type { SmsClientOptions } from '../../src/config/options.ts';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';
import type { LimitStore } from '../../src/limits/limit-store.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import type { Fetch } from '../../src/types.ts';
import { API_KEY, numberOf, SUB_ACCOUNT_ID, testClient } from '../support/client.ts';
import { drive, until, useFakeTimeouts } from '../support/drive.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { textOf } from '../support/inbound.ts';
import { jsonResponse, refusedConnection } from '../support/respond-with.ts';

afterEach(() => void vi.useRealTimers());

/** A key function that answers when the test says so. */
function slowKey() {
  const waiting: (() => void)[] = [];
  const apiKey: ApiKeyFunction = () =>
    new Promise((resolve) => waiting.push(() => resolve({ key: API_KEY, expiresAt: 0 })));
  return { apiKey, waiting };
}

const accepted = () => jsonResponse({ umid: 'u-1', status: { code: 'QUEUED' } });
const pause = () => new Response('{"code":1}', { status: 429, headers: { 'retry-after': '2' } });

/** A fetch that plays these answers in order, the last one for ever, and keeps what was written. */
function playing(...answers: readonly (() => Response)[]) {
  const bodies: unknown[] = [];
  const fetch: Fetch = async (_, init) => {
    bodies.push(JSON.parse(String(init?.body)));
    return (answers[bodies.length - 1] ?? (answers.at(-1) as () => Response))();
  };
  return { fetch, bodies };
}

const advert = { destination: numberOf(1), text: 'Sale', purpose: 'marketing' } as const;

async function optedIn(options: Partial<SmsClientOptions>) {
  const ledger = memoryConsentLedger();
  const kit = testClient({ ...options, guards: { consent: { ledger } } });
  await kit.sms.consent.grant(numberOf(1), { scope: 'all', source: 'web-form' });
  return kit;
}

describe('a STOP that comes while a message waits', () => {
  const stopped = { code: 'consent', guard: 'consent', reason: 'opted-out', submission: 'not-submitted' };

  it('for its key', async () => {
    const { apiKey, waiting } = slowKey();
    const { fetch, bodies } = playing(accepted);
    const { sms, clock, of } = await optedIn({ apiKey, fetch });
    const sending = sms.messages.send(advert).catch((error: unknown) => error);
    await until(() => waiting.length === 1);
    await sms.consent.handleInbound(textOf('STOP'));
    clock.advance(1_001);
    waiting[0]?.();
    expect(await sending).toMatchObject(stopped);
    expect(bodies).toEqual([]);
    expect(of('message-blocked')).toMatchObject([{ decision: { guard: 'consent', reason: 'opted-out' } }]);
    // It counts for nothing.
    const { counters } = await sms.guards.inspect(numberOf(1), { guard: 'recipient' });
    expect(counters.map(({ count }) => count)).toEqual([0]);
  });

  it.each([
    ['a 429 before its repeat', pause],
    ['a refused connection before its repeat', () => void 0 as never],
  ])('out %s', async (name, first) => {
    useFakeTimeouts();
    const { fetch: play, bodies } = playing(first, accepted);
    const fetch: Fetch = async (url, init) => {
      const answer = await play(url, init);
      if (answer === undefined) throw refusedConnection();
      return answer;
    };
    const { sms } = await optedIn({ fetch, retry: { maxAttempts: 2, baseMs: 1_500, maxMs: 1_500 } });
    const sending = sms.messages.send(advert).catch((error: unknown) => error);
    await until(() => bodies.length === 1);
    await sms.consent.handleInbound(textOf('STOP'));
    expect(await drive(sending)).toMatchObject(stopped);
    expect(bodies, name).toHaveLength(1);
  });

  it('out the pause that another message was told of', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const { fetch, bodies } = playing(pause, accepted);
    const { sms } = await optedIn({ fetch });
    await sms.messages.send({ destination: numberOf(2), text: 'a' }).catch(() => {});
    const sending = sms.messages.send(advert).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(200);
    await sms.consent.handleInbound(textOf('STOP'));
    expect(await drive(sending)).toMatchObject(stopped);
    expect(bodies).toHaveLength(1);
  });

  it('for its permit', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const { fetch, bodies } = playing(accepted);
    const { sms } = await optedIn({ fetch, pace: { requestsPerSecond: 1, maxQueued: 9 } });
    for (const index of [2, 3]) await drive(sms.messages.send({ destination: numberOf(index), text: 'a' }));
    const ahead = sms.messages.send({ destination: numberOf(4), text: 'a' });
    const sending = sms.messages.send(advert).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(200);
    await sms.consent.handleInbound(textOf('STOP'));
    expect(await drive(sending)).toMatchObject(stopped);
    await ahead;
    expect(bodies).toHaveLength(3);
  });

  it('in a batch: the others go out', async () => {
    const { apiKey, waiting } = slowKey();
    const bodies: { messages: { destination: string; clientMessageId: string }[] }[] = [];
    const fetch: Fetch = async (_, init) => {
      const body = JSON.parse(String(init?.body)) as (typeof bodies)[number];
      bodies.push(body);
      const messages = body.messages.map((message) => ({
        ...message,
        umid: 'u',
        status: { code: 'QUEUED' },
      }));
      return jsonResponse({ batchId: 'b', messages });
    };
    const { sms, clock } = await optedIn({ apiKey, fetch });
    await sms.consent.grant(numberOf(2), { scope: 'all', source: 'web-form' });
    const messages = [advert, { ...advert, destination: numberOf(2) }];
    const sending = sms.messages.sendBatch({ messages });
    await until(() => waiting.length === 1);
    await sms.consent.handleInbound(textOf('STOP'));
    clock.advance(1_001);
    waiting[0]?.();
    const { results, counts } = await sending;
    expect(results).toMatchObject([
      { status: 'blocked', error: { reason: 'opted-out' } },
      { status: 'accepted', umid: 'u' },
    ]);
    expect(counts).toMatchObject({ accepted: 1, blocked: 1 });
    expect(bodies.map((body) => body.messages.map(({ destination }) => destination))).toEqual([
      [numberOf(2)],
    ]);
  });

  it('is asked for once when nothing waited', async () => {
    const asked: string[] = [];
    const check = ({ destination }: { destination: string }) => asked.push(destination) > 0;
    const { sms } = testClient({ guards: { consent: { check } } });
    await sms.messages.send(advert);
    expect(asked).toHaveLength(1);
  });

  it('a hook that hangs at the second look refuses', async () => {
    useFakeTimeouts();
    let asked = 0;
    const check = () => (++asked === 1 ? true : new Promise<boolean>(() => {}));
    const { apiKey, waiting } = slowKey();
    const { fetch, bodies } = playing(accepted);
    const { sms, clock } = testClient({ apiKey, fetch, guards: { consent: { check } } });
    const sending = sms.messages.send(advert).catch((error: unknown) => error);
    await until(() => waiting.length === 1);
    clock.advance(1_001);
    waiting[0]?.();
    expect(await drive(sending)).toMatchObject({ guard: 'consent', reason: 'timed-out' });
    expect(bodies).toEqual([]);
  });
});

describe('a take that waited', () => {
  const WINDOW_MS = 30 * 60_000;

  /** Messages that all wait for a key, in front of a limit of 2. */
  function waitingClients(
    guards: SmsClientOptions['guards'] = { recipient: { limit: 2, windowMs: WINDOW_MS } },
  ) {
    const clock = createFakeClock();
    const { apiKey, waiting } = slowKey();
    const { fetch, bodies } = playing(accepted);
    const shared = { subAccountId: SUB_ACCOUNT_ID, clock, limits: memoryLimits({ clock }), guards, fetch };
    const slow = new SmsClient({ ...shared, apiKey });
    const fast = new SmsClient({ ...shared, apiKey: API_KEY });
    const send = (sms: SmsClient, more: object = {}) =>
      sms.messages
        .send({ destination: numberOf(1), text: 'a', ...more })
        .then(({ status }) => status)
        .catch((error: { code: string; reason?: string }) => error.reason ?? error.code);
    return { clock, slow, fast, waiting, bodies, send };
  }

  it('longer than a store holds it: others took its place, so it is refused', async () => {
    const { clock, slow, fast, waiting, bodies, send } = waitingClients();
    const first = [send(slow), send(slow)];
    await until(() => waiting.length === 2);
    clock.advance(WINDOW_MS + 1);
    expect([await send(fast), await send(fast)]).toEqual(['accepted', 'accepted']);
    for (const answer of waiting) answer();
    expect(await Promise.all(first)).toEqual(['over-limit', 'over-limit']);
    expect(bodies).toHaveLength(2);
  });

  it('is taken anew while there is room, and counts from then', async () => {
    const { clock, slow, fast, waiting, send } = waitingClients();
    const first = send(slow);
    await until(() => waiting.length === 1);
    clock.advance(10 * 60_000);
    waiting[0]?.();
    expect(await first).toBe('accepted');
    clock.advance(WINDOW_MS - 1);
    expect([await send(fast), await send(fast)]).toEqual(['accepted', 'over-limit']);
  });

  it('keeps its idempotency key, or leaves the message to the call that holds it by then', async () => {
    const { clock, slow, fast, waiting, bodies, send } = waitingClients();
    const first = send(slow, { idempotencyKey: 'order-1' });
    await until(() => waiting.length === 1);
    clock.advance(10 * 60_000);
    waiting[0]?.();
    expect([await first, await send(fast, { idempotencyKey: 'order-1' })]).toEqual(['accepted', 'accepted']);
    expect(bodies).toHaveLength(1);
  });

  it('is told of once', async () => {
    const clock = createFakeClock();
    const { apiKey, waiting } = slowKey();
    const guards = { recipient: { limit: 1, windowMs: WINDOW_MS, mode: 'monitor' } } as const;
    const { sms, of } = testClient({ apiKey, clock, guards });
    for (const at of [0, 1]) {
      const sending = sms.messages
        .send({ destination: numberOf(1), text: 'a', purpose: 'otp' })
        .catch(() => {});
      await until(() => waiting.length === at + 1);
      clock.advance(20 * 60_000);
      waiting[at]?.();
      await sending;
      clock.advance(9 * 60_000);
    }
    expect(of('message-admitted')).toHaveLength(2);
    expect(of('guard-observed')).toHaveLength(1);
    expect(of('backoff-started')).toHaveLength(2);
  });

  it('a store that fails at the second look: nothing is sent', async () => {
    const clock = createFakeClock();
    const { apiKey, waiting } = slowKey();
    const { fetch, bodies } = playing(accepted);
    const limits = memoryLimits({ clock });
    let isDown = false;
    const failing: LimitStore = {
      take: async (...asked) => (isDown ? Promise.reject(new Error('down')) : limits.take(...asked)),
      settle: (...asked) => limits.settle(...asked),
      inspect: (...asked) => limits.inspect(...asked),
      release: (...asked) => limits.release(...asked),
    };
    const { sms } = testClient({ apiKey, clock, fetch, limits: failing });
    const sending = sms.messages
      .send({ destination: numberOf(1), text: 'a' })
      .catch((error: unknown) => error);
    await until(() => waiting.length === 1);
    clock.advance(10 * 60_000);
    isDown = true;
    waiting[0]?.();
    expect(await sending).toMatchObject({ code: 'store', submission: 'not-submitted' });
    expect(bodies).toEqual([]);
  });
});

it('a kept take is stamped when the answer arrived: fetch may have waited for a name or a connection', async () => {
  const clock = createFakeClock();
  const answers: (() => void)[] = [];
  const fetch: Fetch = async () => {
    await new Promise<void>((resolve) => answers.push(resolve));
    return accepted();
  };
  const { sms } = testClient({ clock, fetch, guards: { recipient: { limit: 1, windowMs: 10_000 } } });
  const message = { destination: numberOf(1), text: 'a' };
  const first = sms.messages.send(message);
  await until(() => answers.length === 1);
  clock.advance(9_000);
  answers[0]?.();
  await first;
  clock.advance(9_999);
  await expect(sms.messages.send(message)).rejects.toMatchObject({ code: 'limit', retryAfterMs: 1 });
});
