import { describe, expect, it } from 'vitest';
import { toExportRow } from '../../../../src/api/exports/export-row.ts';

describe('the times of an export', () => {
  it('are UTC without an offset, and stay as they came when there is no such day', () => {
    const createdAt = (value: string) => toExportRow(['umid', 'createdat'], ['umid-1', value]);
    expect(createdAt('2026-11-22 12:00:00')).toMatchObject({ createdAt: '2026-11-22T12:00:00.000Z' });
    expect(createdAt('2026-11-22T20:00:00 +08:00')).toMatchObject({ createdAt: '2026-11-22T12:00:00.000Z' });
    expect(createdAt('2026-11-31 12:00:00')).toMatchObject({ extra: { createdat: '2026-11-31 12:00:00' } });
    expect(createdAt('2026-11-22')).toMatchObject({ extra: { createdat: '2026-11-22' } });
  });
});
