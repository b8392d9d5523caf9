/** A signal that knows how many listeners it has. */
export function countingSignal() {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = new Set<unknown>();
  const add = signal.addEventListener.bind(signal) as (...rest: unknown[]) => void;
  const remove = signal.removeEventListener.bind(signal) as (...rest: unknown[]) => void;
  signal.addEventListener = (...rest: unknown[]) => {
    listeners.add(rest[1]);
    add(...rest);
  };
  signal.removeEventListener = (...rest: unknown[]) => {
    listeners.delete(rest[1]);
    remove(...rest);
  };
  return {
    signal,
    abort: () => controller.abort(),
    /** Listeners that were added and neither removed nor fired. */
    get listeners() {
      return signal.aborted ? 0 : listeners.size;
    },
  };
}
