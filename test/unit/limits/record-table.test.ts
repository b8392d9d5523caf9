import { describe, expect, it } from 'vitest';
import { ConfigurationError, ValidationError } from '../../../src/errors.ts';
import { MAX_WINDOW_MS } from '../../../src/limits/limit-store.ts';
import { memoryLimits } from '../../../src/limits/memory-limits.ts';
import { MAX_RECORD_LENGTH, type RecordStore } from '../../../src/limits/record-store.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const SCOPE = 'acme';
const NEW = { expected: undefined, ttlMs: 1_000 } as const;

function recordsOf(maxRecordBytes?: number) {
  const clock = createFakeClock();
  const { records } = memoryLimits({ clock, maxRecordBytes });
  return { clock, records: records as RecordStore };
}

describe('records in memory', () => {
  it('hold a bounded number of bytes, and refuse a new record when full of live ones', async () => {
    const { clock, records } = recordsOf(3_000);
    // 200 bytes each, and two for each of some 310 characters: three fit.
    const value = 'x'.repeat(300);
    for (const key of ['a', 'b', 'c']) {
      expect(await records.write(SCOPE, key, value, NEW)).toMatchObject({ written: true });
      await clock.advance(100);
    }
    const refused = await records.write(SCOPE, 'd', value, NEW);
    expect(refused).toEqual({ written: false, reason: 'capacity', retryAfterMs: 700 });
    await clock.advance(700);
    expect(await records.write(SCOPE, 'd', value, NEW)).toMatchObject({ written: true });
    expect(await records.read(SCOPE, 'b')).toMatchObject({ value });
    expect(await records.write(SCOPE, 'e', value, NEW)).toMatchObject({ reason: 'capacity' });
    expect(await records.remove(SCOPE, 'b')).toBe(true);
    expect(await records.write(SCOPE, 'e', value, NEW)).toMatchObject({ written: true });
  });

  it('count what a replaced record held as free, and refuse one that grows too large', async () => {
    const { records } = recordsOf(1_000);
    const first = await records.write(SCOPE, 'a', 'x'.repeat(350), NEW);
    const version = first.written ? first.version : '';
    const second = await records.write(SCOPE, 'a', 'y'.repeat(380), { expected: version });
    expect(second).toMatchObject({ written: true });
    const expected = second.written ? second.version : '';
    const larger = await records.write(SCOPE, 'a', 'z'.repeat(400), { expected });
    expect(larger).toEqual({ written: false, reason: 'capacity', retryAfterMs: 1_000 });
    expect(await records.read(SCOPE, 'a')).toMatchObject({ value: 'y'.repeat(380) });
  });

  it('say nothing about time when no record is in the way', async () => {
    const { records } = recordsOf(100);
    expect(await records.write(SCOPE, 'a', 'x', NEW)).toEqual({ written: false, reason: 'capacity' });
  });

  it('keep scopes and keys apart, however they are cut', async () => {
    const { records } = recordsOf();
    await records.write('ab', 'c', 'first', NEW);
    expect(await records.read('a', 'bc')).toBeUndefined();
    expect(await records.write('a', 'bc', 'second', NEW)).toMatchObject({ written: true });
    expect(await records.read('ab', 'c')).toMatchObject({ value: 'first' });
  });

  it.each([
    ['', 'a', 'x', NEW, 'scope'],
    [SCOPE, '', 'x', NEW, 'key'],
    [SCOPE, 'k'.repeat(1_025), 'x', NEW, 'key'],
    [SCOPE, 5 as never, 'x', NEW, 'key'],
    [SCOPE, 'a', 5 as never, NEW, 'value'],
    [SCOPE, 'a', 'x'.repeat(MAX_RECORD_LENGTH + 1), NEW, 'value'],
    [SCOPE, 'a', 'half \ud83d of a pair', NEW, 'value'],
    [SCOPE, 'a', 'x', { expected: undefined }, 'ttlMs'],
    [SCOPE, 'a', 'x', { expected: undefined, ttlMs: 0 }, 'ttlMs'],
    [SCOPE, 'a', 'x', { expected: '1', ttlMs: 1.5 }, 'ttlMs'],
    [SCOPE, 'a', 'x', { expected: '1', ttlMs: MAX_WINDOW_MS + 1 }, 'ttlMs'],
    [SCOPE, 'a', 'x', { expected: '', ttlMs: 1 }, 'expected'],
    [SCOPE, 'a', 'x', { expected: 5 as never, ttlMs: 1 }, 'expected'],
    [SCOPE, 'a', 'x', { expected: 'v'.repeat(65), ttlMs: 1 }, 'expected'],
  ] as const)('refuse a malformed write: %#', async (scope, key, value, write, path) => {
    const { records } = recordsOf();
    const error = await records.write(scope, key, value, write).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path });
  });

  it('refuse a malformed version at a removal', async () => {
    await expect(recordsOf().records.remove(SCOPE, 'a', { expected: '' })).rejects.toThrow(ValidationError);
  });

  it.each([0, 1.5, 2 ** 32 + 1])('refuse %s as a number of bytes', (maxRecordBytes) => {
    expect(() => memoryLimits({ maxRecordBytes })).toThrow(ConfigurationError);
  });
});
