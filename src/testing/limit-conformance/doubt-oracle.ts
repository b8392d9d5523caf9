import type { DoubtOutcome, DoubtPlace, DoubtRule } from '../../limits/doubt-store.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

/** The numbers of the rule, by whether people can be asked for more. */
const ASK = {
  forget: { country: 4, range: 1, block: 0.5, crowd: 8, address: 6, number: 3, pool: 8 },
  pool: 15,
  countryFactor: 1,
  watchedRange: 0.6,
  again: 0.35,
  fade: 0.02,
  longest: { block: 4 * DAY, crowd: 4 * DAY, address: 2 * DAY, number: 2 * DAY, pool: 6 * HOUR },
  countryPause: [0.01, 1, 12],
  rangePause: [0.001, 0.5, 2],
} as const;
const REFUSE = {
  forget: { country: 4, range: 1, block: 0.5, crowd: 8, address: 6, number: 3, pool: 15 },
  pool: 25,
  countryFactor: 2.5,
  watchedRange: 0.45,
  again: 0.7,
  fade: 0.35,
  longest: { block: DAY, crowd: DAY / 2, address: DAY, number: DAY / 2, pool: 2 * HOUR },
  countryPause: [0.04, 2, 48],
  rangePause: [0.004, 1, 8],
} as const;
const FIRST_PAUSE: Readonly<Record<DoubtPlace, number>> = {
  country: 10 * MINUTE,
  range: HOUR,
  block: 12 * HOUR,
  crowd: 12 * HOUR,
  address: 6 * HOUR,
  number: 12 * HOUR,
  pool: HOUR,
};
const PLACES = ['country', 'range', 'block', 'crowd', 'address', 'number', 'pool'] as const;

interface Cell {
  doubt: number;
  at: number;
  /** Codes by minute. */
  readonly sent: Map<number, number>;
  alert?: { budget: number; pause: number; next: number; score: number } | undefined;
  ended: number;
}

interface Figures {
  minute: number;
  p: number;
  perDay: number;
  soon: number;
  fullest: number;
}

interface Country {
  entered: number;
  learnt: number;
  learntEntered: number;
  /** People asked and entered, by week. */
  readonly weeks: Map<number, { asked: number; entered: number }>;
  /** Codes entered, by day and by slot of three minutes. */
  readonly days: Map<number, number>;
  readonly slots: Map<number, number>;
  day: number | undefined;
  crowd: number;
  fullest: number | undefined;
  figures: Figures | undefined;
}

interface Person {
  sentAt: number;
  codes: number;
  counted: DoubtPlace[];
  trickle: DoubtPlace[];
  isHuman: boolean;
  isCalm: boolean;
  isLearnt: boolean;
  isKnown: boolean;
  isEntered: boolean;
  isAccused: boolean;
  address: string | undefined;
  askedAt: number;
  asked: DoubtPlace[];
  askedAddress: string | undefined;
}

/** The verdict that a store must give. */
export interface ExpectedDoubt {
  readonly reason: 'captcha-needed' | 'other-channel-needed' | 'suspended' | undefined;
  readonly place?: DoubtPlace;
  readonly observed?: number;
  readonly limit?: number;
  readonly retryAfterMs?: number;
}

/** The counts of a take. */
export interface DoubtTake {
  readonly rule: DoubtRule;
  readonly at: number;
  readonly counted: readonly DoubtPlace[];
  readonly trickle: readonly DoubtPlace[];
  readonly isFirst: boolean;
  readonly isKnown: boolean;
  readonly voucher: string | undefined;
}

interface Judged {
  readonly known: { readonly voucher: string | undefined } | undefined;
  readonly judged: readonly DoubtPlace[];
  readonly alerts: readonly DoubtPlace[];
  readonly passage: 'calm' | 'resend' | 'evidence' | 'trickle' | undefined;
  readonly isCalm: boolean;
  readonly isLearnt: boolean;
  readonly expected: ExpectedDoubt;
}

const NEVER = Number.NEGATIVE_INFINITY;
const clamp = (value: number, least: number, most: number) => Math.min(most, Math.max(least, value));

/**
 * The rule of doubt a second time: with maps that forget nothing, and sets of names. Written to be obvious, not fast. Its figures
 * of a country are as old as the rule allows them to be: those of the first look in a minute.
 */
export class DoubtOracle {
  readonly #cells = new Map<string, Cell>();
  readonly #countries = new Map<string, Country>();
  readonly #people = new Map<number, Person>();
  /** First and last code entered, in minutes, and the subject of a number. */
  readonly #numbers = new Map<number, { first: number; last: number; subject: string | undefined }>();
  readonly #subjects = new Map<string, { first: number; last: number; day: number; vouched: number }>();
  readonly #addresses = new Map<string, { entered: number; minute: number }>();
  #sieges: { at: number; weight: number }[] = [];
  #everybody = { asked: 0, entered: 0 };
  #everEntered = 0;
  #lastEntered = NEVER;
  /** Codes entered, by day; a usual day is worked out where a new one begins. */
  #today = { day: NEVER, entered: 0 };
  #perDay = 0;
  #firstWeek: number | undefined;
  #judged: { readonly rule: DoubtRule; readonly judged: Judged } | undefined;

  /** The answer that a take must get; undefined reason: it is let through. */
  expect(rule: DoubtRule, now: number): ExpectedDoubt {
    this.#judged = { rule, judged: this.#judge(rule, now) };
    return this.#judged.judged.expected;
  }

  /** The answer of `inspect` for a rule: milliseconds until a message would pass, 0 for now. Changes nothing. */
  peek(rule: DoubtRule, now: number): number {
    const copy = structuredClone({
      cells: this.#cells,
      countries: this.#countries,
      people: this.#people,
      sieges: this.#sieges,
    });
    const { reason, retryAfterMs = 0 } = this.expect(rule, now);
    restore(this.#cells, copy.cells);
    restore(this.#countries, copy.countries);
    restore(this.#people, copy.people);
    this.#sieges = copy.sieges;
    return reason === undefined ? 0 : retryAfterMs;
  }

  /** A person was held by rules of doubt alone. */
  hold(rule: DoubtRule, now: number): void {
    if (rule.action === 'refuse' || rule.isHuman === true) return;
    const person = this.#person(rule, now);
    if (person.asked.length > 0) return;
    const { alerts } = this.#lookedAt(rule, now);
    for (const place of alerts) {
      const { alert } = this.#cell(place, rule, rule.address, false);
      if (alert !== undefined) alert.score = Math.min(12, alert.score + 1);
    }
    person.asked = [...alerts];
    person.askedAt = now;
    person.askedAddress = rule.address;
  }

  take(rule: DoubtRule, now: number): DoubtTake {
    const { known, judged, alerts, passage, isCalm, isLearnt } = this.#lookedAt(rule, now);
    const person = this.#person(rule, now);
    const isKnown = known !== undefined;
    const isFirst = person.codes === 0 || (person.isKnown && !isKnown);
    const isHuman = rule.isHuman === true;
    let counted: readonly DoubtPlace[] = [];
    let trickle: readonly DoubtPlace[] = [];
    if (!isKnown) {
      counted = isFirst ? judged : judged.filter((place) => place === 'number');
      trickle = passage === 'trickle' ? alerts : [];
      const country = this.#country(rule);
      for (const place of PLACES) {
        const cell = this.#cell(place, rule, rule.address, isHuman);
        if (counted.includes(place)) this.#count(cell, place, rule, now);
        if (trickle.includes(place) && cell.alert !== undefined) {
          cell.alert.pause = Math.min(this.#longest(place, rule, now), cell.alert.pause * 2);
          cell.alert.next = now + cell.alert.pause;
        }
        if (place === 'crowd' && counted.includes(place) && isCalm && cell.alert === undefined) {
          country.crowd = Math.max(country.crowd, cell.doubt);
        }
      }
    } else if (known.voucher !== undefined) this.#vouch(known.voucher, 1, now);
    if (isFirst) {
      if (!isKnown && isLearnt) this.#learn(rule, isCalm, 1, now);
      Object.assign(person, {
        sentAt: now,
        codes: 0,
        counted: [...counted],
        trickle: [...trickle],
        isHuman: !isKnown && isHuman,
        isCalm: !isKnown && isCalm,
        isLearnt: !isKnown && isLearnt,
        isKnown,
        isEntered: false,
        isAccused: false,
        address: isKnown ? undefined : rule.address,
      });
    }
    if (person.isKnown === isKnown) person.codes += 1;
    return { rule, at: now, counted, trickle, isFirst, isKnown, voucher: known?.voucher };
  }

  giveBack({ rule, at, counted, trickle, isFirst, isKnown, voucher }: DoubtTake, now: number): void {
    this.#figures(rule, now);
    const person = this.#person(rule, now);
    if (voucher !== undefined) this.#vouch(voucher, -1, now);
    if (person.codes === 0 || person.isEntered || person.isKnown !== isKnown) return;
    for (const place of PLACES) {
      const cell = this.#cell(place, rule, person.address, rule.isHuman === true);
      if (counted.includes(place)) this.#takeBack(cell, place, 1, rule, at, now);
      if (trickle.includes(place) && cell.alert !== undefined) {
        cell.alert.pause = Math.round(cell.alert.pause / 2);
        cell.alert.next = now;
      }
    }
    if (isFirst && !isKnown && person.isLearnt) this.#learn(rule, person.isCalm, -1, now);
    person.codes -= 1;
    if (person.codes === 0) person.sentAt = NEVER;
  }

  enter({ rule, outcome }: DoubtOutcome, now: number): void {
    const { p } = this.#figures(rule, now);
    const person = this.#person(rule, now);
    if (outcome === 'fraud') {
      if (person.codes === 0 || person.isKnown || person.isAccused) return;
      for (const place of person.counted) {
        const cell = this.#cell(place, rule, person.address, person.isHuman);
        this.#age(cell, place, rule, now);
        cell.doubt += 1;
      }
      person.isAccused = true;
      return;
    }
    if (!person.isEntered) {
      if (!person.isKnown) this.#end(rule, outcome === 'entered', p, now);
      person.isEntered = person.codes > 0;
      person.asked = [];
      person.askedAt = NEVER;
    }
    if (outcome === 'entered') this.#remember(rule, now);
  }

  forget(rule: DoubtRule, now: number): void {
    this.release(rule);
    const number = this.#numbers.get(rule.key as number);
    if (number?.subject !== undefined && !isOld(number, now)) this.#subjects.delete(number.subject);
    this.#numbers.delete(rule.key as number);
  }

  release(rule: DoubtRule): void {
    this.#people.delete(rule.key as number);
    for (const human of [false, true]) this.#cells.delete(keyOf('number', rule, undefined, human));
  }

  lift(rule: DoubtRule, places: readonly DoubtPlace[]): void {
    for (const place of places) {
      for (const human of [false, true]) this.#cells.delete(keyOf(place, rule, rule.address, human));
    }
  }

  /** How a stranger's code ended that counts somewhere. */
  #end(rule: DoubtRule, isEntered: boolean, p: number, now: number): void {
    const person = this.#person(rule, now);
    if (person.codes > 0) {
      for (const place of PLACES) {
        const cell = this.#cell(place, rule, person.address, person.isHuman);
        if (place !== 'crowd' && person.counted.includes(place)) {
          const odds = isEntered ? this.#odds(place, rule, person.isHuman, now) : 0;
          this.#takeBack(cell, place, 1 + odds, rule, person.sentAt, now);
        }
        if (isEntered && person.trickle.includes(place) && cell.alert !== undefined) {
          const usual = 0.7 * p;
          cell.alert.pause = Math.round(cell.alert.pause / (2 * 2 ** ((1 - usual) / usual)));
          cell.alert.next = Math.min(cell.alert.next, now + cell.alert.pause);
          if (cell.alert.pause <= 20_000) this.#relent(cell, place, rule, now);
        }
      }
    }
    if (!isEntered || (person.codes === 0 && person.asked.length === 0)) return;
    this.#learnEntered(rule, person, now);
    const address = person.codes > 0 ? person.address : person.askedAddress;
    if (address !== undefined) {
      const entered = this.#enteredAt(address, now) + 1;
      this.#addresses.set(address, { entered, minute: Math.floor(now / MINUTE) });
    }
    for (const place of person.asked) {
      const cell = this.#cell(place, rule, person.askedAddress, false);
      if (cell.alert === undefined) continue;
      cell.alert.score -= 1.4 / p;
      if (cell.alert.score <= -6) this.#relent(cell, place, rule, now);
    }
  }

  /** The judgement of `expect`: alerts that began with it make budgets smaller from the next one on. */
  #lookedAt(rule: DoubtRule, now: number): Judged {
    return this.#judged?.rule === rule ? this.#judged.judged : this.#judge(rule, now);
  }

  #judge(rule: DoubtRule, now: number): Judged {
    const { soon } = this.#figures(rule, now);
    const policy = policyOf(rule);
    const isHuman = rule.isHuman === true;
    const country = this.#country(rule);
    const known = this.#known(rule, now);
    if (known !== undefined) {
      const expected = { reason: undefined };
      return { known, judged: [], alerts: [], passage: 'calm', isCalm: true, isLearnt: true, expected };
    }
    const cold = this.#everEntered < 20 || this.#overdue(now) > 200;
    const judged = PLACES.filter((place) => {
      if (cold) return place === 'crowd' || place === 'number';
      if (place === 'address') return rule.address !== undefined;
      return place !== 'pool' || country.entered < 15;
    });
    const alerts: DoubtPlace[] = [];
    const siege = isHuman ? Math.max(0.75, this.#siege(rule, now)) : this.#siege(rule, now);
    let isCalm = true;
    let isWatched = false;
    let expected: ExpectedDoubt = { reason: undefined };
    for (const place of judged) {
      const cell = this.#cell(place, rule, rule.address, isHuman);
      const forget = policy.forget[place];
      if (cell.alert !== undefined) {
        const low = cell.alert.budget * (place === 'pool' ? 0.5 : policy.fade);
        if (left(cell, forget, now) <= low) {
          cell.ended = cell.at + (Math.max(0, cell.doubt - low) / forget) * DAY;
          cell.alert = undefined;
        }
      }
      const doubt = left(cell, forget, now);
      const minute = Math.floor(now / MINUTE);
      const young = (cell.sent.get(minute) ?? 0) + (cell.sent.get(minute - 1) ?? 0);
      const old = place === 'crowd' ? doubt : doubt - young;
      let budget = this.#budget(place, rule, siege, isWatched, now);
      if (place !== 'pool' && now - cell.ended < 2 * DAY) budget *= policy.again;
      if (place !== 'crowd' && old >= 0.7 * budget) isCalm = false;
      if (place === 'country') isWatched = old >= budget;
      const limit = place === 'country' ? budget * policy.countryFactor : budget;
      const grace = {
        country: 10 + soon,
        range: 5 + 0.3 * soon,
        block: 3,
        crowd: 0,
        address: 6,
        number: 0,
        pool: 10,
      };
      if (cell.alert === undefined && (old >= limit || doubt >= limit + grace[place])) {
        const pause = Math.min(FIRST_PAUSE[place], this.#longest(place, rule, now));
        cell.alert = { budget, pause, next: now + pause, score: 0 };
        const unsieged = this.#budget(place, rule, 1, isWatched, now);
        let weight = 0;
        if (place === 'pool') weight = 1;
        else if (place === 'country') weight = doubt - young >= 0.6 * unsieged ? 1 : 0;
        else if (place === 'range') weight = doubt - young >= unsieged ? 0.3 : 0;
        if (rule.action === 'ask' && weight > 0)
          this.#sieges = [...this.#sieges, { at: now, weight }].slice(-32);
      }
      if (cell.alert === undefined) continue;
      alerts.push(place);
      const wait = Math.max(0, cell.alert.next - now);
      if (expected.reason === undefined || wait > (expected.retryAfterMs ?? 0)) {
        expected = {
          reason:
            rule.action === 'refuse' ? 'suspended' : isHuman ? 'other-channel-needed' : 'captcha-needed',
          place,
          observed: Math.floor(doubt),
          limit: Math.floor(limit),
          retryAfterMs: Math.ceil(wait),
        };
      }
    }
    const passage = this.#passage(rule, alerts, (expected.retryAfterMs ?? 0) === 0, now);
    const isNewborn = country.learnt < 150 && country.learntEntered >= country.learnt / 4 - 3;
    const isLearnt = isCalm || isHuman || passage === 'evidence' || isNewborn;
    if (passage !== undefined) expected = { reason: undefined };
    return { known, judged, alerts, passage, isCalm, isLearnt, expected };
  }

  #passage(rule: DoubtRule, alerts: readonly DoubtPlace[], isDue: boolean, now: number): Judged['passage'] {
    const person = this.#person(rule, now);
    const codes = person.isKnown ? 0 : person.codes;
    if (codes > 0 && codes < 3 && !alerts.includes('number')) return 'resend';
    if (alerts.length === 0) return 'calm';
    if (alerts.every((place) => place === 'country' || place === 'range' || place === 'pool')) {
      const entered = rule.address === undefined ? 0 : this.#enteredAt(rule.address, now);
      const cell = this.#cell('address', rule, rule.address, rule.isHuman === true);
      const doubt = rule.address === undefined ? 0 : left(cell, policyOf(rule).forget.address, now);
      if (entered >= 2 && doubt < (8 + Math.sqrt(entered)) / 2) return 'evidence';
    }
    return isDue ? 'trickle' : undefined;
  }

  #budget(place: DoubtPlace, rule: DoubtRule, siege: number, isWatched: boolean, now: number): number {
    const { perDay, fullest } = this.#figures(rule, now);
    const policy = policyOf(rule);
    switch (place) {
      case 'country': {
        const budget = rule.allowance * siege + 1.5 * Math.sqrt(perDay) + 0.01 * perDay;
        return rule.isHuman === true ? budget * 1.6 : budget;
      }
      case 'range':
        return (
          (8 * siege + 0.1 * Math.sqrt(perDay)) *
          (isWatched ? policy.watchedRange : 1) *
          (rule.isHuman === true ? 2 : 1)
        );
      case 'block':
        return Math.max(2, 5 * siege, 0.6 * fullest) * (isWatched ? 0.6 : 1);
      case 'crowd':
        return Math.max(8, 3 * fullest);
      case 'address':
        return 8 * siege + Math.sqrt(rule.address === undefined ? 0 : this.#enteredAt(rule.address, now));
      case 'number':
        return 4;
      case 'pool':
        return policy.pool;
    }
  }

  #odds(place: DoubtPlace, rule: DoubtRule, isHuman: boolean, now: number): number {
    const { p } = this.#figures(rule, now);
    const odds = (1 - p) / p;
    switch (place) {
      case 'country':
        return clamp((this.#siege(rule, now) < 1 && !isHuman ? 1.1 : 1.35) * odds, 0.1, 2.5);
      case 'range':
      case 'address':
        return Math.max(0.8, 2.2 * odds);
      case 'block':
        return Math.max(0.5, 1.5 * odds);
      case 'number':
        return 3;
      default:
        return 0.5;
    }
  }

  #longest(place: DoubtPlace, rule: DoubtRule, now: number): number {
    const policy = policyOf(rule);
    if (place !== 'country' && place !== 'range') return policy.longest[place];
    const [part, least, most] = place === 'country' ? policy.countryPause : policy.rangePause;
    return DAY / clamp(part * this.#figures(rule, now).perDay, least, most);
  }

  /** Counted once a minute, for the minute. */
  #siege(rule: DoubtRule, now: number): number {
    if (rule.action === 'refuse') return 1;
    const minute = Math.floor(now / MINUTE) * MINUTE;
    let weights = 0;
    for (const { at, weight } of this.#sieges) if (minute - at < 3 * DAY) weights += weight;
    return Math.max(0.35, 1 - 0.15 * weights);
  }

  #figures(rule: DoubtRule, now: number): Figures {
    const country = this.#country(rule);
    const minute = Math.floor(now / MINUTE);
    if (country.figures?.minute === minute) return country.figures;
    this.#turnDay(country, now);
    const day = Math.floor(now / DAY);
    const slot = Math.floor(now / (3 * MINUTE));
    const yesterday = country.days.get(day - 1) ?? 0;
    country.figures = {
      minute,
      p: this.#conversion(country, now),
      perDay: (country.days.get(day) ?? 0) + yesterday * (1 - (now / DAY - day)),
      soon: Math.max(country.slots.get(slot) ?? 0, country.slots.get(slot - 1) ?? 0),
      fullest: country.fullest ?? busy(country, day),
    };
    return country.figures;
  }

  #conversion({ weeks }: Country, now: number): number {
    const everybody = (this.#everybody.entered + 28) / (this.#everybody.asked + 40);
    const last = Math.floor(now / WEEK);
    const firstWeek = this.#firstWeek ?? NEVER;
    // The newest eight weeks in which somebody was asked.
    const all = [...weeks].sort(([one], [other]) => one - other).slice(-8);
    const settled = all.filter(([week]) => week > firstWeek).reduce((sum, [, { asked }]) => sum + asked, 0);
    let asked = 0;
    let entered = 0;
    let best = 0;
    for (const [week, people] of all) {
      if (week <= last - 8 || (settled >= 200 && week <= firstWeek)) continue;
      asked += people.asked;
      entered += people.entered;
      if (week <= firstWeek) continue;
      const count = people.asked + 40;
      const part = Math.min(1, (people.entered + 40 * everybody) / count);
      best = Math.max(best, part - 1.5 * Math.sqrt((part * (1 - part)) / count));
    }
    return clamp(Math.max((entered + 40 * everybody) / (asked + 40), best), 0.05, 0.98);
  }

  #turnDay(country: Country, now: number): void {
    const day = Math.floor(now / DAY);
    if (country.day === day) return;
    if (country.day !== undefined) {
      const kept = country.fullest === undefined ? busy(country, country.day) : country.fullest * 0.9;
      country.fullest = Math.max(kept, Math.min(60, country.crowd));
      for (let gone = Math.min(day - country.day, 100); gone > 1; gone -= 1) country.fullest *= 0.9;
    }
    country.day = day;
    country.crowd = 0;
  }

  #learn(rule: DoubtRule, isCalm: boolean, amount: 1 | -1, now: number): void {
    const country = this.#country(rule);
    this.#firstWeek ??= Math.floor((now + 10 * DAY) / WEEK) - 1;
    const people = weekOf(country, now);
    people.asked = Math.max(0, people.asked + amount);
    country.learnt = Math.max(0, country.learnt + amount);
    if (!isCalm) return;
    this.#everybody.asked = Math.max(0, this.#everybody.asked + amount);
    if (this.#everybody.asked < 20_000) return;
    this.#everybody = { asked: this.#everybody.asked / 2, entered: this.#everybody.entered / 2 };
  }

  #learnEntered(rule: DoubtRule, person: Person, now: number): void {
    const country = this.#country(rule);
    this.#turnDay(country, now);
    const day = Math.floor(now / DAY);
    const slot = Math.floor(now / (3 * MINUTE));
    country.entered += 1;
    country.days.set(day, (country.days.get(day) ?? 0) + 1);
    country.slots.set(slot, (country.slots.get(slot) ?? 0) + 1);
    if (person.codes > 0 && person.isLearnt) {
      weekOf(country, now).entered += 1;
      country.learntEntered += 1;
      if (person.isCalm) this.#everybody.entered += 1;
    }
    if (this.#today.day !== day) {
      const { entered } = this.#today;
      if (this.#today.day !== NEVER)
        this.#perDay = this.#perDay === 0 ? entered : this.#perDay * 0.75 + entered * 0.25;
      this.#today = { day, entered: 0 };
    }
    this.#today.entered += 1;
    this.#everEntered += 1;
    this.#lastEntered = now;
  }

  #overdue(now: number): number {
    if (this.#lastEntered === NEVER) return 0;
    return ((now - this.#lastEntered) / DAY) * (this.#perDay === 0 ? this.#today.entered : this.#perDay);
  }

  #known(rule: DoubtRule, now: number): { voucher: string | undefined } | undefined {
    const minute = Math.floor(now / MINUTE);
    const isLive = (entry: { first: number; last: number } | undefined) =>
      entry !== undefined && !isOld(entry, now) && minute - entry.first >= 360;
    if (rule.isReturning === true || isLive(this.#numbers.get(rule.key as number)))
      return { voucher: undefined };
    if (rule.member === undefined) return undefined;
    const voucher = String(rule.member);
    const subject = this.#subjects.get(voucher);
    if (subject === undefined || !isLive(subject)) return undefined;
    const vouched = subject.day === Math.floor(now / DAY) ? subject.vouched : 0;
    return vouched < 3 ? { voucher } : undefined;
  }

  #vouch(voucher: string, amount: 1 | -1, now: number): void {
    const subject = this.#subjects.get(voucher);
    if (subject === undefined) return;
    const day = Math.floor(now / DAY);
    const vouched = subject.day === day ? subject.vouched : 0;
    this.#subjects.set(voucher, { ...subject, day, vouched: Math.max(0, vouched + amount) });
  }

  #remember({ key, member }: DoubtRule, now: number): void {
    const minute = Math.floor(now / MINUTE);
    const isNew = (entry: { last: number } | undefined) => entry === undefined || isOld(entry, now);
    const number = this.#numbers.get(key as number);
    const isNewNumber = isNew(number);
    const before = isNewNumber ? undefined : number?.subject;
    const subject = member === undefined ? before : String(member);
    const first = isNewNumber ? minute : (number?.first ?? minute);
    this.#numbers.set(key as number, { first, last: minute, subject });
    if (before !== undefined && before !== subject) this.#subjects.delete(before);
    if (member === undefined) return;
    const entry = this.#subjects.get(String(member));
    const fresh = { first: minute, last: minute, day: NEVER, vouched: 0 };
    this.#subjects.set(
      String(member),
      entry === undefined || isNew(entry) ? fresh : { ...entry, last: minute },
    );
  }

  #enteredAt(address: string, now: number): number {
    const entry = this.#addresses.get(address);
    return entry === undefined || Math.floor(now / MINUTE) - entry.minute >= 14 * 24 * 60 ? 0 : entry.entered;
  }

  #count(cell: Cell, place: DoubtPlace, rule: DoubtRule, now: number): void {
    this.#age(cell, place, rule, now);
    cell.doubt += 1;
    const minute = Math.floor(now / MINUTE);
    for (const other of cell.sent.keys()) if (other < minute - 1) cell.sent.delete(other);
    cell.sent.set(minute, (cell.sent.get(minute) ?? 0) + 1);
  }

  #takeBack(
    cell: Cell,
    place: DoubtPlace,
    amount: number,
    rule: DoubtRule,
    sentAt: number,
    now: number,
  ): void {
    this.#age(cell, place, rule, now);
    cell.doubt = Math.max(0, cell.doubt - amount);
    const minute = Math.floor(sentAt / MINUTE);
    const sent = cell.sent.get(minute);
    if (sent !== undefined) cell.sent.set(minute, Math.max(0, sent - 1));
  }

  #relent(cell: Cell, place: DoubtPlace, rule: DoubtRule, now: number): void {
    this.#age(cell, place, rule, now);
    cell.doubt /= 2;
    cell.alert = undefined;
    cell.ended = now;
  }

  #age(cell: Cell, place: DoubtPlace, rule: DoubtRule, now: number): void {
    cell.doubt = left(cell, policyOf(rule).forget[place], now);
    cell.at = now;
  }

  #cell(place: DoubtPlace, rule: DoubtRule, address: string | undefined, isHuman: boolean): Cell {
    const key = keyOf(place, rule, address, isHuman);
    const cell = this.#cells.get(key) ?? { doubt: 0, at: NEVER, sent: new Map(), ended: NEVER };
    this.#cells.set(key, cell);
    return cell;
  }

  #country({ country: name }: DoubtRule): Country {
    const country = this.#countries.get(name) ?? {
      entered: 0,
      learnt: 0,
      learntEntered: 0,
      weeks: new Map(),
      days: new Map(),
      slots: new Map(),
      day: undefined,
      crowd: 0,
      fullest: undefined,
      figures: undefined,
    };
    this.#countries.set(name, country);
    return country;
  }

  /** The person, without entries that an hour has ended. */
  #person({ key }: DoubtRule, now: number): Person {
    let person = this.#people.get(key as number);
    if (person === undefined) {
      person = { ...NOBODY };
      this.#people.set(key as number, person);
    }
    if (now - person.sentAt >= HOUR) {
      const { askedAt, asked, askedAddress } = person;
      Object.assign(person, NOBODY, { askedAt, asked, askedAddress });
    }
    if (now - person.askedAt >= HOUR) Object.assign(person, { asked: [], askedAt: NEVER });
    return person;
  }
}

function restore<Key, Value>(map: Map<Key, Value>, before: ReadonlyMap<Key, Value>): void {
  map.clear();
  for (const [key, value] of before) map.set(key, value);
}

const NOBODY: Person = {
  sentAt: NEVER,
  codes: 0,
  counted: [],
  trickle: [],
  isHuman: false,
  isCalm: false,
  isLearnt: false,
  isKnown: false,
  isEntered: false,
  isAccused: false,
  address: undefined,
  askedAt: NEVER,
  asked: [],
  askedAddress: undefined,
};

/** Whether the last code was entered 90 days ago, or longer. */
function isOld({ last }: { readonly last: number }, now: number): boolean {
  return Math.floor(now / MINUTE) - last >= 90 * 24 * 60;
}

function policyOf({ action }: DoubtRule): typeof ASK | typeof REFUSE {
  return action === 'ask' ? ASK : REFUSE;
}

function left({ doubt, at }: Cell, forget: number, now: number): number {
  return Math.max(0, doubt - (forget * (now - at)) / DAY);
}

function busy(country: Country, day: number): number {
  return (country.days.get(day) ?? 0) > 400 ? 10 : 0;
}

function weekOf({ weeks }: Country, now: number): { asked: number; entered: number } {
  const week = Math.floor(now / WEEK);
  const people = weeks.get(week) ?? { asked: 0, entered: 0 };
  weeks.set(week, people);
  return people;
}

function keyOf(place: DoubtPlace, rule: DoubtRule, address: string | undefined, isHuman: boolean): string {
  const digits = String(rule.key);
  const where: Readonly<Record<DoubtPlace, string>> = {
    country: rule.country,
    range: digits.slice(0, -6),
    block: digits.slice(0, -4),
    crowd: digits.slice(0, -4),
    address: address ?? '',
    number: digits,
    pool: '',
  };
  return `${place} ${where[place]} ${isHuman}`;
}
