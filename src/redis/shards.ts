import { ValidationError } from '../errors.ts';
import type { LimitRule } from '../limits/limit-store.ts';

/**
 * Shards per scope; our number. It determines where a number is counted, so it is the same in every process and never
 * changes.
 */
export const SHARDS = 64;
/** A shard from 0, or {@link MAIN_SHARD}. */
export type Shard = number;

/** The slot of the scope itself, for rules that are not about one number. Sorted behind every shard. */
export const MAIN_SHARD: Shard = 1_000;

/** The rules of a message that one shard counts. */
export interface ShardRules {
  readonly shard: Shard;
  readonly rules: readonly LimitRule[];
}

/**
 * The shard of a number, from its digits alone (the mixer of MurmurHash3): the hashed name changes with the secret, and
 * both names must be in one shard. A reader of the server learns six bits of a number, which does not help without the
 * secret.
 */
export function shardOfNumber(key: number): Shard {
  let mixed = (key >>> 0) ^ Math.imul(Math.floor(key / 2 ** 32), 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) % SHARDS;
}

/**
 * A range of numbers (`distinct`) is shared by all of them, like a budget. `once` is taken last, so that it is never
 * given back because of another shard: a lease that somebody else took meanwhile would be lost. Doubt about a number is also
 * doubt about its country, which all numbers share.
 */
export function shardOfRule({ kind, key }: LimitRule): Shard {
  const isShared = kind === 'distinct' || kind === 'once' || kind === 'doubt';
  return typeof key === 'number' && !isShared ? shardOfNumber(key) : MAIN_SHARD;
}

/** The shard of all these rules, or undefined if there are several. */
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

/** Number shards in order, then {@link MAIN_SHARD}. */
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
/** A control character, so that no scope of a team equals the shard of another scope. */
const SHARD_SEPARATOR = '\u001f';

/** The scope under which a shard counts. */
export function shardScope(scope: string, shard: Shard): string {
  return shard === MAIN_SHARD ? scope : `${scope}${SHARD_SEPARATOR}${shard}`;
}

/** @throws ValidationError the scope is too long */
export function checkScopeLength(scope: string): void {
  checkLength(scope, MAX_SCOPE_LENGTH, 'scope');
}

/** Longest reservation that leaves room for the prefix of a request that takes nothing. */
const MAX_RESERVATION_LENGTH = 199;

/** @throws ValidationError a reservation is too long */
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
