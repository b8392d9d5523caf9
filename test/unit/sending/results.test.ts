import { describe, expect, it } from 'vitest';
import { StoreError } from '../../../src/errors.ts';
import { countResults, type SendResult } from '../../../src/sending/results.ts';

describe('countResults', () => {
  it('counts how many ended how', () => {
    const base = { index: 0, clientMessageId: 'id', destination: '+6591000001' };
    const error = new StoreError('x');
    const results = [
      { ...base, status: 'failed', error },
      { ...base, status: 'accepted', umid: 'u', parts: 1, encoding: 'GSM7', attempts: 1 },
      { ...base, status: 'failed', error },
    ] satisfies SendResult[];
    expect(countResults(results)).toEqual({ accepted: 1, rejected: 0, blocked: 0, failed: 2 });
    expect(countResults([])).toEqual({ accepted: 0, rejected: 0, blocked: 0, failed: 0 });
  });
});
