import type { LimitStore, Settlement, TakeRequest, TakeVerdict } from '../../limits/limit-store.ts';
import type { Gate } from './gate.ts';
import type { Chunk } from './jobs.ts';
import type { LateAnswers } from './late-answers.ts';
import type { EmitLimits } from './limits-event.ts';
import type { Outbox } from './outbox.ts';

/**
 * Milliseconds between two calls, so that a server that has just come back is not held up, and that two grants under one
 * backoff get stamps of their own; ours.
 */
const PAUSE_MS = 2;

export interface WriteBackConfig {
  readonly remote: LimitStore;
  readonly gate: Gate;
  readonly outbox: Outbox;
  readonly late: LateAnswers;
  readonly timeoutMs: number;
  readonly emit: EmitLimits;
  /** Something was told, or was tried in vain. */
  readonly onStep: () => void;
}

/** Tells the shared store, in the background, what it has missed. One timer, and only while there is something to tell. */
export interface WriteBack {
  /** Begins, or goes on when the store may be asked again. */
  start(): void;
  stop(): void;
}

/** Every call ends one day, if only because its commands have run out of time. */
function isCarriedOut(asked: Promise<unknown>): Promise<boolean> {
  return asked.then(
    () => true,
    () => false,
  );
}

export function createWriteBack(config: WriteBackConfig): WriteBack {
  const { remote, gate, outbox, late, timeoutMs, emit, onStep } = config;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isTelling = false;
  let isStopped = false;
  /** 1 after something in a chunk was found wrong, so that only that is lost. */
  let size: number | undefined;

  function start(): void {
    if (isStopped || isTelling || timer !== undefined || outbox.isEmpty()) return;
    timer = setTimeout(step, Math.max(PAUSE_MS, gate.waitMs()));
    // What is left when the program ends, ends with it. A number in browsers and Deno.
    if (typeof timer === 'object') timer.unref();
  }

  function step(): void {
    timer = undefined;
    const chunk = outbox.next(size);
    if (chunk === undefined) {
      onStep();
      return;
    }
    isTelling = true;
    void tell(chunk).finally(() => {
      isTelling = false;
      onStep();
      start();
    });
  }

  async function tell(chunk: Chunk): Promise<void> {
    try {
      const isTold = chunk.kind === 'grant' ? await tellGrants(chunk) : await tellSettlements(chunk);
      if (isTold) size = undefined;
    } catch {
      // The store is well and says that what it was told is wrong; it would say so for ever.
      if (chunk.jobs.length > 1) {
        size = 1;
        outbox.putBack(chunk);
        return;
      }
      outbox.drop(chunk);
      if (chunk.kind === 'grant') emit({ type: 'grants-not-written-back' });
    }
  }

  async function tellGrants(chunk: Chunk & { kind: 'grant' }): Promise<boolean> {
    const requests: readonly TakeRequest[] = chunk.jobs.flatMap(({ writes = [] }) => writes);
    let asked: Promise<readonly TakeVerdict[]> | undefined;
    const answer = await gate.ask(() => {
      asked = remote.take(chunk.scope, requests);
      return asked;
    }, timeoutMs);
    // While one command hangs no other is sent: all of them would be carried out one day.
    if (answer.isAnswered || (asked !== undefined && (await isCarriedOut(asked)))) {
      outbox.end(chunk);
      return true;
    }
    // What was carried out although it failed is given back, and only then written anew.
    if (asked !== undefined) late.giveBack(chunk.scope, requests);
    outbox.putBack(chunk);
    return false;
  }

  async function tellSettlements(chunk: Chunk & { kind: 'settle' }): Promise<boolean> {
    const settlements: readonly Settlement[] = chunk.jobs.flatMap((job) => job.settlements);
    let asked: Promise<void> | undefined;
    const answer = await gate.ask(() => {
      asked = remote.settle(chunk.scope, settlements);
      return asked;
    }, timeoutMs);
    // Asked, and not answered in time: it is told again only if it fails.
    if (answer.isAnswered || asked !== undefined) outbox.end(chunk);
    if (!answer.isAnswered && asked !== undefined) late.ofSettle(chunk.scope, settlements, asked);
    return answer.isAnswered;
  }

  return {
    start,
    stop() {
      isStopped = true;
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
