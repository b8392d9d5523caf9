import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RedisClient } from '../../../src/redis/redis-commands.ts';
import { toRedisCommands } from '../../../src/redis/to-redis-commands.ts';

const READONLY = new Error("READONLY You can't write against a read only replica.");
const no = () => Promise.reject(READONLY);

function ioredis(more: object = {}) {
  const client = {
    status: 'ready',
    options: { retryStrategy: (times: number) => times * 50 },
    defineCommand: () => {},
    evalsha: no,
    eval: no,
    call: no,
    disconnect: vi.fn(),
    ...more,
  };
  return { client, reconnect: client.disconnect };
}

/** Scripts and the command that ends the connection go the same way. */
function nodeRedis(more: object = {}, quit: () => Promise<unknown> = async () => 'OK') {
  const reconnect = vi.fn(quit);
  const client = {
    isReady: true,
    options: {},
    listenerCount: () => 1,
    evalSha: no,
    eval: no,
    sendCommand: (...words: unknown[]) => (words.flat().includes('QUIT') ? reconnect() : no()),
    ...more,
  };
  return { client, reconnect };
}

function glide(more: object = {}) {
  const customCommand = vi.fn(no);
  const client = { customCommand, ...more };
  const quits = () => customCommand.mock.calls.filter(([words]: readonly unknown[]) => `${words}` === 'QUIT');
  return { client, quits };
}

async function fail(client: object, times = 1, error: unknown = READONLY): Promise<void> {
  const commands = toRedisCommands(client as RedisClient);
  for (let time = 0; time < times; time += 1) {
    await expect(commands.evalsha('sha', ['k'], [])).rejects.toBe(error);
    await expect(commands.eval('text', ['k'], [])).rejects.toBe(error);
  }
}

describe('a reply of a replica', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('makes ioredis reconnect, and node-redis and GLIDE end the connection', async () => {
    const first = ioredis();
    await fail(first.client);
    expect(first.reconnect.mock.calls).toEqual([[true]]);
    const second = nodeRedis();
    await fail(second.client);
    expect(second.reconnect.mock.calls).toEqual([[]]);
    const third = glide();
    const commands = toRedisCommands(third.client);
    await expect(commands.eval('text', ['k'], [])).rejects.toThrow('READONLY');
    expect(third.quits()).toHaveLength(1);
  });

  it.each([
    'ERR Error running script: @user_script: 1: -READONLY You can not write',
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  ])('is recognised: %s', async (message) => {
    const error = new Error(message);
    const { client, reconnect } = ioredis({
      evalsha: () => Promise.reject(error),
      eval: () => Promise.reject(error),
    });
    await fail(client, 1, error);
    expect(reconnect).toHaveBeenCalledTimes(1);
  });

  it.each([new Error('OOM command not allowed'), 'READONLY'])(
    'is told from other failures: %s',
    async (error) => {
      const { client, reconnect } = ioredis({
        evalsha: () => Promise.reject(error),
        eval: () => Promise.reject(error),
      });
      await fail(client, 1, error);
      expect(reconnect).not.toHaveBeenCalled();
    },
  );

  it('reconnects once a second and ever more seldom, over all stores of a client', async () => {
    const { client, reconnect } = ioredis();
    const gaps: number[] = [];
    let lastMs = performance.now();
    for (let ms = 0; ms < 200_000; ms += 500) {
      const before = reconnect.mock.calls.length;
      await fail(client);
      if (reconnect.mock.calls.length > before) {
        gaps.push(performance.now() - lastMs);
        lastMs = performance.now();
      }
      vi.advanceTimersByTime(500);
    }
    expect(gaps).toEqual([0, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000, 30_000]);
    vi.advanceTimersByTime(300_001);
    await fail(client);
    vi.advanceTimersByTime(1_000);
    await fail(client);
    expect(reconnect).toHaveBeenCalledTimes(gaps.length + 2);
  });

  it.each([
    ['a cluster', { isCluster: true }],
    ['a client that reconnects already', { status: 'reconnecting' }],
    ['a client without a retry strategy', { options: { retryStrategy: null } }],
    ['a client that gives up', { options: { retryStrategy: () => null } }],
    ['a client without options', { options: undefined }],
  ])('leaves %s of ioredis alone', async (_, more) => {
    const { client, reconnect } = ioredis(more);
    await fail(client);
    expect(reconnect).not.toHaveBeenCalled();
  });

  it.each([
    ['a cluster', { masters: [] }],
    ['a sentinel', { getSentinelNode: () => {} }],
    ['a pool', { totalClients: 1 }],
    ['a client that is not ready', { isReady: false }],
    ['a client without a listener for errors', { listenerCount: () => 0 }],
    ['a client that may not reconnect', { options: { socket: { reconnectStrategy: false } } }],
    ['a client that gives up', { options: { socket: { reconnectStrategy: () => new Error('no') } } }],
  ])('leaves %s of node-redis alone', async (_, more) => {
    const { client, reconnect } = nodeRedis(more);
    await fail(client);
    expect(reconnect).not.toHaveBeenCalled();
  });

  it('asks the strategy of node-redis, and ignores a connection that ends without a reply', async () => {
    const { client, reconnect } = nodeRedis({ options: { socket: { reconnectStrategy: () => 50 } } }, () =>
      Promise.reject(new Error('Socket closed unexpectedly')),
    );
    await fail(client);
    expect(reconnect).toHaveBeenCalledTimes(1);
  });

  it('leaves a cluster of GLIDE alone', async () => {
    const { client, quits } = glide({ ssubscribe: () => {} });
    await expect(toRedisCommands(client).eval('text', ['k'], [])).rejects.toThrow('READONLY');
    expect(quits()).toHaveLength(0);
  });

  it('leaves every client alone when it is told to', async () => {
    const { client, reconnect } = ioredis();
    const commands = toRedisCommands(client as unknown as RedisClient, false);
    await expect(commands.eval('text', ['k'], [])).rejects.toBe(READONLY);
    expect(reconnect).not.toHaveBeenCalled();
  });
});
