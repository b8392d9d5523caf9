import { describe, expect, it } from 'vitest';
import { memoryLimits } from '../../../src/limits/memory-limits.ts';
import { doubtRule } from '../../../src/testing/limit-conformance/doubt-cases.ts';

describe('a request with two rules of doubt', () => {
  it('is refused as malformed', async () => {
    const [one, other] = [doubtRule(6591234567), { ...doubtRule(6591234567), id: 'another' }];
    const taking = async () => memoryLimits().take('scope', [{ reservation: 'r1', rules: [one, other] }]);
    await expect(taking()).rejects.toThrow('the only rule of doubt of its request');
  });
});
