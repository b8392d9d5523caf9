import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebhookError, type WebhookFailure } from '../../../src/errors.ts';
import { memoryLimits } from '../../../src/limits/memory-limits.ts';
import type { WebhookDelivery } from '../../../src/webhooks/delivery.ts';
import { INBOUND_PORT, type InboundPort } from '../../../src/webhooks/inbound-port.ts';
import type { TestClient } from '../../support/client.ts';
import { drive, until, useFakeTimeouts } from '../../support/drive.ts';
import {
  AUTHORIZATION,
  clickBody,
  inboundBody,
  PERSON,
  post,
  receiptBody,
  surveyBody,
  testReceiver,
} from '../../support/webhooks.ts';

const inboundPortOf = ({ sms }: TestClient) =>
  (sms as unknown as { readonly [INBOUND_PORT]: InboundPort })[INBOUND_PORT];
const get = () => new Request('https://team.example/8x8', { headers: { authorization: AUTHORIZATION } });

async function failureOf(receiving: Promise<unknown>): Promise<WebhookError> {
  const error = await receiving.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (WebhookError.isInstance(error)) return error;
  throw new Error(`expected a WebhookError, got ${String(error)}`);
}

afterEach(() => {
  vi.useRealTimers();
});

describe('an event', () => {
  it.each([
    ['onDeliveryReceipt', 'delivery-receipt', receiptBody()],
    ['onInbound', 'inbound', inboundBody()],
    ['onShortUrlClick', 'short-url-click', clickBody()],
    ['onSurveyAnswer', 'survey-answer', surveyBody()],
    ['onUnknown', 'unknown', { namespace: 'ChatApps', eventType: 'new' }],
  ] as const)('reaches %s and no other handler, and is the return value', async (name, type, body) => {
    const handlers = {
      onDeliveryReceipt: vi.fn(),
      onInbound: vi.fn(),
      onShortUrlClick: vi.fn(),
      onSurveyAnswer: vi.fn(),
      onUnknown: vi.fn(),
    };
    const { receiver, of } = testReceiver({ handlers });
    const event = await receiver.receive(post(body));
    expect(event).toMatchObject({ type, duplicate: false, raw: body });
    const { duplicate: _, ...handed } = event;
    expect(handlers[name]).toHaveBeenCalledExactlyOnceWith(handed, expect.anything());
    for (const [other, handler] of Object.entries(handlers)) {
      if (other !== name) expect(handler).not.toHaveBeenCalled();
    }
    expect(of('webhook-received')).toMatchObject([{ kind: type, duplicate: false, remembered: true }]);
    expect(of('webhook-refused')).toEqual([]);
  });

  it('is acknowledged without a handler, with an empty response', async () => {
    const { receiver } = testReceiver();
    for (const body of [receiptBody(), inboundBody(), clickBody(), surveyBody(), { any: 'thing' }]) {
      const response = await receiver.handle(post(body));
      expect(response.status).toBe(200);
      expect(await response.text()).toBe('');
    }
  });

  it('is applied to guards and consent before the handler runs', async () => {
    const order: string[] = [];
    const client = testReceiver({
      handlers: {
        onDeliveryReceipt: () => void order.push('handler of the receipt'),
        onInbound: (_, { consent }) => void order.push(`handler of ${consent.intent}`),
      },
    });
    vi.spyOn(inboundPortOf(client), 'applyReceipt').mockImplementation(
      async () => void order.push('receipt'),
    );
    vi.spyOn(inboundPortOf(client), 'applyInbound').mockImplementation(async () => {
      order.push('inbound');
      return { intent: 'opt-out' };
    });
    await client.receiver.receive(post(receiptBody()));
    await client.receiver.receive(post(inboundBody({ body: 'STOP' })));
    await client.receiver.receive(post(clickBody()));
    expect(order).toEqual(['receipt', 'handler of the receipt', 'inbound', 'handler of opt-out']);
  });

  it('can be handled by methods without their object', async () => {
    const { handle, respond, receive } = testReceiver().receiver;
    expect((await handle(post(receiptBody()))).status).toBe(200);
    const delivery: WebhookDelivery = {
      method: 'post',
      header: (name) => (name === 'authorization' ? AUTHORIZATION : undefined),
      body: { parsed: inboundBody() },
    };
    expect(await respond(delivery)).toEqual({ status: 200, headers: {} });
    expect(await receive(delivery)).toMatchObject({ type: 'inbound', source: PERSON, duplicate: true });
    expect(await receive({ ...delivery, body: JSON.stringify(clickBody()) })).toMatchObject({
      duplicate: false,
    });
  });
});

describe('a request that is refused', () => {
  it('gets 405 with the allowed method, before anything else', async () => {
    const { receiver, of } = testReceiver();
    const response = await receiver.handle(get());
    expect([response.status, response.headers.get('allow'), await response.text()]).toEqual([
      405,
      'POST',
      '',
    ]);
    expect(of('webhook-refused')).toMatchObject([{ reason: 'method-not-allowed' }]);
  });

  it('gets the same empty 401 for every failure, and its body is not read', async () => {
    const { receiver, of } = testReceiver({
      authentication: { authorization: AUTHORIZATION, sourceAddresses: { also: ['203.0.113.7'] } },
    });
    const requests = [
      [post(inboundBody(), { authorization: 'Bearer wrong' }), '203.0.113.7', 'wrong-authorization'],
      [post('{', { authorization: '' }), '203.0.113.7', 'wrong-authorization'],
      [post('x'.repeat(100_000), { authorization: 'Basic eA==' }), '203.0.113.7', 'wrong-authorization'],
      [post(inboundBody()), '203.0.113.8', 'unknown-address'],
      [post(inboundBody()), undefined, 'no-address'],
    ] as const;
    for (const [request, remoteAddress] of requests) {
      const response = await receiver.handle(request, { remoteAddress });
      expect([response.status, [...response.headers], await response.text()]).toEqual([401, [], '']);
      expect(request.bodyUsed).toBe(false);
    }
    expect(of('webhook-refused').map(({ reason }) => reason)).toEqual(requests.map(([, , reason]) => reason));
    expect((await receiver.handle(post(inboundBody()), { remoteAddress: '203.0.113.7' })).status).toBe(200);
  });

  it.each<[string, WebhookFailure, number, unknown]>([
    ['no JSON', 'malformed', 400, '{'],
    ['an empty body', 'malformed', 400, ''],
    ['a list', 'malformed', 400, '[]'],
    ['a known event without its id', 'malformed', 400, receiptBody({ umid: null })],
    ['a key that reaches a prototype', 'malformed', 400, '{"__proto__":{"admin":true}}'],
    ['too many bytes', 'too-large', 413, inboundBody({ body: 'x'.repeat(2_000) })],
  ])('for %s gets %s', async (_, reason, status, body) => {
    const onInbound = vi.fn();
    const { receiver, of } = testReceiver({ handlers: { onInbound }, maxBodyBytes: 1_024 });
    const response = await receiver.handle(post(body));
    expect([response.status, await response.text()]).toEqual([status, '']);
    expect(of('webhook-refused')).toMatchObject([{ reason }]);
    expect(await failureOf(receiver.receive(post(body)))).toMatchObject({ reason, status });
    expect(onInbound).not.toHaveBeenCalled();
  });

  it('is reported to the team with the malformed field', async () => {
    const { receiver, of } = testReceiver();
    const error = await failureOf(receiver.receive(post(receiptBody({}, { state: null }))));
    expect(error.path).toBe('payload.status.state');
    expect(error.message).toContain('payload.status.state is not a string');
    expect(of('webhook-refused')).toMatchObject([{ reason: 'malformed', path: 'payload.status.state' }]);
    expect(await failureOf(receiver.receive(post('{')))).not.toHaveProperty('path');
  });

  it('is malformed without a body, and incomplete with one that was read before', async () => {
    const { receiver } = testReceiver();
    const empty = new Request('https://team.example', {
      method: 'POST',
      headers: { authorization: AUTHORIZATION },
    });
    expect((await failureOf(receiver.receive(empty))).reason).toBe('malformed');
    const used = post(inboundBody());
    await used.text();
    expect(await failureOf(receiver.receive(used))).toMatchObject({ reason: 'incomplete', status: 408 });
  });

  it('never makes the receiver throw, not even when it is not a request', async () => {
    const { receiver, of } = testReceiver();
    const broken = {
      method: 'POST',
      header: () => {
        throw new Error('broken');
      },
      body: undefined,
    };
    expect(await receiver.respond(broken)).toEqual({ status: 408, headers: {} });
    expect((await receiver.handle(undefined as unknown as Request)).status).toBe(408);
    expect(of('webhook-refused')).toHaveLength(2);
  });
});

describe('the same event again', () => {
  it('is acknowledged and not handled for 24 hours', async () => {
    const onInbound = vi.fn();
    const { receiver, of, clock } = testReceiver({ handlers: { onInbound } });
    await receiver.receive(post(inboundBody()));
    clock.advance(86_399_999);
    expect(await receiver.receive(post(inboundBody()))).toMatchObject({ type: 'inbound', duplicate: true });
    expect((await receiver.handle(post(inboundBody()))).status).toBe(200);
    expect(onInbound).toHaveBeenCalledOnce();
    expect(of('webhook-received').map(({ duplicate }) => duplicate)).toEqual([false, true, true]);
    clock.advance(1);
    expect(await receiver.receive(post(inboundBody()))).toMatchObject({ duplicate: false });
  });

  it.each([
    ['another status', receiptBody({}, { state: 'sent' })],
    ['another detail', receiptBody({}, { detail: 'delivered_to_operator' })],
    ['another time', receiptBody({}, { timestamp: '2026-11-22T09:00:01Z' })],
    ['another error code', receiptBody({}, { errorCode: 1 })],
    ['another message', receiptBody({ umid: 'another' })],
    ['another kind of event', inboundBody()],
    ['an inbound one of another time', inboundBody({ timestamp: '2026-11-22T09:00:01Z' })],
    ['a click', clickBody()],
    ['another click', clickBody({ eventId: 'another' })],
    ['a survey answer', surveyBody()],
    ['a later survey answer', surveyBody({ surveySubmittedAt: '2026-11-22T09:00:01Z' })],
    ['an unknown one', { any: 1 }],
    ['another unknown one', { any: 2 }],
  ])('is not %s', async (_, other) => {
    const { receiver } = testReceiver();
    for (const body of [receiptBody(), receiptBody({}, { state: 'queued' }), { any: 0 }]) {
      await receiver.receive(post(body));
    }
    expect(await receiver.receive(post(other))).toMatchObject({ duplicate: false });
    expect(await receiver.receive(post(other))).toMatchObject({ duplicate: true });
  });

  it('is not another inbound message, even when 8x8 gives no ID', async () => {
    const { receiver } = testReceiver();
    const write = (fields: object) => receiver.receive(post(inboundBody({ umid: null, ...fields })));
    const first = await write({ body: 'Hello' });
    expect(first).toMatchObject({ umid: expect.stringMatching(/^no-umid-[\da-f]{32}$/), duplicate: false });
    expect(await write({ body: 'Hello' })).toEqual({ ...first, duplicate: true });
    expect(await write({ body: 'STOP' })).toMatchObject({ duplicate: false });
    expect(await write({ source: '6591234568', body: 'Hello' })).toMatchObject({ duplicate: false });
    expect(await write({ umid: 'u', body: 'Hello' })).toMatchObject({ umid: 'u', duplicate: false });
  });

  it('is not another survey answer, even when neither has a time', async () => {
    const { receiver } = testReceiver();
    const answered = (answer: string) =>
      post(
        surveyBody({
          surveySubmittedAt: undefined,
          answers: [{ questionId: 'q1', answerId: null, question: 'How was it?', answer }],
        }),
      );
    expect(await receiver.receive(answered('Good'))).toMatchObject({ duplicate: false });
    expect(await receiver.receive(answered('Bad'))).toMatchObject({ duplicate: false });
    expect(await receiver.receive(answered('Bad'))).toMatchObject({ duplicate: true });
  });

  it('gets 503 and a second to wait while the first delivery is being handled', async () => {
    let finish: () => void = () => {};
    const onInbound = vi.fn(() => new Promise<void>((resolve) => (finish = resolve)));
    const { receiver, of } = testReceiver({ handlers: { onInbound } });
    const first = receiver.handle(post(inboundBody()));
    await until(() => onInbound.mock.calls.length === 1);
    const second = await receiver.handle(post(inboundBody()));
    expect([second.status, second.headers.get('retry-after'), await second.text()]).toEqual([503, '1', '']);
    expect(of('webhook-failed')).toMatchObject([{ reason: 'in-progress' }]);
    finish();
    expect((await first).status).toBe(200);
    expect(await receiver.receive(post(inboundBody()))).toMatchObject({ duplicate: true });
    expect(onInbound).toHaveBeenCalledOnce();
  });

  it('is handled once by ten simultaneous deliveries', async () => {
    const onInbound = vi.fn();
    const { receiver } = testReceiver({ handlers: { onInbound } });
    const responses = await Promise.all(
      Array.from({ length: 10 }, () => receiver.handle(post(inboundBody()))),
    );
    expect(onInbound).toHaveBeenCalledOnce();
    for (const { status } of responses) expect([200, 503]).toContain(status);
  });

  it('is available again after timeoutMs and 5 s when it was never settled', async () => {
    const client = testReceiver({ timeoutMs: 1_000 });
    const inboundPort = inboundPortOf(client);
    const claim = vi.spyOn(inboundPort, 'claim');
    await client.receiver.receive(post(inboundBody()));
    expect(claim.mock.calls[0]?.[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(claim.mock.calls[0]?.[1]).toBe(6_000);
  });

  it('is handled even when the store has no room to remember it', async () => {
    const onInbound = vi.fn();
    const client = testReceiver({ handlers: { onInbound } });
    vi.spyOn(inboundPortOf(client), 'claim').mockResolvedValue({ kind: 'untracked' });
    expect(await client.receiver.receive(post(inboundBody()))).toMatchObject({ duplicate: false });
    expect(client.of('webhook-received')).toMatchObject([{ remembered: false }]);
    expect(onInbound).toHaveBeenCalledOnce();
  });
});

describe('a handler', () => {
  it.each([
    [
      'throws',
      () => {
        throw new Error(`cannot read ${PERSON}`);
      },
    ],
    ['rejects', () => Promise.reject(new Error(`cannot read ${PERSON}`))],
  ])('that %s causes a 500, and gets the event again', async (_, fail) => {
    const onInbound = vi.fn<() => void | Promise<void>>().mockImplementationOnce(fail);
    const { receiver, of } = testReceiver({ handlers: { onInbound } });
    const error = await failureOf(receiver.receive(post(inboundBody())));
    expect(error).toMatchObject({ reason: 'handler-failed', status: 500 });
    expect(error.cause).toBeUndefined();
    expect(of('webhook-failed')).toMatchObject([{ reason: 'handler-failed' }]);
    expect(await receiver.receive(post(inboundBody()))).toMatchObject({ duplicate: false });
    expect(onInbound).toHaveBeenCalledTimes(2);
  });

  it('that takes too long is aborted, not waited for, and gets the event again', async () => {
    useFakeTimeouts();
    const signals: AbortSignal[] = [];
    const { receiver, of } = testReceiver({
      timeoutMs: 1_000,
      handlers: {
        onInbound: (_, { signal }) => {
          signals.push(signal);
          return signals.length === 1 ? new Promise(() => {}) : undefined;
        },
      },
    });
    const receiving = failureOf(receiver.receive(post(inboundBody())));
    await until(() => signals.length === 1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await receiving).toMatchObject({ reason: 'timed-out', status: 500 });
    expect(signals[0]?.aborted).toBe(true);
    expect(of('webhook-failed')).toMatchObject([{ reason: 'timed-out' }]);
    expect(await receiver.receive(post(inboundBody()))).toMatchObject({ duplicate: false });
    expect(signals[1]?.aborted).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not called, and no rejection is left unhandled, when the time ends before the event is claimed', async () => {
    useFakeTimeouts();
    const onInbound = vi.fn();
    const { receiver } = testReceiver({ timeoutMs: 1_000, handlers: { onInbound } });
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const work = crypto.subtle.digest.bind(crypto.subtle);
    let finish: (() => void) | undefined;
    const digest = vi.spyOn(crypto.subtle, 'digest').mockImplementation(async (algorithm, data) => {
      const isOfEvent = new TextDecoder().decode(data as Uint8Array).startsWith('["inbound"');
      if (isOfEvent) await new Promise<void>((resolve) => (finish = resolve));
      return work(algorithm, data);
    });
    try {
      const receiving = failureOf(receiver.receive(post(inboundBody())));
      await until(() => finish !== undefined);
      await vi.advanceTimersByTimeAsync(1_000);
      finish?.();
      expect((await receiving).reason).toBe('timed-out');
      // Rejections are reported after the microtasks of a turn.
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).not.toHaveBeenCalled();
      expect(onInbound).not.toHaveBeenCalled();
    } finally {
      digest.mockRestore();
      process.off('unhandledRejection', unhandled);
    }
  });

  it('has 10 s by default', async () => {
    useFakeTimeouts();
    const { receiver } = testReceiver({ handlers: { onInbound: () => new Promise(() => {}) } });
    const receiving = failureOf(receiver.receive(post(inboundBody())));
    let isOver = false;
    void receiving.then(() => (isOver = true));
    await until(() => vi.getTimerCount() === 1);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect((await receiving).reason).toBe('timed-out');
  });

  it('runs to the end when the sender closes the connection: the next delivery finds the event done', async () => {
    const gone = new AbortController();
    const seen: boolean[] = [];
    const { receiver } = testReceiver({
      handlers: {
        async onInbound(_, { signal }) {
          gone.abort();
          seen.push(signal.aborted);
        },
      },
    });
    const request = new Request(post(inboundBody()), { signal: gone.signal });
    expect(await receiver.receive(request)).toMatchObject({ duplicate: false });
    expect(seen).toEqual([false]);
    expect(await receiver.receive(post(inboundBody()))).toMatchObject({ duplicate: true });
  });

  it('can be a method of a class, with its own this', async () => {
    class Handlers {
      readonly #seen: string[] = [];
      onInbound({ body }: { readonly body: string }): void {
        this.#seen.push(body);
      }
      seen(): readonly string[] {
        return this.#seen;
      }
    }
    const handlers = new Handlers();
    const { receiver } = testReceiver({ handlers });
    await receiver.receive(post(inboundBody()));
    expect(handlers.seen()).toEqual(['Thanks']);
  });

  it('stays the one that was passed, even when the map changes', async () => {
    const handlers = { onInbound: vi.fn() };
    const { onInbound } = handlers;
    const { receiver } = testReceiver({ handlers });
    handlers.onInbound = vi.fn();
    await receiver.receive(post(inboundBody()));
    expect(onInbound).toHaveBeenCalledOnce();
    expect(handlers.onInbound).not.toHaveBeenCalled();
  });
});

describe('a failing store', () => {
  it('causes a 503 when it is the limit store, but guards and consent have the event', async () => {
    const onInbound = vi.fn();
    const limits = memoryLimits();
    vi.spyOn(limits, 'take').mockRejectedValue(new Error('down'));
    const client = testReceiver({ handlers: { onInbound } }, { limits });
    const apply = vi.spyOn(inboundPortOf(client), 'applyInbound').mockResolvedValue({ intent: 'none' });
    const error = await failureOf(client.receiver.receive(post(inboundBody())));
    expect(error).toMatchObject({ reason: 'unavailable', status: 503 });
    expect(apply).toHaveBeenCalledOnce();
    expect(onInbound).not.toHaveBeenCalled();
    expect(client.of('store-failed')).toMatchObject([{ store: 'limits' }]);
  });

  it('lets guards and consent have the event when it hangs and timeoutMs is short, and its late grant is given back', async () => {
    useFakeTimeouts();
    const client = testReceiver({ timeoutMs: 1_000 });
    const inboundPort = inboundPortOf(client);
    const settle = vi.fn(async () => {});
    let grant: (claim: { kind: 'claimed'; settle: typeof settle }) => void = () => {};
    const claim = vi.spyOn(inboundPort, 'claim').mockReturnValue(new Promise((resolve) => (grant = resolve)));
    const apply = vi.spyOn(inboundPort, 'applyInbound').mockResolvedValue({ intent: 'none' });
    const receiving = failureOf(client.receiver.receive(post(inboundBody())));
    await until(() => claim.mock.calls.length === 1);
    const error = await drive(receiving);
    expect(error.reason).toBe('unavailable');
    expect(apply).toHaveBeenCalledOnce();
    grant({ kind: 'claimed', settle });
    await until(() => settle.mock.calls.length === 1);
    expect(settle).toHaveBeenCalledWith('failed');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is ignored when it responds otherwise, or fails, too late', async () => {
    useFakeTimeouts();
    for (const late of [{ kind: 'done' } as const, new Error('late')]) {
      const client = testReceiver({ timeoutMs: 1_000 });
      let finish: () => void = () => {};
      const claiming = new Promise<{ readonly kind: 'done' }>((resolve, reject) => {
        finish = () => (late instanceof Error ? reject(late) : resolve(late));
      });
      const claim = vi.spyOn(inboundPortOf(client), 'claim').mockReturnValue(claiming);
      vi.spyOn(inboundPortOf(client), 'applyInbound').mockResolvedValue({ intent: 'none' });
      const receiving = failureOf(client.receiver.receive(post(inboundBody())));
      await until(() => claim.mock.calls.length === 1);
      expect((await drive(receiving)).reason).toBe('unavailable');
      finish();
      await claiming.catch(() => {});
    }
  });

  it('causes a 503 when guards or consent need it, and the event comes again', async () => {
    const onInbound = vi.fn();
    const client = testReceiver({ handlers: { onInbound } });
    vi.spyOn(inboundPortOf(client), 'applyInbound').mockRejectedValueOnce(new Error('down'));
    expect(await failureOf(client.receiver.receive(post(inboundBody())))).toMatchObject({
      reason: 'unavailable',
      status: 503,
    });
    expect(onInbound).not.toHaveBeenCalled();
    expect(await client.receiver.receive(post(inboundBody()))).toMatchObject({ duplicate: false });
  });
});

describe('a client that is closed', () => {
  it('answers 503, to 8x8 only', async () => {
    const { receiver, sms, of } = testReceiver();
    await sms.close();
    expect((await receiver.handle(post(inboundBody()))).status).toBe(503);
    expect((await receiver.handle(post(inboundBody(), { authorization: 'Bearer wrong' }))).status).toBe(401);
    expect(of('webhook-failed')).toMatchObject([{ reason: 'unavailable' }]);
  });

  it('waits for deliveries in progress', async () => {
    let finish: () => void = () => {};
    const onInbound = vi.fn(() => new Promise<void>((resolve) => (finish = resolve)));
    const { receiver, sms } = testReceiver({ handlers: { onInbound } });
    const receiving = receiver.handle(post(inboundBody()));
    await until(() => onInbound.mock.calls.length === 1);
    let isClosed = false;
    const closing = sms.close().then(() => (isClosed = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isClosed).toBe(false);
    finish();
    expect((await receiving).status).toBe(200);
    await closing;
  });

  it('ends them after its drain time with 503, so that 8x8 tries another process', async () => {
    const onInbound = vi.fn(() => new Promise<void>(() => {}));
    const { receiver, sms } = testReceiver({ handlers: { onInbound } });
    const receiving = receiver.handle(post(inboundBody()));
    await until(() => onInbound.mock.calls.length === 1);
    await sms.close({ drainMs: 0 });
    expect((await receiving).status).toBe(503);
  });
});
