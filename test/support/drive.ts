import { vi } from 'vitest';

/** One turn of the real event loop, for work that fake timers do not cover (a digest is computed in another thread). */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Fake timers that leave `setImmediate` real; to be used with {@link until} and {@link drive}. */
export function useFakeTimeouts(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
}

/** Waits for work that needs no timer. */
export async function until(isReached: () => boolean): Promise<void> {
  while (!isReached()) await turn();
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
    await turn();
  }
  return promise;
}
