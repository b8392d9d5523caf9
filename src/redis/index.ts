export type { FieldEncryptionOptions, FieldSecret } from '../consent/field-encryption.ts';
export type { ServerCheckOptions } from '../internal/check-options.ts';
export type { ServerProblem, ServerWarning } from './check/server-warnings.ts';
export type {
  FailoverReason,
  LimitsEvent,
  LimitsEventListener,
} from './failover/limits-event.ts';
export type { KeyHashingOptions } from './key-hashing-options.ts';
export type { GlideLike, IoredisLike, NodeRedisLike, RedisClient, RedisCommands } from './redis-commands.ts';
export {
  type RedisConsentLedger,
  type RedisConsentLedgerOptions,
  redisConsentLedger,
} from './redis-consent-ledger.ts';
export {
  type LocalLimitsOptions,
  type RedisLimitStore,
  type RedisLimitsOptions,
  redisLimits,
} from './redis-limits.ts';
