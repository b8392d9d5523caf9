import type { EmulatorContext } from '../../emulator/context.ts';
import type { EmulatedMessage } from '../../emulator/message.ts';
import type { EmulatedReport } from '../../emulator/webhooks/webhook-input.ts';
import type { Scheduler } from '../scheduler.ts';
import { deliveryErrorOf, reservedNumber } from './reserved-numbers.ts';

/** A step of a message on its way to the phone. */
interface Step {
  /** Milliseconds after the previous step. */
  readonly afterMs: number;
  readonly report: EmulatedReport;
}

export interface MobileNetworkOptions {
  readonly context: EmulatorContext;
  readonly scheduler: Scheduler;
  /** Sets the state, and posts the receipt. */
  readonly report: (umid: string, report: EmulatedReport) => unknown;
  /** Sends a text of the person. */
  readonly reply: (from: string, text: string) => unknown;
}

/** The network that carries messages to phones, with receipts at the pace of a real one. */
export interface MobileNetwork {
  /** Takes a message that was accepted, or that an earlier process left on its way. */
  carry(message: EmulatedMessage): void;
}

/** Milliseconds to each state, at most: most messages arrive within a few seconds. */
const QUEUED_MS = 400;
const SENT_MS = 1_200;
const FINAL_MS = 4_000;
const ANSWER_MS = 3_000;

/** A number from 0.25 to 1 that is the same in every run: the waits of a message. */
function share(umid: string, step: number): number {
  const drawn = Number.parseInt(umid.slice(step * 2, step * 2 + 2), 16);
  return 0.25 + (0.75 * drawn) / 255;
}

function finalReport({ destination }: EmulatedMessage): EmulatedReport {
  const failure = deliveryErrorOf(destination);
  if (failure === undefined) return { state: 'delivered' };
  return {
    state: 'undelivered',
    detail: 'undelivered_to_recipient',
    errorCode: failure.code,
    errorMessage: failure.meaning,
  };
}

/** The states that a message still has to pass. */
function stepsOf(message: EmulatedMessage): readonly Step[] {
  const { umid, destination, receipt } = message;
  const steps: readonly Step[] = [
    { afterMs: QUEUED_MS * share(umid, 0), report: { state: 'queued' } },
    { afterMs: SENT_MS * share(umid, 1), report: { state: 'sent' } },
    { afterMs: FINAL_MS * share(umid, 2), report: finalReport(message) },
  ];
  const ending = reservedNumber(destination)?.receipts;
  const planned = ending === 'none' ? [] : ending === 'sent' ? steps.slice(0, 2) : steps;
  const reached = planned.findIndex(({ report }) => report.state === receipt?.state);
  return receipt !== undefined && reached === -1 ? [] : planned.slice(reached + 1);
}

export function createMobileNetwork(options: MobileNetworkOptions): MobileNetwork {
  const { context, scheduler, report, reply } = options;

  function proceed(umid: string, steps: readonly Step[]): void {
    const [next, ...later] = steps;
    if (next === undefined) {
      answer(umid);
      return;
    }
    scheduler.after(next.afterMs, () => {
      const message = context.messages.get(umid);
      // Cancelled, removed, or reported by hand meanwhile.
      if (message === undefined || message.state === 'cancelled' || isFinal(message)) return;
      report(umid, next.report);
      proceed(umid, later);
    });
  }

  function answer(umid: string): void {
    const message = context.messages.get(umid);
    const text = message && reservedNumber(message.destination)?.answer;
    if (message === undefined || text === undefined) return;
    scheduler.after(ANSWER_MS * share(umid, 3), () => reply(message.destination, text));
  }

  return {
    carry(message) {
      const { umid, state, scheduledAt } = message;
      if (state === 'cancelled' || isFinal(message)) return;
      const [first, ...later] = stepsOf(message);
      if (first === undefined) return;
      const waitMs = state === 'scheduled' ? (scheduledAt ?? 0) - context.clock.now() : 0;
      if (waitMs > 0) scheduler.at(Date.now() + waitMs, () => proceed(umid, [first, ...later]));
      else proceed(umid, [first, ...later]);
    },
  };
}

function isFinal({ state }: EmulatedMessage): boolean {
  return ['delivered', 'undelivered', 'failed', 'rejected', 'read'].includes(state);
}
