import type { ConsentEntry, ConsentRecord } from './consent-ledger.ts';

/** Sender IDs by the brand that they belong to: `{ shop: ['+6580001234', 'SHOP'] }`. */
export type Brands = Readonly<Record<string, readonly string[]>>;

/** Digits of a number; words without case. */
function normalise(sender: string): string {
  const text = sender.trim();
  return /^\+?\d+$/.test(text) ? text.replace(/^\+/, '') : text.toLowerCase();
}

/** Creates a function that names a sender: by its brand, or by the sender ID itself in one spelling. */
export function createSenderNames(brands: Brands = {}): (sender: string) => string {
  const names = new Map(
    Object.entries(brands).flatMap(([brand, senders]) =>
      [brand, ...senders].map((sender) => [normalise(sender), brand] as const),
    ),
  );
  return (sender) => names.get(normalise(sender)) ?? normalise(sender);
}

/** Ledger key of a person's choices about one sender. It is separate, so that choices about two senders never compete. */
export function senderKey(key: string, sender: string): string {
  return `${key}/${sender}`;
}

/**
 * Key of what is kept of a forgotten person who opted out of any sender: their history, which names the senders, is gone.
 * No sender has an empty name.
 */
export function anySenderKey(key: string): string {
  return senderKey(key, '');
}

/** The senders that the choices of a history are about. */
export function sendersIn(entries: readonly ConsentEntry[]): readonly string[] {
  const named = entries.flatMap((entry) =>
    entry.scope === 'sender' && entry.sender !== undefined ? [entry.sender] : [],
  );
  return [...new Set(named)];
}

/** An opt-out that is the latest choice about its sender. */
export function findSenderOptOut(entries: readonly ConsentEntry[]): ConsentEntry | undefined {
  const latest = new Map<string, ConsentEntry>();
  for (const entry of entries) {
    if (entry.scope === 'sender') latest.set(entry.sender ?? '', entry);
  }
  return [...latest.values()].findLast(({ state }) => state === 'opted-out');
}

/**
 * The choice that counts for messages from one sender: an opt-out from it wins over everything that was chosen about the
 * person as a whole, an opt-in to it only over an earlier opt-out.
 */
export function choiceAbout(
  overall: ConsentRecord | undefined,
  own: ConsentRecord | undefined,
): ConsentRecord | undefined {
  if (own === undefined) return overall;
  // Including an invalid record, which the guard then refuses.
  if (own.state !== 'opted-in') return own;
  if (overall?.state === 'opted-in') return overall;
  return overall === undefined || own.at >= overall.at ? own : overall;
}
