import { describe, expect, it } from 'vitest';
import { getOrCreate, sharedState } from '../../../src/internal/shared-state.ts';

describe('sharedState', () => {
  it('is one for the process, under a registered symbol', () => {
    const state = sharedState();
    expect(sharedState()).toBe(state);
    expect((globalThis as Record<symbol, unknown>)[Symbol.for('8x8-sms-guard')]).toBe(state);
  });
});

describe('getOrCreate', () => {
  it('gives the same value for the same key', () => {
    const entries = new Map<string, unknown>();
    const first = getOrCreate(
      entries,
      'a',
      2,
      () => true,
      () => ({ name: 'a' }),
    );
    expect(
      getOrCreate(
        entries,
        'a',
        2,
        () => true,
        () => ({ name: 'b' }),
      ),
    ).toBe(first);
  });

  it('forgets the idle entry that was used least recently, and never one at work', () => {
    const entries = new Map<string, unknown>();
    const isIdle = (value: string) => value !== 'busy';
    getOrCreate(entries, 'busy', 3, isIdle, () => 'busy');
    getOrCreate(entries, 'old', 3, isIdle, () => 'old');
    getOrCreate(entries, 'new', 3, isIdle, () => 'new');
    getOrCreate(entries, 'old', 3, isIdle, () => 'never made');
    getOrCreate(entries, 'more', 3, isIdle, () => 'more');
    expect([...entries.keys()]).toEqual(['busy', 'old', 'more']);
    getOrCreate(
      entries,
      'x',
      1,
      () => false,
      () => 'x',
    );
    expect(entries.size).toBe(4);
  });
});
