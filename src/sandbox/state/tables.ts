import type { CreateTable } from '../../emulator/table.ts';

/** A change of a table, as a file holds it. */
export type TableChange =
  | readonly [table: string, key: string | number, value: unknown]
  /** Some fields of an object. */
  | readonly [table: string, key: string | number, fields: object, kind: 'fields']
  | readonly [table: string, key: string | number]
  | readonly [table: string];

/** The entries of a table that a file held. */
export type StoredTables = ReadonlyMap<string, ReadonlyMap<string | number, unknown>>;

type Listener = (key: string | number, value: unknown, previous: unknown) => void;

/** The tables of a sandbox. */
export interface Tables {
  readonly createTable: CreateTable;
  /** Calls the listener after every `set` of a table. */
  onSet<Value>(
    table: string,
    listener: (key: string | number, value: Value, previous: Value | undefined) => void,
  ): void;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map);
}

/** The fields that differ, or undefined when one is gone, which no list of fields can say. */
function changedFields(value: unknown, previous: unknown): object | undefined {
  if (!isObject(value) || !isObject(previous)) return undefined;
  if (Object.keys(previous).some((name) => !(name in value))) return undefined;
  return Object.fromEntries(Object.entries(value).filter(([name, field]) => field !== previous[name]));
}

class Table<Key extends string | number, Value> extends Map<Key, Value> {
  readonly #name: string;
  readonly #record: (change: TableChange) => void;
  readonly #tell: Listener;

  constructor(name: string, record: (change: TableChange) => void, tell: Listener) {
    super();
    this.#name = name;
    this.#record = record;
    this.#tell = tell;
  }

  /** Adds an entry that the file already holds. */
  restore(key: Key, value: Value): void {
    super.set(key, value);
  }

  override set(key: Key, value: Value): this {
    const previous = super.get(key);
    super.set(key, value);
    const fields = changedFields(value, previous);
    this.#record(fields === undefined ? [this.#name, key, value] : [this.#name, key, fields, 'fields']);
    this.#tell(key, value, previous);
    return this;
  }

  override delete(key: Key): boolean {
    const existed = super.delete(key);
    if (existed) this.#record([this.#name, key]);
    return existed;
  }

  override clear(): void {
    if (this.size > 0) this.#record([this.#name]);
    super.clear();
  }
}

/** Creates tables whose changes are recorded, and which begin with the entries of an earlier run. */
export function createTables(
  record: (change: TableChange) => void = () => {},
  stored: StoredTables = new Map(),
): Tables {
  const listeners = new Map<string, Listener[]>();
  return {
    createTable<Key extends string | number, Value>(name: string, revive?: (value: Value) => Value) {
      const table = new Table<Key, Value>(name, record, (...change) => {
        for (const listener of listeners.get(name) ?? []) listener(...change);
      });
      for (const [key, value] of stored.get(name) ?? []) {
        table.restore(key as Key, revive === undefined ? (value as Value) : revive(value as Value));
      }
      return table;
    },
    onSet(table, listener) {
      listeners.set(table, [...(listeners.get(table) ?? []), listener as Listener]);
    },
  };
}
