import { createSlices } from './slices.ts';

/**
 * Runs `work` for every item, at most `concurrency` at a time, in turns of the event loop; returns the results in order. Work that is
 * done at once, such as a hook that answers from memory, would otherwise let nothing else run before the last item.
 */
export async function mapLimited<Item, Result>(
  items: readonly Item[],
  concurrency: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = new Array(items.length);
  const remaining = items.entries();
  const slices = createSlices();
  let pause: Promise<void> | undefined;
  async function worker(): Promise<void> {
    for (const [index, item] of remaining) {
      if (pause !== undefined || slices.isDue()) {
        pause ??= slices.yield().then(() => {
          pause = undefined;
        });
        await pause;
      }
      results[index] = await work(item);
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker));
  return results;
}
