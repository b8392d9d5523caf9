import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseRetryAfter } from '../../../src/transport/retry-after.ts';

afterEach(() => void vi.unstubAllEnvs());

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
    ['sun, 22 nov 2026 12:00:05 gmt', 5000],
    ['Sun Nov 22 12:00:09 2026', 9000],
    ['Tue Dec  1 12:00:00 2026', 9 * 86_400_000],
    ['Wed, 22-Nov-76 12:00:00 GMT', Date.UTC(2076, 10, 22, 12) - now],
    ['Tuesday, 22-Nov-77 12:00:00 GMT', 0],
    ['2, 2', 2000],
    ['2, 5', 5000],
    ['Sun, 22 Nov 2026 12:00:05 GMT, 3', 5000],
    ['3, Sun, 22 Nov 2026 12:00:05 GMT', 5000],
    ['Sunday, 22-Nov-26 12:00:07 GMT, Sun Nov 22 12:00:09 2026, 1', 9000],
    ['soon, 4', 4000],
    ['2;5', undefined],
    ['Sun, 22 Nov 2026 12:00:05 +0100', undefined],
    ['Mon, 30 Feb 2026 12:00:05 GMT', undefined],
    ['Sun Nov 22 12:00:09', undefined],
    ['Sun, 22 Foo 2026 12:00:05 GMT', undefined],
    ['2026-11-22T12:00:05Z', undefined],
    ['-5', undefined],
    ['soon', undefined],
    ['Sun, 99 Nov 2026 12:00:05 GMT', undefined],
    ['', undefined],
  ])('%s is %s', (header, expected) => {
    expect(parseRetryAfter(header, now)).toBe(expected);
  });

  it('reads a date in UTC in every time zone', () => {
    for (const zone of ['UTC', 'Asia/Singapore', 'America/New_York']) {
      vi.stubEnv('TZ', zone);
      expect(parseRetryAfter('Sun Nov 22 12:00:09 2026', now), zone).toBe(9000);
      expect(parseRetryAfter('Sun, 22 Nov 2026 12:00:09 GMT', now), zone).toBe(9000);
    }
  });
});
