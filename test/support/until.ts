import { vi } from 'vitest';

/** Resolves with the first result that counts as true; on a busy machine that may take a while. */
export function until<Result>(look: () => Result | Promise<Result>) {
  return vi.waitUntil(look, { timeout: 30_000, interval: 5 });
}
