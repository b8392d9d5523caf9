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
  /** Recognises the library; never called. */
  evalSha(sha: string, options: EvalOptions): Promise<unknown>;
  /** Recognises the library; never called. */
  eval(script: string, options: EvalOptions): Promise<unknown>;
  /**
   * Sends any command. A single client takes its words, a sentinel client first takes whether a replica may answer, a
   * cluster first takes a key that selects the node.
   */
  sendCommand(...args: never[]): Promise<unknown>;
}

/** A client of Valkey GLIDE: `GlideClient` or `GlideClusterClient`. */
export interface GlideLike {
  /** Sends any command; a script goes to the node that holds its keys. */
  customCommand(args: string[]): Promise<unknown>;
}

/**
 * A client of ioredis, iovalkey, node-redis or Valkey GLIDE, for one server, Sentinel or a cluster, or any object that
 * implements {@link RedisCommands}.
 */
export type RedisClient = RedisCommands | IoredisLike | NodeRedisLike | GlideLike;
