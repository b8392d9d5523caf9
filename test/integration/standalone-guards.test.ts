import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';
import {
  AbortedError,
  ConfigurationError,
  GuardError,
  InvalidPhoneNumberError,
  LimitError,
  SmsError,
  StoreError,
  ValidationError,
} from '../../src/errors.ts';
import type { SmsEvent } from '../../src/events.ts';
import type { LimitStore } from '../../src/limits/limit-store.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import {
  type AdmissionOutcome,
  createGuards,
  type StandaloneGuardsOptions,
  type StandaloneMessage,
} from '../../src/standalone/index.ts';
import { CANARY_NUMBER, CANARY_TEXT, expectNoCanary } from '../support/canary.ts';
import { numberOf } from '../support/client.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { errorOf } from '../support/sms-client.ts';

const message = { destination: numberOf(1), text: 'Hello' };
const otp = { ...message, text: 'Your code is 4711', purpose: 'otp' } as const;
/** Two messages in half an hour. */
const TWO = { recipient: { windows: [{ limit: 2, windowMs: 1_800_000 }] } } as const;

function start(options: StandaloneGuardsOptions = {}) {
  const clock = createFakeClock();
  const events: SmsEvent[] = [];
  const guards = createGuards({ clock, onEvent: (event) => void events.push(event), ...options });
  return { guards, clock, events };
}

describe('createGuards: admit', () => {
  it('gives everything that another provider needs', async () => {
    const { guards, events } = start({ defaultCountry: 'SG', source: 'TEAM' });
    const admitted = await guards.admit({
      destination: '9123 4567',
      text: 'Grüße 🙂',
      clientMessageId: 'own-1',
    });
    const { destination, text, source, parts, encoding, clientMessageId, retryAt } = admitted;
    expect({ destination, text, source, parts, encoding, clientMessageId, retryAt }).toEqual({
      destination: '+6591234567',
      text: 'Grüße 🙂',
      source: 'TEAM',
      parts: 1,
      encoding: 'UCS2',
      clientMessageId: 'own-1',
      retryAt: undefined,
    });
    expect(events.map(({ type }) => type)).toEqual(['message-admitted']);
  });

  it('gives the text as the content guard has changed it', async () => {
    const { guards } = start({ guards: { content: { transliterate: 'to-save-parts' } } });
    const long = 'a'.repeat(80);
    const { text, parts } = await guards.admit({ ...message, text: `“${long}”` });
    expect([text, parts]).toEqual([`"${long}"`, 1]);
  });

  it('says when the next one-time password may follow, and refuses an earlier one', async () => {
    const { guards, clock } = start();
    const admitted = await guards.admit(otp);
    expect(admitted.retryAt).toBe(clock.now() + 30_000);
    await guards.settle(admitted, 'sent');
    const error = await errorOf(guards.admit(otp));
    expect(error).toBeInstanceOf(LimitError);
    expect(error).toMatchObject({ guard: 'backoff', submission: 'not-submitted', retryAfterMs: 30_000 });
  });

  it.each<[string, StandaloneGuardsOptions, StandaloneMessage, string, string]>([
    ['a number', {}, { ...message, destination: '+65123' }, 'phone', 'InvalidPhoneNumberError'],
    ['a country', { guards: { countries: { allow: ['ID'] } } }, message, 'countries', 'GuardError'],
    ['advertising without an opt-in', {}, { ...message, purpose: 'marketing' }, 'consent', 'ConsentError'],
    ['a person outside of staging', { allowedRecipients: [] }, message, 'allowedRecipients', 'GuardError'],
    [
      'money',
      { guards: { budget: { perDay: 0.05, reserved: 0, prices: { default: 0.06 } } } },
      message,
      'budget',
      'LimitError',
    ],
  ])('refuses %s with the error of send', async (_, options, refused, guard, name) => {
    const { guards, events } = start(options);
    const error = (await errorOf(guards.admit(refused))) as GuardError;
    expect(GuardError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ name, guard, submission: 'not-submitted' });
    expect(error.decision.explanation).not.toBe('');
    expect(events.map(({ type }) => type)).toEqual(['message-blocked']);
  });

  it('refuses who opted out in a ledger', async () => {
    const ledger = memoryConsentLedger();
    const { guards, clock } = start({ guards: { consent: { ledger } } });
    const choice = { state: 'opted-out', scope: 'all', source: 'twilio', at: clock.now() } as const;
    await ledger.append([{ key: message.destination, ...choice }]);
    await expect(guards.admit(message)).rejects.toMatchObject({ guard: 'consent', reason: 'opted-out' });
  });

  it.each([
    ['a field that only 8x8 has', { ...message, track: 'Outcome' }, 'track'],
    ['a missing text', { destination: message.destination }, 'text'],
    ['no message', undefined, ''],
  ])('refuses %s', async (_, input, path) => {
    const { guards } = start();
    const error = await errorOf(guards.admit(input as unknown as StandaloneMessage));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path, submission: 'not-submitted' });
  });

  it('refuses call options that belong to requests', async () => {
    const { guards } = start();
    const error = await errorOf(guards.admit(message, { maxAttempts: 3 } as object));
    expect(error).toMatchObject({ code: 'validation', path: 'options.maxAttempts' });
  });

  it('ends with its signal', async () => {
    const { guards } = start();
    const error = await errorOf(guards.admit(message, { signal: AbortSignal.abort() }));
    expect(error).toBeInstanceOf(AbortedError);
  });

  it('refuses while the store is out, and takes a copy of the message', async () => {
    const store = memoryLimits();
    const limits: LimitStore = {
      take: () => Promise.reject(new Error(CANARY_TEXT)),
      settle: (...call) => store.settle(...call),
      inspect: (...call) => store.inspect(...call),
      release: (...call) => store.release(...call),
    };
    const failing = start({ limits, onError: () => {} });
    await expect(failing.guards.admit(message)).rejects.toBeInstanceOf(StoreError);
    const { guards } = start();
    const input = { ...message };
    const pending = guards.admit(input);
    input.destination = numberOf(2);
    expect((await pending).destination).toBe(message.destination);
  });

  it('lets two of ten messages through that come at once', async () => {
    const { guards } = start({ guards: TWO });
    const all = await Promise.allSettled(Array.from({ length: 10 }, () => guards.admit(message)));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
  });

  it('counts together with another one of the same scope and store', async () => {
    const clock = createFakeClock();
    const limits = memoryLimits({ clock });
    const [one, other] = [start({ clock, limits, guards: TWO }), start({ clock, limits, guards: TWO })];
    const apart = start({ clock, limits, guards: TWO, scope: 'other' });
    await one.guards.admit(message);
    await other.guards.admit(message);
    await expect(one.guards.admit(message)).rejects.toBeInstanceOf(LimitError);
    expect((await apart.guards.admit(message)).destination).toBe(message.destination);
  });
});

describe('createGuards: settle', () => {
  it.each<[AdmissionOutcome | 'never', boolean]>([
    ['sent', false],
    ['unknown', false],
    ['never', false],
    ['not-sent', true],
  ])('%s: given back %s', async (outcome, isGivenBack) => {
    const { guards, clock } = start({ guards: TWO });
    for (let count = 0; count < 2; count += 1) {
      const admitted = await guards.admit(message);
      if (outcome !== 'never') await guards.settle(admitted, outcome);
    }
    clock.advance(20 * 60_000);
    const next = await Promise.allSettled([guards.admit(message)]);
    expect(next[0].status).toBe(isGivenBack ? 'fulfilled' : 'rejected');
  });

  it('settles once, also when ten try at the same time', async () => {
    const { guards } = start({ guards: TWO });
    const admitted = await guards.admit(message);
    const all = await Promise.allSettled(
      Array.from({ length: 10 }, () => guards.settle(admitted, 'not-sent')),
    );
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of all) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ path: 'admitted' });
    }
    expect((await guards.guards.inspect(message.destination)).counters).toContainEqual(
      expect.objectContaining({ guard: 'recipient', count: 0 }),
    );
  });

  it('refuses what others admitted, and outcomes that do not exist', async () => {
    const { guards } = start();
    const foreign = await start().guards.admit(message);
    await expect(guards.settle(foreign, 'sent')).rejects.toBeInstanceOf(ValidationError);
    const own = await guards.admit(message);
    const odd = errorOf(guards.settle(own, 'delivered' as AdmissionOutcome));
    expect(await odd).toMatchObject({ code: 'validation', path: 'outcome' });
    await guards.settle(own, 'sent');
  });

  it('keeps the take, and tells, when the store fails', async () => {
    const clock = createFakeClock();
    const store = memoryLimits({ clock });
    const limits: LimitStore = {
      take: (...call) => store.take(...call),
      settle: () => Promise.reject(new Error('out')),
      inspect: (...call) => store.inspect(...call),
      release: (...call) => store.release(...call),
    };
    const { guards, events } = start({ clock, limits, guards: TWO, onError: () => {} });
    await guards.settle(await guards.admit(message), 'not-sent');
    await guards.admit(message);
    expect(events.map(({ type }) => type)).toContain('store-failed');
    await expect(guards.admit(message)).rejects.toBeInstanceOf(LimitError);
  });
});

describe('createGuards: lookAgain', () => {
  it('is due after a second, and admits again without counting twice', async () => {
    const { guards, clock } = start({ guards: TWO });
    const admitted = await guards.admit(message);
    expect(admitted.isCurrent()).toBe(true);
    clock.advance(1_001);
    expect(admitted.isCurrent()).toBe(false);
    await guards.lookAgain(admitted);
    expect(admitted.isCurrent()).toBe(true);
    await guards.settle(admitted, 'sent');
    expect(admitted.isCurrent()).toBe(false);
    expect((await guards.admit(message)).isCurrent()).toBe(true);
    await expect(guards.lookAgain(admitted)).rejects.toMatchObject({ path: 'admitted' });
  });

  it('takes anew what has become too old', async () => {
    const { guards, clock } = start();
    const admitted = await guards.admit(otp);
    clock.advance(10 * 60_000);
    await guards.lookAgain(admitted);
    expect(admitted.isCurrent()).toBe(true);
    expect(admitted.retryAt).toBe(clock.now() + 30_000);
  });

  it('refuses who opted out meanwhile, and gives the message back', async () => {
    let isOut = false;
    const check = async () => !isOut;
    const { guards, clock } = start({ guards: { ...TWO, consent: { check } } });
    const admitted = await guards.admit(message);
    clock.advance(2_000);
    isOut = true;
    await expect(guards.lookAgain(admitted)).rejects.toMatchObject({ guard: 'consent' });
    expect(admitted.isCurrent()).toBe(false);
    await expect(guards.settle(admitted, 'sent')).rejects.toBeInstanceOf(ValidationError);
    isOut = false;
    await guards.admit(message);
    await guards.admit(message);
  });
});

describe('createGuards: the rest', () => {
  it('explains, inspects and releases as a client does', async () => {
    const { guards } = start({ guards: TWO });
    await guards.admit(message);
    await guards.admit(message);
    expect(await guards.guards.explain(message)).toMatchObject({ verdict: 'refuse' });
    await guards.guards.release(message.destination);
    expect((await guards.admit(message)).parts).toBe(1);
  });

  it('refuses everything once closed, but settles', async () => {
    const { guards } = start();
    const admitted = await guards.admit(message);
    await guards.close();
    await expect(guards.admit(message)).rejects.toBeInstanceOf(ConfigurationError);
    await expect(guards.guards.explain(message)).rejects.toBeInstanceOf(ConfigurationError);
    expect(await guards.settle(admitted, 'sent')).toBeUndefined();
  });

  it('shares the memory of the process without a clock of its own', async () => {
    const scope = `standalone-${crypto.randomUUID()}`;
    const make = () => createGuards({ scope, guards: TWO });
    await make().admit(message);
    await make().admit(message);
    await expect(make().admit(message)).rejects.toBeInstanceOf(LimitError);
  });

  it.each([
    ['apiKey', { apiKey: 'x' }],
    ['guards.recipient.limits', { guards: { recipient: { limits: 3 } } }],
    ['guards.budget.prices', { guards: { budget: { perDay: 5 } } }],
    ['guards.budget.minBalance', { guards: { budget: { prices: { default: 1 }, minBalance: 5 } } }],
    ['guards.consent.inbound', { guards: { consent: { inbound: { optOutReply: 'Bye' } } } }],
    ['guards.quietHours.action', { guards: { quietHours: { action: 'schedule' } } }],
  ])('refuses the option %s', (option, options) => {
    const make = () => createGuards(options as StandaloneGuardsOptions);
    expect(make).toThrow(expect.objectContaining({ code: 'configuration', option }));
  });

  it('shows no number and no text in errors, events, lines and the admission itself', async () => {
    const lines: unknown[] = [];
    const write = (...line: readonly unknown[]) => void lines.push(line);
    const logger = { debug: write, info: write, warn: write, error: write };
    const { guards, events } = start({ logger, logLevel: 'debug', guards: TWO });
    const canary = { destination: CANARY_NUMBER, text: CANARY_TEXT };
    const admitted = await guards.admit(canary);
    await guards.settle(admitted, 'sent');
    await guards.admit(canary);
    const errors = [
      await errorOf(guards.admit(canary)),
      await errorOf(guards.settle(admitted, 'sent')),
      await errorOf(guards.admit({ ...canary, destination: `${CANARY_NUMBER}99999999` })),
    ];
    expect(errors.map((error) => SmsError.isInstance(error))).toEqual([true, true, true]);
    expect(errors[2]).toBeInstanceOf(InvalidPhoneNumberError);
    expect(lines.length).toBeGreaterThan(3);
    for (const each of [...errors, events, lines, inspect(admitted), JSON.stringify({ admitted })])
      expectNoCanary(each);
  });
});
