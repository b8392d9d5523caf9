import { AbortedError } from '../errors.ts';
import { normaliseInput, type PhoneInput, type PhoneResult } from './normalise-phone.ts';

/** A pause is due after so long: far enough below the 15 ms a server may be blocked to leave room for a garbage collection. */
const MAX_BLOCK_MS = 4;
/** Where the clock stands still while code runs (Workers), a pause is due after so many numbers. */
const MAX_NUMBERS_IN_A_ROW = 500;

/** A longer list is read from the cache but not added to it: it would push out the numbers that come again and again. */
const MAX_KEPT = 500;

/** Lets other work run. `setTimeout` costs a whole millisecond, so it is for runtimes that have nothing better. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}

/**
 * {@link normalisePhone} for thousands: the same answers, in the same order, without blocking the event loop for more
 * than about 5 ms at a time. Numbers of a list of up to 500 are kept in the cache. Throws {@link AbortedError} when
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
