import { onAbort } from './on-abort.ts';

/** The longest delay that `setTimeout` supports in every runtime. */
export const MAX_TIMER_MS = 2_147_483_647;

/** Waits. Rejects with the signal's reason when it fires. Leaves no timer and no listener behind. */
export function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const timer = setTimeout(
      () => {
        forget();
        resolve();
      },
      Math.min(Math.max(0, Math.ceil(ms)), MAX_TIMER_MS),
    );
    const forget = onAbort(signal, () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

/**
 * Returns the value of the promise, or rejects with the signal's reason if that fires first, even if the promise
 * never settles. A late value is passed to `discard`.
 */
export function raceAbort<Value>(
  promise: Promise<Value>,
  signal: AbortSignal,
  discard: (late: Value) => void = () => {},
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      reject(signal.reason);
      promise.then(discard, () => {});
    };
    if (signal.aborted) {
      stop();
      return;
    }
    const forget = onAbort(signal, stop);
    promise.then(resolve, reject).finally(forget);
  });
}
