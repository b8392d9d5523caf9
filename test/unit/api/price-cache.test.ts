import { describe, expect, it } from 'vitest';
import { createPriceCache } from '../../../src/api/price-cache.ts';
import type { SubAccountPrices } from '../../../src/api/prices.ts';

const SUB_ACCOUNT = 'team_otp';

/** A price list of one country. */
function listOf(country: string, amounts: readonly number[], currency = 'USD'): readonly SubAccountPrices[] {
  const operators = amounts.map((amount) => ({ hni: [], price: { amount, currency } }));
  return [
    { subAccountId: SUB_ACCOUNT, outbound: [{ alpha2Code: country, operators }], inbound: [] },
    { subAccountId: 'other', outbound: [{ alpha2Code: country, operators: [] }], inbound: [] },
  ];
}

const usd = (perSms: number) => ({ perSms, currency: 'USD' });

describe('the price book', () => {
  it('knows what the list says, and says so', () => {
    const book = createPriceCache(SUB_ACCOUNT);
    expect(book.find('SG')).toBeUndefined();
    book.record(listOf('sg', [0.03, 0.05, 0.04]));
    book.record(listOf('ID', [0.4]));
    expect(book.find('SG')).toEqual({
      perPart: 0.05,
      currency: 'USD',
      isHighestOfSeveral: true,
      source: 'price-list',
    });
    expect(book.find('ID')).toMatchObject({ perPart: 0.4, isHighestOfSeveral: false });
    book.record(listOf('ID', []));
    expect(book.find('ID')).toMatchObject({ perPart: 0.4 });
  });

  it('a receipt replaces the one price of a list, up or down, and a newer list replaces the receipt', () => {
    for (const real of [0.02, 0.06]) {
      const book = createPriceCache(SUB_ACCOUNT);
      book.record(listOf('SG', [0.034]));
      book.learn(SUB_ACCOUNT, 'SG', usd(real));
      expect(book.find('SG')).toEqual({
        perPart: real,
        currency: 'USD',
        isHighestOfSeveral: false,
        source: 'receipt',
      });
      book.record(listOf('SG', [0.034]));
      expect(book.find('SG')).toMatchObject({ perPart: 0.034, source: 'price-list' });
    }
  });

  it('a receipt tells the price where no list was fetched', () => {
    const book = createPriceCache(SUB_ACCOUNT);
    book.learn(SUB_ACCOUNT, 'sg', usd(0.04));
    expect(book.find('SG')).toMatchObject({ perPart: 0.04, source: 'receipt' });
  });

  it('one operator’s low price does not make a country of several look cheap', () => {
    const book = createPriceCache(SUB_ACCOUNT);
    book.record(listOf('ID', [0.03, 0.05]));
    book.learn(SUB_ACCOUNT, 'ID', usd(0.03));
    expect(book.find('ID')).toMatchObject({ perPart: 0.05, isHighestOfSeveral: true, source: 'price-list' });
    book.learn(SUB_ACCOUNT, 'ID', usd(0.05));
    expect(book.find('ID')).toMatchObject({ perPart: 0.05, isHighestOfSeveral: true, source: 'receipt' });
    book.learn(SUB_ACCOUNT, 'ID', usd(0.07));
    expect(book.find('ID')).toMatchObject({ perPart: 0.07, isHighestOfSeveral: true, source: 'receipt' });
  });

  it('keeps the highest price of receipts that differ, in any order, and ignores a repeated one', () => {
    for (const prices of [
      [0.03, 0.05, 0.03],
      [0.05, 0.03, 0.05],
    ]) {
      const book = createPriceCache(SUB_ACCOUNT);
      for (const price of prices) book.learn(SUB_ACCOUNT, 'SG', usd(price));
      expect(book.find('SG')).toMatchObject({ perPart: 0.05, isHighestOfSeveral: true, source: 'receipt' });
    }
    const book = createPriceCache(SUB_ACCOUNT);
    for (const price of [0.03, 0.03]) book.learn(SUB_ACCOUNT, 'SG', usd(price));
    expect(book.find('SG')).toMatchObject({ perPart: 0.03, isHighestOfSeveral: false });
  });

  it('the amount that was charged counts when the currencies differ', () => {
    const book = createPriceCache(SUB_ACCOUNT);
    book.record(listOf('DE', [0.09, 0.1], 'USD'));
    book.learn(SUB_ACCOUNT, 'DE', { perSms: 0.07, currency: 'EUR' });
    expect(book.find('DE')).toEqual({
      perPart: 0.07,
      currency: 'EUR',
      isHighestOfSeveral: false,
      source: 'receipt',
    });
  });

  it.each([
    [-0.01, 'USD'],
    [0, 'USD'],
    [Number.NaN, 'USD'],
    [Number.POSITIVE_INFINITY, 'USD'],
    [1_000_001, 'USD'],
    ['0.03' as never, 'USD'],
    [0.03, ''],
    [0.03, 'usd'],
    [0.03, 'DOLLARS'],
    [0.03, undefined as never],
  ])('%s %s is not believed', (perSms, currency) => {
    const book = createPriceCache(SUB_ACCOUNT);
    book.learn(SUB_ACCOUNT, 'SG', { perSms, currency });
    expect(book.find('SG')).toBeUndefined();
    book.record(listOf('SG', [0.034]));
    book.learn(SUB_ACCOUNT, 'SG', { perSms, currency });
    expect(book.find('SG')).toMatchObject({ perPart: 0.034, source: 'price-list' });
  });

  it('another sub-account’s receipt is another price list', () => {
    const book = createPriceCache(SUB_ACCOUNT);
    book.learn('team_marketing', 'SG', usd(0.04));
    expect(book.find('SG')).toBeUndefined();
  });

  it('is bounded, whatever countries it is told', () => {
    const book = createPriceCache(SUB_ACCOUNT);
    for (let turn = 0; turn < 1000; turn += 1) book.learn(SUB_ACCOUNT, `X${turn}`, usd(0.04));
    const known = Array.from({ length: 1000 }, (_, turn) => book.find(`X${turn}`)).filter(Boolean);
    expect(known).toHaveLength(300);
  });
});
