import { ConfigurationError } from '../errors.ts';
import { readCheckOptions, type ServerCheckOptions } from '../internal/check-options.ts';
import type { LimitStore } from '../limits/limit-store.ts';
import {
  anyFunction,
  boolean,
  type Fields,
  integer,
  object,
  objectWith,
  oneOf,
  switchOn,
  unknown,
  validate,
  withMethods,
} from '../schema.ts';
import type { Clock } from '../types.ts';
import { checkServer } from './check/check-server.ts';
import { LIMITS_NEEDS } from './check/server-needs.ts';
import { refusalWarning, type ServerWarning } from './check/server-warnings.ts';
import { withCommandTimeout } from './failover/command-timeout.ts';
import { STARTUP_MS, waitForConnection } from './failover/connecting.ts';
import { createFailoverStore } from './failover/failover-store.ts';
import { causeOf, createEmitLimits, type LimitsEventListener } from './failover/limits-event.ts';
import { createKeyNames, type KeyHashingOptions } from './key-hashing-options.ts';
import { createRedisPace } from './pace/redis-pace.ts';
import type { RedisClient } from './redis-commands.ts';
import { createRedisStore } from './redis-store.ts';
import { createShardedStore } from './sharded-store.ts';
import { toRedisCommands } from './to-redis-commands.ts';

/** How a process decides on its own while the shared store does not answer. */
export interface LocalLimitsOptions {
  /**
   * The largest number of processes that ever send. Each uses `max(1, floor(limit / processes))` of every limit. Together they let
   * at most `max(limit, processes)` through, in addition to the messages that the shared store let through before.
   */
  readonly processes: number;
  /**
   * How to decide a message with an `idempotencyKey`, and anything else that must happen only once, while only this
   * process can decide. `refuse`: throw a `StoreError` and send nothing. `local`: send unless this process knows the
   * key; another process may have sent the message.
   *
   * @default 'refuse'
   */
  readonly once?: 'refuse' | 'local' | undefined;
}

/** Options of {@link redisLimits}. */
export interface RedisLimitsOptions extends KeyHashingOptions {
  /**
   * Your client of ioredis, iovalkey, node-redis or Valkey GLIDE (one server, Sentinel or cluster), or your own {@link
   * RedisCommands}. You close it.
   */
  readonly client: RedisClient;
  /**
   * Whether the client is asked for a new connection when a replica answers (`READONLY`), to which a failover behind a DNS name or a
   * load balancer leaves it connected: ioredis and iovalkey through `disconnect(true)`, node-redis and Valkey GLIDE through `QUIT`. At
   * most once per second and client, and less and less often. A client that would not reconnect is never asked. Other users of the
   * same client see a lost connection; see docs/scaling.md.
   *
   * @default true
   */
  readonly reconnectOnReadOnly?: boolean | undefined;
  /**
   * The decision while the server does not answer. There is no default, because only you can choose. `'refuse'`: send nothing.
   * `{ local: { processes } }`: each process uses its share of every limit. Amounts of money are refused in both cases.
   */
  readonly onStoreError:
    | 'refuse'
    | {
        /** How each process decides on its own. */
        readonly local: LocalLimitsOptions;
      };
  /**
   * Milliseconds in which the server must reply, 10 to 4,000; in a batch, per 500 messages. The first reply may take up to a second
   * from the first call of a process, because the client may still be connecting.
   *
   * @default 150 (chosen by this package)
   */
  readonly timeoutMs?: number | undefined;
  /**
   * `recipient` spreads counters of phone numbers over 64 slots of a cluster, for more numbers than one node can hold.
   * One slot is fast enough for any sub-account. Counters of the whole account (budgets, `prefix`, `idempotencyKey`)
   * stay in one slot. A message with rules of both kinds is taken in both slots, one after the other, and given back if
   * the second refuses: a count may be too high for a moment, never too low. Must be the same in all processes. When
   * you change it on a live system, counts, waits and blocks of numbers start over: for one window a number may receive twice its
   * limit.
   *
   * @default 'scope', which keeps a scope in one slot and takes one round trip per message
   */
  readonly shardBy?: 'scope' | 'recipient' | undefined;
  /**
   * Receives every switch between stores, and problems of the server.
   *
   * @default writes a line with `console.warn`
   */
  readonly onEvent?: LimitsEventListener | undefined;
  /**
   * Clock of this process while it decides on its own, and of event time stamps.
   *
   * @default the system clock
   */
  readonly clock?: Clock | undefined;
}

/** A limit store on Redis or Valkey. */
export interface RedisLimitStore extends LimitStore {
  /**
   * Checks the server by doing what the limits do: whether it answers, accepts writes (it may be a replica, full,
   * without its replicas, or unable to save), runs the scripts, grants every right that they need, evicts no counters
   * and is new enough; in a cluster on every primary node. Waits until the client is connected. Also runs by itself
   * after the first reply and after the first refusal of each kind, and reports to `onEvent`; call it when you deploy.
   *
   * @returns the problems, each with the change that fixes it; empty if there are none
   * @throws AbortedError the signal fired
   * @throws ConfigurationError an option is unknown or invalid
   *
   * @example for (const { message } of await limits.check()) console.warn(message);
   */
  check(options?: ServerCheckOptions): Promise<readonly ServerWarning[]>;
  /** Writes back what the server has missed, within one `timeoutMs`, then stops. Your client stays open. */
  close(): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 150;
/** Deadlines after which a command without a reply is considered lost; 3 s by default. Our number. */
const LOST_AFTER_DEADLINES = 20;

const localFields: Fields<LocalLimitsOptions> = {
  processes: integer({ min: 1, max: 100_000 }),
  once: oneOf(['refuse', 'local']),
};
const local = objectWith(['processes'], localFields, 'an object { processes }');

const fields: Fields<RedisLimitsOptions> = {
  client: unknown(),
  reconnectOnReadOnly: boolean(),
  secret: unknown(),
  keyId: unknown(),
  previous: object({ secret: unknown(), keyId: unknown() }, 'an object { keyId, secret }'),
  storeNumbers: oneOf(['hashed', 'clear']),
  onStoreError: switchOn(
    (input) => input !== 'refuse',
    objectWith(['local'], { local }, "'refuse' or { local: { processes } }"),
    oneOf(['refuse']),
  ),
  timeoutMs: integer({ min: 10, max: 4_000, unit: 'milliseconds' }),
  shardBy: oneOf(['scope', 'recipient']),
  onEvent: anyFunction(),
  clock: withMethods(['now'], 'a clock'),
};
const schema = object(fields, 'an object of options');

function readOptions(options: RedisLimitsOptions): RedisLimitsOptions {
  const flaw = validate(schema, options);
  if (flaw !== undefined) throw new ConfigurationError(`redisLimits: ${flaw.message}`, flaw.path);
  if (options.onStoreError === undefined) {
    throw new ConfigurationError(
      "redisLimits: onStoreError is required. 'refuse' sends nothing while the server does not answer; { local: { processes: 20 } } lets each of your (here 20) processes continue with its share of every limit.",
      'onStoreError',
    );
  }
  return options;
}

/**
 * Creates a limit store on a Redis or Valkey server, shared by all processes that use it, with one round trip per
 * message. While the server does not answer within `timeoutMs`, `onStoreError` decides; see docs/scaling-outages.md. Nothing is
 * sent or started before the first call.
 *
 * @throws ConfigurationError an option is missing, unknown or invalid
 *
 * @example
 * ```ts
 * const limits = redisLimits({
 *   client: new Redis(process.env.REDIS_URL),
 *   secret: process.env.LIMITS_SECRET,
 *   onStoreError: { local: { processes: 20 } },
 * });
 * const sms = new SmsClient({ limits });
 * ```
 */
export function redisLimits(options: RedisLimitsOptions): RedisLimitStore {
  const {
    client,
    reconnectOnReadOnly,
    onStoreError,
    timeoutMs = DEFAULT_TIMEOUT_MS,
    shardBy,
    onEvent,
    clock,
    ...names
  } = readOptions(options);
  const commands = waitForConnection(
    withCommandTimeout(toRedisCommands(client, reconnectOnReadOnly), LOST_AFTER_DEADLINES * timeoutMs),
  );
  const store = createRedisStore({ commands, names: createKeyNames(names), deadlineMs: timeoutMs });
  const raw = shardBy === 'recipient' ? createShardedStore(store) : store;
  const emit = createEmitLimits(onEvent, () => (clock ?? Date).now());
  /** The codes of the refusals after which the server was checked, and an empty one for a reply. */
  const checked = new Set<string>();
  const reported = new Set<string>();

  /** Runs in the background and never throws. */
  async function checkAfter(code: string): Promise<void> {
    if (checked.has(code)) return;
    checked.add(code);
    for (const warning of await checkServer(commands, LIMITS_NEEDS)) {
      if (!reported.has(warning.message)) emit({ type: 'limits-warning', ...warning });
      reported.add(warning.message);
    }
  }

  const { isSuspect, ...failoverStore } = createFailoverStore({
    remote: {
      ...raw,
      async take(scope, requests) {
        try {
          const verdicts = await raw.take(scope, requests);
          void checkAfter('');
          return verdicts;
        } catch (error) {
          const { cause = '' } = causeOf(error);
          if (cause === 'ERR' || refusalWarning(cause, LIMITS_NEEDS.effect) !== undefined)
            void checkAfter(cause);
          throw error;
        }
      },
    },
    onStoreError:
      onStoreError === 'refuse'
        ? onStoreError
        : { processes: onStoreError.local.processes, once: onStoreError.local.once ?? 'refuse' },
    timeoutMs,
    clock,
    onEvent,
    startupMs: STARTUP_MS,
  });
  return {
    ...failoverStore,
    pace: createRedisPace({
      commands,
      onStoreError: onStoreError === 'refuse' ? onStoreError : onStoreError.local,
      timeoutMs,
      isSuspect,
      emit,
    }),
    check: async (options) =>
      await checkServer(commands, LIMITS_NEEDS, readCheckOptions('limits.check', options)),
    close: async () => failoverStore.close?.(),
  };
}
