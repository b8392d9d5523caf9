import { describe, expect, test } from 'vitest';
import { formatJson, formatMoney, formatNumber, formatWait } from '../../../src/sandbox/page/format.ts';

describe('the page', () => {
  test.each([
    ['+6591234567', '65', '+65 9123 4567'],
    ['+12025550143', '1', '+1 2025 5501 43'],
    ['+628127777007', '62', '+62 8127 7770 07'],
    ['+65******67', '65', '+65******67'],
    ['+870776123456', undefined, '+870776123456'],
    ['SHOP', '65', 'SHOP'],
  ])('shows the number %s as it is read', (key, callingCode, shown) => {
    expect(formatNumber(key, callingCode)).toBe(shown);
  });

  test.each([
    [0.034, 'USD', /0[.,]034/],
    [0, 'USD', /0[.,]00$/],
    [191.123, 'USD', /191[.,]12/],
    [2, 'not a currency', /^2\.00 not a currency$/],
  ])('shows the amount %d %s with the digits that matter', (amount, currency, shown) => {
    expect(formatMoney(amount, currency)).toMatch(shown);
  });

  test('shows waits in words, and JSON with indents', () => {
    expect([18_000, 119_000, 180_000, 7_200_000].map(formatWait)).toEqual(['18 s', '119 s', '3 min', '2 h']);
    expect(formatJson('{"a":1}')).toBe('{\n  "a": 1\n}');
    expect(formatJson('<html>')).toBe('<html>');
  });
});
