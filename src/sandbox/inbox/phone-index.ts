import { maskNumber } from '../../internal/redact.ts';

/** A reference to an entry of a thread. */
export interface EntryReference {
  readonly kind: 'message' | 'reply' | 'refusal' | 'note';
  readonly id: string;
  readonly at: number;
}

/** A phone with the entries of its thread, oldest first. */
export interface Phone {
  readonly key: string;
  readonly entries: EntryReference[];
  refused: number;
}

/** Phones in the order of their last entry. */
export interface PhoneIndex {
  /** Adds an entry to the phone of a number, and returns its key. A masked number belongs to the only phone that it fits. */
  add(number: string, entry: EntryReference): string;
  get(key: string): Phone | undefined;
  /** Newest first. */
  all(): readonly Phone[];
  remove(key: string): void;
  readonly size: () => number;
  clear(): void;
}

function insert(entries: EntryReference[], entry: EntryReference): void {
  let index = entries.length;
  // Almost always the last: events of a client come a little later than they happened.
  while (index > 0 && (entries[index - 1] as EntryReference).at > entry.at) index -= 1;
  entries.splice(index, 0, entry);
}

export function createPhoneIndex(): PhoneIndex {
  const phones = new Map<string, Phone>();
  const byMask = new Map<string, Set<string>>();
  let listed: readonly Phone[] | undefined;

  function keyOf(number: string): string {
    if (!number.includes('*')) return number;
    const [only, ...more] = byMask.get(number) ?? [];
    return only !== undefined && more.length === 0 ? only : number;
  }

  /** Refused messages may have come before the first one that was sent. */
  function adopt(phone: Phone, mask: string): void {
    const masked = phones.get(mask);
    if (masked === undefined || byMask.get(mask)?.size !== 1) return;
    for (const entry of masked.entries) insert(phone.entries, entry);
    phone.refused += masked.refused;
    phones.delete(mask);
  }

  function create(key: string): Phone {
    const phone: Phone = { key, entries: [], refused: 0 };
    if (key.includes('*')) return phone;
    const mask = maskNumber(key);
    byMask.set(mask, (byMask.get(mask) ?? new Set()).add(key));
    adopt(phone, mask);
    return phone;
  }

  return {
    add(number, entry) {
      const key = keyOf(number);
      const phone = phones.get(key) ?? create(key);
      insert(phone.entries, entry);
      if (entry.kind === 'refusal') phone.refused += 1;
      // Moves the phone to the end.
      phones.delete(key);
      phones.set(key, phone);
      listed = undefined;
      return key;
    },
    get: (key) => phones.get(key),
    all() {
      listed ??= [...phones.values()].reverse();
      return listed;
    },
    remove(key) {
      phones.delete(key);
      if (!key.includes('*')) byMask.get(maskNumber(key))?.delete(key);
      listed = undefined;
    },
    size: () => phones.size,
    clear() {
      phones.clear();
      byMask.clear();
      listed = undefined;
    },
  };
}
