/** Runs `count` pieces of work, so many under way at once. */
export async function many(
  count: number,
  atOnce: number,
  work: (turn: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < count) {
        const turn = next;
        next += 1;
        await work(turn);
      }
    }),
  );
}
