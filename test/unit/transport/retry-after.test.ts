import { describe, expect, it } from 'vitest';
import { parseRetryAfter } from '../../../src/transport/retry-after.ts';

describe('parseRetryAfter', () => {
  const now = Date.UTC(2026, 10, 22, 12, 0, 0);
  it.each([
    [null, undefined],
    ['3', 3000],
    [' 0 ', 0],
    ['1.5', 1500],
    ['1.0005', 1001],
    ['99999999999999999999', Number.MAX_SAFE_INTEGER],
    ['Sun, 22 Nov 2026 12:00:05 GMT', 5000],
    ['Sunday, 22-Nov-26 12:00:07 GMT', 7000],
    ['Sun, 22 Nov 2026 11:00:00 GMT', 0],
    ['-5', undefined],
    ['soon', undefined],
    ['Sun, 99 Nov 2026 12:00:05 GMT', undefined],
    ['', undefined],
  ])('%s is %s', (header, expected) => {
    expect(parseRetryAfter(header, now)).toBe(expected);
  });
});
