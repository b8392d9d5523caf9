import { describe, expect, it } from 'vitest';
import { memoryConsentLedger } from '../../../src/consent/memory-consent-ledger.ts';
import { createPseudonym } from '../../../src/consent/pseudonym.ts';
import type { ConsentGuardOptions } from '../../../src/guards/consent-options.ts';
import { memoryLimits } from '../../../src/limits/memory-limits.ts';
import { CANARY_NUMBER, expectNoCanary } from '../../support/canary.ts';
import { numberOf, testClient } from '../../support/client.ts';
import { createFakeClock, NOON } from '../../support/fake-clock.ts';
import { textOf } from '../../support/inbound.ts';
import { ledgerWith } from '../../support/ledger.ts';
import { failureOf } from '../../support/transport.ts';

const person = numberOf(1);
const forgetSecret = 'f0'.repeat(16);

function start(options: ConsentGuardOptions = {}, rest: Parameters<typeof testClient>[0] = {}) {
  const ledger = options.ledger ?? memoryConsentLedger();
  const client = testClient({ guards: { consent: { forgetSecret, ...options, ledger } }, ...rest });
  return { ...client, ledger, consent: client.sms.consent };
}

describe('forget', () => {
  it('removes everything except an opt-out under a keyed hash', async () => {
    const { sms, consent, ledger, clock, of } = start();
    await consent.grant(person, { source: 'form', evidence: 'form 4711' });
    clock.advance(1_000);
    await consent.handleInbound(textOf('STOP', { at: NOON + 500 }));
    await consent.forget('9100 0001', { country: 'SG' });
    expect(await ledger.history(person)).toEqual([]);
    const kept = { state: 'opted-out', scope: 'all', source: 'forgotten', at: NOON + 500 };
    expect(await consent.history(person)).toEqual([kept]);
    expect(await consent.status(person)).toEqual(kept);
    for (const purpose of ['marketing', 'otp'] as const) {
      const sent = sms.messages.send({ destination: person, text: 'Hi', purpose });
      expect(await failureOf(sent)).toMatchObject({ reason: 'opted-out' });
    }
    await sms.messages.send({ destination: numberOf(2), text: 'Hi' });
    expect(of('consent-forgotten')).toEqual([
      { type: 'consent-forgotten', destination: '+65******01', at: NOON + 1_000 },
    ]);
  });

  it('lets the person opt in again and be forgotten again', async () => {
    const { sms, consent, clock, ledger } = start();
    const sale = { destination: person, text: 'Sale', purpose: 'marketing' } as const;
    await consent.revoke(person, { source: 'x' });
    await consent.forget(person);
    clock.advance(1);
    await consent.grant(person, { source: 'form' });
    await sms.messages.send(sale);
    expect((await consent.history(person)).map(({ source }) => source)).toEqual(['forgotten', 'form']);
    await consent.forget(person);
    expect(await consent.status(person)).toBeUndefined();
    expect(await failureOf(sms.messages.send(sale))).toMatchObject({ reason: 'no-record' });
    expect(await ledger.history(await createPseudonym(forgetSecret)(person))).toEqual([]);
  });

  it('respects the kept opt-out: STOP changes nothing, START does, and a request is refused', async () => {
    const { consent, clock, emulator } = start({ inbound: { optOutReply: 'Out.' } });
    await consent.revoke(person, { source: 'x' });
    await consent.forget(person);
    const asked = consent.requestOptIn(person, { text: 'Reply YES' });
    expect(await failureOf(asked)).toMatchObject({ reason: 'opted-out' });
    clock.advance(2);
    expect(await consent.handleInbound(textOf('STOP', { at: NOON + 1 }))).toMatchObject({ reply: 'skipped' });
    expect(await consent.handleInbound(textOf('START', { at: NOON + 2 }))).toMatchObject({
      intent: 'opt-in',
    });
    expect(await consent.status(person)).toMatchObject({ state: 'opted-in' });
    expect(emulator.requests).toEqual([]);
  });

  it('closes a pending opt-in by the kept opt-out', async () => {
    const { consent, ledger, clock } = start();
    await consent.requestOptIn(person, { text: 'Reply YES' });
    clock.advance(1);
    const key = await createPseudonym(forgetSecret)(person);
    await ledger.append([{ key, state: 'opted-out', scope: 'all', source: 'forgotten', at: NOON + 1 }]);
    expect(await failureOf(consent.confirm(person))).toMatchObject({ reason: 'not-requested' });
  });

  it('prefers the kept opt-out to a choice with an unreadable time', async () => {
    const memory = memoryConsentLedger();
    const get: typeof memory.get = async (keys) => {
      const [own, ...kept] = await memory.get(keys);
      return [own && { ...own, at: Number.NaN }, ...kept];
    };
    const { sms, consent, clock } = start({ ledger: { ...memory, get } });
    await consent.revoke(person, { source: 'x' });
    await consent.forget(person);
    clock.advance(1);
    await consent.grant(person, { source: 'form' });
    const sent = sms.messages.send({ destination: person, text: 'Hi' });
    expect(await failureOf(sent)).toMatchObject({ reason: 'opted-out' });
  });

  it('hides the person from anyone without the secret', async () => {
    const { consent, ledger } = start();
    await consent.revoke(person, { source: 'x' });
    await consent.forget(person);
    const others = [
      start({ ledger, forgetSecret: undefined }),
      start({ ledger, forgetSecret: 'e'.repeat(32) }),
    ];
    for (const other of others) expect(await other.consent.status(person)).toBeUndefined();
    const pseudonym = await createPseudonym(forgetSecret)('+6591000001');
    // Computed with openssl: printf '+6591000001' | openssl dgst -sha256 -hmac f0f0…
    expect(pseudonym).toBe('#9e27f6a3095405d1ab2529e6052051b9');
  });

  it('clears the limits and the opt-in request', async () => {
    const clock = createFakeClock();
    const limits = memoryLimits({ clock });
    const ledger = memoryConsentLedger();
    const ranges = [{ removedDigits: 2, limit: 5, windowMs: 60_000 }] as const;
    const guards = {
      consent: { ledger, forgetSecret },
      recipient: { limit: 2, windowMs: 60_000 },
      prefix: { ranges },
    };
    const { sms, consent } = start({ ledger }, { limits, clock, guards });
    await consent.requestOptIn(person, { text: 'Reply YES' });
    await sms.messages.send({ destination: person, text: 'Code 1', purpose: 'otp' });
    await consent.forget(person);
    const { counters, refusals } = await sms.guards.inspect(person);
    const counts = Object.fromEntries(counters.map(({ rule, count }) => [rule, count]));
    expect(counts).toMatchObject({
      'recipient:all': 0,
      'backoff:otp': 0,
      'prefix:2:60000': 1,
      'prefix:day:4': 0,
    });
    expect(refusals.filter(({ guard }) => guard !== 'consent')).toEqual([]);
    await consent.requestOptIn(person, { text: 'Reply YES' });
  });

  it('needs a ledger and a secret', async () => {
    const { sms } = testClient();
    expect(await failureOf(sms.consent.forget(person))).toMatchObject({ option: 'guards.consent.ledger' });
    const { consent, ledger } = start({ forgetSecret: undefined });
    await consent.grant(person, { source: 'x' });
    expect(await failureOf(consent.forget(person))).toMatchObject({
      code: 'configuration',
      option: 'guards.consent.forgetSecret',
    });
    expect(await ledger.history(person)).toHaveLength(1);
  });

  it('reports a failing store without its details', async () => {
    const fails = async () => {
      throw new Error(CANARY_NUMBER);
    };
    const broken = start({ ledger: ledgerWith({ forget: fails }) });
    const error = await failureOf(broken.consent.forget(CANARY_NUMBER));
    expect(error).toMatchObject({ code: 'store' });
    const limits = Object.assign(memoryLimits(), { release: fails });
    const ledger = memoryConsentLedger();
    const half = start({ ledger }, { limits, guards: { consent: { ledger, forgetSecret } } });
    await half.consent.grant(CANARY_NUMBER, { source: 'x' });
    const other = await failureOf(half.consent.forget(CANARY_NUMBER));
    expect(other).toMatchObject({
      code: 'store',
      message: expect.stringContaining('Call consent.forget again'),
    });
    expect(await ledger.history(CANARY_NUMBER)).toEqual([]);
    expect([...broken.of('store-failed'), ...half.of('store-failed')].map(({ store }) => store)).toEqual([
      'consent',
      'limits',
    ]);
    expect([...broken.of('consent-forgotten'), ...half.of('consent-forgotten')]).toEqual([]);
    for (const each of [error, other, broken.events, half.events]) expectNoCanary(each);
  });

  it('ends when the call ends', async () => {
    const ledger = memoryConsentLedger();
    const limits = Object.assign(memoryLimits(), { release: () => new Promise<never>(() => {}) });
    const { consent } = start({ ledger }, { limits, guards: { consent: { ledger, forgetSecret } } });
    const controller = new AbortController();
    const forgotten = failureOf(consent.forget(person, {}, { signal: controller.signal }));
    setTimeout(() => controller.abort());
    expect(await forgotten).toMatchObject({ code: 'aborted' });
  });

  it('refuses unknown options', async () => {
    const { consent } = start();
    expect(await failureOf(consent.forget(person, { contry: 'SG' } as never))).toMatchObject({
      path: 'query.contry',
    });
    expect(await failureOf(consent.forget('nobody'))).toMatchObject({ code: 'invalid-phone-number' });
    expect(await failureOf(consent.history(person, { contry: 'SG' } as never))).toMatchObject({
      path: 'query.contry',
    });
  });

  it('never shows the secret', async () => {
    const { sms, consent, events } = start();
    await consent.forget(person);
    const { inspect } = await import('node:util');
    expect(inspect([sms, consent, events], { depth: 10, showHidden: true })).not.toContain(forgetSecret);
    expect(() => start({ forgetSecret: 'too short a secret' })).toThrow(
      /guards.consent.forgetSecret must be a string of 32 to 1000 characters/,
    );
    try {
      start({ forgetSecret: 'short-canary' });
    } catch (error) {
      expect(String(error)).not.toContain('short-canary');
    }
  });
});

it('a batch looks up both keys of every person in one call', async () => {
  const memory = memoryConsentLedger();
  const calls: number[] = [];
  const get: typeof memory.get = (keys) => {
    calls.push(keys.length);
    return memory.get(keys);
  };
  const { sms, consent } = start({ ledger: { ...memory, get } });
  await consent.revoke(numberOf(150), { source: 'x' });
  await consent.forget(numberOf(150));
  calls.length = 0;
  const destinations = Array.from({ length: 200 }, (_, index) => numberOf(index));
  const { counts, results } = await sms.messages.sendBatch({ destinations, template: { text: 'Hi' } });
  expect(calls).toEqual([400]);
  expect(counts).toMatchObject({ accepted: 199, blocked: 1 });
  expect(results[150]).toMatchObject({ status: 'blocked', error: { reason: 'opted-out' } });
});
