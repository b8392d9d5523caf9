import { AbortedError } from '../errors.ts';
import { normaliseInput, type PhoneInput, type PhoneResult } from './normalise-phone.ts';

/**
 * Milliseconds until a pause: well below the 15 ms for which a server may be blocked, to leave room for garbage
 * collection.
 */
const MAX_BLOCK_MS = 4;
/** Numbers until a pause, where the clock does not advance while code runs (Workers). */
const MAX_NUMBERS_IN_A_ROW = 500;

/** A longer list is read from the cache but not added to it, because it would evict numbers that recur. */
const MAX_KEPT = 500;

/** Lets other work run. `setTimeout` takes at least a millisecond, so it is the fallback. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}

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
  let resumedAt = performance.now();
  let inARow = 0;
  for (const item of items) {
    if (inARow >= MAX_NUMBERS_IN_A_ROW || performance.now() - resumedAt >= MAX_BLOCK_MS) {
      await pause();
      throwIfAborted(signal);
      resumedAt = performance.now();
      inARow = 0;
    }
    results.push(normaliseInput(item, keep));
    inARow += 1;
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
