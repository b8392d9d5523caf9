import { vi } from 'vitest';

interface Timer {
  readonly at: number;
  readonly run: () => void;
  isOn: boolean;
}

/**
 * Timers and a clock that jump from one event to the next, for stories of many thousand timers: vitest's own take a
 * millisecond of real time for each.
 */
export interface VirtualTime {
  now(): number;
  sleep(ms: number): Promise<void>;
  /** Runs until no timer is left. */
  run(): Promise<void>;
}

/** A turn of the real event loop: everything that needs no time has happened by then. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

/**
 * Takes the place of `setTimeout`, `clearTimeout` and `performance.now` until `vi.unstubAllGlobals` and `restoreAllMocks`.
 *
 * @param idle resolves when no reply of a real server is on its way
 */
export function startVirtualTime(idle: () => Promise<void> = async () => {}): VirtualTime {
  let now = 1_000;
  /** A heap; the earliest timer first. */
  const heap: Timer[] = [];
  const before = (a: number, b: number) => (heap[a] as Timer).at < (heap[b] as Timer).at;
  function swap(a: number, b: number): void {
    [heap[a], heap[b]] = [heap[b] as Timer, heap[a] as Timer];
  }
  function push(timer: Timer): void {
    let at = heap.push(timer) - 1;
    for (let up = (at - 1) >> 1; at > 0 && before(at, up); up = (at - 1) >> 1) {
      swap(at, up);
      at = up;
    }
  }
  function pop(): Timer {
    const first = heap[0] as Timer;
    const last = heap.pop() as Timer;
    if (heap.length === 0) return first;
    heap[0] = last;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < heap.length && before(child, least)) least = child;
      if (least === at) return first;
      swap(at, least);
      at = least;
    }
  }
  const setTimer = (run: () => void, ms = 0): Timer => {
    const timer = { at: now + Math.max(1, Math.ceil(ms)), run, isOn: true };
    push(timer);
    return timer;
  };
  vi.stubGlobal('setTimeout', setTimer);
  vi.stubGlobal('clearTimeout', (timer?: Timer) => {
    if (timer !== undefined) timer.isOn = false;
  });
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  return {
    now: () => now,
    sleep: (ms) => (ms === 0 ? Promise.resolve() : new Promise((resolve) => void setTimer(resolve, ms))),
    async run() {
      await turn();
      await idle();
      while (heap.length > 0) {
        const { at, run, isOn } = pop();
        if (!isOn) continue;
        now = at;
        run();
        while (heap[0]?.at === now) {
          const timer = pop();
          if (timer.isOn) timer.run();
        }
        await turn();
        await idle();
      }
    },
  };
}
