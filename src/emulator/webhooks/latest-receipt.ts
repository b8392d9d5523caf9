import type { EmulatedReceipt } from '../message.ts';

/** How far a message has come. Written independently of the receiver: with shared code, a mistake would go unnoticed in both. */
function progressOf({ state, detail }: EmulatedReceipt): number {
  if (state === 'queued') return 0;
  if (state === 'read') return 4;
  if (detail === 'delivered_to_operator' || detail === 'delivered_to_carrier') return 2;
  return ['delivered', 'undelivered', 'failed', 'rejected'].includes(state) ? 3 : 1;
}

/** Picks the further receipt: a late `sent` does not undo `delivered`. Of two that are equally far, the later one wins. */
export function latestReceipt(
  known: EmulatedReceipt | undefined,
  incoming: EmulatedReceipt,
): EmulatedReceipt {
  if (known === undefined) return incoming;
  const ahead = progressOf(incoming) - progressOf(known);
  const isLater = Date.parse(incoming.timestamp) >= Date.parse(known.timestamp);
  return ahead > 0 || (ahead === 0 && isLater) ? incoming : known;
}
