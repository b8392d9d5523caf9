import { type Cell, NEVER, newCell } from './cell.ts';
import {
  BEST_WEEK_ERRORS,
  DAY_MS,
  EVERYBODY_MOST,
  FIRST_LEARNT,
  FULLEST_BUSY,
  FULLEST_BUSY_ENTERED,
  FULLEST_KEPT,
  FULLEST_MOST,
  KNOWN_MOST,
  MINUTE_MS,
  MOST_DAYS,
  PRIOR_ASKED,
  PRIOR_ENTERED,
  SETTLED_ASKED,
  SETTLING_MS,
  SIEGE_ALERTS,
  SIEGE_FLOOR,
  SIEGE_MS,
  SIEGE_STEP,
  SOON_MS,
  WEEKS,
} from './parameters.ts';

/** People of one week that are learnt from. */
interface Week {
  week: number;
  asked: number;
  entered: number;
}

/** The strangers of one country. */
export interface Country {
  /** Those who ever entered a code. */
  entered: number;
  /** Those that are learnt from, and who of them entered. */
  learnt: number;
  learntEntered: number;
  readonly weeks: Week[];
  /** Codes entered on this day and the one before. */
  day: number;
  today: number;
  yesterday: number;
  /** Codes entered in this slot of three minutes and the one before. */
  slot: number;
  soon: number;
  sooner: number;
  /** Largest crowd of this day, and the fullest block that is normal; -1 when no day is known. */
  largestCrowd: number;
  fullest: number;
  /** Doubt of those who did not pass a test for people, and of those who did. */
  readonly cells: readonly [Cell, Cell];
  /** The figures derived from all of this, once a minute. */
  readonly figures: Figures;
}

/** The parts of a country's budgets. A minute old at most. */
export interface Figures {
  minute: number;
  /** Part of the strangers that enters their code. */
  conversion: number;
  /** Strangers that entered a code in a day, and in three minutes. */
  perDay: number;
  soon: number;
  fullest: number;
}

/** The knowledge about all countries together. */
export interface World {
  /** Calm strangers that are learnt from, and who of them entered. */
  asked: number;
  entered: number;
  /** Codes that strangers ever entered, and when the last one was. */
  everEntered: number;
  lastEnteredMs: number;
  day: number;
  today: number;
  /** Codes entered on a usual day; 0 while no day is over. */
  perDay: number;
  /** Alerts that count for the siege: time and weight in turns. */
  alerts: number[];
  siegeMinute: number;
  siege: number;
  /** Acquaintances who got a code, and who entered it. */
  knownAsked: number;
  knownEntered: number;
  /** Codes that were sent to strangers, and the week of the first. */
  sent: number;
  firstWeek: number;
  /** Day of the last warning about outcomes. */
  warnedDay: number;
  readonly pool: readonly [Cell, Cell];
}

export function newCountry(): Country {
  return {
    entered: 0,
    learnt: 0,
    learntEntered: 0,
    weeks: [],
    day: NEVER,
    today: 0,
    yesterday: 0,
    slot: NEVER,
    soon: 0,
    sooner: 0,
    largestCrowd: 0,
    fullest: -1,
    cells: [newCell(), newCell()],
    figures: { minute: NEVER, conversion: 0.7, perDay: 0, soon: 0, fullest: 0 },
  };
}

export function newWorld(): World {
  return {
    asked: 0,
    entered: 0,
    everEntered: 0,
    lastEnteredMs: NEVER,
    day: NEVER,
    today: 0,
    perDay: 0,
    alerts: [],
    siegeMinute: NEVER,
    siege: 1,
    knownAsked: 0,
    knownEntered: 0,
    sent: 0,
    firstWeek: NEVER,
    warnedDay: NEVER,
    pool: [newCell(), newCell()],
  };
}

export function dayOf(nowMs: number): number {
  return Math.floor(nowMs / DAY_MS);
}

/** Begins a new day of a country where one has begun. */
function turnDay(country: Country, nowMs: number): void {
  const day = dayOf(nowMs);
  if (country.day === day) return;
  if (country.day !== NEVER) {
    // The first day is rarely a whole one, but what was normal on it stays normal.
    const kept = country.fullest < 0 ? unknownFullest(country) : country.fullest * FULLEST_KEPT;
    country.fullest = Math.max(kept, Math.min(FULLEST_MOST, country.largestCrowd));
    for (let gone = Math.min(day - country.day, MOST_DAYS); gone > 1; gone -= 1)
      country.fullest *= FULLEST_KEPT;
    country.yesterday = country.day === day - 1 ? country.today : 0;
  }
  country.day = day;
  country.today = 0;
  country.largestCrowd = 0;
}

function unknownFullest({ today }: Country): number {
  return today > FULLEST_BUSY_ENTERED ? FULLEST_BUSY : 0;
}

function turnSlot(country: Country, nowMs: number): void {
  const slot = Math.floor(nowMs / SOON_MS);
  if (country.slot === slot) return;
  country.sooner = country.slot === slot - 1 ? country.soon : 0;
  country.slot = slot;
  country.soon = 0;
}

/** Conversion of everybody, with the prior. */
function everybodys({ asked, entered }: World): number {
  return (entered + PRIOR_ENTERED) / (asked + PRIOR_ASKED);
}

/**
 * Conversion of a country: eight weeks together, or the best of them less 1.5 of its standard errors, so that slow poison does
 * not become normal. Both are drawn to everybody's. The first week of all is dropped when others are known: no acquaintances
 * are known in it yet, so that its strangers are mostly none, and enter more codes than strangers do.
 */
function conversionOf({ weeks }: Country, world: World, nowMs: number): number {
  const everybody = everybodys(world);
  const last = weekOfTime(nowMs);
  let asked = 0;
  let entered = 0;
  let best = 0;
  let settled = 0;
  for (const { week, asked: people } of weeks) if (week > world.firstWeek) settled += people;
  const first = Math.max(last - WEEKS, settled >= SETTLED_ASKED ? world.firstWeek : NEVER);
  for (const week of weeks) {
    if (week.week <= first) continue;
    asked += week.asked;
    entered += week.entered;
    if (week.week <= world.firstWeek) continue;
    const people = week.asked + PRIOR_ASKED;
    const part = Math.min(1, (week.entered + PRIOR_ASKED * everybody) / people);
    best = Math.max(best, part - BEST_WEEK_ERRORS * Math.sqrt((part * (1 - part)) / people));
  }
  const together = (entered + PRIOR_ASKED * everybody) / (asked + PRIOR_ASKED);
  return Math.min(0.98, Math.max(0.05, together, best));
}

/** The figures of a country, at most a minute old. @param isReading keeps none for later */
export function figuresOf(country: Country, world: World, nowMs: number, isReading = false): Figures {
  const minute = Math.floor(nowMs / MINUTE_MS);
  if (country.figures.minute === minute) return country.figures;
  const figures = isReading ? { ...country.figures } : country.figures;
  turnDay(country, nowMs);
  turnSlot(country, nowMs);
  figures.minute = minute;
  figures.conversion = conversionOf(country, world, nowMs);
  figures.perDay = country.today + country.yesterday * (1 - (nowMs / DAY_MS - dayOf(nowMs)));
  figures.soon = Math.max(country.soon, country.sooner);
  figures.fullest = country.fullest < 0 ? unknownFullest(country) : country.fullest;
  return figures;
}

function weekOfTime(nowMs: number): number {
  return Math.floor(nowMs / (7 * DAY_MS));
}

function weekOf({ weeks }: Country, nowMs: number): Week {
  const week = weekOfTime(nowMs);
  let current = weeks.at(-1);
  if (current?.week !== week) {
    current = { week, asked: 0, entered: 0 };
    weeks.push(current);
    if (weeks.length > WEEKS) weeks.shift();
  }
  return current;
}

/** Whether the first people of a country are learnt from although it is not calm. */
export function isNewborn({ learnt, learntEntered }: Country): boolean {
  return learnt < FIRST_LEARNT && learntEntered >= learnt / 4 - 3;
}

/** Learns that a stranger got a code; -1 takes it back. */
export function learnAsked(
  country: Country,
  world: World,
  isCalm: boolean,
  amount: 1 | -1,
  nowMs: number,
): void {
  if (world.firstWeek === NEVER) world.firstWeek = weekOfTime(nowMs + SETTLING_MS) - 1;
  const week = weekOf(country, nowMs);
  week.asked = Math.max(0, week.asked + amount);
  country.learnt = Math.max(0, country.learnt + amount);
  if (!isCalm) return;
  world.asked = Math.max(0, world.asked + amount);
  if (world.asked < EVERYBODY_MOST) return;
  world.asked /= 2;
  world.entered /= 2;
}

/** An acquaintance got a code. */
export function knownAsked(world: World): void {
  world.knownAsked += 1;
  if (world.knownAsked < KNOWN_MOST) return;
  world.knownAsked /= 2;
  world.knownEntered /= 2;
}

/** A stranger entered their code. */
export function learnEntered(
  country: Country,
  world: World,
  { isLearnt, isCalm }: { readonly isLearnt: boolean; readonly isCalm: boolean },
  nowMs: number,
): void {
  turnDay(country, nowMs);
  turnSlot(country, nowMs);
  country.entered += 1;
  country.today += 1;
  country.soon += 1;
  if (isLearnt) {
    weekOf(country, nowMs).entered += 1;
    country.learntEntered += 1;
    if (isCalm) world.entered += 1;
  }
  const day = dayOf(nowMs);
  if (world.day !== day) {
    // Days without a single outcome say nothing about a usual one.
    if (world.day !== NEVER)
      world.perDay = world.perDay === 0 ? world.today : world.perDay * 0.75 + world.today * 0.25;
    world.day = day;
    world.today = 0;
  }
  world.today += 1;
  world.everEntered += 1;
  world.lastEnteredMs = nowMs;
}

/** Codes that would normally have been entered since the last one. */
export function overdue({ perDay, today, lastEnteredMs }: World, nowMs: number): number {
  return lastEnteredMs === NEVER
    ? 0
    : ((nowMs - lastEnteredMs) / DAY_MS) * Math.max(perDay, perDay === 0 ? today : 0);
}

/** The share of the budgets that the alerts of the last three days leave. */
export function siegeOf(world: World, nowMs: number): number {
  const minute = Math.floor(nowMs / MINUTE_MS);
  if (world.siegeMinute === minute) return world.siege;
  world.siegeMinute = minute;
  let weights = 0;
  for (let at = 0; at < world.alerts.length; at += 2) {
    if (minute * MINUTE_MS - (world.alerts[at] as number) < SIEGE_MS)
      weights += world.alerts[at + 1] as number;
  }
  world.siege = Math.max(SIEGE_FLOOR, 1 - SIEGE_STEP * weights);
  return world.siege;
}

export function feedSiege(world: World, weight: number, nowMs: number): void {
  world.alerts.push(nowMs, weight);
  if (world.alerts.length > SIEGE_ALERTS * 2) world.alerts.splice(0, 2);
  world.siegeMinute = NEVER;
}
