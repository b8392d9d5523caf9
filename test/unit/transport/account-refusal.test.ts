import { describe, expect, it } from 'vitest';
import { isAccountRefusal } from '../../../src/transport/account-refusal.ts';

describe('a refusal that concerns the account', () => {
  it.each([
    [{ status: 401 }, true],
    [{ status: 403 }, true],
    [{ status: 400, apiCode: 1001 }, true],
    [{ status: 400 }, false],
    [{ status: 500, apiCode: 1001 }, false],
    [{ status: 302 }, false],
  ] as const)('%o: %s', (response, expected) => {
    expect(isAccountRefusal(response)).toBe(expected);
  });
});
