/** A turn of the event loop is over after so long: far enough below 15 ms to leave room for a garbage collection. */
const MAX_TURN_MS = 4;
/** Where the clock stands still while code runs (Workers), a turn is over after so many items. */
const MAX_ITEMS = 512;
/** The clock is read once for so many items. */
const ITEMS_PER_LOOK = 16;

/** Cuts the work on a long list into turns of the event loop, so that a batch of 10,000 does not hold up other calls. */
export interface Slices {
  /** Counts one item. Returns true when other work should run first: then await `yield`. */
  isDue(): boolean;
  /** Lets other work run. */
  yield(): Promise<void>;
}

/**
 * The slices of one list. A list of a few items never waits and never reads the clock.
 *
 * @example
 * ```ts
 * const slices = createSlices();
 * for (const item of items) {
 *   if (slices.isDue()) await slices.yield();
 *   work(item);
 * }
 * ```
 */
export function createSlices(): Slices {
  let items = 0;
  let resumedAt: number | undefined;
  return {
    isDue() {
      items += 1;
      if (items % ITEMS_PER_LOOK !== 0) return false;
      if (items >= MAX_ITEMS) return true;
      const time = performance.now();
      resumedAt ??= time;
      return time - resumedAt >= MAX_TURN_MS;
    },
    async yield() {
      await nextTurn();
      items = 0;
      resumedAt = performance.now();
    },
  };
}

/** As `map` of an array, in slices. */
export async function mapInSlices<Item, Result>(
  items: readonly Item[],
  map: (item: Item, index: number) => Result,
): Promise<Result[]> {
  const slices = createSlices();
  const results: Result[] = [];
  for (const [index, item] of items.entries()) {
    if (slices.isDue()) await slices.yield();
    results.push(map(item, index));
  }
  return results;
}

/** Lets other work run once. `setTimeout` costs a whole millisecond, so it is for runtimes that have nothing better. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
