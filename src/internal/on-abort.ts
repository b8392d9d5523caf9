/** By signal, the callbacks behind its one listener. */
const callbacks = new WeakMap<AbortSignal, Waiting>();

interface Waiting {
  readonly all: Set<() => void>;
  /** The listener. */
  run(): void;
}

/**
 * Calls back once when the signal fires; not when it has fired already. Returns the function that takes the callback
 * back.
 *
 * However many wait, a signal has one listener: a team may share one over any number of calls, and Node.js 20 warns of a
 * leak from the eleventh listener on.
 *
 * @example
 * ```ts
 * const forget = onAbort(signal, () => controller.abort());
 * ```
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let waiting = callbacks.get(signal);
  if (waiting === undefined) {
    waiting = waitOn(new Set());
    callbacks.set(signal, waiting);
  }
  const { all, run } = waiting;
  // A function of its own: the same callback may be given twice.
  const call = () => callback();
  all.add(call);
  if (all.size === 1) signal.addEventListener('abort', run, { once: true });
  return () => {
    if (all.delete(call) && all.size === 0) signal.removeEventListener('abort', run);
  };
}

/** A polyfilled signal may call its listeners without a `this`. */
function waitOn(all: Set<() => void>): Waiting {
  return {
    all,
    run() {
      for (const call of all) {
        // Those that are taken back meanwhile are not called.
        all.delete(call);
        call();
      }
    },
  };
}
