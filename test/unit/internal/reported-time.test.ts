import { afterEach, describe, expect, it, vi } from 'vitest';
import { readReportedTime } from '../../../src/internal/reported-time.ts';

afterEach(() => void vi.unstubAllEnvs());

describe('a time that 8x8 reports', () => {
  it('is read with its offset, and without one as UTC in every time zone', () => {
    const noon = Date.UTC(2026, 10, 22, 12);
    for (const zone of ['UTC', 'Asia/Singapore', 'America/New_York']) {
      vi.stubEnv('TZ', zone);
      for (const text of [
        '2026-11-22T12:00:00Z',
        '2026-11-22T20:00:00+08:00',
        '2026-11-22T20:00:00+0800',
        '2026-11-22T12:00:00.000',
        '2026-11-22T12:00',
        '2026-11-22 12:00:00',
      ]) {
        expect(readReportedTime(text), `${text} in ${zone}`).toBe(noon);
      }
    }
  });

  it('is none when it is no ISO date, or lies before 2000', () => {
    for (const text of [
      '',
      'today',
      '1',
      '22/11/2026',
      '2026-99-99T00:00:00Z',
      '2027-02-30T00:00:00',
      '0001-01-01T00:00:00',
      '1970-01-01',
    ]) {
      expect(readReportedTime(text), text).toBeUndefined();
    }
  });
});
