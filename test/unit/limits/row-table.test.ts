import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawSeed } from '../../../src/limits/key-hash.ts';
import type { LimitKey } from '../../../src/limits/limit-store.ts';
import { PAYLOAD, RowTable } from '../../../src/limits/row-table.ts';

const seed = { first: 1, second: 2 };

function setPayload(table: RowTable, slot: number, value: number): void {
  table.chunkOf(slot).words[table.startOf(slot) + PAYLOAD] = value;
}

function payloadOf(table: RowTable, slot: number, offset = 0): number | undefined {
  return table.chunkOf(slot).words[table.startOf(slot) + PAYLOAD + offset];
}

describe('RowTable', () => {
  it('agrees with a Map over random insertions and removals', () => {
    const key: fc.Arbitrary<LimitKey> = fc.oneof(
      fc.integer({ min: 0, max: 60 }),
      fc.bigInt({ min: 0n, max: BigInt(Number.MAX_SAFE_INTEGER) }).map(Number),
      fc.integer({ min: 0, max: 60 }).map(String),
      fc.string({ minLength: 1 }),
    );
    const step = fc.record({ key, adds: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const table = new RowTable(1, 200, seed);
        const model = new Map<LimitKey, number>();
        let value = 0;
        for (const { key: at, adds } of steps) {
          const slot = table.find(at);
          expect(slot < 0).toBe(!model.has(at));
          if (adds && slot < 0 && !table.isFull) {
            value += 1;
            setPayload(table, table.insert(at), value);
            model.set(at, value);
          } else if (!adds && slot >= 0) {
            table.remove(slot);
            model.delete(at);
          }
        }
        expect(table.size).toBe(model.size);
        for (const [at, expected] of model) {
          expect(payloadOf(table, table.find(at))).toBe(expected);
        }
        let visited = 0;
        table.forEach(() => {
          visited += 1;
        });
        expect(visited).toBe(model.size);
      }),
    );
  });

  it('keeps its queue in order whatever is taken out of it', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { minLength: 1 }),
        fc.nat(),
        (keys, pick) => {
          const table = new RowTable(1, 100, seed);
          const slots = keys.map((key) => table.insert(key));
          for (const slot of slots) table.enqueue(slot);
          expect(table.room).toBe(100);
          const out = pick % slots.length;
          table.dequeue(slots[out] as number);
          expect(table.room).toBe(99);
          const left: number[] = [];
          while (table.oldest >= 0) {
            left.push(table.oldest);
            table.dequeue(table.oldest);
          }
          expect(left).toEqual(slots.filter((_, at) => at !== out));
        },
      ),
    );
  });

  it('grows past its first doublings without losing a row', () => {
    const table = new RowTable(1, 6000, drawSeed());
    for (let key = 0; key < 6000; key += 1) table.insert(key * 7919);
    expect(table.isFull).toBe(true);
    const found = Array.from({ length: 6000 }, (_, key) => table.find(key * 7919));
    expect(new Set(found).size).toBe(6000);
    expect(found).not.toContain(-1);
    expect(table.find(3)).toBe(-1);
  });

  it('widens rows in place', () => {
    const table = new RowTable(1, 100, seed);
    const slots = Array.from({ length: 40 }, (_, key) => table.insert(key));
    for (const slot of slots) {
      setPayload(table, slot, slot + 1);
      table.enqueue(slot);
    }
    const serials = slots.map((slot) => table.serialOf(slot));
    table.widen(9);
    expect(slots.map((_, key) => table.find(key))).toEqual(slots);
    expect(slots.map((slot) => table.serialOf(slot))).toEqual(serials);
    for (const slot of slots) {
      const payload = Array.from({ length: 9 }, (_, offset) => payloadOf(table, slot, offset));
      expect(payload).toEqual([slot + 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
    expect(table.oldest).toBe(slots[0]);
    table.insert('after');
    expect(table.size).toBe(41);
  });

  it('sweeps two rows a call, and all round when full', () => {
    const table = new RowTable(1, 8, seed);
    for (let key = 0; key < 7; key += 1) table.insert(key);
    table.sweep(() => true);
    expect(table.size).toBe(5);
    for (const key of ['a', 'b', 'c']) table.insert(key);
    table.sweep((slot) => slot === 0);
    expect(table.size).toBe(7);
  });
});
