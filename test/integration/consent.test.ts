import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';
import { numberOf, testClient } from '../support/client.ts';
import { countingSignal } from '../support/counting-signal.ts';
import { failureOf, finish } from '../support/transport.ts';

const message = { destination: numberOf(1), text: 'Sale', purpose: 'marketing' } as const;
const hangs = () => new Promise<never>(() => {});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('consent in the pipeline', () => {
  it('monitor mode admits a missing opt-in and refuses an opt-out', async () => {
    const ledger = memoryConsentLedger();
    const { sms, of } = testClient({ guards: { consent: { mode: 'monitor', ledger } } });
    await expect(sms.messages.send(message)).resolves.toBeDefined();
    expect(of('guard-observed')).toMatchObject([{ decision: { guard: 'consent', reason: 'no-record' } }]);
    await sms.consent.revoke(message.destination, { source: 'sms' });
    expect(await failureOf(sms.messages.send(message))).toMatchObject({
      code: 'consent',
      reason: 'opted-out',
    });
    const hooked = testClient({ guards: { consent: { mode: 'monitor', check: () => false } } });
    expect(await failureOf(hooked.sms.messages.send(message))).toMatchObject({ reason: 'said-no' });
    const broken = testClient({ guards: { consent: { mode: 'monitor', check: () => 'yes' as never } } });
    await expect(broken.sms.messages.send(message)).resolves.toBeDefined();
  });

  it.each([
    ['throws', () => Promise.reject(new Error('down')), 'threw'],
    ['hangs', hangs, 'timed-out'],
    ['gives no boolean', () => 'yes' as never, 'not-a-boolean'],
  ])('a hook that %s is an outage, told once for all messages', async (_, check, reason) => {
    const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const guards = { consent: { check } };
    const { sms, of } = testClient({ guards, logger, onError: () => {} });
    const sending = sms.messages.sendBatch({ messages: [message, { ...message, destination: numberOf(2) }] });
    await vi.advanceTimersByTimeAsync(1_000);
    const { results } = await sending;
    for (const result of results) {
      expect(result).toMatchObject({ status: 'blocked', error: { reason, outage: true } });
    }
    expect(of('store-failed')).toMatchObject([{ store: 'consent' }]);
    expect(of('message-blocked')).toMatchObject([
      { decision: { outage: true } },
      { decision: { outage: true } },
    ]);
    expect(logger.error).toHaveBeenCalledOnce();
  });

  it('a refusal is no outage', async () => {
    for (const consent of [{ check: () => false }, { ledger: memoryConsentLedger() }, {}]) {
      const { sms, of } = testClient({ guards: { consent } });
      expect(await failureOf(sms.messages.send(message))).not.toHaveProperty('outage');
      expect(of('store-failed')).toEqual([]);
    }
  });

  it('an outage in monitor mode is reported too', async () => {
    const check = () => Promise.reject(new Error('down'));
    const { sms, of } = testClient({ guards: { consent: { mode: 'monitor', check } }, onError: () => {} });
    await sms.messages.send(message);
    expect(of('store-failed')).toMatchObject([{ store: 'consent' }]);
    expect(of('guard-observed')).toMatchObject([{ decision: { reason: 'threw', outage: true } }]);
  });

  it('an opt-out counts for every spelling of the number', async () => {
    const ledger = memoryConsentLedger();
    const { sms } = testClient({ guards: { consent: { ledger }, phone: false } });
    await sms.consent.revoke('+541123456789', { source: 'sms' });
    expect(await failureOf(sms.messages.send({ destination: '+5491123456789', text: 'Hi' }))).toMatchObject({
      reason: 'opted-out',
    });
  });

  it('the hook receives the context unchanged, and nothing else shows it', async () => {
    const seen: unknown[] = [];
    const context = Object.freeze({ user: 'u-7' });
    const { sms, events } = testClient({
      guards: { consent: { check: (_, call) => seen.push(call.context) > 0 } },
    });
    await sms.messages.send(message, { context });
    expect(seen).toEqual([context]);
    expect(seen[0]).toBe(context);
    expect(JSON.stringify(events)).not.toContain('u-7');
  });

  it("an abort ends the call, fires the hook's signal and blocks nobody", async () => {
    const caller = countingSignal();
    const signals: AbortSignal[] = [];
    const { sms, emulator, of } = testClient({
      guards: {
        consent: {
          check(_, { signal }) {
            signals.push(signal);
            return hangs();
          },
        },
      },
    });
    const destinations = Array.from({ length: 100 }, (_, index) => numberOf(index));
    const sent = sms.messages.sendBatch({ destinations, template: { text: 'a' } }, { signal: caller.signal });
    await vi.advanceTimersByTimeAsync(10);
    expect(signals).toHaveLength(32);
    caller.abort();
    const { results } = await finish(sent);
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
    expect(signals).toHaveLength(32);
    for (const result of results) {
      expect(result).toMatchObject({
        status: 'failed',
        error: { code: 'aborted', submission: 'not-submitted' },
      });
    }
    expect(of('message-blocked')).toEqual([]);
    expect(of('message-failed')).toHaveLength(100);
    expect(emulator.requests).toHaveLength(0);
    expect(caller.listeners).toBe(0);
  });

  it('the hook is not called for messages that other guards refuse, and refused messages are not counted', async () => {
    const check = vi.fn(({ destination }: { readonly destination: string }) => destination !== numberOf(2));
    const { sms } = testClient({ guards: { consent: { check }, recipient: { limit: 1, windowMs: 60_000 } } });
    const { results } = await sms.messages.sendBatch({
      messages: [
        { ...message, text: 'Hi {{name}}' },
        { ...message, destination: numberOf(2) },
        { ...message, destination: '+6561234567' },
        { ...message, destination: numberOf(4) },
      ],
    });
    expect(check.mock.calls.map(([query]) => query.destination)).toEqual([numberOf(2), numberOf(4)]);
    expect(results.map(({ status }) => status)).toEqual(['blocked', 'blocked', 'blocked', 'accepted']);
    const { counters } = await sms.guards.inspect(numberOf(2), { guard: 'recipient' });
    expect(counters).toMatchObject([{ count: 0 }]);
  });

  it('the hook receives the purpose that a class defines', async () => {
    class Promotion {
      readonly destination = numberOf(1);
      get purpose() {
        return 'marketing' as const;
      }
    }
    class Sms extends Promotion {
      readonly text = 'Sale';
      describe() {
        return this.text;
      }
    }
    class Survey extends Promotion {
      readonly surveyId = 'nps';
      readonly templateBody = 'How was it? {{url}}';
    }
    const { sms, emulator } = testClient();
    expect(await failureOf(sms.messages.send(new Sms()))).toMatchObject({ reason: 'no-store' });
    expect(await failureOf(sms.surveys.send(new Survey()))).toMatchObject({ reason: 'no-store' });
    const batch = Object.create({ purpose: 'marketing' });
    batch.messages = [{ destination: numberOf(2), text: 'Sale' }];
    for (const { counts } of [
      await sms.messages.sendBatch({ messages: [new Sms()] }),
      await sms.messages.sendBatch(batch),
    ]) {
      expect(counts).toMatchObject({ blocked: 1 });
    }
    for await (const result of sms.messages.sendMany([new Sms()])) expect(result.status).toBe('blocked');
    expect(emulator.requests).toHaveLength(0);
  });

  it('false calls no hook', async () => {
    const { sms } = testClient({ guards: { consent: false } });
    await expect(sms.messages.send(message)).resolves.toBeDefined();
  });
});
