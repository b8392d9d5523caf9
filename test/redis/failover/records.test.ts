import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StoreError } from '../../../src/errors.ts';
import { memoryLimits } from '../../../src/limits/memory-limits.ts';
import type { RecordStore } from '../../../src/limits/record-store.ts';
import { createFaultyStore } from './faulty-store.ts';
import { SCOPE, startProcess } from './kit.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const NEW = { expected: undefined, ttlMs: 60_000 } as const;

function startRecords(onStoreError: Parameters<typeof startProcess>[1]) {
  const faulty = createFaultyStore();
  const records = startProcess(faulty, onStoreError).store.records as RecordStore;
  return { faulty, records };
}

describe.each(['refuse', { processes: 2, once: 'local' }] as const)('records, onStoreError %j', (choice) => {
  it('reach the shared store', async () => {
    const { faulty, records } = startRecords(choice);
    expect(await records.write(SCOPE, 'a', 'x', NEW)).toMatchObject({ written: true });
    expect(await faulty.truth.records?.read(SCOPE, 'a')).toMatchObject({ value: 'x' });
    expect(await records.read(SCOPE, 'a')).toMatchObject({ value: 'x' });
    expect(await records.remove(SCOPE, 'a')).toBe(true);
  });

  it('are refused while it does not answer: no process decides on its own', async () => {
    const { faulty, records } = startRecords(choice);
    await records.write(SCOPE, 'a', 'x', NEW);
    faulty.fault = 'error';
    await expect(records.read(SCOPE, 'a')).rejects.toThrow(StoreError);
    await expect(records.write(SCOPE, 'b', 'x', NEW)).rejects.toThrow('A record may have been written.');
    await expect(records.remove(SCOPE, 'a')).rejects.toThrow('A record may have been removed.');
  });

  it('are refused at the deadline when it hangs', async () => {
    const { faulty, records } = startRecords(choice);
    faulty.fault = 'hang';
    const refused = expect(records.read(SCOPE, 'a')).rejects.toThrow(StoreError);
    await vi.advanceTimersByTimeAsync(150);
    await refused;
  });
});

it('a store without records stays without them', () => {
  const { records: _, ...truth } = memoryLimits();
  const faulty = createFaultyStore();
  const { store } = startProcess({ ...faulty, store: { ...truth } });
  expect(store.records).toBeUndefined();
});
