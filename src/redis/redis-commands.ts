import { ConfigurationError } from '../errors.ts';
import { type GlideLike, glideCommands } from './glide-commands.ts';

/**
 * The three methods that the store needs from a client library. ioredis, iovalkey, node-redis and Valkey GLIDE are
 * recognised; implement this interface for any other client.
 *
 * @example
 * ```ts
 * const commands: RedisCommands = {
 *   evalsha: (sha, keys, args) => client.command('EVALSHA', sha, keys.length, ...keys, ...args),
 *   eval: (script, keys, args) => client.command('EVAL', script, keys.length, ...keys, ...args),
 *   call: (name, ...args) => client.command(name, ...args),
 * };
 * ```
 */
export interface RedisCommands {
  /**
   * Sends `EVALSHA` to the node that holds the keys, which share one slot. Rejects with the server's message, such as
   * `NOSCRIPT …`.
   */
  evalsha(sha: string, keys: readonly string[], args: readonly string[]): Promise<unknown>;
  /** Sends `EVAL`, with the text of the script, to the node that holds the keys. */
  eval(script: string, keys: readonly string[], args: readonly string[]): Promise<unknown>;
  /** Sends a command without keys, such as `INFO`, to any node. */
  call(name: string, ...args: string[]): Promise<unknown>;
}

/** A client of ioredis or iovalkey, single or cluster. */
export interface IoredisLike {
  /** Recognises the library; never called. */
  defineCommand(name: string, definition: { lua: string }): void;
  /** Sends `EVALSHA`. */
  evalsha(sha: string, keyCount: number, ...keysAndArgs: string[]): Promise<unknown>;
  /** Sends `EVAL`. */
  eval(script: string, keyCount: number, ...keysAndArgs: string[]): Promise<unknown>;
  /** Sends any command. */
  call(name: string, ...args: string[]): Promise<unknown>;
}

interface EvalOptions {
  /** Keys of the script. */
  keys: string[];
  /** Arguments of the script. */
  arguments: string[];
}

/** A client of node-redis: single, pool, sentinel or cluster. */
export interface NodeRedisLike {
  /** Sends `EVALSHA`. */
  evalSha(sha: string, options: EvalOptions): Promise<unknown>;
  /** Sends `EVAL`. */
  eval(script: string, options: EvalOptions): Promise<unknown>;
  /**
   * Sends any command. A single client takes its words, a sentinel client first takes whether a replica may answer, a
   * cluster first takes a key that selects the node.
   */
  sendCommand(...args: never[]): Promise<unknown>;
}

/**
 * A client of ioredis, iovalkey, node-redis or Valkey GLIDE, for one server, Sentinel or a cluster, or any object that
 * implements {@link RedisCommands}.
 */
export type RedisClient = RedisCommands | IoredisLike | NodeRedisLike | GlideLike;

/** @throws ConfigurationError the client is not supported */
export function toRedisCommands(client: RedisClient): RedisCommands {
  if (isIoredis(client)) return ioredisCommands(client);
  if (isNodeRedis(client)) return nodeRedisCommands(client);
  if (isGlide(client)) return glideCommands(client);
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
