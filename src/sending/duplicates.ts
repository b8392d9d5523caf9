import { createSlices } from '../internal/slices.ts';
import type { PreparedMessage } from './prepare.ts';
import type { SendResult } from './results.ts';

/** Maps each duplicate among messages to its original, the first message with the same identity. */
export async function findDuplicates(
  messages: readonly PreparedMessage[],
  identityOf: (message: PreparedMessage) => string,
): Promise<ReadonlyMap<PreparedMessage, PreparedMessage>> {
  const originals = new Map<string, PreparedMessage>();
  const duplicates = new Map<PreparedMessage, PreparedMessage>();
  const slices = createSlices();
  for (const message of messages) {
    if (slices.isDue()) await slices.yield();
    const identity = identityOf(message);
    const original = originals.get(identity);
    if (original === undefined) originals.set(identity, message);
    else duplicates.set(message, original);
  }
  return duplicates;
}

/** The result of a duplicate: the result of its original, with its own index and ID. */
export function duplicateResult(
  { index, clientMessageId, phone }: PreparedMessage,
  original: PreparedMessage,
  shared: SendResult,
): SendResult {
  const isSent = shared.status === 'accepted';
  return {
    ...shared,
    index,
    clientMessageId,
    destination: phone.e164,
    ...(isSent && { duplicateOf: original.index }),
  } as SendResult;
}
