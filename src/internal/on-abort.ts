/** By signal, the callbacks behind its one listener. */
const callbacks = new WeakMap<AbortSignal, Set<() => void>>();

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
    waiting = new Set();
    callbacks.set(signal, waiting);
  }
  const all = waiting;
  // A function of its own: the same callback may be given twice.
  const call = () => callback();
  all.add(call);
  if (all.size === 1) signal.addEventListener('abort', runCallbacks, { once: true });
  return () => {
    if (all.delete(call) && all.size === 0) signal.removeEventListener('abort', runCallbacks);
  };
}

function runCallbacks(this: AbortSignal): void {
  const all = callbacks.get(this) as Set<() => void>;
  for (const call of all) {
    // Those that are taken back meanwhile are not called.
    all.delete(call);
    call();
  }
}
