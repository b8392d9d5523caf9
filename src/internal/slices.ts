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
  return new SlicedWork();
}

/** A class, because every call makes some. */
class SlicedWork implements Slices {
  #items = 0;
  #resumedAt: number | undefined;

  isDue(): boolean {
    this.#items += 1;
    if (this.#items % ITEMS_PER_LOOK !== 0) return false;
    if (this.#items >= MAX_ITEMS) return true;
    const time = performance.now();
    this.#resumedAt ??= time;
    return time - this.#resumedAt >= MAX_TURN_MS;
  }

  async yield(): Promise<void> {
    await nextTurn();
    this.#items = 0;
    this.#resumedAt = performance.now();
  }
}

/**
 * Runs the work for every index of a list, in slices. Undefined when there were so few that all of it is done: a single message
 * waits for nothing.
 *
 * @param resumed runs after every pause; what it throws ends the work
 * @example
 * ```ts
 * const reading = inSlices(items.length, (index) => read(items[index]));
 * if (reading !== undefined) await reading;
 * ```
 */
export function inSlices(
  length: number,
  work: (index: number) => void,
  resumed?: () => void,
): Promise<void> | undefined {
  if (length >= ITEMS_PER_LOOK) return inManySlices(length, work, resumed);
  for (let index = 0; index < length; index += 1) work(index);
  return undefined;
}

async function inManySlices(
  length: number,
  work: (index: number) => void,
  resumed: (() => void) | undefined,
): Promise<void> {
  const slices = createSlices();
  for (let index = 0; index < length; index += 1) {
    if (slices.isDue()) {
      await slices.yield();
      resumed?.();
    }
    work(index);
  }
}

/** As `map` of an array, in slices. */
export async function mapInSlices<Item, Result>(
  items: readonly Item[],
  map: (item: Item, index: number) => Result,
): Promise<Result[]> {
  const results: Result[] = [];
  await inSlices(items.length, (index) => results.push(map(items[index] as Item, index)));
  return results;
}

/** Lets other work run once. `setTimeout` costs a whole millisecond, so it is for runtimes that have nothing better. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
