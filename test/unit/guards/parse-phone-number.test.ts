import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidPhoneNumberError, ValidationError } from '../../../src/errors.ts';
import { parsePhoneNumber } from '../../../src/index.ts';
import { testClient } from '../../support/client.ts';
import { failureOf } from '../../support/transport.ts';

describe('parsePhoneNumber', () => {
  it('returns the facts of a number that may get an SMS', () => {
    expect(parsePhoneNumber(' 9123 4567 ', { country: 'SG' })).toEqual({
      accepted: true,
      valid: true,
      e164: '+6591234567',
      country: 'SG',
      callingCode: '65',
      type: 'MOBILE',
    });
  });

  it('leaves the country out of a number that belongs to none', () => {
    const parsed = parsePhoneNumber('+80012345678');
    expect(parsed).toMatchObject({ accepted: false, e164: '+80012345678', callingCode: '800' });
    expect('country' in parsed).toBe(false);
  });

  it.each([
    ['+6561234567', {}, { reason: 'number-type', valid: true, e164: '+6561234567', type: 'FIXED_LINE' }],
    ['+6591234567', { guard: { callingCodes: { block: ['65'] } } }, { reason: 'calling-code-blocked' }],
    ['+65912345', {}, { reason: 'not-possible', valid: false, e164: '+65912345' }],
    ['9123 4567', {}, { reason: 'no-country', valid: false }],
    ['6591234567', { bareDigits: 'refuse' }, { reason: 'bare-digits' }],
    ['', {}, { reason: 'empty' }],
    [undefined, {}, { reason: 'not-a-string' }],
    [6591234567, {}, { reason: 'not-a-string' }],
  ] as const)('says why %j is refused with %j', (input, options, expected) => {
    const parsed = parsePhoneNumber(input, options);
    expect(parsed).toMatchObject({ accepted: false, ...expected });
    expect(parsed.accepted ? '' : parsed.message).not.toContain('9123');
  });

  it('accepts what the options of the guard open', () => {
    expect(parsePhoneNumber('+6561234567', { guard: { types: ['FIXED_LINE'] } })).toMatchObject({
      accepted: true,
    });
  });

  it.each([
    [{ region: 'SG' }, 'options.region'],
    [{ country: 'Singapore' }, 'options.country'],
    [{ guard: { mode: 'monitor' } }, 'options.guard.mode'],
    [{ guard: { types: ['CELL'] } }, 'options.guard.types[0]'],
  ])('refuses the options %j', (options, path) => {
    const parse = () => parsePhoneNumber('+6591234567', options as never);
    expect(parse).toThrow(ValidationError);
    expect(parse).toThrow(expect.objectContaining({ path }));
  });

  it('gives the verdict that a send gets', async () => {
    const { sms } = testClient({ defaultCountry: 'SG', guards: { recipient: false } });
    const input = fc.oneof(
      fc.constantFrom('+6591234567', '91234567', '+6561234567', '+449012345678', '+88212345678', '091234567'),
      fc.string({ maxLength: 12, unit: fc.constantFrom(...'+0123456789 -x') }),
    );
    await fc.assert(
      fc.asyncProperty(input, async (destination) => {
        const parsed = parsePhoneNumber(destination, { country: 'SG' });
        if (parsed.accepted) {
          await expect(sms.messages.send({ destination, text: 'Hello' })).resolves.toBeDefined();
          return;
        }
        const error = await failureOf(sms.messages.send({ destination, text: 'Hello' }));
        expect(error).toBeInstanceOf(InvalidPhoneNumberError);
        expect(error).toMatchObject({ reason: parsed.reason });
      }),
      { numRuns: 150 },
    );
  });
});
