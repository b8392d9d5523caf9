/** Removes the oldest entries of a map until it has at most `maxKept`. */
export function forgetOldest(map: Map<unknown, unknown>, maxKept: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= maxKept) return;
    map.delete(oldest);
  }
}
