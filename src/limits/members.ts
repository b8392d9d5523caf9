import type { LimitKey } from './limit-store.ts';

/** Most keys have one member or two: these are searched one by one, in a fifth of the memory of a `Map`. */
const MOST_WITHOUT_MAP = 8;

/** A member of a `distinct` rule. It counts while one of its takes is open, and for a window after it was settled. */
export class Member {
  readonly key: LimitKey;
  /** The last time at which it was settled. */
  settledMs = Number.NEGATIVE_INFINITY;
  /** A time up to which it certainly counted; it may have been settled later since then. Its place among the stamps. */
  stampMs = Number.NEGATIVE_INFINITY;
  #lastMs: number | undefined;
  /** Open takes before the last; more than one are rare. */
  #others: number[] | undefined;

  constructor(key: LimitKey) {
    this.key = key;
  }

  /** Time of the last open take. */
  get openMs(): number | undefined {
    return this.#lastMs;
  }

  open(takenMs: number): void {
    if (this.#lastMs !== undefined) {
      this.#others ??= [];
      this.#others.push(this.#lastMs);
    }
    this.#lastMs = takenMs;
  }

  close(takenMs: number): void {
    if (this.#lastMs === takenMs) this.#lastMs = this.#others?.pop();
    else if (this.#others !== undefined) this.#others.splice(this.#others.lastIndexOf(takenMs), 1);
  }
}

/** The members under one key. */
export class Members {
  /** In the order in which they came. */
  #few: Member[] = [];
  #many: Map<LimitKey, Member> | undefined;
  /** Members that were ever settled, sorted by their stamps. Those before the first are gone. */
  #stamps: Member[] = [];
  #first = 0;

  get size(): number {
    return this.#many?.size ?? this.#few.length;
  }

  find(key: LimitKey): Member | undefined {
    if (this.#many !== undefined) return this.#many.get(key);
    for (const member of this.#few) if (member.key === key) return member;
    return undefined;
  }

  /** Adds one that is not there. */
  add(key: LimitKey): Member {
    const member = new Member(key);
    if (this.#many === undefined && this.#few.length >= MOST_WITHOUT_MAP) {
      this.#many = new Map(this.#few.map((each) => [each.key, each]));
      this.#few = [];
    }
    if (this.#many !== undefined) this.#many.set(key, member);
    else if (this.#few.length === 0) this.#few = [member];
    else this.#few.push(member);
    return member;
  }

  remove(member: Member): void {
    if (this.#many !== undefined) {
      this.#many.delete(member.key);
      return;
    }
    const few = this.#few;
    // Not `splice`, which makes an array of what it takes out.
    for (let at = few.indexOf(member) + 1; at < few.length; at += 1) few[at - 1] = few[at] as Member;
    few.pop();
  }

  values(): Iterable<Member> {
    return this.#many?.values() ?? this.#few;
  }

  /** The member with the lowest stamp. */
  get oldest(): Member | undefined {
    return this.#stamps[this.#first];
  }

  /** Keeps the stamps sorted. Nearly all are newer than the last one. */
  stamp(member: Member, atMs: number): void {
    member.stampMs = atMs;
    const stamps = this.#stamps;
    let at = stamps.length;
    while (at > this.#first && (stamps[at - 1] as Member).stampMs > atMs) at -= 1;
    if (at < stamps.length) stamps.splice(at, 0, member);
    else if (at === 0) this.#stamps = [member];
    else stamps.push(member);
  }

  /** Takes out the lowest stamp. */
  shift(): void {
    this.#first += 1;
    // Half of the list is gone: as many steps as it took to get there pay for this.
    if (this.#first * 2 < this.#stamps.length) return;
    this.#stamps.copyWithin(0, this.#first);
    this.#stamps.length -= this.#first;
    this.#first = 0;
  }

  /** The members with the lowest stamps. */
  oldestFirst(most: number): readonly Member[] {
    return this.#stamps.slice(this.#first, this.#first + most);
  }
}
