import { describe, expect, it } from 'vitest';
import { memoryConsentLedger } from '../../../src/consent/memory-consent-ledger.ts';
import { isStale, reconfirmAt } from '../../../src/consent/reconfirm.ts';
import { numberOf, testClient } from '../../support/client.ts';
import { NOON } from '../../support/fake-clock.ts';

const iso = (epochMs: number | undefined) => epochMs && new Date(epochMs).toISOString();

describe('reconfirmAt counts calendar months', () => {
  it.each([
    ['2026-01-15T10:20:30.400Z', 3, '2026-04-15T10:20:30.400Z'],
    ['2026-01-31T00:00:00.000Z', 3, '2026-04-30T00:00:00.000Z'],
    ['2026-11-30T23:59:59.999Z', 3, '2027-02-28T23:59:59.999Z'],
    ['2027-11-30T00:00:00.000Z', 3, '2028-02-29T00:00:00.000Z'],
    ['2026-08-31T00:00:00.000Z', 6, '2027-02-28T00:00:00.000Z'],
    ['2028-02-29T00:00:00.000Z', 12, '2029-02-28T00:00:00.000Z'],
    ['2026-12-31T00:00:00.000Z', 12, '2027-12-31T00:00:00.000Z'],
  ] as const)('%s and %i months is %s', (at, reconfirmAfterMonths, due) => {
    expect(iso(reconfirmAt(Date.parse(at), { reconfirmAfterMonths }))).toBe(due);
  });

  it('counts milliseconds, or never expires', () => {
    expect(reconfirmAt(5, { reconfirmAfterMs: 10 })).toBe(15);
    expect(reconfirmAt(5, {})).toBeUndefined();
  });
});

describe('isStale', () => {
  it('is true from that moment on, and for an invalid date', () => {
    expect(isStale(5, 14, { reconfirmAfterMs: 10 })).toBe(false);
    expect(isStale(5, 15, { reconfirmAfterMs: 10 })).toBe(true);
    expect(isStale(5, 1e15, {})).toBe(false);
    for (const options of [{ reconfirmAfterMs: 10 }, { reconfirmAfterMonths: 3 }] as const) {
      expect(isStale('last year' as never, NOON, options)).toBe(true);
      expect(isStale(undefined as never, NOON, options)).toBe(true);
    }
  });
});

describe('the options', () => {
  it('exclude each other', () => {
    const both = { reconfirmAfterMs: 1_000, reconfirmAfterMonths: 3 } as const;
    expect(() => testClient({ guards: { consent: both } })).toThrow(
      /guards.consent takes reconfirmAfterMs or reconfirmAfterMonths, not both/,
    );
    expect(() => testClient({ guards: { consent: { reconfirmAfterMonths: 4 as never } } })).toThrow(
      /must be one of 3, 6, 12/,
    );
  });

  it('appear in status for an opt-in only', async () => {
    const consent = { ledger: memoryConsentLedger(), reconfirmAfterMonths: 12 } as const;
    const { sms } = testClient({ guards: { consent } });
    await sms.consent.grant(numberOf(1), { source: 'form' });
    expect((await sms.consent.status(numberOf(1)))?.reconfirmAt).toBe(Date.UTC(2027, 10, 22, 9));
    await sms.consent.revoke(numberOf(1), { source: 'form' });
    expect(await sms.consent.status(numberOf(1))).not.toHaveProperty('reconfirmAt');
  });
});
