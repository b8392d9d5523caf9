import { describe, expect, it } from 'vitest';
import { createPumpingGuard, createPumpingRule, describePumpingRule } from '../../../src/guards/pumping.ts';
import { describeViolation } from '../../../src/guards/violation.ts';
import { messageOf } from '../../support/outgoing-message.ts';

const unknownPrices = () => undefined;

describe('the rule of pumping', () => {
  const allowanceOf = (
    ...[options, priceOf = unknownPrices]: Parameters<typeof createPumpingRule> | [object]
  ) => createPumpingRule(options, priceOf)(messageOf()).allowance;

  it('allows a country what the tolerance buys there: 8 to 120 codes, at 0.1 where no price is known', () => {
    expect(allowanceOf({})).toBeCloseTo(30, 9);
    expect(allowanceOf({ tolerance: { money: 1 } })).toBeCloseTo(10, 9);
    expect(allowanceOf({ prices: { SG: 0.05 } })).toBe(60);
    expect(allowanceOf({ prices: { SG: 5, ID: 0.01 } })).toBe(8);
    expect(allowanceOf({ prices: { SG: 0.001 } })).toBe(120);
  });

  it('takes known prices in its own currency, and given ones first', () => {
    const priceOf = () => ({ perPart: 0.2, currency: 'EUR' });
    expect(allowanceOf({}, priceOf)).toBeCloseTo(30, 9);
    expect(allowanceOf({ tolerance: { currency: 'EUR' } }, priceOf)).toBeCloseTo(15, 9);
    expect(allowanceOf({ tolerance: { currency: 'EUR' }, prices: { SG: 0.25 } }, priceOf)).toBe(12);
  });

  it('names country or calling code, the network of the visitor, and nothing else of them', () => {
    const ruleOf = createPumpingRule({}, unknownPrices);
    const { phone } = messageOf();
    expect(
      ruleOf({ phone, clientIp: '2001:db8::1', subject: 'device', isHuman: true, isReturning: true }),
    ).toEqual({
      kind: 'doubt',
      id: 'pumping',
      guard: 'pumping',
      key: phone.key,
      mode: 'monitor',
      country: 'SG',
      member: 'device',
      address: '2001:db8:0:0::/64',
      isHuman: true,
      isReturning: true,
      action: 'refuse',
      allowance: expect.closeTo(30, 9),
    });
    const satellite = { ...phone, country: undefined, callingCode: '881' };
    expect(ruleOf({ phone: satellite }).country).toBe('881');
    expect(ruleOf({ phone: { ...satellite, callingCode: '' } }).country).toBe('0');
  });
});

describe('the guard of pumping', () => {
  it('counts what pays an operator: SMS and calls, not WhatsApp, Viber and silent authentication', () => {
    const guard = createPumpingGuard({}, { prices: { find: unknownPrices } });
    const counted = ([undefined, 'sms', 'call', 'whatsapp', 'viber', 'sma'] as const).map(
      (channel) => guard.rules?.({ ...messageOf({ purpose: 'otp' }), channel }).length,
    );
    expect(counted).toEqual([1, 1, 1, 0, 0, 0]);
    expect(guard.rules?.(messageOf())).toEqual([]);
    expect([guard.mode, guard.action]).toEqual(['monitor', 'refuse']);
  });

  it('says what it counts of a number that it holds', () => {
    const rule = createPumpingRule({}, unknownPrices)(messageOf());
    expect(describePumpingRule(rule, 3, undefined)).toContain('3 of them to this number');
    expect(describePumpingRule(rule, 3, { place: 'range', limit: 2 })).toContain('of +6591xxxxxx were');
    // A store of a team's own may ask about a rule of another guard.
    expect(
      describeViolation({ rule: { ...rule, guard: 'recipient' }, reason: 'suspended', observed: 3 }),
    ).toBe('Too many codes to strangers were not entered.');
    const full = { rule, reason: 'capacity', observed: 0 } as const;
    expect(describeViolation(full)).toContain('The limit store is full');
  });
});
