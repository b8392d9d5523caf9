import { ConfigurationError } from '../errors.ts';
import { glideCommands } from './glide-commands.ts';
import { reconnectGlide, reconnectIoredis, reconnectNodeRedis, withReconnect } from './reconnect.ts';
import type { GlideLike, IoredisLike, NodeRedisLike, RedisClient, RedisCommands } from './redis-commands.ts';

/**
 * @param reconnectOnReadOnly whether a reply of a replica makes the client reconnect, where it can
 *
 * @throws ConfigurationError the client is not supported
 */
export function toRedisCommands(client: RedisClient, reconnectOnReadOnly = true): RedisCommands {
  const reconnecting = (commands: RedisCommands, reconnect: () => void) =>
    reconnectOnReadOnly ? withReconnect(commands, client, reconnect) : commands;
  if (isIoredis(client)) return reconnecting(ioredisCommands(client), () => reconnectIoredis(client));
  if (isNodeRedis(client)) return reconnecting(nodeRedisCommands(client), () => reconnectNodeRedis(client));
  if (isGlide(client)) return reconnecting(glideCommands(client), () => reconnectGlide(client));
  if (isRedisCommands(client)) return client;
  throw new ConfigurationError(
    'client must be a client of ioredis, iovalkey, node-redis or @valkey/valkey-glide, or an object with the methods evalsha, eval and call.',
    'client',
  );
}

function has(client: unknown, ...names: readonly string[]): boolean {
  const methods = (client ?? {}) as Record<string, unknown>;
  return names.every((name) => typeof methods[name] === 'function');
}

function isIoredis(client: unknown): client is IoredisLike {
  return has(client, 'defineCommand', 'evalsha', 'eval', 'call');
}

function isNodeRedis(client: unknown): client is NodeRedisLike {
  return has(client, 'evalSha', 'eval', 'sendCommand');
}

function isGlide(client: unknown): client is GlideLike {
  return has(client, 'customCommand');
}

function isRedisCommands(client: unknown): client is RedisCommands {
  return has(client, 'evalsha', 'eval', 'call');
}

function ioredisCommands(client: IoredisLike): RedisCommands {
  return {
    evalsha: (sha, keys, args) => client.evalsha(sha, keys.length, ...keys, ...args),
    eval: (script, keys, args) => client.eval(script, keys.length, ...keys, ...args),
    call: (name, ...args) => client.call(name, ...args),
  };
}

function nodeRedisCommands(client: NodeRedisLike): RedisCommands {
  const optionsOf = (keys: readonly string[], args: readonly string[]) => ({
    keys: [...keys],
    arguments: [...args],
  });
  const sendCommand = client.sendCommand.bind(client) as (...args: unknown[]) => Promise<unknown>;
  function call(...words: string[]): Promise<unknown> {
    // Only a cluster has masters. It sends a command without a key to one of them.
    if ('masters' in client) return sendCommand(undefined, false, words);
    // Only a sentinel client knows a sentinel. Its first argument is whether a replica may answer.
    if ('getSentinelNode' in client) return sendCommand(false, words);
    return sendCommand(words);
  }
  return {
    evalsha: (sha, keys, args) => client.evalSha(sha, optionsOf(keys, args)),
    eval: (script, keys, args) => client.eval(script, optionsOf(keys, args)),
    call,
  };
}
