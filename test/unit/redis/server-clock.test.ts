import { describe, expect, it } from 'vitest';
import { createServerClocks } from '../../../src/redis/server-clock.ts';
import { MAIN_SHARD, SHARDS, shardScope } from '../../../src/redis/shards.ts';

describe('the clocks of servers', () => {
  it('are remembered for the shards of a hundred scopes: without, every message asks for the time first', () => {
    const clocks = createServerClocks();
    const scopes = Array.from({ length: 100 }, (_, account) =>
      [MAIN_SHARD, ...Array(SHARDS).keys()].map((shard) => shardScope(`account-${account}`, shard)),
    ).flat();
    for (const scope of scopes) clocks.record(scope, 1_000_000, clocks.local());
    expect(scopes.filter((scope) => clocks.now(scope) === undefined)).toEqual([]);
  });

  it('go on with the local one', () => {
    const clocks = createServerClocks();
    expect(clocks.now('acme')).toBeUndefined();
    const askedAt = clocks.local();
    clocks.record('acme', 5_000, askedAt);
    const before = clocks.local();
    expect(clocks.now('acme')).toBeGreaterThanOrEqual(5_000 + before - askedAt);
    expect(clocks.now('other')).toBeUndefined();
  });
});
