import { describe, expect, it } from 'vitest';
import { normalisePhone, type Phone } from '../../../src/phone/normalise-phone.ts';
import { createPhonePolicy, judgePhone, type PhonePolicyOptions } from '../../../src/phone/policy.ts';

function judge(raw: string, options?: PhonePolicyOptions) {
  const result = normalisePhone(raw, undefined);
  if (!result.ok) throw new Error(result.reason);
  return judgePhone(result.phone, createPhonePolicy(options));
}

describe('judgePhone', () => {
  it('accepts: possible lets a number without a range pass, and no wrong length', () => {
    expect(judge('+447700900123')?.reason).toBe('not-valid');
    expect(judge('+447700900123', { accept: 'possible' })).toBeUndefined();
    expect(judge('+65912345', { accept: 'possible' })?.reason).toBe('not-possible');
  });

  it('types: opens and closes', () => {
    expect(judge('+441212345678', { types: ['FIXED_LINE'] })).toBeUndefined();
    expect(judge('+445612345678', { types: ['MOBILE', 'VOIP'] })).toBeUndefined();
    expect(judge('+12015550123', { types: ['MOBILE'] })?.reason).toBe('number-type');
    expect(judge('+449012345678', { types: ['PREMIUM_RATE'] })).toBeUndefined();
    expect(judge('+18005550199', { types: ['MOBILE'] })?.reason).toBe('number-type');
  });

  it('types: toll-free outside +1 stays closed', () => {
    expect(judge('+448001234567', { types: ['TOLL_FREE'] })?.reason).toBe('toll-free');
  });

  it('callingCodes.allow: only these', () => {
    const options = { callingCodes: { allow: ['65'] } };
    expect(judge('+6591234567', options)).toBeUndefined();
    expect(judge('+12015550123', options)?.reason).toBe('calling-code-not-allowed');
  });

  it('callingCodes.block: wins over allow, and replaces the default', () => {
    expect(judge('+6591234567', { callingCodes: { allow: ['65'], block: ['65'] } })?.reason).toBe(
      'calling-code-blocked',
    );
    expect(judge('+870301234567', { callingCodes: { allow: ['870'] } })?.reason).toBe('calling-code-blocked');
    expect(judge('+870301234567', { callingCodes: { block: [] } })).toBeUndefined();
    expect(judge('+979123456789', { callingCodes: { block: [] } })?.reason).toBe('premium-rate');
  });

  it.each([
    ['+541123456789', 'has a 9 after +54'],
    ['+5212221234567', 'no 1 after +52'],
    ['+551161234567', 'nine digits'],
    ['+22501234567', 'ten digits since 2021'],
    ['+22997123456', '01 was added'],
    ['+841651234567', 'lost one in 2018'],
    ['+23795123456', 'a 6 was added'],
  ])('knows the usual mistake in %s', (raw, words) => {
    expect(judge(raw)?.hint).toContain(words);
  });

  it('never shows the number', () => {
    const phones = [
      '+541123456789',
      '+870301234567',
      '+65912345',
      '+447700900123',
      '+449012345678',
      '+448001234567',
    ];
    for (const raw of phones) {
      const hint = judge(raw)?.hint ?? '';
      expect(hint).not.toBe('');
      expect(hint).not.toContain(raw.slice(-6));
    }
    expect(judge('+12015550123', { callingCodes: { allow: [] } })?.hint).not.toContain('5550123');
  });

  it('looks at nothing but the number and the policy', () => {
    const phone: Phone = {
      e164: '+6591234567',
      msisdn: '6591234567',
      key: 6591234567,
      country: 'SG',
      callingCode: '65',
      type: 'VOICEMAIL',
      valid: true,
      possible: true,
    };
    expect(judgePhone(phone, createPhonePolicy())).toEqual({
      reason: 'number-type',
      hint: 'Numbers of type VOICEMAIL are not in guards.phone.types.',
    });
  });
});
