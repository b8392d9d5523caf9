import { ConfigurationError } from '../errors.ts';

/**
 * What the store asks of a client library: three methods. ioredis, iovalkey and node-redis (single and cluster) are
 * recognised; implement this for any other.
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
  /** `EVALSHA`, sent to the node that has the keys; all have one slot. Rejects with the server's message, `NOSCRIPT …`. */
  evalsha(sha: string, keys: readonly string[], args: readonly string[]): Promise<unknown>;
  /** `EVAL`, the same with the text of the script. */
  eval(script: string, keys: readonly string[], args: readonly string[]): Promise<unknown>;
  /** Any command without keys, sent to any node: `INFO`, `CONFIG`. */
  call(name: string, ...args: string[]): Promise<unknown>;
}

/** ioredis and iovalkey, single or cluster. */
export interface IoredisLike {
  defineCommand(name: string, definition: { lua: string }): void;
  evalsha(sha: string, keyCount: number, ...keysAndArgs: string[]): Promise<unknown>;
  eval(script: string, keyCount: number, ...keysAndArgs: string[]): Promise<unknown>;
  call(name: string, ...args: string[]): Promise<unknown>;
}

interface EvalOptions {
  keys: string[];
  arguments: string[];
}

/** node-redis, single, pool or cluster. */
export interface NodeRedisLike {
  evalSha(sha: string, options: EvalOptions): Promise<unknown>;
  eval(script: string, options: EvalOptions): Promise<unknown>;
  // A single client takes the words of the command, a cluster first the key that chooses the node.
  sendCommand(...args: never[]): Promise<unknown>;
}

/** A client of ioredis, iovalkey or node-redis, single or cluster, or anything with the three methods. */
export type RedisClient = RedisCommands | IoredisLike | NodeRedisLike;

/** @throws ConfigurationError when it is none of the clients that are known. */
export function toRedisCommands(client: RedisClient): RedisCommands {
  if (isIoredis(client)) return ioredisCommands(client);
  if (isNodeRedis(client)) return nodeRedisCommands(client);
  if (isRedisCommands(client)) return client;
  throw new ConfigurationError(
    'client must be a client of ioredis, iovalkey or node-redis, or an object with the methods evalsha, eval and call.',
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
  // Only a cluster has masters; it sends a command without a key to one of them.
  const isCluster = 'masters' in client;
  const sendCommand = client.sendCommand.bind(client) as (...args: unknown[]) => Promise<unknown>;
  return {
    evalsha: (sha, keys, args) => client.evalSha(sha, optionsOf(keys, args)),
    eval: (script, keys, args) => client.eval(script, optionsOf(keys, args)),
    call: (...words) => (isCluster ? sendCommand(undefined, false, words) : sendCommand(words)),
  };
}
