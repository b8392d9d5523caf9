import type { TakeVerdict } from './limit-store.ts';
import { type Hold, LEASE_MS } from './rule-table.ts';

/** Ended reservations that are remembered, for takes that come twice. */
const MAX_ENDED = 4096;

/** The takes of a reservation, rule by rule; none for a rule in monitor mode that was over its limit. */
type Holds = readonly (Hold | undefined)[];
const NOTHING: Holds = [];

/** The holds of one granted take, until it is settled. */
export class OpenTake {
  readonly owner: Reservations;
  /** Undefined for one that only its maker can name: nobody takes or settles it by an id. */
  id: string | undefined;
  readonly takenMs: number;
  /** Empty once it ended. */
  holds: Holds;
  isOpen = true;
  previous: OpenTake | undefined = undefined;
  next: OpenTake | undefined = undefined;

  constructor(owner: Reservations, id: string | undefined, takenMs: number, holds: Holds) {
    this.owner = owner;
    this.id = id;
    this.takenMs = takenMs;
    this.holds = holds;
  }
}

/** A take that has an id: its verdict, and its holds while it is open. */
interface Named {
  readonly verdict: TakeVerdict;
  readonly take: OpenTake | undefined;
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
  readonly #byId = new Map<string, Named>();
  readonly #ended: EndedReservations;
  #open = 0;
  #oldest: OpenTake | undefined;
  #newest: OpenTake | undefined;

  constructor(maxOpen: number, ended: EndedReservations) {
    this.#maxOpen = maxOpen;
    this.#ended = ended;
  }

  /** The first answer to a reservation, if it was taken before. */
  answerOf(id: string): TakeVerdict | undefined {
    return this.#byId.get(id)?.verdict;
  }

  /** @param id undefined when the take is settled by the object that this gives */
  open(id: string | undefined, verdict: TakeVerdict, holds: Holds, nowMs: number): OpenTake {
    if (this.#open >= this.#maxOpen) this.#keepOldest(nowMs);
    const take = new OpenTake(this, id, nowMs, holds);
    if (id !== undefined) this.#byId.set(id, { verdict, take });
    take.previous = this.#newest;
    if (this.#newest === undefined) this.#oldest = take;
    else this.#newest.next = take;
    this.#newest = take;
    this.#open += 1;
    return take;
  }

  /** Remembers a refusal, which holds nothing. */
  refuse(id: string, verdict: TakeVerdict): void {
    this.#byId.set(id, { verdict, take: undefined });
    this.#ended.remember(this, id);
  }

  /** Gives an open take the id by which a wrapper around the store settles it. */
  name(take: OpenTake, id: string): void {
    if (!take.isOpen) return;
    take.id = id;
    this.#byId.set(id, { verdict: { granted: true, observed: [] }, take });
  }

  /** The take of an id, while it is open. */
  find(id: string): OpenTake | undefined {
    return this.#byId.get(id)?.take;
  }

  /** `delayMs` says that it is kept, undefined that it is given back. */
  settle(take: OpenTake, delayMs: number | undefined, nowMs: number, result: string | undefined): void {
    if (!take.isOpen) return;
    const holds = this.#end(take);
    for (let at = 0; at < holds.length; at += 1) {
      if (delayMs === undefined) holds[at]?.giveBack(nowMs);
      else holds[at]?.keep(delayMs, nowMs, result);
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
    const oldest = this.#oldest as OpenTake;
    for (const hold of this.#end(oldest)) {
      if (hold?.isLeased !== true) hold?.keep(0, nowMs, undefined);
    }
  }

  #end(take: OpenTake): Holds {
    const { holds, previous, next, id } = take;
    if (previous === undefined) this.#oldest = next;
    else previous.next = next;
    if (next === undefined) this.#newest = previous;
    else next.previous = previous;
    take.previous = undefined;
    take.next = undefined;
    take.holds = NOTHING;
    take.isOpen = false;
    this.#open -= 1;
    if (id !== undefined) this.#ended.remember(this, id);
    return holds;
  }
}
