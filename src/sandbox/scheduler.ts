/** Work that is due later, with one timer. */
export interface Scheduler {
  /** Runs a task after a delay of 8x8's time, which `speed` shortens. */
  after(delayMs: number, task: () => void): void;
  /** Runs a task at a time of the clock, whatever the speed. */
  at(time: number, task: () => void): void;
  /** Drops every task. */
  clear(): void;
}

interface Entry {
  readonly dueAt: number;
  readonly order: number;
  readonly task: () => void;
}

/** Tasks in a row, before requests get their turn. */
const TASKS_PER_TURN = 200;
/** The longest delay of a timer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

const isBefore = (left: Entry, right: Entry) =>
  left.dueAt < right.dueAt || (left.dueAt === right.dueAt && left.order < right.order);

/** A heap of tasks: a batch of 10,000 messages adds 10,000 of them at once. */
class TaskHeap {
  #entries: Entry[] = [];

  get first(): Entry | undefined {
    return this.#entries[0];
  }

  add(entry: Entry): void {
    const entries = this.#entries;
    let index = entries.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(entry, entries[parent] as Entry)) break;
      entries[index] = entries[parent] as Entry;
      index = parent;
    }
    entries[index] = entry;
  }

  removeFirst(): void {
    const entries = this.#entries;
    const last = entries.pop();
    if (last === undefined || entries.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= entries.length) break;
      const right = entries[child + 1];
      if (right !== undefined && isBefore(right, entries[child] as Entry)) child += 1;
      if (!isBefore(entries[child] as Entry, last)) break;
      entries[index] = entries[child] as Entry;
      index = child;
    }
    entries[index] = last;
  }

  clear(): void {
    this.#entries = [];
  }
}

/** Creates a scheduler; with a `speed` of 10, ten seconds of 8x8 take one. */
export function createScheduler(speed: number): Scheduler {
  const heap = new TaskHeap();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let timerAt = Number.POSITIVE_INFINITY;
  let order = 0;

  function arm(): void {
    const { first } = heap;
    if (first === undefined || first.dueAt >= timerAt) return;
    clearTimeout(timer);
    timerAt = first.dueAt;
    timer = setTimeout(run, Math.min(Math.max(0, first.dueAt - Date.now()), MAX_TIMER_MS));
    // A sandbox that is closed must not keep its process alive.
    timer.unref();
  }

  function run(): void {
    timerAt = Number.POSITIVE_INFINITY;
    const now = Date.now();
    for (let count = 0; count < TASKS_PER_TURN; count += 1) {
      const { first } = heap;
      if (first === undefined || first.dueAt > now) break;
      heap.removeFirst();
      first.task();
    }
    arm();
  }

  function at(dueAt: number, task: () => void): void {
    heap.add({ dueAt, order, task });
    order += 1;
    arm();
  }

  return {
    at,
    after: (delayMs, task) => at(Date.now() + delayMs / speed, task),
    clear() {
      heap.clear();
      clearTimeout(timer);
      timerAt = Number.POSITIVE_INFINITY;
    },
  };
}
