import { LRUCache } from 'lru-cache';

/**
 * A bounded cache of values that can be computed again. Never use it for counters, opt-outs or idempotency: it
 * evicts.
 */
export interface Cache<Key, Value> {
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): void;
  delete(key: Key): void;
}

/**
 * Keeps the `max` most recently used values, without timers. Throws `TypeError` when `max` is not a positive integer.
 *
 * @example
 * ```ts
 * const prices = createCache<string, Price>(500);
 * ```
 */
export function createCache<Key extends {}, Value extends {}>(max: number): Cache<Key, Value> {
  // lru-cache interprets 0 as "no bound", which this cache must never have.
  if (!Number.isSafeInteger(max) || max < 1) throw new TypeError('max must be a positive integer');
  const entries = new LRUCache<Key, Value>({ max });
  return {
    get: (key) => entries.get(key),
    set: (key, value) => {
      entries.set(key, value);
    },
    delete: (key) => {
      entries.delete(key);
    },
  };
}
