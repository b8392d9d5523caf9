import { ConfigurationError } from '../errors.ts';
import type { LimitStore } from '../limits/limit-store.ts';
import {
  anyFunction,
  anything,
  either,
  type Fields,
  findFlaw,
  having,
  integer,
  oneOf,
  shape,
  shapeWith,
} from '../schema.ts';
import type { Clock } from '../types.ts';
import { withCommandTimeout } from './failover/command-timeout.ts';
import { createFailoverStore } from './failover/failover-store.ts';
import { createEmitLimits, type LimitsEventListener, type LimitsWarning } from './failover/limits-event.ts';
import { checkServer, isServerRefusal } from './failover/server-checks.ts';
import { createKeyNames, type KeyHashingOptions } from './key-hashing-options.ts';
import { createRedisPace } from './pace/redis-pace.ts';
import { type RedisClient, toRedisCommands } from './redis-commands.ts';
import { createRedisStore } from './redis-store.ts';
import { createShardedStore } from './sharded-store.ts';

/** What a process does alone while the shared store does not answer. */
export interface LocalLimitsOptions {
  /**
   * How many processes send, at most. Each takes `max(1, floor(limit / processes))` of every limit for itself: all together
   * then let through `max(limit, processes)` at most, beside what the shared store let through before.
   */
  readonly processes: number;
  /**
   * What becomes of a message with an `idempotencyKey`, and of other things that must not happen twice, when only this
   * process can be asked. `refuse`: a `StoreError`, nothing is sent. `local`: it goes out unless this process knows the
   * key; another process may have sent it.
   *
   * @default 'refuse'
   */
  readonly once?: 'refuse' | 'local' | undefined;
}

/** Options of {@link redisLimits}. */
export interface RedisLimitsOptions extends KeyHashingOptions {
  /** Yours, connected, of ioredis, iovalkey or node-redis (single or cluster), or your own {@link RedisCommands}. */
  readonly client: RedisClient;
  /**
   * What happens while the server does not answer; there is no default, because only you can tell. `'refuse'`: nothing is
   * sent. `{ local: { processes } }`: each process goes on with its share of every limit. Amounts of money are refused in
   * both cases.
   */
  readonly onStoreError: 'refuse' | { readonly local: LocalLimitsOptions };
  /**
   * Milliseconds the server has for an answer, 10 to 4,000; of a batch, for every 500 messages.
   *
   * @default 150 (ours)
   */
  readonly timeoutMs?: number | undefined;
  /**
   * `recipient` spreads what is counted by phone number over 64 slots of a cluster, for more numbers than one node has
   * memory for; one slot is fast enough for any sub-account. What is counted for the whole account stays in one slot (budgets, `prefix`, `idempotencyKey`): a
   * message that has both is asked in both, one after the other, and given back where the other refused, so a count may
   * be too high for a moment, never too low. Equal in all processes. Changed on a live system, the counts, waits and
   * blocks of numbers start anew: for one window a number may get twice its limit.
   *
   * @default 'scope', all of a scope in one slot and one round trip a message
   */
  readonly shardBy?: 'scope' | 'recipient' | undefined;
  /** Is told of every switch and of what is wrong with the server. @default writes a line with `console.warn` */
  readonly onEvent?: LimitsEventListener | undefined;
  /** What this process counts by when it is alone, and events are stamped with. @default the system's */
  readonly clock?: Clock | undefined;
}

/** A limit store on Redis or Valkey. */
export interface RedisLimitStore extends LimitStore {
  /**
   * What is wrong with the server: it may drop counters, is too old, or runs no scripts. Asked by itself after the first
   * answer and told to `onEvent`; call it when you deploy. Never throws.
   *
   * @example for (const { message } of await limits.check()) console.warn(message);
   */
  check(): Promise<readonly LimitsWarning[]>;
  /** Tells the server what it has missed, within one `timeoutMs`, and then nothing more. Your client stays open. */
  close(): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 150;
/** A command without an answer for so many deadlines is taken for lost; ours, 3 s by default. */
const LOST_AFTER_DEADLINES = 20;

const localFields: Fields<LocalLimitsOptions> = {
  processes: integer({ min: 1, max: 100_000 }),
  once: oneOf(['refuse', 'local']),
};
const local = shapeWith(['processes'], localFields, 'an object { processes }');

const fields: Fields<RedisLimitsOptions> = {
  client: anything(),
  secret: anything(),
  keyId: anything(),
  previous: shape({ secret: anything(), keyId: anything() }, 'an object { keyId, secret }'),
  storeNumbers: oneOf(['hashed', 'clear']),
  onStoreError: either(
    (input) => input !== 'refuse',
    shapeWith(['local'], { local }, "'refuse' or { local: { processes } }"),
    oneOf(['refuse']),
  ),
  timeoutMs: integer({ min: 10, max: 4_000, unit: 'milliseconds' }),
  shardBy: oneOf(['scope', 'recipient']),
  onEvent: anyFunction(),
  clock: having(['now'], 'a clock'),
};
const schema = shape(fields, 'an object of options');

function readOptions(options: RedisLimitsOptions): RedisLimitsOptions {
  const flaw = findFlaw(schema, options);
  if (flaw !== undefined) throw new ConfigurationError(`redisLimits: ${flaw.message}`, flaw.path);
  if (options.onStoreError === undefined) {
    throw new ConfigurationError(
      "redisLimits: choose what happens while the server does not answer. onStoreError: 'refuse' sends nothing then; onStoreError: { local: { processes: 20 } } lets each of your (here 20) processes go on with its share of every limit.",
      'onStoreError',
    );
  }
  return options;
}

/**
 * Counts on a Redis or Valkey server, for all processes that share it, in one round trip a message. A server that does
 * not answer within `timeoutMs` is left alone for a while, and `onStoreError` decides; see docs/scaling.md. Nothing is
 * asked or started before the first call.
 *
 * @throws ConfigurationError an option is missing, unknown or malformed
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
    onStoreError,
    timeoutMs = DEFAULT_TIMEOUT_MS,
    shardBy,
    onEvent,
    clock,
    ...names
  } = readOptions(options);
  const commands = withCommandTimeout(toRedisCommands(client), LOST_AFTER_DEADLINES * timeoutMs);
  const store = createRedisStore({ commands, names: createKeyNames(names), deadlineMs: timeoutMs });
  const raw = shardBy === 'recipient' ? createShardedStore(store) : store;
  const emit = createEmitLimits(onEvent, () => (clock ?? Date).now());
  let isChecked = false;

  /** Nobody waits for it, and it does not throw. */
  async function checkOnce(): Promise<void> {
    if (isChecked) return;
    isChecked = true;
    for (const warning of await checkServer(commands)) emit({ type: 'limits-warning', ...warning });
  }

  const { isSuspect, ...failoverStore } = createFailoverStore({
    remote: {
      ...raw,
      async take(scope, requests) {
        try {
          const verdicts = await raw.take(scope, requests);
          void checkOnce();
          return verdicts;
        } catch (error) {
          if (isServerRefusal(error)) void checkOnce();
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
    check: () => checkServer(commands),
    close: async () => failoverStore.close?.(),
  };
}
