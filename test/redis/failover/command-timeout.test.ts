import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withCommandTimeout } from '../../../src/redis/failover/command-timeout.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('commands under a time limit', () => {
  it('hand on arguments, answers and failures, and leave no timer behind', async () => {
    const asked: unknown[] = [];
    const commands = withCommandTimeout(
      {
        evalsha: async (...words) => asked.push(words),
        eval: async (...words) => asked.push(words),
        call: async (name) => {
          throw new Error(`no ${name}`);
        },
      },
      3_000,
    );
    expect(await commands.evalsha('sha', ['key'], ['one'])).toBe(1);
    expect(await commands.eval('script', ['key'], ['two'])).toBe(2);
    await expect(commands.call('INFO')).rejects.toThrow('no INFO');
    expect(asked).toEqual([
      ['sha', ['key'], ['one']],
      ['script', ['key'], ['two']],
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('fail when nothing is heard of them', async () => {
    const silent = () => new Promise<never>(() => {});
    const commands = withCommandTimeout({ evalsha: silent, eval: silent, call: silent }, 3_000);
    const failed = vi.fn();
    commands.evalsha('sha', [], []).catch(failed);
    await vi.advanceTimersByTimeAsync(2_999);
    expect(failed).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(failed).toHaveBeenCalledOnce();
  });
});
