import { describe, expect, it, vi } from 'vitest';
import { createAuthorizationCheck } from '../../../../src/webhooks/authentication/authorization.ts';
import { AUTHORIZATION } from '../../../support/webhooks.ts';

const OTHER = 'Bearer 9e8d7c6b-5a4f-3e2d';
const given = (authorization: string | undefined) => ({
  header: (name: string) => (name === 'authorization' ? authorization : undefined),
});

describe('authorization', () => {
  it('accepts the literal header and nothing similar', async () => {
    const check = createAuthorizationCheck(AUTHORIZATION);
    expect(await check(given(AUTHORIZATION))).toBeUndefined();
    for (const wrong of [
      undefined,
      '',
      ` ${AUTHORIZATION}`,
      AUTHORIZATION.toLowerCase(),
      AUTHORIZATION.slice(0, -1),
      `${AUTHORIZATION}a`,
      AUTHORIZATION.replace('Bearer ', ''),
      `${AUTHORIZATION}, ${AUTHORIZATION}`,
      OTHER,
      'x'.repeat(8_193),
    ]) {
      expect(await check(given(wrong)), String(wrong).slice(0, 50)).toBe('wrong-authorization');
    }
  });

  it('accepts any of several values, for rotation', async () => {
    const check = createAuthorizationCheck([OTHER, AUTHORIZATION]);
    expect(await check(given(AUTHORIZATION))).toBeUndefined();
    expect(await check(given(OTHER))).toBeUndefined();
    expect(await check(given(`${OTHER}x`))).toBe('wrong-authorization');
  });

  it('compares digests, so that neither length nor prefix is revealed', async () => {
    const digest = vi.spyOn(crypto.subtle, 'digest');
    try {
      const check = createAuthorizationCheck([OTHER, AUTHORIZATION]);
      expect(digest, 'nothing is worked out before the first delivery').not.toHaveBeenCalled();
      await check(given('wrong'));
      expect(digest.mock.calls.map(([algorithm]) => algorithm)).toEqual(['SHA-256', 'SHA-256', 'SHA-256']);
      await check(given('wrong again'));
      expect(digest).toHaveBeenCalledTimes(4);
    } finally {
      digest.mockRestore();
    }
  });

  it('does no work for a header that is missing or too long', async () => {
    const digest = vi.spyOn(crypto.subtle, 'digest');
    try {
      const check = createAuthorizationCheck(AUTHORIZATION);
      await check(given(undefined));
      await check(given('x'.repeat(8_193)));
      expect(digest).not.toHaveBeenCalled();
    } finally {
      digest.mockRestore();
    }
  });

  it('keeps the values as they were passed, even when the array changes', async () => {
    const values = [AUTHORIZATION];
    const check = createAuthorizationCheck(values);
    values[0] = OTHER;
    expect(await check(given(OTHER))).toBe('wrong-authorization');
    expect(await check(given(AUTHORIZATION))).toBeUndefined();
  });
});
