import { describe, expect, it } from 'vitest';
import { createCache } from '../../../src/internal/cache.ts';

describe('createCache', () => {
  it('gives back what was set', () => {
    const cache = createCache<string, number>(2);
    cache.set('a', 1);
    expect(cache.get('a')).toBe(1);
    expect(cache.get('b')).toBeUndefined();
  });

  it('holds no more than max and forgets what was used longest ago', () => {
    const cache = createCache<string, number>(2);
    cache.set('a', 1);
    cache.set('b', 2);
    cache.get('a');
    cache.set('c', 3);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
  });

  it('forgets what it is told to', () => {
    const cache = createCache<string, number>(2);
    cache.set('a', 1);
    cache.delete('a');
    cache.delete('b');
    expect(cache.get('a')).toBeUndefined();
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses max %s', (max) => {
    expect(() => createCache(max)).toThrow(TypeError);
  });
});
