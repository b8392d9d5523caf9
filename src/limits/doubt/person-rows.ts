import type { Seed } from '../key-hash.ts';
import { PAYLOAD, RowTable } from '../row-table.ts';
import { NEVER } from './cell.ts';
import { ACQUAINTED_AFTER_MS, ACQUAINTED_MS, EVIDENCE_MS, MINUTE_MS, OPEN_MS } from './parameters.ts';

/** Expired rows that go with every new one. */
const STEPS = 2;

/** Rows that a full table forgets for a new one, oldest write first. */
abstract class QueuedRows {
  readonly #rows: RowTable;

  constructor(payloadWords: number, maxRows: number, seed: Seed) {
    this.#rows = new RowTable(payloadWords, maxRows, seed);
  }

  get size(): number {
    return this.#rows.size;
  }

  protected abstract isExpired(slot: number, nowMs: number): boolean;

  /** The slot of a key, or -1. */
  protected find(key: number): number {
    return this.#rows.find(key);
  }

  /** The slot of a key that has not expired, or -1. */
  protected findLive(key: number, nowMs: number): number {
    const slot = this.#rows.find(key);
    return slot >= 0 && this.isExpired(slot, nowMs) ? -1 : slot;
  }

  /** The row of a key, new where there is none, at the young end of the queue. */
  protected touch(key: number, nowMs: number): number {
    const found = this.#rows.find(key);
    if (found >= 0) {
      this.#rows.dequeue(found);
      this.#rows.enqueue(found);
      return found;
    }
    for (let left = STEPS; left > 0 && this.#rows.size > 0; left -= 1) {
      const { oldest } = this.#rows;
      if (this.#rows.isFull || this.isExpired(oldest, nowMs)) this.#removeAt(oldest);
    }
    const slot = this.#rows.insert(key);
    this.#rows.enqueue(slot);
    return slot;
  }

  remove(key: number): void {
    const slot = this.#rows.find(key);
    if (slot >= 0) this.#removeAt(slot);
  }

  #removeAt(slot: number): void {
    this.#rows.dequeue(slot);
    this.#rows.remove(slot);
  }

  /** Words after the header: 0, then two for each double, then the others. */
  protected word(slot: number, at: number): number {
    return this.#rows.chunkOf(slot).words[this.#rows.startOf(slot) + PAYLOAD + at] as number;
  }

  protected setWord(slot: number, at: number, value: number): void {
    this.#rows.chunkOf(slot).words[this.#rows.startOf(slot) + PAYLOAD + at] = value;
  }

  protected double(slot: number, at: number): number {
    const first = (this.#rows.startOf(slot) + PAYLOAD + 1) >>> 1;
    return this.#rows.chunkOf(slot).doubles[first + at] as number;
  }

  protected setDouble(slot: number, at: number, value: number): void {
    const { doubles } = this.#rows.chunkOf(slot);
    doubles[((this.#rows.startOf(slot) + PAYLOAD + 1) >>> 1) + at] = value;
  }
}

/** The codes that went to one number within the hour, and what it was asked for. Sets of places are bits. */
export interface OpenNumber {
  /** The first code; `NEVER` when none went out. */
  sentMs: number;
  /** Codes since then. */
  codes: number;
  /** Places that the first code counts in. */
  counted: number;
  /** Places in whose alert it passed as the one stranger of a pause. */
  trickle: number;
  isHuman: boolean;
  isCalm: boolean;
  isLearnt: boolean;
  isKnown: boolean;
  isEntered: boolean;
  isAccused: boolean;
  /** The address of the first code; -1 for none. */
  address: number;
  /** When the person was asked for more, the places in alert then, and the address. */
  askedMs: number;
  asked: number;
  askedAddress: number;
}

export function newOpenNumber(): OpenNumber {
  return {
    sentMs: NEVER,
    codes: 0,
    counted: 0,
    trickle: 0,
    isHuman: false,
    isCalm: false,
    isLearnt: false,
    isKnown: false,
    isEntered: false,
    isAccused: false,
    address: -1,
    askedMs: NEVER,
    asked: 0,
    askedAddress: -1,
  };
}

/** As if nothing had ever been sent to a number. One by one: `Object.assign` takes ten times as long. */
function clearOpenNumber(open: OpenNumber): void {
  open.sentMs = NEVER;
  open.codes = 0;
  open.counted = 0;
  open.trickle = 0;
  open.isHuman = false;
  open.isCalm = false;
  open.isLearnt = false;
  open.isKnown = false;
  open.isEntered = false;
  open.isAccused = false;
  open.address = -1;
  open.askedMs = NEVER;
  open.asked = 0;
  open.askedAddress = -1;
}

/** Numbers with a code on the way, about 75 bytes each, for an hour. */
export class OpenRows extends QueuedRows {
  constructor(maxRows: number, seed: Seed) {
    super(11, maxRows, seed);
  }

  /** Reads what still counts of a number. */
  load(key: number, nowMs: number, open: OpenNumber): void {
    clearOpenNumber(open);
    const slot = this.find(key);
    if (slot < 0) return;
    const sentMs = this.double(slot, 0);
    if (nowMs - sentMs < OPEN_MS) {
      const flags = this.word(slot, 0);
      const counts = this.word(slot, 9);
      open.sentMs = sentMs;
      open.codes = counts >>> 16;
      open.trickle = (counts >>> 8) & 0xff;
      open.counted = counts & 0xff;
      open.isHuman = (flags & 1) !== 0;
      open.isCalm = (flags & 2) !== 0;
      open.isLearnt = (flags & 4) !== 0;
      open.isKnown = (flags & 8) !== 0;
      open.isEntered = (flags & 16) !== 0;
      open.isAccused = (flags & 32) !== 0;
      open.address = this.double(slot, 1);
    }
    const askedMs = this.double(slot, 2);
    if (nowMs - askedMs < OPEN_MS) {
      open.askedMs = askedMs;
      open.asked = this.word(slot, 10);
      open.askedAddress = this.double(slot, 3);
    }
  }

  save(key: number, open: OpenNumber, nowMs: number): void {
    const slot = this.touch(key, nowMs);
    const { isHuman, isCalm, isLearnt, isKnown, isEntered, isAccused } = open;
    const flags =
      Number(isHuman) +
      2 * Number(isCalm) +
      4 * Number(isLearnt) +
      8 * Number(isKnown) +
      16 * Number(isEntered) +
      32 * Number(isAccused);
    this.setWord(slot, 0, flags);
    this.setWord(slot, 9, Math.min(open.codes, 0xffff) * 65_536 + open.trickle * 256 + open.counted);
    this.setWord(slot, 10, open.asked);
    this.setDouble(slot, 0, open.sentMs);
    this.setDouble(slot, 1, open.address);
    this.setDouble(slot, 2, open.askedMs);
    this.setDouble(slot, 3, open.askedAddress);
  }

  protected isExpired(slot: number, nowMs: number): boolean {
    return nowMs - this.double(slot, 0) >= OPEN_MS && nowMs - this.double(slot, 2) >= OPEN_MS;
  }
}

/** Whole minutes, shifted so that a clock which starts below zero fits. */
function minutesOf(nowMs: number): number {
  return Math.floor(nowMs / MINUTE_MS) + 2 ** 31;
}

/** Numbers and subjects that entered a code, about 45 bytes each, for 90 days. */
export class AcquaintanceRows extends QueuedRows {
  constructor(maxRows: number, seed: Seed) {
    super(5, maxRows, seed);
  }

  /** Whether a code was entered more than 6 hours ago. */
  has(key: number, nowMs: number): boolean {
    const slot = this.findLive(key, nowMs);
    return slot >= 0 && minutesOf(nowMs) - this.word(slot, 0) >= ACQUAINTED_AFTER_MS / MINUTE_MS;
  }

  /**
   * Remembers a code that was entered.
   *
   * @param other a key that is remembered with this one; -1 for none
   * @returns the one that it takes the place of; -1 for none
   */
  enter(key: number, other: number, nowMs: number): number {
    const isNew = this.findLive(key, nowMs) < 0;
    const slot = this.touch(key, nowMs);
    const before = isNew ? -1 : this.double(slot, 0);
    if (isNew) {
      this.setWord(slot, 0, minutesOf(nowMs));
      this.setWord(slot, 4, 0);
    }
    this.setWord(slot, 3, minutesOf(nowMs));
    this.setDouble(slot, 0, other < 0 ? before : other);
    return other < 0 || before === other ? -1 : before;
  }

  /** The key that is remembered with this one, -1 for none. */
  otherOf(key: number, nowMs: number): number {
    const slot = this.findLive(key, nowMs);
    return slot < 0 ? -1 : this.double(slot, 0);
  }

  /** How often a subject has vouched for new numbers on this day. */
  vouched(key: number, day: number): number {
    const slot = this.find(key);
    const word = slot < 0 ? 0 : this.word(slot, 4);
    return word >>> 8 === (day & 0xffffff) ? word & 0xff : 0;
  }

  setVouched(key: number, day: number, times: number): void {
    const slot = this.find(key);
    if (slot >= 0) this.setWord(slot, 4, (day & 0xffffff) * 256 + times);
  }

  protected isExpired(slot: number, nowMs: number): boolean {
    return minutesOf(nowMs) - this.word(slot, 3) >= ACQUAINTED_MS / MINUTE_MS;
  }
}

/** Addresses from which strangers entered codes, about 40 bytes each, for 14 days. */
export class AddressRows extends QueuedRows {
  constructor(maxRows: number, seed: Seed) {
    super(2, maxRows, seed);
  }

  enteredAt(key: number, nowMs: number): number {
    const slot = this.findLive(key, nowMs);
    return slot < 0 ? 0 : this.word(slot, 1);
  }

  enter(key: number, nowMs: number): void {
    const entered = this.enteredAt(key, nowMs) + 1;
    const slot = this.touch(key, nowMs);
    this.setWord(slot, 0, minutesOf(nowMs));
    this.setWord(slot, 1, entered);
  }

  protected isExpired(slot: number, nowMs: number): boolean {
    return minutesOf(nowMs) - this.word(slot, 0) >= EVIDENCE_MS / MINUTE_MS;
  }
}
