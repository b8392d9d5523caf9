import { LRUCache } from 'lru-cache';

/** A bounded memory of what can be worked out again. Never for counters, opt-outs or idempotency: it forgets. */
export interface Cache<Key, Value> {
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): void;
  delete(key: Key): void;
}

/**
 * Keeps the `max` values used last, by count, without timers. Throws `TypeError` when `max` is not a positive integer.
 *
 * @example
 * ```ts
 * const prices = createCache<string, Price>(500);
 * ```
 */
export function createCache<Key extends {}, Value extends {}>(max: number): Cache<Key, Value> {
  // lru-cache takes 0 for "no bound", the one thing this must never be.
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
