import { describe, expect, it } from 'vitest';
import { GUARD_NAMES } from '../../../src/guards/registry.ts';
import { ConfigurationError, type GuardsOptions, memoryConsentLedger, presets } from '../../../src/index.ts';
import { numberOf, testClient } from '../../support/client.ts';

/** Guards that the team writes itself. */
const OWN: readonly string[] = ['custom', 'policy'];
const DECIDED = { countries: ['SG'], budgetPerDay: 20 } as const;

describe('presets', () => {
  it.each<[string, GuardsOptions]>([
    ['otp', presets.otp(DECIDED)],
    ['otp that can ask', presets.otp({ ...DECIDED, canAsk: true })],
    ['otp without limits', presets.otp({ countries: false, budgetPerDay: false })],
    ['transactional', presets.transactional()],
    ['marketing', presets.marketing({ ...DECIDED, consent: { ledger: memoryConsentLedger() } })],
  ])('%s sets every guard, and a client takes it', async (_name, guards) => {
    expect(Object.keys(guards).sort()).toEqual(GUARD_NAMES.filter((name) => !OWN.includes(name)).sort());
    const { sms } = testClient({ guards });
    await sms.messages.send({ destination: numberOf(1), text: 'Your code is 4711', purpose: 'otp' });
  });
});

describe('presets.otp', () => {
  it.each<[object, string]>([
    [{ budgetPerDay: 20 }, 'countries'],
    [{ countries: undefined, budgetPerDay: 20 }, 'countries'],
    [{ countries: ['SG'] }, 'budgetPerDay'],
    [{}, 'countries'],
  ])('does not start with %j', (options, option) => {
    try {
      presets.otp(options as never);
      expect.fail('it started');
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error).toMatchObject({
        option,
        message: expect.stringContaining(`presets.otp: ${option} is missing.`),
      });
    }
  });

  it('does not start without options', () => {
    expect(() => presets.otp(undefined as never)).toThrow(ConfigurationError);
  });

  it('names countries and money, and asks where it can', () => {
    expect(presets.otp(DECIDED)).toMatchObject({
      countries: { allow: ['SG'] },
      budget: { perDay: 20, onExceeded: 'refuse' },
      prefix: { action: 'refuse' },
      clientIp: { action: 'refuse' },
    });
    expect(presets.otp({ ...DECIDED, canAsk: true })).toMatchObject({
      budget: { onExceeded: 'ask' },
      prefix: { action: 'ask' },
      clientIp: { action: 'ask' },
    });
    expect(presets.otp({ countries: false, budgetPerDay: false })).toMatchObject({
      countries: false,
      budget: {},
    });
    expect(presets.otp({ countries: { deny: ['CU'] }, budgetPerDay: 1 }).countries).toEqual({ deny: ['CU'] });
  });

  it('spreads the money over the day, where there is enough of it', () => {
    const perHour = (budgetPerDay: number | false, more = {}) => {
      return (presets.otp({ ...DECIDED, budgetPerDay, ...more }).budget as { perHour?: number }).perHour;
    };
    expect([6, 30, 60, 600].map((amount) => perHour(amount))).toEqual([5, 7.5, 15, 150]);
    expect([false as const, 1, 5].map((amount) => perHour(amount))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(perHour(600, { budget: { perHour: 300 } })).toBe(300);
    expect(presets.transactional({ budgetPerDay: 600 }).budget).toEqual({
      perDay: 600,
      onExceeded: 'refuse',
    });
  });

  it('is overridden guard by guard, and option by option', () => {
    const guards = presets.otp({
      ...DECIDED,
      canAsk: true,
      clientIp: false,
      prefix: { mode: 'monitor' },
      budget: { perHour: 5 },
      recipient: [{ limit: 3, windowMs: 60_000 }],
      backoff: undefined,
    });
    expect(guards).toMatchObject({
      clientIp: false,
      prefix: { mode: 'monitor', action: 'ask' },
      budget: { perHour: 5, perDay: 20, onExceeded: 'ask' },
      recipient: [{ limit: 3, windowMs: 60_000 }],
      backoff: {},
    });
  });

  it('passes a misspelt option on to the client, which refuses it', () => {
    const guards = presets.otp({ ...DECIDED, canAks: true } as never);
    expect(() => testClient({ guards })).toThrow(/guards\.canAks is unknown/);
  });

  it('stops a flood at the amount', async () => {
    const { sms, of } = testClient({
      guards: presets.otp({ ...DECIDED, budgetPerDay: 1, budget: { prices: { SG: 0.1 } }, prefix: false }),
    });
    let sent = 0;
    for (let index = 0; index < 50; index += 1) {
      const message = {
        destination: numberOf(index * 10_000),
        text: 'Your code is 4711',
        purpose: 'otp',
      } as const;
      await sms.messages.send(message).then(
        () => {
          sent += 1;
        },
        () => {},
      );
    }
    expect(sent).toBe(8);
    expect(of('message-blocked').at(-1)).toMatchObject({
      decision: { guard: 'budget', reason: 'over-budget' },
    });
  });
});

describe('the other presets', () => {
  it('keep one marketing message a day, and 20 transactional ones', () => {
    expect(presets.marketing().recipient).toEqual({
      perPurpose: { marketing: [{ limit: 1, windowMs: 86_400_000 }] },
    });
    expect(presets.transactional().recipient).toMatchObject({
      perPurpose: { transactional: [{ limit: 20 }] },
    });
    expect(presets.transactional({ prefix: {} }).prefix).toEqual({});
  });
});
