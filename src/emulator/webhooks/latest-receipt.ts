import type { EmulatedReceipt } from '../message.ts';

/** How far a message got. The emulator's own view: the receiver's would hide a fault in both. */
function progressOf({ state, detail }: EmulatedReceipt): number {
  if (state === 'queued') return 0;
  if (state === 'read') return 4;
  if (detail === 'delivered_to_operator' || detail === 'delivered_to_carrier') return 2;
  return ['delivered', 'undelivered', 'failed', 'rejected'].includes(state) ? 3 : 1;
}

/** A late `sent` does not undo `delivered`; of two that got as far the later one counts. */
export function latestReceipt(
  known: EmulatedReceipt | undefined,
  incoming: EmulatedReceipt,
): EmulatedReceipt {
  if (known === undefined) return incoming;
  const ahead = progressOf(incoming) - progressOf(known);
  const isLater = Date.parse(incoming.timestamp) >= Date.parse(known.timestamp);
  return ahead > 0 || (ahead === 0 && isLater) ? incoming : known;
}
