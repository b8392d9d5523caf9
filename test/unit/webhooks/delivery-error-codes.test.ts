import { describe, expect, it } from 'vitest';
import { DELIVERY_ERROR_CODES, describeDeliveryError } from '../../../src/webhooks/delivery-error-codes.ts';

describe('delivery error codes', () => {
  it('are all of 8x8’s, 0 to 61 without 6, and 99, each once and in order', () => {
    const expected = [...Array.from({ length: 62 }, (_, code) => code).filter((code) => code !== 6), 99];
    expect(DELIVERY_ERROR_CODES.map(({ code }) => code)).toEqual(expected);
    expect(new Set(DELIVERY_ERROR_CODES.map(({ meaning }) => meaning)).size).toBe(expected.length);
    for (const { meaning } of DELIVERY_ERROR_CODES) expect(meaning).toMatch(/^[A-Z][A-Za-z0-9 ]+$/);
  });

  it('say that a number does not exist only where the description is unambiguous', () => {
    const certain = DELIVERY_ERROR_CODES.filter(({ kind }) => kind === 'no-such-number');
    expect(certain).toEqual([{ code: 59, meaning: 'Unknown subscriber', kind: 'no-such-number' }]);
    for (const code of [1, 13, 15, 16, 28, 46, 47, 55]) {
      expect(describeDeliveryError(code)?.kind, String(code)).not.toBe('no-such-number');
    }
  });

  it('are found by their number, and an unknown one is not guessed', () => {
    expect(describeDeliveryError(0)).toEqual({ code: 0, meaning: 'No reason code', kind: 'none' });
    expect(describeDeliveryError(46)).toMatchObject({
      meaning: 'Subscriber not reachable',
      kind: 'temporary',
    });
    for (const code of [6, 62, -1, 1.5, Number.NaN]) expect(describeDeliveryError(code)).toBeUndefined();
  });

  it('call a message that 8x8 stopped fraud, and no other', () => {
    const fraud = DELIVERY_ERROR_CODES.filter(({ kind }) => kind === 'fraud');
    expect(fraud).toEqual([{ code: 99, meaning: 'Rejected by 8x8', kind: 'fraud' }]);
  });

  it('cannot be changed by a caller', () => {
    expect(Object.isFrozen(DELIVERY_ERROR_CODES)).toBe(true);
    expect(DELIVERY_ERROR_CODES.every((each) => Object.isFrozen(each))).toBe(true);
  });
});
