import { describe, expect, it } from 'vitest';
import { readReportedPhone } from '../../../src/phone/reported-phone.ts';

describe('a number that 8x8 reports', () => {
  it('is international, with or without the plus', () => {
    for (const text of ['+6591234567', '6591234567', '+65 9123 4567']) {
      expect(readReportedPhone(text)).toMatchObject({ ok: true, phone: { e164: '+6591234567' } });
    }
  });

  it('is none when it is a short code or a name', () => {
    for (const text of ['', '74288', 'TEAM', '0591234567'])
      expect(readReportedPhone(text).ok, text).toBe(false);
  });
});
