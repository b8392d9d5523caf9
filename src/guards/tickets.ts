import type { Call } from '../call.ts';
import { StoreError } from '../errors.ts';
import type { Emit } from '../events.ts';
import type { LimitRule, LimitStore, RuleFinding, TakeVerdict } from '../limits/limit-store.ts';
import { withTimeLimit } from '../time-limit.ts';
import type { Clock } from '../types.ts';

/** What was taken for an admitted message; it is given back or kept once. */
export interface Ticket {
  readonly reservation: string;
  readonly rules: readonly LimitRule[];
  /** Milliseconds of `Admission.elapsed` at the take. */
  readonly takenAt: number;
}

/** What became of an admitted message, for its ticket. */
export interface Closing {
  readonly ticket: Ticket;
  readonly outcome: 'keep' | 'return';
  /** Milliseconds of `Admission.elapsed` at the first write, if there was one. */
  readonly writtenAt?: number | undefined;
  readonly result?: string | undefined;
}

/** Takes from the limit store and gives back. A store that fails refuses; one that hangs holds nobody for ever. */
export interface Tickets {
  open(rules: readonly LimitRule[]): Ticket;
  /**
   * One verdict a ticket, from one take for all. A ticket without rules is granted without asking.
   *
   * @throws StoreError after 5 s at the latest, or the error of a call that ended; what is granted later is given back
   */
  take(tickets: readonly Ticket[], call: Call): Promise<readonly TakeVerdict[]>;
  /** Returns what was granted. */
  giveBack(tickets: readonly Ticket[], verdicts: readonly TakeVerdict[]): Promise<void>;
  /** Keeps or gives back what was taken. Never throws, and takes 2 s at most. */
  settle(closings: readonly Closing[]): Promise<void>;
  /** The time by which the limits count. */
  elapsed(): number;
}

export interface TicketsConfig {
  readonly limits: LimitStore;
  readonly scope: string;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** A store of our own answers in 150 ms or decides by itself; this is for one that hangs. */
const TAKE_TIMEOUT_MS = 5_000;
/** What became of the message is known by then: a store that hangs must not keep it from the caller. */
const SETTLE_TIMEOUT_MS = 2_000;

const NOTHING_TO_COUNT: TakeVerdict = { granted: true, observed: [] };

export function createTickets({ limits, scope, clock, emit }: TicketsConfig): Tickets {
  /** Unique over all processes, and far cheaper than a UUID a message. Drawn on first use: not in a global scope. */
  let run: string | undefined;
  let count = 0;

  const elapsed = () => (clock.monotonic === undefined ? clock.now() : clock.monotonic());

  /** A store that is not ours may answer anything: what does not say yes or no for every message is a failure. */
  async function takeChecked(
    tickets: readonly Ticket[],
    signal: AbortSignal,
  ): Promise<readonly TakeVerdict[]> {
    const verdicts: unknown = await limits.take(scope, tickets, { signal });
    if (!Array.isArray(verdicts) || verdicts.length !== tickets.length || !verdicts.every(isVerdict)) {
      throw new TypeError('not a verdict a request');
    }
    return verdicts;
  }

  /** One take for all; when nobody waits for it any longer, what the late answer granted is given back. */
  async function takeCounted(tickets: readonly Ticket[], call: Call): Promise<readonly TakeVerdict[]> {
    let isAwaited = true;
    async function answer(signal: AbortSignal): Promise<readonly TakeVerdict[]> {
      const verdicts = await takeChecked(tickets, signal);
      if (!isAwaited) await giveBack(tickets, verdicts);
      return verdicts;
    }
    try {
      const taking = await withTimeLimit(TAKE_TIMEOUT_MS, call.signal, answer);
      if (taking.inTime) return taking.value;
    } catch {
      isAwaited = false;
      call.throwIfEnded();
    }
    isAwaited = false;
    emit({ type: 'store-failed', store: 'limits' }, call.context);
    throw new StoreError('The limit store failed, so no message was let through. Nothing was sent.');
  }

  async function settle(closings: readonly Closing[]): Promise<void> {
    const counted = closings.filter(({ ticket }) => ticket.rules.length > 0);
    if (counted.length === 0) return;
    try {
      const settlements = counted.map(({ ticket, outcome, writtenAt, result }) => ({
        reservation: ticket.reservation,
        rules: ticket.rules,
        outcome,
        delayMs: writtenAt === undefined ? undefined : Math.max(0, writtenAt - ticket.takenAt),
        result,
      }));
      const settling = withTimeLimit(SETTLE_TIMEOUT_MS, undefined, () => limits.settle(scope, settlements));
      if (!(await settling).inTime) throw new Error('too late');
    } catch {
      // What was taken stays taken: the count is too high until it leaves the window, never too low.
      emit({ type: 'store-failed', store: 'limits' });
    }
  }

  async function giveBack(tickets: readonly Ticket[], verdicts: readonly TakeVerdict[]): Promise<void> {
    const granted = tickets.filter((_, turn) => verdicts[turn]?.granted);
    await settle(granted.map((ticket) => ({ ticket, outcome: 'return' })));
  }

  return {
    open(rules) {
      run ??= crypto.getRandomValues(new BigUint64Array(1)).join('');
      count += 1;
      return { reservation: `${run}-${count}`, rules, takenAt: elapsed() };
    },
    async take(tickets, call) {
      const counted = tickets.filter(({ rules }) => rules.length > 0);
      if (counted.length === 0) return tickets.map(() => NOTHING_TO_COUNT);
      const verdicts = (await takeCounted(counted, call)).values();
      return tickets.map(({ rules }) =>
        rules.length > 0 ? (verdicts.next().value as TakeVerdict) : NOTHING_TO_COUNT,
      );
    },
    giveBack,
    settle,
    elapsed,
  };
}

function isVerdict(value: unknown): value is TakeVerdict {
  const { granted, refusals, observed } = (value ?? {}) as Record<string, unknown>;
  if (!isFindings(observed)) return false;
  return granted === true || (granted === false && isFindings(refusals) && refusals.length > 0);
}

function isFindings(value: unknown): value is readonly RuleFinding[] {
  return Array.isArray(value) && value.every((finding) => typeof finding?.rule?.kind === 'string');
}
