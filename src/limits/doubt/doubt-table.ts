import type {
  DoubtAlert,
  DoubtNotice,
  DoubtOutcome,
  DoubtPlace,
  DoubtTarget,
  TrustableTarget,
} from '../doubt-store.ts';
import type { Seed } from '../key-hash.ts';
import type { DoubtRule, LimitKey, RuleState, RuleViolation } from '../limit-store.ts';
import { type Hold, LEASE_MS, type RuleTable } from '../rule-table.ts';
import { begunAlert, liveAlerts } from './alerts.ts';
import { longestPauseOf, oddsOf, type Setting } from './budgets.ts';
import {
  accuse,
  ask,
  clearCell,
  count,
  credit,
  doubtOf,
  enterTrickle,
  NEVER,
  passTrickle,
  returnTrickle,
  takeBack,
} from './cell.ts';
import type { CellRows } from './cell-rows.ts';
import { ALL_PLACES, type DoubtCase, type Judgement, judge } from './judge.ts';
import { outcomesNotice } from './outcomes.ts';
import {
  ACQUAINTED_MS,
  bit,
  CROWD,
  has,
  NUMBER,
  PLACES,
  POLICIES,
  RANGE,
  SCORE_CREDIT,
  TRICKLE_PART,
} from './parameters.ts';
import { type Acquaintance, People } from './people.ts';
import { newOpenNumber, OpenRows } from './person-rows.ts';
import { Places, type Where } from './places.ts';
import { figuresOf, knownAsked, learnAsked, learnEntered, siegeOf } from './statistics.ts';
import { Trusted } from './trusted.ts';

export interface DoubtSizes {
  readonly maxRecipients: number;
  readonly maxEntries: number;
}

/** The counts of one take, to be taken back. */
interface Counted {
  readonly rule: DoubtRule;
  readonly atMs: number;
  /** Sets of places as bits. */
  readonly counted: number;
  readonly trickle: number;
  readonly isFirst: boolean;
  readonly known: Acquaintance | undefined;
}

/** Doubt about the strangers of all places. Parameters, cells and judgement are in files of their own; this one keeps them. */
export class DoubtTable implements RuleTable<DoubtRule> {
  readonly shape: DoubtRule;
  liveUntilMs = Number.NEGATIVE_INFINITY;
  readonly places: Places;
  readonly #people: People;
  readonly #open: OpenRows;
  readonly #trusted = new Trusted();
  #notices: DoubtNotice[] = [];

  /** Work space of one request: what was found out about it. */
  readonly #person = newOpenNumber();
  readonly #where: Where;
  readonly #setting: Setting;
  readonly #case: DoubtCase;
  readonly #judgement: Judgement = {
    passage: undefined,
    judged: 0,
    alerts: 0,
    begun: 0,
    ended: 0,
    isCalm: true,
    isLearnt: true,
    place: -1,
    observed: 0,
    limit: 0,
    waitMs: 0,
  };
  #known: Acquaintance | undefined;
  /** The rule that was looked at last, while nothing has changed since. */
  #looked: DoubtRule | undefined;

  constructor(rule: DoubtRule, { maxEntries, maxRecipients }: DoubtSizes, seed: Seed) {
    this.shape = rule;
    this.places = new Places(maxEntries, seed);
    this.#people = new People(maxRecipients, maxEntries, seed);
    this.#open = new OpenRows(maxEntries, seed);
    const country = this.places.countryOf(rule.country);
    this.#where = { number: 0, country, address: -1, isHuman: false };
    this.#setting = {
      policy: POLICIES.ask,
      isHuman: false,
      allowance: 0,
      figures: country.figures,
      siege: 1,
      isWatched: false,
      enteredThere: 0,
    };
    const { world, cells } = this.places;
    this.#case = { setting: this.#setting, world, country, cells, hasAddress: false, codes: 0 };
  }

  get size(): number {
    let most = 0;
    for (const rows of this.places.rows) most = Math.max(most, rows?.size ?? 0);
    return most;
  }

  get maxSize(): number {
    return (this.places.rows[RANGE] as CellRows).maxSize;
  }

  check(rule: DoubtRule, nowMs: number): RuleViolation | undefined {
    const now = Math.floor(nowMs);
    this.#look(rule, now);
    if (this.#known !== undefined) return undefined;
    const { passage, begun, ended, place, observed, limit, waitMs } = this.#judgement;
    this.places.save(this.#where, begun | ended, now);
    if (begun !== 0) this.#notifyAlerts(rule, begun, now);
    if (passage !== undefined) return undefined;
    const doubt = { place: PLACES[place] as DoubtPlace, limit };
    return { rule, reason: reasonOf(rule), observed, retryAfterMs: Math.ceil(waitMs), doubt };
  }

  /** A person was asked for more: counts each number once until it passes. */
  hold(rule: DoubtRule, nowMs: number): void {
    if (rule.action === 'refuse' || rule.isHuman === true) return;
    const now = Math.floor(nowMs);
    if (this.#looked !== rule) this.#look(rule, now);
    const person = this.#person;
    if (person.asked !== 0) return;
    const { alerts } = this.#judgement;
    for (let place = 0; place < PLACES.length; place += 1) {
      if (has(alerts, place)) ask(this.places.cellFor(place));
    }
    this.places.save(this.#where, alerts, now);
    person.asked = alerts;
    person.askedMs = now;
    person.askedAddress = this.#where.address;
    this.#open.save(this.#where.number, person, now);
  }

  write(rule: DoubtRule, nowMs: number): Hold {
    const now = Math.floor(nowMs);
    if (this.#looked !== rule) this.#look(rule, now);
    this.#looked = undefined;
    this.liveUntilMs = Math.max(this.liveUntilMs, now + LEASE_MS + ACQUAINTED_MS);
    const person = this.#person;
    const known = this.#known;
    const isKnown = known !== undefined;
    const isFirst = person.codes === 0 || (person.isKnown && !isKnown);
    let counted = 0;
    let trickle = 0;
    if (isKnown) this.#people.vouch(known, 1, now);
    else {
      const { judged, alerts, passage } = this.#judgement;
      counted = isFirst ? judged : judged & bit(NUMBER);
      trickle = passage === 'trickle' ? alerts : 0;
      this.#count(counted, trickle, now);
    }
    if (isFirst) this.#begin(isKnown, counted, trickle, now);
    // The code of a stranger on its way to the number stays what it is.
    if (person.isKnown === isKnown) {
      person.codes += 1;
      this.#open.save(rule.key as number, person, now);
    }
    return new DoubtHold(this, { rule, atMs: now, counted, trickle, isFirst, known });
  }

  #count(counted: number, trickle: number, now: number): void {
    const { country } = this.#where;
    const { isCalm } = this.#judgement;
    for (let place = 0; place < PLACES.length; place += 1) {
      if (!has(counted | trickle, place)) continue;
      const cell = this.places.cellFor(place);
      if (has(counted, place)) count(cell, this.#perDay(place), now);
      if (has(trickle, place)) passTrickle(cell, longestPauseOf(place, this.#setting), now);
      if (place === CROWD && isCalm && !cell.isAlert) {
        country.largestCrowd = Math.max(country.largestCrowd, cell.doubt);
      }
    }
    this.places.save(this.#where, counted | trickle, now);
  }

  /** The first code to a number within the hour. */
  #begin(isKnown: boolean, counted: number, trickle: number, now: number): void {
    const person = this.#person;
    const { world } = this.places;
    const { isCalm, isLearnt } = this.#judgement;
    const { country, isHuman, address } = this.#where;
    if (isKnown) knownAsked(world);
    else {
      world.sent += 1;
      if (isLearnt) learnAsked(country, world, isCalm, 1, now);
    }
    person.sentMs = now;
    person.codes = 0;
    person.counted = counted;
    person.trickle = trickle;
    person.isHuman = !isKnown && isHuman;
    person.isCalm = !isKnown && isCalm;
    person.isLearnt = !isKnown && isLearnt;
    person.isKnown = isKnown;
    person.isEntered = false;
    person.isAccused = false;
    person.address = isKnown ? -1 : address;
    const notice = outcomesNotice(world, now);
    if (notice !== undefined) this.#notices.push(notice);
  }

  /** Takes back what a code counted that provably never left. */
  giveBack({ rule, atMs, counted, trickle, isFirst, known }: Counted, nowMs: number): void {
    const now = Math.floor(nowMs);
    const person = this.#prepare(rule, now);
    const isKnown = known !== undefined;
    if (isKnown) this.#people.vouch(known, -1, now);
    if (person.codes === 0 || person.isEntered || person.isKnown !== isKnown) return;
    this.#aim(person.address, rule.isHuman === true, counted | trickle);
    for (let place = 0; place < PLACES.length; place += 1) {
      if (!has(counted | trickle, place)) continue;
      const cell = this.places.cellFor(place);
      if (has(counted, place)) takeBack(cell, 1, this.#perDay(place), atMs, now);
      if (has(trickle, place)) returnTrickle(cell, now);
    }
    this.places.save(this.#where, counted | trickle, now);
    const { world } = this.places;
    if (isFirst && isKnown) world.knownAsked = Math.max(0, world.knownAsked - 1);
    if (isFirst && !isKnown) {
      world.sent = Math.max(0, world.sent - 1);
      if (person.isLearnt) learnAsked(this.#where.country, world, person.isCalm, -1, now);
    }
    person.codes -= 1;
    if (person.codes === 0) person.sentMs = NEVER;
    this.#open.save(rule.key as number, person, now);
  }

  /** How a code ended. */
  enter({ rule, outcome }: DoubtOutcome, nowMs: number): void {
    const now = Math.floor(nowMs);
    this.liveUntilMs = Math.max(this.liveUntilMs, now + ACQUAINTED_MS);
    const person = this.#prepare(rule, now);
    if (outcome === 'fraud') this.#accuse(rule, now);
    else if (!person.isEntered) {
      if (person.isKnown) this.places.world.knownEntered += outcome === 'entered' ? 1 : 0;
      else this.#settle(outcome === 'entered', now);
      person.isEntered = person.codes > 0;
      person.asked = 0;
      person.askedMs = NEVER;
      this.#open.save(rule.key as number, person, now);
    }
    if (outcome === 'entered') this.#people.remember(rule, now);
  }

  /** Takes back the doubt about a stranger whose code ended well. */
  #settle(isEntered: boolean, now: number): void {
    const person = this.#person;
    const { world } = this.places;
    const { conversion } = this.#setting.figures;
    const { country } = this.#where;
    if (person.codes > 0) {
      const touched = (person.counted & ~bit(CROWD)) | person.trickle;
      this.#aim(person.address, person.isHuman, touched);
      for (let place = 0; place < PLACES.length; place += 1) {
        if (!has(touched, place)) continue;
        const cell = this.places.cellFor(place);
        const perDay = this.#perDay(place);
        if (has(person.counted, place) && place !== CROWD) {
          const odds = isEntered ? oddsOf(place, this.#setting) : 0;
          takeBack(cell, 1 + odds, perDay, person.sentMs, now);
        }
        if (isEntered && has(person.trickle, place))
          enterTrickle(cell, TRICKLE_PART * conversion, perDay, now);
      }
      this.places.save(this.#where, touched, now);
    }
    if (!isEntered || (person.codes === 0 && person.asked === 0)) return;
    // Without a code that counted: it was held in monitor mode only, and went out.
    const isLearnt = person.codes > 0 && person.isLearnt;
    learnEntered(country, world, { isLearnt, isCalm: person.isCalm }, now);
    this.#people.enterFrom(person.codes > 0 ? person.address : person.askedAddress, now);
    if (person.asked !== 0) this.#credit(SCORE_CREDIT / conversion, now);
  }

  /** Credits the alerts in which a person was asked, who then entered the code. */
  #credit(amount: number, now: number): void {
    const { asked, askedAddress } = this.#person;
    this.#aim(askedAddress, false, asked);
    for (let place = 0; place < PLACES.length; place += 1) {
      if (has(asked, place)) credit(this.places.cellFor(place), amount, this.#perDay(place), now);
    }
    this.places.save(this.#where, asked, now);
  }

  /** 8x8 stopped the code as fraud: it counts twice. */
  #accuse(rule: DoubtRule, now: number): void {
    const person = this.#person;
    if (person.codes === 0 || person.isKnown || person.isAccused) return;
    this.#aim(person.address, person.isHuman, person.counted);
    for (let place = 0; place < PLACES.length; place += 1) {
      if (has(person.counted, place)) accuse(this.places.cellFor(place), 1, this.#perDay(place), now);
    }
    this.places.save(this.#where, person.counted, now);
    person.isAccused = true;
    this.#open.save(rule.key as number, person, now);
  }

  inspect(rule: DoubtRule, nowMs: number): RuleState {
    const now = Math.floor(nowMs);
    this.#look(rule, now, true);
    this.#looked = undefined;
    const number = this.places.cells[NUMBER];
    const isKnown = this.#known !== undefined;
    const { passage, waitMs } = this.#judgement;
    return {
      rule,
      count: isKnown || number === undefined ? 0 : Math.floor(doubtOf(number, this.#perDay(NUMBER), now)),
      retryAfterMs: isKnown || passage !== undefined ? 0 : Math.max(1, Math.ceil(waitMs)),
    };
  }

  /** Forgets the doubt about a number itself, and the codes on their way to it. */
  release(key: LimitKey): void {
    this.#looked = undefined;
    const number = key as number;
    this.#open.remove(number);
    for (const human of [0, 1]) this.places.rows[NUMBER]?.remove(number * 2 + human);
  }

  /** Forgets a person: all of `release`, and that the number and its subject entered codes. */
  forget(number: number, nowMs: number): void {
    this.release(number);
    this.#people.forget(number, nowMs);
    this.#trusted.forget(number);
  }

  alerts(nowMs: number): readonly DoubtAlert[] {
    return liveAlerts(this.places, this.#setting.policy, Math.floor(nowMs));
  }

  lift(target: DoubtTarget): void {
    this.#looked = undefined;
    const { world, countries, rows } = this.places;
    if ('pool' in target) for (const cell of world.pool) clearCell(cell);
    else if ('country' in target)
      for (const cell of countries.get(target.country)?.cells ?? []) clearCell(cell);
    else {
      const isPrefix = 'prefix' in target;
      const key = keyOfTarget(target, this.#people);
      for (const [place, each] of rows.entries()) {
        const isMeant = isPrefix ? place < NUMBER - 1 : place === ('number' in target ? NUMBER : NUMBER - 1);
        if (isMeant) for (const human of [0, 1]) each?.remove(key * 2 + human);
      }
    }
  }

  trust(target: TrustableTarget, forMs: number, nowMs: number): boolean {
    this.#looked = undefined;
    this.liveUntilMs = Math.max(this.liveUntilMs, nowMs + forMs);
    return this.#trusted.add(target, forMs, nowMs);
  }

  /** Observations since the last look. */
  takeNotices(): readonly DoubtNotice[] {
    const notices = this.#notices;
    if (notices.length > 0) this.#notices = [];
    return notices;
  }

  #notifyAlerts(rule: DoubtRule, begun: number, now: number): void {
    const where = { ...this.#where, name: rule.country };
    for (let place = 0; place < PLACES.length; place += 1) {
      if (!has(begun, place)) continue;
      const alert = begunAlert(this.places, where, place, this.#setting.policy, now);
      if (alert !== undefined) this.#notices.push({ kind: 'alert', alert });
    }
  }

  /** Finds out about a request, and judges a stranger's. Counts nothing. */
  #look(rule: DoubtRule, now: number, isReading = false): void {
    const person = this.#prepare(rule, now, isReading);
    this.#looked = rule;
    const isTrusted = this.#trusted.covers(rule, now);
    this.#known = isTrusted ? TRUSTED : this.#people.find(rule, now);
    if (this.#known !== undefined) return;
    const address = rule.address === undefined ? -1 : this.#people.keyOf(rule.address);
    this.#aim(address, rule.isHuman === true, ALL_PLACES);
    if (isReading) this.places.detach();
    this.#setting.enteredThere = this.#people.enteredAt(address, now);
    this.#case.country = this.#where.country;
    this.#case.hasAddress = address >= 0;
    this.#case.codes = person.isKnown ? 0 : person.codes;
    judge(this.#case, now, this.#judgement, isReading);
  }

  /** Loads what is known of a number, and of its country. */
  #prepare(rule: DoubtRule, now: number, isReading = false) {
    this.#looked = undefined;
    const number = rule.key as number;
    const setting = this.#setting;
    const { world } = this.places;
    this.#where.number = number;
    this.#where.country = this.places.countryOf(rule.country);
    this.#open.load(number, now, this.#person);
    setting.policy = POLICIES[rule.action];
    setting.allowance = rule.allowance;
    setting.figures = figuresOf(this.#where.country, world, now, isReading);
    setting.siege = setting.policy.hasSiege ? siegeOf(world, now) : 1;
    return this.#person;
  }

  /** Loads cells of a request. */
  #aim(address: number, isHuman: boolean, places: number): void {
    this.#where.address = address;
    this.#where.isHuman = isHuman;
    this.#setting.isHuman = isHuman;
    this.places.load(this.#where, places);
  }

  #perDay(place: number): number {
    return this.#setting.policy.forgottenPerDay[place] as number;
  }
}

const TRUSTED: Acquaintance = { voucher: -1 };

function keyOfTarget(
  target: Exclude<DoubtTarget, { country: string } | { pool: true }>,
  people: People,
): number {
  if ('prefix' in target) return Number(target.prefix);
  return 'number' in target ? target.number : people.keyOf(target.address);
}

function reasonOf({ action, isHuman }: DoubtRule): RuleViolation['reason'] {
  if (action === 'refuse') return 'suspended';
  return isHuman === true ? 'other-channel-needed' : 'captcha-needed';
}

class DoubtHold implements Hold {
  readonly #table: DoubtTable;
  readonly #counted: Counted;

  constructor(table: DoubtTable, counted: Counted) {
    this.#table = table;
    this.#counted = counted;
  }

  keep(): void {}

  giveBack(nowMs: number): void {
    this.#table.giveBack(this.#counted, nowMs);
  }
}
