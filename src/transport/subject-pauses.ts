import { getOrCreate } from '../internal/shared-state.ts';
import { wait } from '../internal/wait.ts';
import { MAX_PAUSE_MS, NoPermitError } from './pacer.ts';
import { createPauseGate, type PassOutcome, type PauseGate } from './pause-gate.ts';

/** Pauses that 8x8 asked for about one number or one address of an end user: only its own requests wait. */
export interface SubjectPauses {
  /** Whether no number and no address is paused. */
  readonly isEmpty: boolean;
  /**
   * Waits until none of the subjects is paused, as for the pause of a sub-account.
   *
   * @throws NoPermitError the pause is too long to wait for, or too many callers wait
   */
  take(subjects: readonly string[], signal: AbortSignal): Promise<{ finish(outcome: PassOutcome): boolean }>;
  pause(subject: string, ms: number): void;
  isIdle(): boolean;
}

/** Paused numbers and addresses that are remembered; ours. Beyond it the one used longest ago is free again. */
const MAX_SUBJECTS = 10_000;
/** Callers that wait for one of them; ours. */
const MAX_WAITING = 1_000;
/** How long a caller sleeps at most before it looks again: a probe may have ended the pause. */
const MAX_SLEEP_MS = 500;
/** Longest part of a body that is searched. */
const MAX_SEARCHED = 4_096;

/** @param now monotonic milliseconds */
export function createSubjectPauses(now: () => number): SubjectPauses {
  const gates = new Map<string, unknown>();
  let waiting = 0;

  /** The gates that are still closed, or waiting for their probe. */
  function pausedGates(subjects: readonly string[], time: number): PauseGate[] {
    const paused: PauseGate[] = [];
    for (const subject of subjects) {
      const gate = gates.get(subject) as PauseGate | undefined;
      if (gate?.isPaused(time) === true) paused.push(gate);
      else gates.delete(subject);
    }
    return paused;
  }

  async function waitUntilOpen(subjects: readonly string[], signal: AbortSignal): Promise<PauseGate[]> {
    for (;;) {
      const time = now();
      const paused = pausedGates(subjects, time);
      const waitMs = Math.max(0, ...paused.map((gate) => gate.waitMs(time)));
      if (waitMs === 0) {
        for (const gate of paused) gate.probe(time);
        return paused;
      }
      if (waitMs > MAX_PAUSE_MS) throw new NoPermitError(waitMs);
      if (waiting >= MAX_WAITING) throw new NoPermitError();
      waiting += 1;
      try {
        await wait(Math.min(waitMs, MAX_SLEEP_MS), signal);
      } finally {
        waiting -= 1;
      }
    }
  }

  return {
    get isEmpty() {
      return gates.size === 0;
    },
    async take(subjects, signal) {
      const probed = await waitUntilOpen(subjects, signal);
      return {
        finish(outcome) {
          const time = now();
          const ended = probed.map((gate) => gate.finish(outcome, time));
          return ended.includes(true);
        },
      };
    },
    pause(subject, ms) {
      const gate = getOrCreate<PauseGate>(gates, subject, MAX_SUBJECTS, () => true, createPauseGate);
      gate.pause(ms, now());
    },
    isIdle() {
      const time = now();
      return [...gates.values()].every((gate) => !(gate as PauseGate).isPaused(time));
    },
  };
}

/** The subjects of a request that a response names: complete numbers and addresses, as in the request. */
export function namedSubjects(text: string, subjects: readonly string[]): string[] {
  const words = text.slice(0, MAX_SEARCHED).split(/[^0-9A-Fa-f.:]/);
  const named = new Set(words.map((word) => word.replace(/^[.:]/, '').replace(/[.:]$/, '').toLowerCase()));
  return subjects.filter((subject) => named.has(subject.toLowerCase()));
}
