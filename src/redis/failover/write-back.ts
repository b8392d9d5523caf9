import type { LimitStore, TakeVerdict } from '../../limits/limit-store.ts';
import { withTimeLimit } from '../../time-limit.ts';
import type { Availability } from './availability.ts';
import { MAX_CHUNK } from './next-chunk.ts';
import type { ReplayChunk } from './replay-jobs.ts';
import type { ReplayQueue } from './replay-queue.ts';

/**
 * Milliseconds between two calls, so that a server that has just come back is not held up, and that two grants under one
 * backoff get stamps of their own; ours.
 */
const PAUSE_MS = 2;

export interface WriteBackConfig {
  readonly remote: LimitStore;
  readonly availability: Availability;
  readonly queue: ReplayQueue;
  readonly timeoutMs: number;
  /** Something was told, or was tried in vain. */
  readonly onStep: () => void;
  /** The shared store will count too low. */
  readonly onNotWrittenBack: () => void;
}

/** Tells the shared store, in the background, what it has missed. One timer, and only while there is something to tell. */
export interface WriteBack {
  /** Begins, or goes on when the store may be asked again. */
  start(): void;
  /**
   * Whether the shared store counts all that was granted without it. Waits a little when that is nearly so: a process
   * that sends all the time would never be done otherwise. Rejects with the reason of the signal.
   */
  catchUp(limitMs: number, signal: AbortSignal | undefined): Promise<boolean>;
  /** Tells what it can in that time, then nothing more. */
  stop(limitMs: number): Promise<void>;
}

export function createWriteBack(config: WriteBackConfig): WriteBack {
  const { remote, availability, queue, timeoutMs, onStep, onNotWrittenBack } = config;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** The timer stands where it was put while the store was away. */
  let isHeld = false;
  let isSending = false;
  let isStopped = false;
  /** 1 after something in a chunk was found wrong, so that only that is lost. */
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
    // What is left when the program ends, ends with it. A number in browsers and Deno.
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
      // The store is well and says that what it was told is wrong; it would say so for ever.
      if (chunk.jobs.length > 1) {
        most = 1;
        queue.requeue(chunk, false);
        return;
      }
      queue.drop(chunk);
      if (chunk.kind === 'grant') onNotWrittenBack();
    }
  }

  /** What the store said, late or not, or undefined when nobody knows; then the chunk is put back. */
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
    // While one command hangs no other is sent: all of them would be carried out one day. Every call ends one day, if
    // only because its commands have run out of time.
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

  /** A question that leaves no trace: what is written to a store that hangs would have to be given back. */
  async function isReachable(chunk: ReplayChunk): Promise<boolean> {
    const rules = chunk.kind === 'grant' ? chunk.jobs[0]?.rules : chunk.jobs[0]?.settlements[0]?.rules;
    const reply = await availability.call(() => remote.inspect(chunk.scope, rules ?? []), {
      timeoutMs,
      isTake: false,
    });
    return reply.hasReply;
  }

  /** Until all grants are told, one chunk could not be, or the time is over. */
  async function idle(limitMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (isHeld) endTimer();
    // Wakes nobody: two who wait would wake each other for ever.
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
        // Each turn ends after a call: what is given back goes after the grants, in calls of its own.
        while (!isStopped && !availability.isDown() && !queue.isEmpty()) await idle(limitMs, ended);
      });
      isStopped = true;
      endTimer();
      wake();
    },
  };
}

/** Whether a rule that refuses was not written because its counter holds no more. */
function isCut({ kind, jobs }: ReplayChunk, verdicts: readonly TakeVerdict[]): boolean {
  const unwritten = verdicts.flatMap(({ observed }) => observed);
  if (kind === 'settle' || unwritten.length === 0) return false;
  const enforced = new Set(
    jobs.flatMap(({ rules }) => rules.flatMap(({ id, mode }) => (mode === 'enforce' ? [id] : []))),
  );
  return unwritten.some(({ rule }) => enforced.has(rule.id));
}
