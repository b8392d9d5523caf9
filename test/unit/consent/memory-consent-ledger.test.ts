import { describe, expect, it } from 'vitest';
import { memoryConsentLedger } from '../../../src/consent/memory-consent-ledger.ts';
import { ConfigurationError } from '../../../src/errors.ts';
import { failureOf } from '../../support/transport.ts';

const out = { state: 'opted-out', scope: 'all', source: 'sms' } as const;
const optIn = { state: 'opted-in', scope: 'marketing', source: 'form' } as const;

describe('memoryConsentLedger', () => {
  it('gives the latest record of each key, in order', async () => {
    const ledger = memoryConsentLedger();
    await ledger.append([
      { key: '+1', ...optIn, at: 1 },
      { key: '+2', ...out, at: 5, evidence: 'STOP', purposes: ['marketing'] },
    ]);
    expect(await ledger.get(['+2', '+3', '+1', '+2'])).toEqual([
      { ...out, at: 5, evidence: 'STOP', purposes: ['marketing'] },
      undefined,
      { ...optIn, at: 1 },
      { ...out, at: 5, evidence: 'STOP', purposes: ['marketing'] },
    ]);
    expect(await ledger.get([])).toEqual([]);
  });

  it('the latest time counts, whatever the order of arrival; of equal times the later arrival', async () => {
    const ledger = memoryConsentLedger();
    await ledger.append([{ key: '+1', ...out, at: 10 }]);
    await ledger.append([{ key: '+1', ...optIn, at: 9 }]);
    expect(await ledger.get(['+1'])).toMatchObject([{ state: 'opted-out' }]);
    await ledger.append([{ key: '+1', ...optIn, at: 10 }]);
    expect(await ledger.get(['+1'])).toMatchObject([{ state: 'opted-in' }]);
  });

  it('a full one refuses new people, all of a call or none, and drops nobody', async () => {
    const ledger = memoryConsentLedger({ maxRecords: 2 });
    await ledger.append([{ key: '+1', ...out, at: 1 }]);
    const error = await failureOf(
      ledger.append([
        { key: '+2', ...out, at: 1 },
        { key: '+3', ...out, at: 1 },
      ]),
    );
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(await ledger.get(['+1', '+2', '+3'])).toMatchObject([out, undefined, undefined]);
    await ledger.append([
      { key: '+2', ...out, at: 1 },
      { key: '+1', ...optIn, at: 2 },
    ]);
    expect(await ledger.get(['+1', '+2'])).toMatchObject([optIn, out]);
  });

  it.each([0, -1, 1.5, Number.NaN, '5'])('refuses maxRecords %o', (maxRecords) => {
    expect(() => memoryConsentLedger({ maxRecords: maxRecords as number })).toThrow(ConfigurationError);
  });
});
