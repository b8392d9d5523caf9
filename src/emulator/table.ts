/** The tables of an emulator: its state. Every change goes through `set`, `delete` or `clear`. */

/**
 * Creates a table, which may hold entries of an earlier run.
 *
 * @param revive completes an entry that was read from a file
 */
export type CreateTable = <Key extends string | number, Value>(
  name: string,
  revive?: (stored: Value) => Value,
) => Map<Key, Value>;

/** Tables that last as long as the process. */
export const createMemoryTable: CreateTable = () => new Map();
