import type { TakeVerdict } from './limit-store.ts';
import { type Hold, LEASE_MS } from './rule-table.ts';

/** Number of ended reservations that are remembered for repeated takes. */
const MAX_ENDED = 4096;

/** The holds of a reservation, one per rule; none for a rule that was over its limit in monitor mode. */
type Holds = readonly (Hold | undefined)[];
const NOTHING: Holds = [];

class Reservation {
  readonly id: string;
  readonly takenMs: number;
  readonly verdict: TakeVerdict;
  /** Empty once the reservation has ended. */
  holds: Holds;
  isOpen: boolean;
  previous: Reservation | undefined = undefined;
  next: Reservation | undefined = undefined;

  constructor(id: string, takenMs: number, verdict: TakeVerdict, holds: Holds, isOpen: boolean) {
    this.id = id;
    this.takenMs = takenMs;
    this.verdict = verdict;
    this.holds = holds;
    this.isOpen = isOpen;
  }
}

/** The open takes of one scope, oldest first, and the verdicts of the last few thousand that have ended. */
export class Reservations {
  readonly #maxOpen: number;
  readonly #byId = new Map<string, Reservation>();
  /** IDs of the ended reservations; each new one replaces the oldest. */
  readonly #ended: string[] = [];
  #nextEnded = 0;
  #open = 0;
  #oldest: Reservation | undefined;
  #newest: Reservation | undefined;

  constructor(maxOpen: number) {
    this.#maxOpen = maxOpen;
  }

  /** The verdict of a reservation that was taken before. */
  answerOf(id: string): TakeVerdict | undefined {
    return this.#byId.get(id)?.verdict;
  }

  open(id: string, verdict: TakeVerdict, holds: Holds, nowMs: number): void {
    if (this.#open >= this.#maxOpen) this.#keepOldest(nowMs);
    const reservation = new Reservation(id, nowMs, verdict, holds, true);
    this.#byId.set(id, reservation);
    reservation.previous = this.#newest;
    if (this.#newest === undefined) this.#oldest = reservation;
    else this.#newest.next = reservation;
    this.#newest = reservation;
    this.#open += 1;
  }

  /** Remembers a refusal, which holds nothing. */
  refuse(id: string, verdict: TakeVerdict, nowMs: number): void {
    this.#byId.set(id, new Reservation(id, nowMs, verdict, NOTHING, false));
    this.#remember(id);
  }

  /** With `delayMs` the take is kept; with undefined it is given back. */
  settle(id: string, delayMs: number | undefined, nowMs: number, result: string | undefined): void {
    const reservation = this.#byId.get(id);
    if (reservation?.isOpen !== true) return;
    for (const hold of this.#end(reservation)) {
      if (delayMs === undefined) hold?.giveBack(nowMs);
      else hold?.keep(delayMs, nowMs, result);
    }
  }

  /** Keeps the takes that were not settled in time. */
  expire(nowMs: number): void {
    while (this.#oldest !== undefined && nowMs - this.#oldest.takenMs >= LEASE_MS) this.#keepOldest(nowMs);
  }

  #remember(id: string): void {
    const oldest = this.#ended[this.#nextEnded];
    if (oldest !== undefined) this.#byId.delete(oldest);
    this.#ended[this.#nextEnded] = id;
    this.#nextEnded = (this.#nextEnded + 1) % MAX_ENDED;
  }

  #keepOldest(nowMs: number): void {
    const oldest = this.#oldest as Reservation;
    for (const hold of this.#end(oldest)) {
      if (hold?.isLeased !== true) hold?.keep(0, nowMs, undefined);
    }
  }

  #end(reservation: Reservation): Holds {
    const { holds, previous, next } = reservation;
    if (previous === undefined) this.#oldest = next;
    else previous.next = next;
    if (next === undefined) this.#newest = previous;
    else next.previous = previous;
    reservation.previous = undefined;
    reservation.next = undefined;
    reservation.holds = NOTHING;
    reservation.isOpen = false;
    this.#open -= 1;
    this.#remember(reservation.id);
    return holds;
  }
}
