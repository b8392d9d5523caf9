import { vi } from 'vitest';

/** One turn of the real event loop, for work that fake timers do not cover (a digest is computed in another thread). */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Fake timers that leave `setImmediate` real; to be used with {@link until} and {@link drive}. */
export function useFakeTimeouts(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
}

/** Waits for work that needs no timer. */
export async function until(isReached: () => boolean): Promise<void> {
  while (!isReached()) await turn();
}

/** As many digests as there are threads for them: when they are done, an earlier one is too, or its thread is running. */
export async function digests(): Promise<void> {
  const digest = () => crypto.subtle.digest('SHA-256', new Uint8Array());
  await Promise.all([digest(), digest(), digest(), digest()]);
}

/** Moves the fake time until a promise is settled. */
export async function drive<Value>(promise: Promise<Value>): Promise<Value> {
  let isSettled = false;
  const mark = () => {
    isSettled = true;
  };
  promise.then(mark, mark);
  while (!isSettled) {
    await vi.advanceTimersByTimeAsync(50);
    // On a busy machine fake time would otherwise overtake a digest that the work waits for.
    await digests();
    await turn();
  }
  return promise;
}
