import { toBase64Url } from '../internal/base64url.ts';
import { createCache } from '../internal/cache.ts';
import { withTimeLimit } from '../internal/time-limit.ts';
import type { AuditKeys } from './audit-keys.ts';
import type { SaltStore } from './salts.ts';

/** People whose IDs are remembered, about 2 MB. */
const MAX_CACHED = 10_000;
/** A person whom another process forgot may get records under the old ID for this long. */
const CACHE_MS = 60_000;
const SALT_BYTES = 32;
/** A salt store that hangs must not stop the log for good. */
const TIMEOUT_MS = 10_000;

/** The IDs under which people are recorded. */
export interface PersonIds {
  /** The ID of a person, which is made when there is none. */
  idOf(person: string, now: number): Promise<string>;
  /** All IDs that a person has or had under a known secret; empty for a person who is not recorded, or was forgotten. */
  find(person: string): Promise<readonly string[]>;
  /** Removes the salt of a person. */
  forget(person: string): Promise<void>;
}

async function inTime<Result>(work: () => Promise<Result>): Promise<Result> {
  const outcome = await withTimeLimit(TIMEOUT_MS, undefined, work);
  if (!outcome.inTime) throw new Error(`The salts of the audit log took more than ${TIMEOUT_MS} ms.`);
  return outcome.value;
}

/** @param keys the current ones first; the others find people who were recorded before a change of the secret */
export function createPersonIds(keys: readonly [AuditKeys, ...AuditKeys[]], store: SaltStore): PersonIds {
  const salts: SaltStore = {
    read: (name) => inTime(() => store.read(name)),
    create: (name, salt) => inTime(() => store.create(name, salt)),
    remove: (name) => inTime(() => store.remove(name)),
  };
  const known = createCache<string, { readonly id: string; readonly until: number }>(MAX_CACHED);
  const [current, ...previous] = keys;

  async function saltOf(person: string): Promise<string> {
    const name = current.saltName(person);
    const own = await salts.read(name);
    if (own !== undefined) return own;
    // The same salt under every secret, so that removing all names forgets all records.
    for (const each of previous) {
      const earlier = await salts.read(each.saltName(person));
      if (earlier !== undefined) return salts.create(name, earlier);
    }
    return salts.create(name, toBase64Url(crypto.getRandomValues(new Uint8Array(SALT_BYTES))));
  }

  return {
    async idOf(person, now) {
      const cached = known.get(person);
      if (cached !== undefined && now < cached.until) return cached.id;
      const id = current.personId(person, await saltOf(person));
      known.set(person, { id, until: now + CACHE_MS });
      return id;
    },
    async find(person) {
      const found = new Set<string>();
      for (const each of keys) {
        const salt = await salts.read(each.saltName(person));
        if (salt === undefined) continue;
        for (const { personId } of keys) found.add(personId(person, salt));
      }
      return [...found];
    },
    async forget(person) {
      known.delete(person);
      for (const each of keys) await salts.remove(each.saltName(person));
    },
  };
}
