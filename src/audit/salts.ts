/**
 * Keeps one random salt per person, without which nobody can tell which person a record is about. Removing the salt
 * forgets the person. Names are keyed hashes, so that the store holds no number.
 */
export interface SaltStore {
  /** Returns the salt of a name; undefined when there is none. */
  read(name: string): Promise<string | undefined>;
  /** Stores a salt, unless the name has one. Returns the salt that is stored: one of two racing calls wins. */
  create(name: string, salt: string): Promise<string>;
  /** Removes the salt of a name, if there is one. */
  remove(name: string): Promise<void>;
}

/**
 * Salts in the memory of this process, for tests: after a restart nobody can be found in the log, and a person gets another ID.
 *
 * @example auditLog({ writer, secret, salts: memorySalts() })
 */
export function memorySalts(): SaltStore {
  const salts = new Map<string, string>();
  return {
    read: async (name) => salts.get(name),
    async create(name, salt) {
      const known = salts.get(name);
      if (known === undefined) salts.set(name, salt);
      return known ?? salt;
    },
    async remove(name) {
      salts.delete(name);
    },
  };
}
