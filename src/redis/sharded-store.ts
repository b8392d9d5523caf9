import type {
  LimitRule,
  LimitStore,
  RuleState,
  Settlement,
  StoreCallOptions,
  TakeRequest,
} from '../limits/limit-store.ts';
import { checkSettlement } from '../limits/rule-validation.ts';
import { createRuleChecks } from './rule-checks.ts';
import {
  combineVerdicts,
  recordVerdict,
  requestFor,
  type ShardedRequest,
  toShardedRequest,
  wavesOf,
} from './sharded-request.ts';
import {
  checkReservationLengths,
  checkScopeLength,
  groupByShard,
  onlyShardOf,
  pushTo,
  type Shard,
  type ShardRules,
  shardOfRule,
  shardScope,
} from './shards.ts';

/**
 * Counts rules about one number in one of 64 slots, and other rules in the slot of the scope. A message with rules of
 * both kinds is taken in both slots, and given back in the first if the second refuses: a count may be too high for a
 * moment, never too low.
 *
 * The slot of the number comes first. A take that is held in vain then only blocks messages to the same number, not the
 * budget of everybody, and the fixed order keeps two messages from refusing each other.
 *
 * @param store counts in one shard; each shard is a scope of it
 */
export function createShardedStore(store: LimitStore): LimitStore {
  const checks = createRuleChecks();

  /** Calls up to 65 shards in parallel, and waits for all of them even when one fails. */
  async function forEachShard<Item>(
    items: Iterable<readonly [shard: Shard, item: Item]>,
    ask: (shard: Shard, items: readonly Item[]) => Promise<void>,
  ): Promise<void> {
    const shards = new Map<Shard, Item[]>();
    for (const [shard, item] of items) pushTo(shards, shard, item);
    const results = await Promise.allSettled([...shards].map(([shard, some]) => ask(shard, some)));
    for (const each of results) if (each.status === 'rejected') throw each.reason;
  }

  /** A take that cannot be given back stays open until the failed call is settled. */
  async function giveBack(scope: string, messages: readonly ShardedRequest[]): Promise<void> {
    const taken: [Shard, Settlement][] = [];
    for (const message of messages) {
      const { reservation } = message.request;
      for (const { shard, rules } of message.taken)
        taken.push([shard, { reservation, rules, outcome: 'return' }]);
      message.taken = [];
    }
    await forEachShard(taken, (shard, settlements) => store.settle(shardScope(scope, shard), settlements));
  }

  async function takeShards(
    scope: string,
    messages: readonly ShardedRequest[],
    partOf: (message: ShardedRequest) => ShardRules | undefined,
    options: StoreCallOptions | undefined,
  ): Promise<void> {
    const work = messages.flatMap(
      (message): [Shard, { message: ShardedRequest; part: ShardRules; request: TakeRequest }][] => {
        const part = partOf(message);
        return part === undefined
          ? []
          : [[part.shard, { message, part, request: requestFor(message, part) }]];
      },
    );
    await forEachShard(work, async (shard, some) => {
      const requests = some.map(({ request }) => request);
      const verdicts = await store.take(shardScope(scope, shard), requests, options);
      for (const [at, verdict] of verdicts.entries()) {
        const { message, part } = some[at] as (typeof some)[number];
        recordVerdict(message, part, verdict);
      }
    });
  }

  async function takeWave(
    scope: string,
    wave: readonly ShardedRequest[],
    options: StoreCallOptions | undefined,
  ): Promise<void> {
    const steps = wave.reduce((most, { shards }) => Math.max(most, shards.length), 0);
    for (let step = 0; step < steps; step += 1) {
      await takeShards(scope, wave, ({ shards }) => shards[step], options);
    }
    await takeShards(scope, wave, ({ main }) => main, options);
    await giveBack(
      scope,
      wave.filter(({ isRefused }) => isRefused),
    );
  }

  return {
    async take(scope, requests, options) {
      checkScopeLength(scope);
      // Most single messages have one shard, and then cost no more than without shards.
      const only = onlyShardOf(requests);
      if (only !== undefined) return store.take(shardScope(scope, only), requests, options);
      checks.checkRequests(scope, requests);
      checkReservationLengths(requests);
      const messages = requests.map(toShardedRequest);
      try {
        for (const wave of wavesOf(messages)) await takeWave(scope, wave, options);
      } catch (error) {
        await giveBack(scope, messages).catch(() => {});
        throw error;
      }
      return messages.map(combineVerdicts);
    },

    async settle(scope, settlements) {
      checkScopeLength(scope);
      const only = onlyShardOf(settlements);
      if (only !== undefined) return store.settle(shardScope(scope, only), settlements);
      settlements.forEach((settlement, at) => {
        checkSettlement(settlement, `settlements[${at}]`);
      });
      const parts = settlements.flatMap((settlement) =>
        groupByShard(settlement.rules).map(({ shard, rules }): [Shard, Settlement] => [
          shard,
          { ...settlement, rules },
        ]),
      );
      await forEachShard(parts, (shard, some) => store.settle(shardScope(scope, shard), some));
    },

    async inspect(scope, rules) {
      checks.checkRules(scope, rules);
      checkScopeLength(scope);
      const states = new Map<LimitRule, RuleState>();
      await forEachShard(rules.map(withShard), async (shard, some) => {
        for (const state of await store.inspect(shardScope(scope, shard), some))
          states.set(state.rule, state);
      });
      return rules.map((rule) => states.get(rule) as RuleState);
    },

    async release(scope, rules) {
      checks.checkRules(scope, rules);
      checkScopeLength(scope);
      await forEachShard(rules.map(withShard), (shard, some) =>
        store.release(shardScope(scope, shard), some),
      );
    },
    // Records are read and written one at a time, so the slot of the scope is fast enough for them.
    records: store.records,
    doubts: store.doubts,
  };
}

const withShard = (rule: LimitRule): [Shard, LimitRule] => [shardOfRule(rule), rule];
