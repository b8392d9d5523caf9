import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { normalisePhone } from '../../../src/phone/normalise-phone.ts';
import {
  deliveryErrorOf,
  RESERVED_NUMBERS,
  reservedNumber,
} from '../../../src/sandbox/network/reserved-numbers.ts';

const documented = readFileSync(new URL('../../../docs/sandbox.md', import.meta.url), 'utf8');

describe('reserved numbers', () => {
  test.each(RESERVED_NUMBERS)('$number is a valid mobile number, and documented', ({ number, effect }) => {
    expect(normalisePhone(number, undefined)).toMatchObject({
      ok: true,
      phone: { e164: number, type: 'MOBILE' },
    });
    expect(documented).toContain(`| \`${number}\` | ${effect} |`);
    expect(reservedNumber(number)?.effect).toBe(effect);
    expect(deliveryErrorOf(number)).toBeUndefined();
  });

  test.each([
    ['+6590000015', 15],
    ['+6590000059', 59],
    ['+6590000099', 99],
    ['+6590000000', undefined],
    ['+6590000098', undefined],
    ['+6590000115', undefined],
    ['+6591234515', undefined],
  ])('%s stands for the delivery error %s', (number, code) => {
    expect(deliveryErrorOf(number)?.code).toBe(code);
  });
});
