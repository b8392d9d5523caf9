import { withTimeLimit } from '../../internal/time-limit.ts';
import type { LimitStore, TakeVerdict } from '../../limits/limit-store.ts';
import type { Availability } from './availability.ts';
import { MAX_CHUNK } from './next-chunk.ts';
import type { ReplayChunk } from './replay-jobs.ts';
import type { ReplayQueue } from './replay-queue.ts';

/**
 * Milliseconds between two calls, so that a recovering server is not blocked and two grants of one backoff get
 * different stamps. Our number.
 */
const PAUSE_MS = 2;

export interface WriteBackConfig {
  readonly remote: LimitStore;
  readonly availability: Availability;
  readonly queue: ReplayQueue;
  readonly timeoutMs: number;
  /** A chunk was sent, or tried in vain. */
  readonly onStep: () => void;
  /** The shared store will count too low. */
  readonly onNotWrittenBack: () => void;
}

/** Tells the shared store, in the background, what it has missed. It has one timer, and only while jobs are queued. */
export interface WriteBack {
  /** Starts, or resumes once the store may be called again. */
  start(): void;
  /**
   * Whether the shared store counts all grants that were made without it. Waits a little when few are left, because a
   * process that sends continuously would never finish otherwise. Rejects with the reason of the signal.
   */
  catchUp(limitMs: number, signal: AbortSignal | undefined): Promise<boolean>;
  /** Sends as much as it can within that time, then stops. */
  stop(limitMs: number): Promise<void>;
}

export function createWriteBack(config: WriteBackConfig): WriteBack {
  const { remote, availability, queue, timeoutMs, onStep, onNotWrittenBack } = config;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** The timer was set while the store was down. */
  let isHeld = false;
  let isSending = false;
  let isStopped = false;
  /** 1 after a call was rejected as malformed, so that only the malformed job is lost. */
  let most: number | undefined;
  const waiters = new Set<() => void>();

  function start(): void {
    if (queue.pendingGrants() === 0 || availability.isSuspect()) wake();
    schedule();
  }

  function schedule(): void {
    if (isStopped || isSending || timer !== undefined || queue.isEmpty()) return;
    const waitMs = availability.retryInMs();
    isHeld = waitMs > PAUSE_MS;
    timer = setTimeout(step, Math.max(PAUSE_MS, waitMs));
    // The timer must not keep the program alive; jobs left then are lost. It is a number in browsers and Deno.
    if (typeof timer === 'object') timer.unref();
  }

  function wake(): void {
    for (const go of waiters) go();
    waiters.clear();
  }

  function endTimer(): void {
    clearTimeout(timer);
    timer = undefined;
  }

  function step(): void {
    timer = undefined;
    const chunk = queue.next(most);
    if (chunk === undefined) {
      onStep();
      return;
    }
    isSending = true;
    void sendChunk(chunk).finally(() => {
      isSending = false;
      onStep();
      start();
    });
  }

  async function sendChunk(chunk: ReplayChunk): Promise<void> {
    try {
      const told = await replyTo(chunk);
      if (told === undefined) return;
      queue.complete(chunk);
      most = undefined;
      if (isCut(chunk, told)) onNotWrittenBack();
    } catch {
      // The store works and rejects the call as malformed, as it always would.
      if (chunk.jobs.length > 1) {
        most = 1;
        queue.requeue(chunk, false);
        return;
      }
      queue.drop(chunk);
      if (chunk.kind === 'grant') onNotWrittenBack();
    }
  }

  /** The reply of the store, late or not. Undefined when the outcome is unknown; then the chunk is requeued. */
  async function replyTo(chunk: ReplayChunk): Promise<readonly TakeVerdict[] | undefined> {
    let pending: Promise<readonly TakeVerdict[]> | undefined;
    if (!availability.isDown() || (await isReachable(chunk))) {
      const work = () => {
        pending = send(chunk);
        return pending;
      };
      const reply = await availability.call(work, { timeoutMs, isTake: chunk.kind === 'grant' });
      if (reply.hasReply) return reply.value;
    }
    // No other command is sent while one hangs, because all of them would eventually run. Every call settles in the
    // end, at the latest when its commands time out.
    const lateReply = await pending?.catch(() => undefined);
    if (lateReply === undefined) queue.requeue(chunk, pending !== undefined);
    return lateReply;
  }

  async function send({ kind, scope, jobs }: ReplayChunk): Promise<readonly TakeVerdict[]> {
    if (kind === 'grant') {
      return remote.take(
        scope,
        jobs.flatMap(({ writes = [] }) => writes),
      );
    }
    await remote.settle(
      scope,
      jobs.flatMap(({ settlements }) => settlements),
    );
    return [];
  }

  /** Probes with a read: a write to a store that hangs would have to be given back. */
  async function isReachable(chunk: ReplayChunk): Promise<boolean> {
    const rules = chunk.kind === 'grant' ? chunk.jobs[0]?.rules : chunk.jobs[0]?.settlements[0]?.rules;
    const reply = await availability.call(() => remote.inspect(chunk.scope, rules ?? []), {
      timeoutMs,
      isTake: false,
    });
    return reply.hasReply;
  }

  /** Waits until all grants are written back, a chunk fails, or the time is over. */
  async function idle(limitMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (isHeld) endTimer();
    // Wakes nobody: two waiters would wake each other forever.
    schedule();
    await withTimeLimit(limitMs, signal, (ended) => {
      return new Promise<void>((go) => {
        waiters.add(go);
        ended.addEventListener('abort', () => waiters.delete(go));
      });
    });
  }

  return {
    start,
    async catchUp(limitMs, signal) {
      if (isStopped || availability.isSuspect() || queue.pendingGrants() > MAX_CHUNK) return false;
      await idle(limitMs, signal);
      return queue.pendingGrants() === 0;
    },
    async stop(limitMs) {
      await withTimeLimit(limitMs, undefined, async (ended) => {
        // Each iteration ends after a call: returns follow the grants in calls of their own.
        while (!isStopped && !availability.isDown() && !queue.isEmpty()) await idle(limitMs, ended);
      });
      isStopped = true;
      endTimer();
      wake();
    },
  };
}

/** Whether an enforcing rule was not recorded because its counter is full. */
function isCut({ kind, jobs }: ReplayChunk, verdicts: readonly TakeVerdict[]): boolean {
  const unwritten = verdicts.flatMap(({ observed }) => observed);
  if (kind === 'settle' || unwritten.length === 0) return false;
  const enforced = new Set(
    jobs.flatMap(({ rules }) => rules.flatMap(({ id, mode }) => (mode === 'enforce' ? [id] : []))),
  );
  return unwritten.some(({ rule }) => enforced.has(rule.id));
}
