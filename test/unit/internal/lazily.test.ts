import { describe, expect, it, vi } from 'vitest';
import { lazily } from '../../../src/internal/lazily.ts';

describe('lazily', () => {
  it('makes its value with the first use, and once', () => {
    const make = vi.fn(() => /\p{L}/u);
    const pattern = lazily(make);
    expect(make).not.toHaveBeenCalled();
    expect(pattern().test('a')).toBe(true);
    expect(pattern()).toBe(pattern());
    expect(make).toHaveBeenCalledOnce();
  });
});
