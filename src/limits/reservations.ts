import type { TakeVerdict } from './limit-store.ts';
import { type Hold, LEASE_MS } from './rule-table.ts';

/** Ended reservations that are remembered, for takes that come twice. */
const MAX_ENDED = 4096;

/** The takes of a reservation, rule by rule; none for a rule in monitor mode that was over its limit. */
type Holds = readonly (Hold | undefined)[];
const NOTHING: Holds = [];

class Reservation {
  readonly id: string;
  readonly takenMs: number;
  readonly verdict: TakeVerdict;
  /** Empty once it ended. */
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

/** The last few thousand reservations of all scopes that ended; each new one takes the place of the oldest. */
export class EndedReservations {
  readonly #all: { readonly of: Reservations; readonly id: string }[] = [];
  #next = 0;

  remember(of: Reservations, id: string): void {
    const oldest = this.#all[this.#next];
    oldest?.of.forget(oldest.id);
    this.#all[this.#next] = { of, id };
    this.#next = (this.#next + 1) % MAX_ENDED;
  }
}

/** The takes of one scope that are not settled, oldest first, and the verdicts of those that ended lately. */
export class Reservations {
  readonly #maxOpen: number;
  readonly #byId = new Map<string, Reservation>();
  readonly #ended: EndedReservations;
  #open = 0;
  #oldest: Reservation | undefined;
  #newest: Reservation | undefined;

  constructor(maxOpen: number, ended: EndedReservations) {
    this.#maxOpen = maxOpen;
    this.#ended = ended;
  }

  /** The first answer to a reservation, if it was taken before. */
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
    this.#ended.remember(this, id);
  }

  /** `delayMs` says that it is kept, undefined that it is given back. */
  settle(id: string, delayMs: number | undefined, nowMs: number, result: string | undefined): void {
    const reservation = this.#byId.get(id);
    if (reservation?.isOpen !== true) return;
    for (const hold of this.#end(reservation)) {
      if (delayMs === undefined) hold?.giveBack(nowMs);
      else hold?.keep(delayMs, nowMs, result);
    }
  }

  /** Keeps what nobody settled in time. */
  expire(nowMs: number): void {
    while (this.#oldest !== undefined && nowMs - this.#oldest.takenMs >= LEASE_MS) this.#keepOldest(nowMs);
  }

  /** Forgets one that ended. */
  forget(id: string): void {
    this.#byId.delete(id);
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
    this.#ended.remember(this, reservation.id);
    return holds;
  }
}
