import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { memoryConsentLedger } from '../../../src/consent/memory-consent-ledger.ts';
import { ConfigurationError, StoreError } from '../../../src/errors.ts';
import type { ConsentGuardOptions } from '../../../src/guards/consent-options.ts';
import { giveReason } from '../../../src/internal/store-reason.ts';
import { CANARY_NUMBER, expectNoCanary } from '../../support/canary.ts';
import { numberOf, testClient } from '../../support/client.ts';
import { countingSignal } from '../../support/counting-signal.ts';
import { NOON } from '../../support/fake-clock.ts';
import { textOf } from '../../support/inbound.ts';
import { ledgerThat, ledgerWith } from '../../support/ledger.ts';
import { failureOf } from '../../support/transport.ts';

const hangs = () => new Promise<never>(() => {});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function withLedger(options: ConsentGuardOptions = {}) {
  const ledger = memoryConsentLedger();
  return { ledger, ...testClient({ guards: { consent: { ledger, ...options } } }) };
}

describe('grant and revoke', () => {
  it('record the choice and its time', async () => {
    const { sms, ledger } = withLedger();
    const person = numberOf(1);
    expect(await sms.consent.status(person)).toBeUndefined();
    expect(await sms.consent.grant(person, { source: 'web-form', evidence: 'form 4711' })).toEqual({
      state: 'opted-in',
      scope: 'marketing',
      source: 'web-form',
      at: NOON,
      evidence: 'form 4711',
    });
    expect(await sms.consent.revoke(person, { source: 'support', at: '2026-11-22T09:00:00Z' })).toEqual({
      state: 'opted-out',
      scope: 'all',
      source: 'support',
      at: NOON,
    });
    expect(await sms.consent.status(person)).toMatchObject({ state: 'opted-out' });
    expect(await ledger.get([person])).toMatchObject([{ state: 'opted-out' }]);
    const again = {
      source: 'x',
      scope: 'all',
      purposes: ['marketing'],
      at: new Date(NOON),
    } as const;
    expect(await sms.consent.grant(person, again)).toMatchObject({ scope: 'all', purposes: ['marketing'] });
  });

  it('never narrow an earlier opt-out', async () => {
    const { sms, clock } = withLedger();
    const person = numberOf(1);
    const partly = { source: 'web', scope: 'marketing' } as const;
    expect(await sms.consent.revoke(person, partly)).toMatchObject({ scope: 'marketing' });
    clock.advance(1_000);
    await sms.consent.revoke(person, { source: 'support' });
    clock.advance(1_000);
    expect(await sms.consent.revoke(person, partly)).toMatchObject({ scope: 'all' });
    const sent = sms.messages.send({ destination: person, text: 'Your order left' });
    expect(await failureOf(sent)).toMatchObject({ reason: 'opted-out' });
    const before = { ...partly, at: new Date(NOON + 500) };
    expect(await sms.consent.revoke(person, before)).toMatchObject({ scope: 'marketing' });
    expect(await sms.consent.status(person)).toMatchObject({ scope: 'all' });
    await sms.consent.grant(person, { source: 'form', at: new Date(NOON + 2_000) });
    expect(await sms.consent.revoke(person, partly)).toMatchObject({ scope: 'marketing' });
  });

  it('are not narrowed by a later opt-out that was recorded first, unless the person came back in between', async () => {
    const { sms, clock } = withLedger();
    const [person, other] = [numberOf(1), numberOf(2)];
    const backdated = { source: 'support', at: new Date(NOON) };
    clock.advance(10_000);
    await sms.consent.grant(other, { source: 'form', at: new Date(NOON + 1_000) });
    for (const each of [person, other]) await sms.consent.revoke(each, { source: 'web', scope: 'marketing' });
    expect(await sms.consent.revoke(person, backdated)).toMatchObject({ scope: 'all', at: NOON + 10_000 });
    expect(await sms.consent.status(person)).toMatchObject({ scope: 'all', source: 'support' });
    expect(await sms.consent.revoke(other, backdated)).toMatchObject({ at: NOON });
    expect(await sms.consent.status(other)).toMatchObject({ scope: 'marketing' });
  });

  it('record a choice slightly in the future as of now', async () => {
    const { sms } = withLedger();
    const details = { source: 'x', at: new Date(NOON + 300_000) };
    expect(await sms.consent.grant(numberOf(1), details)).toMatchObject({ at: NOON });
    const before = { source: 'x', at: new Date(NOON - 1) };
    expect(await sms.consent.grant(numberOf(1), before)).toMatchObject({ at: NOON - 1 });
  });

  it('appear in the history, all of them, in order', async () => {
    const { sms, clock } = withLedger();
    expect(await sms.consent.history(numberOf(1))).toEqual([]);
    await sms.consent.grant(numberOf(1), { source: 'form', evidence: 'form 4711' });
    await sms.consent.revoke(numberOf(1), { source: 'support', at: new Date(NOON - 5) });
    clock.advance(1);
    await sms.consent.revoke('9100 0001', { source: 'support', country: 'SG' });
    expect(await sms.consent.history('9100 0001', { country: 'SG' })).toEqual([
      { state: 'opted-out', scope: 'all', source: 'support', at: NOON - 5 },
      { state: 'opted-in', scope: 'marketing', source: 'form', at: NOON, evidence: 'form 4711' },
      { state: 'opted-out', scope: 'all', source: 'support', at: NOON + 1 },
    ]);
  });

  it('need a ledger with all four methods', () => {
    const { forget: _, ...old } = memoryConsentLedger();
    expect(() => testClient({ guards: { consent: { ledger: old as never } } })).toThrow(
      /guards.consent.ledger must be a ConsentLedger \(an object with get, append, history, forget\)/,
    );
  });

  it('take effect at once', async () => {
    const { sms } = withLedger();
    const message = { destination: numberOf(2), text: 'Sale', purpose: 'marketing' } as const;
    expect(await failureOf(sms.messages.send(message))).toMatchObject({
      code: 'consent',
      reason: 'no-record',
    });
    await sms.consent.grant(message.destination, { source: 'form' });
    await expect(sms.messages.send(message)).resolves.toBeDefined();
    await sms.consent.revoke(message.destination, { source: 'sms' });
    expect(await failureOf(sms.messages.send(message))).toMatchObject({ reason: 'opted-out' });
    expect(await failureOf(sms.messages.send({ ...message, purpose: 'otp' }))).toMatchObject({
      reason: 'opted-out',
    });
  });

  it('accept national numbers', async () => {
    const { sms } = withLedger();
    await sms.consent.grant('9100 0003', { source: 'form', country: 'SG' });
    expect(await sms.consent.status('9100 0003', { country: 'SG' })).toMatchObject({ state: 'opted-in' });
    const local = testClient({
      defaultCountry: 'SG',
      guards: { consent: { ledger: memoryConsentLedger() } },
    });
    await local.sms.consent.grant('9100 0003', { source: 'form' });
    expect(await local.sms.consent.status('+6591000003')).toMatchObject({ state: 'opted-in' });
  });

  it('raise an event without the number', async () => {
    const { sms, of, events } = withLedger();
    await sms.consent.revoke(CANARY_NUMBER, { source: 'sms' });
    expect(of('consent-recorded')).toEqual([
      { type: 'consent-recorded', destination: '+65******54', state: 'opted-out', scope: 'all', at: NOON },
    ]);
    expectNoCanary(events);
  });

  it('call onOptIn and onOptOut afterwards with the whole number', async () => {
    const onOptIn = vi.fn();
    const onOptOut = vi.fn(async () => {});
    const { sms } = withLedger({ onOptIn, onOptOut });
    const context = { user: 'u-1' };
    await sms.consent.grant(numberOf(1), { source: 'form' }, { context });
    expect(onOptIn.mock.calls).toEqual([
      [
        { destination: numberOf(1), state: 'opted-in', scope: 'marketing', source: 'form', at: NOON },
        { signal: expect.any(AbortSignal), context },
      ],
    ]);
    expect(onOptIn.mock.calls[0]?.[1].context).toBe(context);
    expect(onOptOut).not.toHaveBeenCalled();
    await sms.consent.revoke(numberOf(1), { source: 'sms' });
    expect(onOptOut).toHaveBeenCalledOnce();
  });

  it.each([
    ['onOptIn', 'grant'],
    ['onOptOut', 'revoke'],
  ] as const)('a broken %s does not undo what was recorded', async (hook, method) => {
    const broken = () => {
      throw new Error('x');
    };
    const { sms, of } = withLedger({ [hook]: broken });
    await sms.consent[method](numberOf(1), { source: 'form' });
    expect(await sms.consent.status(numberOf(1))).toBeDefined();
    expect(of('hook-failed')).toMatchObject([{ hook }]);
  });

  it('a hook that hangs ends with the call', async () => {
    const caller = countingSignal();
    const { sms, of } = withLedger({ onOptOut: hangs });
    const recorded = sms.consent.revoke(numberOf(1), { source: 'sms' }, { signal: caller.signal });
    await vi.advanceTimersByTimeAsync(1);
    caller.abort();
    await expect(recorded).resolves.toMatchObject({ state: 'opted-out' });
    expect(of('hook-failed')).toHaveLength(1);
    expect(caller.listeners).toBe(0);
  });
});

describe('invalid calls', () => {
  it.each([
    [undefined, 'details'],
    [[], 'details'],
    [{}, 'details.source'],
    [{ source: '' }, 'details.source'],
    [{ source: 'x'.repeat(101) }, 'details.source'],
    [{ source: 'x', scope: 'some' }, 'details.scope'],
    [{ source: 'x', purposes: [] }, 'details.purposes'],
    [{ source: 'x', purposes: ['spam'] }, 'details.purposes[0]'],
    [{ source: 'x', at: 'yesterday' }, 'details.at'],
    [{ source: 'x', at: new Date(NOON + 300_001) }, 'details.at'],
    [{ source: 'x', evidence: 'x'.repeat(2_001) }, 'details.evidence'],
    [{ source: 'x', soruce: 'x' }, 'details.soruce'],
  ])('%j at %s', async (details, path) => {
    const { sms } = withLedger();
    expect(await failureOf(sms.consent.grant(numberOf(1), details as never))).toMatchObject({
      code: 'validation',
      path,
    });
  });

  it('a wrong number or query is refused', async () => {
    const { sms } = withLedger();
    expect(await failureOf(sms.consent.status('nobody'))).toMatchObject({ code: 'invalid-phone-number' });
    expect(await failureOf(sms.consent.status(numberOf(1), { contry: 'SG' } as never))).toMatchObject({
      path: 'query.contry',
    });
    expect(await failureOf(sms.consent.grant(6591000001 as never, { source: 'x' }))).toMatchObject({
      reason: 'not-a-string',
    });
  });

  it('recording without an explicit ledger is refused', async () => {
    for (const consent of [undefined, false, { check: () => true }] as const) {
      const { sms } = testClient({ guards: { consent } });
      expect(await failureOf(sms.consent.revoke(numberOf(1), { source: 'x' }))).toMatchObject({
        code: 'configuration',
        option: 'guards.consent.ledger',
      });
      expect(await failureOf(sms.consent.status(numberOf(1)))).toMatchObject({ code: 'configuration' });
    }
  });
});

describe('a ledger that fails', () => {
  const broken = ledgerThat(() => {
    throw new Error(`select from people where number = ${CANARY_NUMBER}`);
  });

  it('gives a StoreError without details', async () => {
    const { sms, of } = withLedger({ ledger: broken });
    const errors = [
      await failureOf(sms.consent.status(CANARY_NUMBER)),
      await failureOf(sms.consent.grant(CANARY_NUMBER, { source: 'x' })),
    ];
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'store', submission: 'not-submitted' });
      expectNoCanary(error);
    }
    expect(of('store-failed')).toMatchObject([{ store: 'consent' }, { store: 'consent' }]);
  });

  it('says that nothing was read, or that a write may have been recorded', async () => {
    const { sms } = withLedger({ ledger: broken, forgetSecret: 'a secret of thirty-two characters' });
    const { consent } = sms;
    const messageOf = async (call: Promise<unknown>) => ((await failureOf(call)) as Error).message;
    const unread = 'The consent ledger failed, so nothing was read.';
    const unknown =
      /may or may not have been recorded\. No message was sent\. Repeat the call: .* same effect as once\.$/;
    expect(await messageOf(consent.status(numberOf(1)))).toBe(unread);
    expect(await messageOf(consent.history(numberOf(1)))).toBe(unread);
    expect(await messageOf(consent.grant(numberOf(1), { source: 'x' }))).toMatch(unknown);
    expect(await messageOf(consent.forget(numberOf(1)))).toMatch(unknown);
  });

  it('repeats the reason that a ledger of this package gave', async () => {
    const failing = {
      ...broken,
      get: async () => {
        throw giveReason(new StoreError('+6591234567'), 'Raise maxmemory.');
      },
    };
    const { sms } = withLedger({ ledger: failing });
    expect(await failureOf(sms.consent.status(numberOf(1)))).toMatchObject({
      message: 'The consent ledger failed, so nothing was read. Raise maxmemory.',
    });
  });

  it('a repeated write counts once when the first response was lost', async () => {
    const memory = memoryConsentLedger();
    let isLost = true;
    const losing = async (work: Promise<void>) => {
      await work;
      if (isLost) throw new Error('Connection is closed.');
    };
    const { sms } = withLedger({
      forgetSecret: 'a secret of thirty-two characters',
      ledger: {
        ...memory,
        append: (changes) => losing(memory.append(changes)),
        forget: (key, keepAs) => losing(memory.forget(key, keepAs)),
      },
    });
    const { consent } = sms;
    const twice = async (call: () => Promise<unknown>) => {
      isLost = true;
      expect(await failureOf(call())).toMatchObject({ code: 'store' });
      isLost = false;
      await call();
    };
    const stop = textOf('STOP');
    await twice(() => consent.handleInbound(stop));
    expect(await consent.history(numberOf(1))).toHaveLength(1);
    await twice(() => consent.grant(numberOf(1), { source: 'form' }));
    expect(await consent.status(numberOf(1))).toMatchObject({ state: 'opted-in', source: 'form' });
    await twice(() => consent.revoke(numberOf(1), { source: 'form' }));
    await twice(() => consent.forget(numberOf(1)));
    expect(await consent.history(numberOf(1))).toEqual([
      expect.objectContaining({ state: 'opted-out', source: 'forgotten' }),
    ]);
  });

  it('is given up after 5 s, and its signal fires', async () => {
    const signals: AbortSignal[] = [];
    const ledger = ledgerWith({
      get: (_, options) => {
        signals.push(options?.signal as AbortSignal);
        return hangs();
      },
      append: hangs,
    });
    const { sms, of } = withLedger({ ledger });
    const waiting = [
      failureOf(sms.consent.status(numberOf(1))),
      failureOf(sms.consent.grant(numberOf(1), { source: 'x' })),
    ];
    await vi.advanceTimersByTimeAsync(4_999);
    expect(of('store-failed')).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    for (const error of await Promise.all(waiting)) expect(error).toMatchObject({ code: 'store' });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('passes on what is wrong with its options', async () => {
    const refusal = new ConfigurationError('The server may evict opt-outs. Set it to noeviction.', 'client');
    const ledger = ledgerWith({ append: () => Promise.reject(refusal) });
    const { sms } = withLedger({ ledger });
    expect(await failureOf(sms.consent.grant(numberOf(1), { source: 'x' }))).toBe(refusal);
  });

  it('fails when its result is not a list', async () => {
    const { sms } = withLedger({ ledger: ledgerWith({ get: async () => undefined as never }) });
    expect(await failureOf(sms.consent.status(numberOf(1)))).toMatchObject({ code: 'store' });
  });

  it('is given up when the call ends', async () => {
    const { sms, of } = withLedger({ ledger: ledgerThat(hangs) });
    const waiting = [
      failureOf(sms.consent.status(numberOf(1), {}, { deadlineMs: 100 })),
      failureOf(sms.consent.grant(numberOf(1), { source: 'x' }, { deadlineMs: 100 })),
    ];
    await vi.advanceTimersByTimeAsync(100);
    for (const error of await Promise.all(waiting)) expect(error).toMatchObject({ code: 'timeout' });
    expect(of('store-failed')).toEqual([]);
  });
});
