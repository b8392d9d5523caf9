import { AbortedError } from '../errors.ts';
import { createSlices } from '../internal/slices.ts';
import { normaliseInput, type PhoneInput, type PhoneResult } from './normalise-phone.ts';

/** A longer list is read from the cache but not added to it, because it would evict numbers that recur. */
export const MAX_KEPT = 500;

/**
 * {@link normalisePhone} for thousands of numbers: the same results, in order, without blocking the event loop for
 * more than about 5 ms at a time. Numbers of a list of up to 500 are cached. Throws {@link AbortedError} when
 * `signal` fires; nothing was sent by then.
 *
 * @example
 * ```ts
 * const results = await normalisePhones([{ raw: '+6591234567' }, { raw: '9123 4568', country: 'SG' }], { signal });
 * ```
 */
export async function normalisePhones(
  items: readonly PhoneInput[],
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<PhoneResult[]> {
  const results: PhoneResult[] = [];
  throwIfAborted(signal);
  const keep = items.length <= MAX_KEPT;
  const slices = createSlices();
  for (const item of items) {
    if (slices.isDue()) {
      await slices.yield();
      throwIfAborted(signal);
    }
    results.push(normaliseInput(item, keep));
  }
  return results;
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new AbortedError({
    message: 'The call was aborted while its numbers were checked. Nothing was sent.',
    submission: 'not-submitted',
  });
}
