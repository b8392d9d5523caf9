/**
 * What all clients of a process have in common. Registered on `globalThis`, because the ESM and the CommonJS copy of
 * this package may meet in one process, and a team that writes `new SmsClient()` in every request must still be
 * paced and limited.
 */
export interface SharedState {
  /** One entry per host and sub-account. */
  readonly pacers: Map<string, unknown>;
  /** The default limit store. */
  limits?: unknown;
  /** By memory store: the random secret of its one-time passwords. */
  codeSecrets?: WeakMap<object, Uint8Array<ArrayBuffer>>;
}

const SHARED_STATE: unique symbol = Symbol.for('8x8-sms-guard') as never;

/** The state of this process, made on first use: nothing is created at import. */
export function sharedState(): SharedState {
  const holder = globalThis as { [SHARED_STATE]?: SharedState };
  holder[SHARED_STATE] ??= { pacers: new Map() };
  return holder[SHARED_STATE];
}

/**
 * The entry under `key`, made when missing. At most `maxEntries` stay: what is added beyond replaces the entry that
 * was used least recently and that `isIdle` allows to forget; when none may go the map grows.
 */
export function getOrCreate<Value>(
  entries: Map<string, unknown>,
  key: string,
  maxEntries: number,
  isIdle: (value: Value) => boolean,
  create: () => Value,
): Value {
  const known = entries.get(key) as Value | undefined;
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
