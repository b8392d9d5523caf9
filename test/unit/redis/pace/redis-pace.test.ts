import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StoreError } from '../../../../src/errors.ts';
import type { LimitsEventBody } from '../../../../src/redis/failover/limits-event.ts';
import { createRedisPace, type RedisPaceConfig } from '../../../../src/redis/pace/redis-pace.ts';
import type { RedisCommands } from '../../../../src/redis/redis-commands.ts';
import { requestOf } from '../../../redis/pace/kit.ts';
import { drive } from '../../../support/drive.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

type Answer = () => Promise<unknown>;
const good: Answer = async () => '1000000 1000000 10400 1 0 0';
const broken: Answer = () => Promise.reject(new Error('LOADING the dataset'));
const hanging: Answer = () => new Promise(() => {});

function start(onStoreError: RedisPaceConfig['onStoreError'], timeoutMs = 150) {
  const events: LimitsEventBody[] = [];
  const calls: { readonly keys: readonly string[]; readonly args: readonly string[] }[] = [];
  const server = { answer: good };
  const commands: RedisCommands = {
    evalsha(_, keys, args) {
      calls.push({ keys, args });
      return server.answer();
    },
    eval: () => Promise.reject(new Error('not asked for')),
    call: () => Promise.reject(new Error('not asked for')),
  };
  const pace = createRedisPace({
    commands,
    onStoreError,
    timeoutMs,
    emit: (event) => void events.push(event),
  });
  const lane = pace.lane('sms.8x8.com', 'team', 'fast');
  return { pace, lane, calls, events, server };
}

describe('the pace on a server', () => {
  it('asks nothing before the first lease, and names this process by chance', async () => {
    const one = start('refuse');
    expect(one.calls).toEqual([]);
    expect((await one.lane.lease(requestOf(100, 1))).permits).toHaveLength(1);
    await one.lane.lease(requestOf(100, 1));
    const other = start('refuse');
    await other.lane.lease(requestOf(100, 1));
    const ids = [...one.calls, ...other.calls].map(({ args }) => args[1]);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[0]).not.toBe(ids[2]);
  });

  it('refuses when the team chose so, and tells once', async () => {
    const { lane, calls, events, server } = start('refuse');
    server.answer = broken;
    for (let index = 0; index < 5; index++) {
      await expect(lane.lease(requestOf(100, 1))).rejects.toThrow(StoreError);
    }
    // After three failures the server is no longer called.
    expect(calls).toHaveLength(3);
    expect(events.filter(({ type }) => type === 'pace-switched')).toEqual([
      { type: 'pace-switched', to: 'refuse', reason: 'error', cause: 'LOADING' },
    ]);
  });

  it('goes on alone with its share, and puts back what it took when the server is there again', async () => {
    const { lane, calls, events, server } = start({ processes: 2 });
    // The SHA-1 of the script is computed on another thread, which fake timers do not control.
    await lane.lease(requestOf(100, 2));
    server.answer = hanging;
    for (let index = 0; index < 3; index++) {
      const [first, second] = (await drive(lane.lease(requestOf(100, 2)))).permits;
      expect((second?.fromMs ?? 0) - (first?.fromMs ?? 0)).toBeCloseTo(1040 / 50, 2);
    }
    expect(calls).toHaveLength(4);
    await vi.advanceTimersByTimeAsync(980);
    // Not called for a second.
    expect((await lane.lease(requestOf(100, 2))).permits).toHaveLength(2);
    expect(calls).toHaveLength(4);
    await vi.advanceTimersByTimeAsync(20);
    server.answer = good;
    await lane.lease(requestOf(100, 2));
    await lane.lease(requestOf(100, 2));
    // Of the last second: two just now, and two when the third call failed.
    expect(calls.slice(4).map(({ args }) => args[8])).toEqual(['4', '0']);
    expect(events.filter(({ type }) => type === 'pace-switched')).toEqual([
      { type: 'pace-switched', to: 'local', reason: 'timeout' },
      { type: 'pace-switched', to: 'shared', reason: 'recovered' },
    ]);
  });

  it('begins with its own permits when those of the server are over', async () => {
    const { lane, server } = start({ processes: 1 });
    server.answer = async () => '1000000 1060000 10400 2 0 0';
    const [, last] = (await lane.lease(requestOf(100, 2))).permits;
    server.answer = broken;
    const [first] = (await lane.lease(requestOf(100, 1))).permits;
    expect((first?.fromMs ?? 0) - (last?.fromMs ?? 0)).toBeCloseTo(10.4, 2);
    expect(first?.fromMs).toBeGreaterThan(performance.now() + 70);
  });

  it('waits for an answer no longer than a permit is worth', async () => {
    const { lane, server } = start({ processes: 1 }, 4_000);
    await lane.lease(requestOf(100, 1));
    server.answer = hanging;
    const asked = performance.now();
    await drive(lane.lease(requestOf(100, 1)));
    expect(performance.now() - asked).toBeLessThanOrEqual(300);
  });

  it('tells of a pause, and nobody hears when it cannot', async () => {
    const { lane, calls, server } = start({ processes: 1 });
    lane.pause(2_000);
    await vi.waitFor(() => expect(calls).toHaveLength(1));
    expect(calls[0]?.args.slice(2)).toEqual(['0', '0', '1', '1', '', '0', '0', '2000']);
    server.answer = broken;
    lane.pause(2_000);
    await vi.waitFor(() => expect(calls).toHaveLength(2));
  });
});
