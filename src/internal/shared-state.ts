/**
 * The state that all clients of a process share. It is registered on `globalThis`, because one process may load both
 * the ESM and the CommonJS copy of this package, and a team that writes `new SmsClient()` in every request must still
 * be paced and limited.
 */
export interface SharedState {
  /** One entry per host and sub-account. */
  readonly pacers: Map<string, unknown>;
  /** The default limit store. */
  limits?: unknown;
  /** By memory store: the random secret of its one-time passwords. */
  codeSecrets?: WeakMap<object, Uint8Array<ArrayBuffer>>;
  /** By client: its settings, for the command. Not on the client, because `inspect` shows every property of it. */
  clientSettings?: WeakMap<object, unknown>;
}

const SHARED_STATE: unique symbol = Symbol.for('8x8-sms-guard') as never;

/** The state of this process, created on first use and not at import. */
export function sharedState(): SharedState {
  const holder = globalThis as { [SHARED_STATE]?: SharedState };
  holder[SHARED_STATE] ??= { pacers: new Map() };
  return holder[SHARED_STATE];
}

/**
 * Returns the entry under `key`, and creates it if missing. Keeps at most `maxEntries`: a further entry replaces the
 * least recently used one that `isIdle` permits to drop, by their uses since the map is full. If there is none, the map grows.
 */
export function getOrCreate<Value>(
  entries: Map<string, unknown>,
  key: string,
  maxEntries: number,
  isIdle: (value: Value) => boolean,
  create: () => Value,
): Value {
  const known = entries.get(key) as Value | undefined;
  if (known !== undefined && entries.size < maxEntries) return known;
  const value = known ?? create();
  entries.delete(key);
  entries.set(key, value);
  if (entries.size <= maxEntries) return value;
  for (const [oldKey, old] of entries) {
    if (oldKey === key || !isIdle(old as Value)) continue;
    entries.delete(oldKey);
    break;
  }
  return value;
}
