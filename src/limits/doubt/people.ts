import { type Seed, tagOf } from '../key-hash.ts';
import type { DoubtRule, LimitKey } from '../limit-store.ts';
import { SUBJECT_NUMBERS_PER_DAY } from './parameters.ts';
import { AcquaintanceRows, AddressRows } from './person-rows.ts';
import { dayOf } from './statistics.ts';

/** Why a person is no stranger: a rule, the number, or a subject that vouches for the number. */
export interface Acquaintance {
  /** The subject that vouches, -1 for none. */
  readonly voucher: number;
}

const BY_ITSELF: Acquaintance = { voucher: -1 };

/** Numbers and subjects that entered codes, and the addresses that they came from. */
export class People {
  readonly #seed: Seed;
  readonly #numbers: AcquaintanceRows;
  readonly #subjects: AcquaintanceRows;
  readonly #addresses: AddressRows;

  constructor(maxPersons: number, maxAddresses: number, seed: Seed) {
    this.#seed = seed;
    this.#numbers = new AcquaintanceRows(maxPersons, seed);
    this.#subjects = new AcquaintanceRows(maxPersons, seed);
    this.#addresses = new AddressRows(maxAddresses, seed);
  }

  /** The key of a subject or an address: 52 bits of a seeded hash, not the value itself. */
  keyOf(value: LimitKey): number {
    const tag = tagOf(value, this.#seed);
    return tag < 0 ? Math.floor((-1 - tag) / 2) : tag;
  }

  /** Why somebody is an acquaintance; undefined for a stranger. */
  find({ key, member, isReturning }: DoubtRule, nowMs: number): Acquaintance | undefined {
    if (isReturning === true || this.#numbers.has(key as number, nowMs)) return BY_ITSELF;
    if (member === undefined) return undefined;
    const voucher = this.keyOf(member);
    if (!this.#subjects.has(voucher, nowMs)) return undefined;
    const vouched = this.#subjects.vouched(voucher, dayOf(nowMs));
    return vouched < SUBJECT_NUMBERS_PER_DAY ? { voucher } : undefined;
  }

  /** A subject vouches for a number that is not known itself. @param times -1 takes it back */
  vouch({ voucher }: Acquaintance, times: 1 | -1, nowMs: number): void {
    if (voucher < 0) return;
    const day = dayOf(nowMs);
    this.#subjects.setVouched(voucher, day, Math.max(0, this.#subjects.vouched(voucher, day) + times));
  }

  /** A code was entered. A number is remembered with one subject: the one before becomes a stranger. */
  remember({ key, member }: DoubtRule, nowMs: number): void {
    const subject = member === undefined ? -1 : this.keyOf(member);
    const before = this.#numbers.enter(key as number, subject, nowMs);
    if (before >= 0) this.#subjects.remove(before);
    if (subject >= 0) this.#subjects.enter(subject, -1, nowMs);
  }

  forget(number: number, nowMs: number): void {
    const subject = this.#numbers.otherOf(number, nowMs);
    if (subject >= 0) this.#subjects.remove(subject);
    this.#numbers.remove(number);
  }

  enteredAt(address: number, nowMs: number): number {
    return address < 0 ? 0 : this.#addresses.enteredAt(address, nowMs);
  }

  enterFrom(address: number, nowMs: number): void {
    if (address >= 0) this.#addresses.enter(address, nowMs);
  }
}
