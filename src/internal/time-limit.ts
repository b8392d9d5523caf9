import { onAbort } from './on-abort.ts';

/** Outcome of work under a time limit. */
export type Timed<Result> = { readonly inTime: true; readonly value: Result } | { readonly inTime: false };

/**
 * Runs third-party code under a time limit and the caller's signal. The code gets its own signal, which fires when
 * either ends; code that ignores it is not waited for. Rejects with the error of the code, or with the caller's abort
 * reason. Leaves no timer and no listener behind.
 */
export function withTimeLimit<Result>(
  timeoutMs: number,
  callerSignal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Result | Promise<Result>,
): Promise<Timed<Result>> {
  return new Promise((resolve, reject) => {
    if (callerSignal?.aborted) {
      reject(callerSignal.reason);
      return;
    }
    const controller = new AbortController();
    function end(): void {
      clearTimeout(timer);
      forget?.();
    }
    const timer = setTimeout(() => {
      end();
      controller.abort();
      resolve({ inTime: false });
    }, timeoutMs);
    const forget =
      callerSignal &&
      onAbort(callerSignal, () => {
        end();
        controller.abort();
        reject(callerSignal.reason);
      });
    (async () => work(controller.signal))().then(
      (value) => {
        end();
        resolve({ inTime: true, value });
      },
      (error) => {
        end();
        reject(error);
      },
    );
  });
}
