import { describe, expect, it } from 'vitest';
import { createCostOf } from '../../../src/guards/message-cost.ts';
import { messageOf } from '../../support/outgoing-message.ts';

const list = (country: string) => (country === 'SG' ? { perPart: 0.041, currency: 'EUR' } : undefined);
const message = messageOf({ destination: '+6591234567', text: 'x'.repeat(400) });

describe('createCostOf', () => {
  it('multiplies the parts by the price of the account', () => {
    expect(createCostOf(false, list)(message)).toEqual({
      parts: 3,
      cost: { amount: 0.123, currency: 'EUR' },
    });
  });

  it('takes the number of parts that 8x8 says', () => {
    expect(createCostOf(false, list)(message, 2).cost).toEqual({ amount: 0.082, currency: 'EUR' });
  });

  it('prefers prices of the budget, by country or default', () => {
    expect(createCostOf({ prices: { sg: 0.1 } }, list)(message).cost).toEqual({
      amount: 0.3,
      currency: 'USD',
    });
    const byDefault = createCostOf({ prices: { default: 0.2 }, currency: 'EUR' }, list)(message);
    expect(byDefault.cost).toEqual({ amount: 0.6, currency: 'EUR' });
  });

  it('tells the parts alone where no price is known', () => {
    expect(createCostOf({ prices: 'account' }, () => undefined)(message)).toEqual({ parts: 3 });
  });

  it('tells nothing of a verification, whose text 8x8 writes', () => {
    expect(createCostOf(false, list)({ ...message, content: undefined })).toEqual({});
  });
});
