import { ValidationError } from '../errors.ts';
import type { LimitRule } from '../limits/limit-store.ts';

/**
 * Shards of a scope; ours. Part of where a number is counted: another count of shards would be other counters, so it is
 * the same in every process and for ever.
 */
export const SHARDS = 64;
/** A shard from 0, or {@link MAIN_SHARD}. */
export type Shard = number;

/** Where everything is counted that is not about one number: the slot of the scope itself. Behind every shard. */
export const MAIN_SHARD: Shard = 1_000;

/** The rules of a message that are counted in one place. */
export interface ShardRules {
  readonly shard: Shard;
  readonly rules: readonly LimitRule[];
}

/**
 * The shard of a number, from its digits alone (the mix of MurmurHash3): the name under which the number is stored
 * changes with the secret, and both names must be found in one place. Who reads the server learns six bits of a number
 * this way, one number in 64, and nothing that helps without the secret.
 */
export function shardOfNumber(key: number): Shard {
  let mixed = (key >>> 0) ^ Math.imul(Math.floor(key / 2 ** 32), 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) % SHARDS;
}

/**
 * A range of numbers (`distinct`) is shared by all of them, like a budget. What happens once is taken last, for that is
 * never given back for another place's sake: a lease that somebody else took meanwhile would be lost.
 */
export function shardOfRule({ kind, key }: LimitRule): Shard {
  return typeof key === 'number' && kind !== 'distinct' && kind !== 'once' ? shardOfNumber(key) : MAIN_SHARD;
}

/** The one place of all these rules, or undefined when there are several. */
export function onlyShardOf(items: readonly { readonly rules: readonly LimitRule[] }[]): Shard | undefined {
  let only: Shard | undefined;
  for (const { rules } of items) {
    for (const rule of rules) {
      const shard = shardOfRule(rule);
      only ??= shard;
      if (shard !== only) return undefined;
    }
  }
  return only ?? MAIN_SHARD;
}

/** Shards first, in their order, then {@link MAIN_SHARD}. */
export function groupByShard(rules: readonly LimitRule[]): readonly ShardRules[] {
  const only = onlyShardOf([{ rules }]);
  if (only !== undefined) return [{ shard: only, rules }];
  const shards = new Map<Shard, LimitRule[]>();
  for (const rule of rules) pushTo(shards, shardOfRule(rule), rule);
  return [...shards]
    .sort(([one], [other]) => one - other)
    .map(([shard, some]): ShardRules => ({ shard, rules: some }));
}

export function pushTo<Item>(lists: Map<Shard, Item[]>, shard: Shard, item: Item): void {
  const list = lists.get(shard);
  if (list === undefined) lists.set(shard, [item]);
  else list.push(item);
}

/** Longest scope that leaves room for the shard; a store takes 200 characters. */
const MAX_SCOPE_LENGTH = 197;
/** A control character, so that no team's scope is the shard of another. */
const SHARD_SEPARATOR = '\u001f';

/** What a place is called to the store that counts there. */
export function shardScope(scope: string, shard: Shard): string {
  return shard === MAIN_SHARD ? scope : `${scope}${SHARD_SEPARATOR}${shard}`;
}

/** @throws ValidationError */
export function checkScopeLength(scope: string): void {
  checkLength(scope, MAX_SCOPE_LENGTH, 'scope');
}

/** Longest reservation that leaves room for the sign in front of a question that takes nothing. */
const MAX_RESERVATION_LENGTH = 199;

/** @throws ValidationError */
export function checkReservationLengths(requests: readonly { readonly reservation: string }[]): void {
  requests.forEach(({ reservation }, at) => {
    checkLength(reservation, MAX_RESERVATION_LENGTH, `requests[${at}].reservation`);
  });
}

function checkLength(text: string, most: number, path: string): void {
  if (text.length <= most) return;
  throw new ValidationError(
    `${path} must be at most ${most} characters long with shardBy: 'recipient'. Nothing was sent.`,
    path,
  );
}
