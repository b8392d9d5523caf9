import { expect, it } from 'vitest';
import { StoreError } from '../../src/errors.ts';
import type { LimitStore } from '../../src/limits/limit-store.ts';
import type { RecordStore } from '../../src/limits/record-store.ts';
import { describeOnRedis, HOUR_MS, SCOPE } from './redis-kit.ts';
import { keyNamesOf, PREVIOUS_SECRET, SECRET } from './store-under-test.ts';

const KEY = 'otp:6591234567 visitor';
const NEW = { expected: undefined, ttlMs: HOUR_MS } as const;

describeOnRedis('records on Redis', (kit) => {
  const recordsOf = ({ records }: LimitStore) => records as RecordStore;

  it('hash the key, and live no longer than the record and a second', async () => {
    await recordsOf(kit.store).write(SCOPE, KEY, 'secret', NEW);
    const [key = ''] = (await kit.keys()).filter((each) => each.startsWith(`8x8g:{${SCOPE}}:v`));
    expect(key).toMatch(/:v[\w-]{16}$/);
    const ttl = await kit.client.pttl(key);
    expect(ttl).toBeGreaterThan(HOUR_MS - 60_000);
    expect(ttl).toBeLessThanOrEqual(HOUR_MS + 1_000);
  });

  it('write once when the client library sends a command twice', async () => {
    kit.fault = async (run) => {
      await run();
      return run();
    };
    const records = recordsOf(kit.store);
    const first = await records.write(SCOPE, KEY, 'one', NEW);
    expect(first).toMatchObject({ written: true });
    const expected = first.written ? first.version : '';
    expect(await records.write(SCOPE, KEY, 'two', { expected })).toMatchObject({ written: true });
    expect(await records.read(SCOPE, KEY)).toMatchObject({ value: 'two' });
  });

  it('survive a change of the secret, and move to the new one when they are written', async () => {
    const [first, both, last] = [
      keyNamesOf(PREVIOUS_SECRET),
      keyNamesOf(SECRET, PREVIOUS_SECRET),
      keyNamesOf(SECRET),
    ].map((names) => recordsOf(kit.storeOf(names))) as [RecordStore, RecordStore, RecordStore];
    await first.write(SCOPE, KEY, 'one', NEW);
    const read = await both.read(SCOPE, KEY);
    expect(read?.value).toBe('one');
    expect(await both.write(SCOPE, KEY, 'two', NEW)).toMatchObject({ reason: 'conflict' });
    expect(await both.write(SCOPE, KEY, 'two', { expected: read?.version })).toMatchObject({ written: true });
    expect(await first.read(SCOPE, KEY)).toBeUndefined();
    expect(await last.read(SCOPE, KEY)).toMatchObject({ value: 'two' });
    await first.write(SCOPE, 'other', 'x', NEW);
    expect(await both.remove(SCOPE, 'other')).toBe(true);
    expect(await first.read(SCOPE, 'other')).toBeUndefined();
  });

  it('are a StoreError when the server fails, without its keys', async () => {
    kit.fault = async () => {
      throw new Error(`OOM at ${KEY}`);
    };
    const records = recordsOf(kit.store);
    for (const ask of [
      () => records.read(SCOPE, KEY),
      () => records.write(SCOPE, KEY, 'x', NEW),
      () => records.remove(SCOPE, KEY),
    ]) {
      const error = await ask().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(StoreError);
      expect((error as Error).message).not.toContain('6591234567');
    }
  });

  it('are read from bytes, and refused when they are something else', async () => {
    const records = recordsOf(kit.store);
    await records.write(SCOPE, KEY, 'één', NEW);
    kit.fault = async (run) => new TextEncoder().encode(String(await run()));
    expect(await records.read(SCOPE, KEY)).toMatchObject({ value: 'één' });
    kit.fault = async () => 'something else';
    await expect(records.read(SCOPE, KEY)).rejects.toThrow('A record cannot be read.');
    kit.fault = async () => undefined;
    expect(await records.read(SCOPE, KEY)).toBeUndefined();
  });
});
