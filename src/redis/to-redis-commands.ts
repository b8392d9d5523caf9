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

/** A pipeline of ioredis, for one command. */
interface IoredisPipeline {
  evalsha(sha: string, keyCount: number, ...keysAndArgs: string[]): IoredisPipeline;
  eval(script: string, keyCount: number, ...keysAndArgs: string[]): IoredisPipeline;
  exec(): Promise<readonly (readonly [error: Error | null, reply?: unknown])[] | null>;
}

interface AutoPipelining extends IoredisLike {
  readonly options: { readonly enableAutoPipelining: true };
  pipeline(): IoredisPipeline;
}

function isAutoPipelining(client: IoredisLike): client is AutoPipelining {
  const { options } = client as { readonly options?: { readonly enableAutoPipelining?: unknown } };
  return options?.enableAutoPipelining === true && has(client, 'pipeline');
}

function ioredisCommands(client: IoredisLike): RedisCommands {
  const call: RedisCommands['call'] = (name, ...args) => client.call(name, ...args);
  if (!isAutoPipelining(client)) {
    return {
      evalsha: (sha, keys, args) => client.evalsha(sha, keys.length, ...keys, ...args),
      eval: (script, keys, args) => client.eval(script, keys.length, ...keys, ...args),
      call,
    };
  }
  // With this option, ioredis has one pipeline under way and holds back every command until its replies are there. A script is
  // a batch already: in a pipeline of its own it leaves at once.
  async function run(pipeline: IoredisPipeline): Promise<unknown> {
    const [error, reply] = (await pipeline.exec())?.[0] ?? [new Error('ioredis gave no reply')];
    if (error !== null) throw error;
    return reply;
  }
  return {
    evalsha: (sha, keys, args) => run(client.pipeline().evalsha(sha, keys.length, ...keys, ...args)),
    eval: (script, keys, args) => run(client.pipeline().eval(script, keys.length, ...keys, ...args)),
    call,
  };
}

function nodeRedisCommands(client: NodeRedisLike): RedisCommands {
  const sendCommand = client.sendCommand.bind(client) as (...args: unknown[]) => Promise<unknown>;
  /** Its own methods for scripts lead here, by way of a parser. */
  function send(words: readonly string[], key?: string): Promise<unknown> {
    // Only a cluster has masters. It sends a command to the node of the key, without one to any.
    if ('masters' in client) return sendCommand(key, false, words);
    // Only a sentinel client knows a sentinel. Its first argument is whether a replica may answer.
    if ('getSentinelNode' in client) return sendCommand(false, words);
    return sendCommand(words);
  }
  return {
    evalsha: (sha, keys, args) => send(['EVALSHA', sha, `${keys.length}`, ...keys, ...args], keys[0]),
    eval: (script, keys, args) => send(['EVAL', script, `${keys.length}`, ...keys, ...args], keys[0]),
    call: (...words) => send(words),
  };
}
