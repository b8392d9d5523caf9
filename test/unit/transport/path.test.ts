import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ValidationError } from '../../../src/errors.ts';
import { encodeQuery, expandPath } from '../../../src/transport/path.ts';

const TEMPLATE = '/api/v1/subaccounts/{subAccountId}/messages/{umid}';

describe('expandPath', () => {
  it('encodes what would end or split a segment', () => {
    expect(expandPath(TEMPLATE, { subAccountId: 'a&b/c?d#e', umid: 'é %2e' })).toBe(
      '/api/v1/subaccounts/a%26b%2Fc%3Fd%23e/messages/%C3%A9%20%252e',
    );
  });

  it.each([
    ['empty', ''],
    ['one dot', '.'],
    ['two dots', '..'],
    ['half a surrogate pair', '\ud800'],
    ['a number', 7 as unknown as string],
  ])('refuses %s', (_, umid) => {
    expect(() => expandPath(TEMPLATE, { subAccountId: 'a', umid })).toThrow(ValidationError);
    expect(() => expandPath(TEMPLATE, { subAccountId: 'a', umid })).toThrow(/umid/);
  });

  it('refuses a segment that is missing or only inherited', () => {
    expect(() => expandPath('/{toString}', {})).toThrow(ValidationError);
  });

  it('makes exactly one segment of any text', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (umid) => {
        fc.pre(umid !== '.' && umid !== '..');
        const { pathname } = new URL(expandPath(TEMPLATE, { subAccountId: 'a', umid }), 'https://x.test');
        const segments = pathname.split('/');
        expect(segments).toHaveLength(7);
        expect(decodeURIComponent(segments[6] ?? '')).toBe(umid);
      }),
    );
  });
});

describe('encodeQuery', () => {
  it('encodes values and leaves out what is undefined', () => {
    expect(encodeQuery({ code: '12&3', limit: 5, none: undefined })).toBe('?code=12%263&limit=5');
    expect(encodeQuery({ none: undefined })).toBe('');
  });
});
