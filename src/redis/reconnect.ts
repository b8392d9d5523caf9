import type { GlideLike, IoredisLike, NodeRedisLike, RedisCommands } from './redis-commands.ts';

/** Milliseconds between the first two requests for a new connection of one client; doubles up to the most. Our numbers. */
const FIRST_GAP_MS = 1_000;
const MAX_GAP_MS = 30_000;
/** Milliseconds without a request after which the first gap applies again: a different failover. Our number. */
const FORGET_MS = 300_000;
/** A replica answered: a failover left the connection behind, or the client was given a replica. */
const REPLICA = /\b(?:READONLY|MASTERDOWN)\b/;

interface Asked {
  readonly atMs: number;
  readonly gapMs: number;
}

/** Per client, because several stores may use it. */
const asked = new WeakMap<object, Asked>();

function isDue(client: object, nowMs: number): boolean {
  const last = asked.get(client);
  const isFirst = last === undefined || nowMs - last.atMs > FORGET_MS;
  if (!isFirst && nowMs - last.atMs < last.gapMs) return false;
  asked.set(client, { atMs: nowMs, gapMs: isFirst ? FIRST_GAP_MS : Math.min(2 * last.gapMs, MAX_GAP_MS) });
  return true;
}

/** Asks for a new connection when a replica answers: the address may lead to the new primary by now. */
export function withReconnect(commands: RedisCommands, client: object, reconnect: () => void): RedisCommands {
  function onFailure(error: unknown): never {
    if (error instanceof Error && REPLICA.test(error.message) && isDue(client, performance.now()))
      reconnect();
    throw error;
  }
  return {
    evalsha: (sha, keys, args) => commands.evalsha(sha, keys, args).catch(onFailure),
    eval: (script, keys, args) => commands.eval(script, keys, args).catch(onFailure),
    call: (name, ...args) => commands.call(name, ...args),
  };
}

interface IoredisState {
  readonly status?: unknown;
  readonly options?: { readonly retryStrategy?: unknown } | undefined;
  disconnect?(reconnect: boolean): void;
}

/** A cluster follows the servers itself. A client that is told not to reconnect would end for good. */
export function reconnectIoredis(client: IoredisLike): void {
  if ('isCluster' in client && client.isCluster === true) return;
  const { status, options } = client as IoredisState;
  const strategy = options?.retryStrategy;
  if (status !== 'ready' || typeof strategy !== 'function' || typeof strategy(1) !== 'number') return;
  (client as IoredisState).disconnect?.(true);
}

interface NodeRedisState {
  readonly isReady?: unknown;
  readonly options?: { readonly socket?: { readonly reconnectStrategy?: unknown } | undefined } | undefined;
  listenerCount?(event: string): number;
  sendCommand(words: readonly string[]): Promise<unknown>;
}

/**
 * The server ends the connection after the commands that are on their way, and the client makes a new one. A sentinel, a
 * cluster and a pool are left alone: the first two follow the servers themselves, and a pool does not tell how its
 * clients reconnect.
 */
export function reconnectNodeRedis(client: NodeRedisLike): void {
  if (['getSentinelNode', 'masters', 'totalClients'].some((name) => name in client)) return;
  const { isReady, options, listenerCount } = client as unknown as NodeRedisState;
  // A lost connection is an `error` event, which ends a process without a listener.
  if (isReady !== true || !listenerCount?.call(client, 'error')) return;
  const strategy = options?.socket?.reconnectStrategy;
  if (strategy === false) return;
  if (typeof strategy === 'function' && typeof strategy(0, new Error('READONLY')) !== 'number') return;
  (client as unknown as NodeRedisState).sendCommand(['QUIT']).catch(() => {});
}

/** The same with Valkey GLIDE, whose standalone client always reconnects. Its cluster client follows the servers. */
export function reconnectGlide(client: GlideLike): void {
  if ('ssubscribe' in client) return;
  client.customCommand(['QUIT']).catch(() => {});
}
