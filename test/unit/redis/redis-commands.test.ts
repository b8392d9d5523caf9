import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/errors.ts';
import type { RedisClient } from '../../../src/redis/redis-commands.ts';
import { toRedisCommands } from '../../../src/redis/to-redis-commands.ts';

/** An object whose methods return their name and arguments. */
function recording(...names: readonly string[]): RedisClient {
  return Object.fromEntries(
    names.map((name) => [name, async (...args: unknown[]) => [name, ...args]]),
  ) as unknown as RedisClient;
}

describe('toRedisCommands', () => {
  it('speaks to ioredis and iovalkey with the number of keys', async () => {
    const commands = toRedisCommands(recording('defineCommand', 'evalsha', 'eval', 'call'));
    expect(await commands.evalsha('sha', ['a', 'b'], ['1'])).toEqual(['evalsha', 'sha', 2, 'a', 'b', '1']);
    expect(await commands.eval('text', ['a'], ['1'])).toEqual(['eval', 'text', 1, 'a', '1']);
    expect(await commands.call('CONFIG', 'GET', 'x')).toEqual(['call', 'CONFIG', 'GET', 'x']);
  });

  /** ioredis with its option; each pipeline gives this. */
  function autoPipelining(replies: unknown) {
    const piped: unknown[] = [];
    const pipeline = () => ({
      evalsha(...args: unknown[]) {
        piped.push(['evalsha', ...args]);
        return this;
      },
      eval(...args: unknown[]) {
        piped.push(['eval', ...args]);
        return this;
      },
      exec: async () => replies,
    });
    const options = { enableAutoPipelining: true };
    const client = { ...recording('defineCommand', 'evalsha', 'eval', 'call'), options, pipeline };
    return { commands: toRedisCommands(client as RedisClient), piped };
  }

  it('gives each script a pipeline of its own under enableAutoPipelining', async () => {
    const { commands, piped } = autoPipelining([[null, 'reply']]);
    expect(await commands.evalsha('sha', ['a'], ['1'])).toBe('reply');
    expect(await commands.eval('text', ['a'], ['1'])).toBe('reply');
    expect(piped).toEqual([
      ['evalsha', 'sha', 1, 'a', '1'],
      ['eval', 'text', 1, 'a', '1'],
    ]);
    expect(await commands.call('INFO')).toEqual(['call', 'INFO']);
  });

  it.each([
    [[[new Error('NOSCRIPT No matching script')]], 'NOSCRIPT'],
    [null, 'no reply'],
  ])('throws the error in a pipeline: %j', async (replies, message) => {
    await expect(autoPipelining(replies).commands.evalsha('sha', [], [])).rejects.toThrow(message);
  });

  it('speaks to node-redis in words', async () => {
    const commands = toRedisCommands(recording('evalSha', 'eval', 'sendCommand'));
    expect(await commands.evalsha('sha', ['a'], ['1'])).toEqual([
      'sendCommand',
      ['EVALSHA', 'sha', '1', 'a', '1'],
    ]);
    expect(await commands.eval('text', ['a'], ['1'])).toEqual([
      'sendCommand',
      ['EVAL', 'text', '1', 'a', '1'],
    ]);
    expect(await commands.call('INFO', 'server')).toEqual(['sendCommand', ['INFO', 'server']]);
  });

  it('leaves it to a cluster of node-redis which node is asked', async () => {
    const client = Object.assign(recording('evalSha', 'eval', 'sendCommand'), { masters: [] });
    const commands = toRedisCommands(client);
    expect(await commands.call('INFO')).toEqual(['sendCommand', undefined, false, ['INFO']]);
    const words = ['EVALSHA', 'sha', '1', 'a', '1'];
    expect(await commands.evalsha('sha', ['a'], ['1'])).toEqual(['sendCommand', 'a', false, words]);
  });

  it('never lets a sentinel client of node-redis ask a replica', async () => {
    const client = recording('evalSha', 'eval', 'sendCommand', 'getSentinelNode');
    expect(await toRedisCommands(client).call('INFO')).toEqual(['sendCommand', false, ['INFO']]);
  });

  it('takes an object with the three methods as it is', () => {
    const own = recording('evalsha', 'eval', 'call');
    expect(toRedisCommands(own)).toBe(own);
  });

  it.each([undefined, null, 'redis://localhost', {}, { evalsha: 1, eval: 2, call: 3 }])(
    'refuses what is no client: %j',
    (client) => {
      const toCommands = () => toRedisCommands(client as unknown as RedisClient);
      expect(toCommands).toThrow(ConfigurationError);
      expect(toCommands).toThrow(/ioredis, iovalkey, node-redis or @valkey\/valkey-glide/);
    },
  );
});
