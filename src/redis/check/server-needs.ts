import type { Effect } from './server-warnings.ts';

/** The needs of a store. */
export interface ServerNeeds {
  /** Every command that its scripts call, in an order that leaves no key behind. `$` stands for a key. */
  readonly commands: readonly string[];
  /** A key of each kind that it uses. */
  readonly keys: readonly [string, ...string[]];
  /** Whether its keys are on all nodes of a cluster. */
  readonly isSpread: boolean;
  /** Sufficient rights, as words of `ACL SETUSER`. */
  readonly rights: string;
  /** The oldest version that its scripts are tested with. Every Valkey is newer. */
  readonly version: number;
  /** The beginning of the eviction policies that may remove what it needs. */
  readonly evicts: RegExp;
  /** The consequence of eviction. */
  readonly evictionMessage: string;
  readonly effect: Effect;
}

export const LIMITS_NEEDS: ServerNeeds = {
  commands: [
    'TIME',
    'GET $',
    'MGET $',
    'SET $ 1 PX 1000',
    'PSETEX $ 1000 1',
    'PTTL $',
    'PEXPIRE $ 1000',
    'DEL $',
    'ZADD $ 1 1',
    'PEXPIRE $ 1000',
    'ZSCORE $ 1',
    'ZCARD $',
    'ZCOUNT $ 1 1',
    'ZRANGEBYSCORE $ 1 1',
    'ZREVRANGE $ 0 1',
    'ZREM $ 1',
    'ZREMRANGEBYSCORE $ 1 1',
    'ZREMRANGEBYRANK $ 0 0',
    'DEL $',
    'HSET $ 1 1',
    'PEXPIRE $ 1000',
    'HMGET $ 1',
    'HGETALL $',
    'HDEL $ 1',
    'DEL $',
  ],
  // Counters and records of a scope; the pace of a sub-account.
  keys: ['8x8g:{check}:c', '8x8g:{%pace.check}:f'],
  isSpread: true,
  rights: '~8x8g:* +eval +evalsha +time +@read +@write',
  version: 6,
  // Every counter has an expiry, so the volatile policies evict counters too; `volatile-ttl` evicts them first.
  evicts: /^(?!noeviction$)/,
  evictionMessage: 'when memory is full the server evicts counters, and more is sent than the limits allow',
  effect: 'nothing can be counted',
};

/** @param prefix the start of every key of the ledger */
export function ledgerNeeds(prefix: string): ServerNeeds {
  return {
    commands: [
      'SET $ 1 PX 1000',
      'INCR $',
      'INCRBY $ 1',
      'DEL $',
      'SADD $ 1',
      'DEL $',
      'ZADD $ 1 1',
      'ZRANGE $ 0 1',
      'ZREVRANGE $ 0 1',
      'ZRANGEBYLEX $ - +',
      'ZREM $ 1',
      'DEL $',
    ],
    keys: [`${prefix}check`],
    isSpread: false,
    rights: '~8x8g:* +eval +evalsha +@read +@write',
    version: 5,
    // Entries have no expiry, so the volatile policies keep them.
    evicts: /^allkeys/,
    evictionMessage:
      'when memory is full the server evicts opt-outs, and people who opted out receive messages',
    effect: 'nothing can be recorded',
  };
}
