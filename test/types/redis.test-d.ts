import type { GlideClient, GlideClusterClient } from '@valkey/valkey-glide';
import type { Cluster, Redis } from 'ioredis';
import type { Redis as Valkey } from 'iovalkey';
import type {
  createClient,
  createClientPool,
  createCluster,
  createSentinel,
  RedisClientType,
  RedisClusterType,
  RedisSentinelType,
} from 'redis';
import { expectTypeOf, test } from 'vitest';
import type { LimitStore } from '../../src/index.ts';
import {
  type LimitsEvent,
  type RedisClient,
  type RedisLimitsOptions,
  type redisConsentLedger,
  redisLimits,
} from '../../src/redis/index.ts';

test('the clients of each library are taken as they are', () => {
  expectTypeOf<Redis>().toExtend<RedisClient>();
  expectTypeOf<Cluster>().toExtend<RedisClient>();
  expectTypeOf<Valkey>().toExtend<RedisClient>();
  expectTypeOf<GlideClient>().toExtend<RedisClient>();
  expectTypeOf<GlideClusterClient>().toExtend<RedisClient>();
  type NodeRedis =
    | ReturnType<typeof createClient | typeof createClientPool | typeof createCluster | typeof createSentinel>
    | RedisClientType
    | RedisClusterType
    | RedisSentinelType;
  expectTypeOf<(client: RedisClient) => void>().toBeCallableWith({} as NodeRedis);
  expectTypeOf<Parameters<typeof redisConsentLedger>[0]['client']>().toEqualTypeOf<RedisClient>();
});

test('the behaviour during an outage has to be chosen', () => {
  const client = {} as Redis;
  // @ts-expect-error onStoreError is missing
  expectTypeOf({ client, secret: 'x' }).toExtend<RedisLimitsOptions>();
  // @ts-expect-error not one of the two
  expectTypeOf<'allow'>().toExtend<RedisLimitsOptions['onStoreError']>();
  expectTypeOf<{ local: { processes: number } }>().toExtend<RedisLimitsOptions['onStoreError']>();
});

test('the store is a limit store, and its events are told apart by their type', () => {
  expectTypeOf(redisLimits).returns.toExtend<LimitStore>();
  expectTypeOf<Extract<LimitsEvent, { type: 'limits-switched' }>['to']>().toEqualTypeOf<
    'local' | 'refuse' | 'shared'
  >();
});
