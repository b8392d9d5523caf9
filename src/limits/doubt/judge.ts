import { baseBudget, budgetOf, graceOf, longestPauseOf, type Setting } from './budgets.ts';
import { type Cell, doubtOf, fade, oldDoubtOf, startAlert, youngOf } from './cell.ts';
import {
  ADDRESS,
  bit,
  CALM_PART,
  COLD_ENTERED,
  COUNTRY,
  CROWD,
  EVIDENCE_ENTERED,
  FREE_CODES,
  has,
  MISSING_ENTERED,
  NUMBER,
  PLACES,
  POOL,
  POOL_ENTERED,
  RANGE,
  SIEGE_FEED_PART,
  SIEGE_RANGE_WEIGHT,
} from './parameters.ts';
import { type Country, feedSiege, isNewborn, overdue, type World } from './statistics.ts';

/** One request of a stranger. */
export interface DoubtCase {
  readonly setting: Setting;
  readonly world: World;
  country: Country;
  /** By place; undefined for a place without doubt. */
  readonly cells: readonly (Cell | undefined)[];
  hasAddress: boolean;
  /** Codes that went to this number within the hour. */
  codes: number;
}

/** The judgement of one request. Sets of places are bits. */
export interface Judgement {
  /** Why the request passes; undefined when it is held. */
  passage: 'calm' | 'resend' | 'evidence' | 'trickle' | undefined;
  /** Places in which it is judged and counted. */
  judged: number;
  /** The places in alert among these, and those whose alert began or ended with this look. */
  alerts: number;
  begun: number;
  ended: number;
  /** Whether no place is near its budget. */
  isCalm: boolean;
  /** Whether the conversion of the country is learnt from it. */
  isLearnt: boolean;
  /** The alert that holds the request longest, with its figures. */
  place: number;
  observed: number;
  limit: number;
  waitMs: number;
}

/** Places whose alert a good address may pass. It says nothing about one block or one number. */
const EVIDENCE_PLACES = bit(COUNTRY) | bit(RANGE) | bit(POOL);
/** Places that need no outcomes. */
const COLD_PLACES = bit(CROWD) | bit(NUMBER);
export const ALL_PLACES: number = bit(PLACES.length) - 1;

/** Whether too few outcomes are reported for doubt to mean anything. */
function isCold(world: World, nowMs: number): boolean {
  return world.everEntered < COLD_ENTERED || overdue(world, nowMs) > MISSING_ENTERED;
}

/** The places in which a request is judged and counted. */
function judgedPlaces({ world, country, hasAddress }: DoubtCase, nowMs: number): number {
  if (isCold(world, nowMs)) return COLD_PLACES;
  let places = ALL_PLACES;
  if (!hasAddress) places &= ~bit(ADDRESS);
  if (country.entered >= POOL_ENTERED) places &= ~bit(POOL);
  return places;
}

/** How much the alert of a place counts for the siege. An alert that only the siege made must not feed it. */
function siegeWeight(place: number, cell: Cell, setting: Setting, nowMs: number): number {
  if (!setting.policy.hasSiege || place > RANGE) return place === POOL && setting.policy.hasSiege ? 1 : 0;
  const old = oldDoubtOf(cell, setting.policy.forgottenPerDay[place] as number, nowMs);
  const budget = baseBudget(place, setting, 1);
  if (place === RANGE) return old >= budget ? SIEGE_RANGE_WEIGHT : 0;
  return old >= SIEGE_FEED_PART * budget ? 1 : 0;
}

/**
 * Judges a request without counting it. Alerts begin and end here, because time alone does both.
 *
 * @param isReading an alert that begins does not feed the siege
 */
export function judge(request: DoubtCase, nowMs: number, into: Judgement, isReading = false): void {
  const { setting, cells, country, world } = request;
  const { policy, figures } = setting;
  into.judged = judgedPlaces(request, nowMs);
  into.alerts = 0;
  into.begun = 0;
  into.ended = 0;
  into.isCalm = true;
  into.place = -1;
  into.waitMs = 0;
  setting.isWatched = false;
  for (let place = 0; place < PLACES.length; place += 1) {
    const cell = has(into.judged, place) ? cells[place] : undefined;
    if (cell === undefined) continue;
    if (fade(cell, place, policy, nowMs)) into.ended |= bit(place);
    const budget = budgetOf(place, cell, setting, nowMs);
    const doubt = doubtOf(cell, policy.forgottenPerDay[place] as number, nowMs);
    const old = place === CROWD ? doubt : doubt - youngOf(cell, nowMs);
    if (place !== CROWD && old >= CALM_PART * budget) into.isCalm = false;
    if (place === COUNTRY) setting.isWatched = old >= budget;
    const limit = place === COUNTRY ? budget * policy.countryFactor : budget;
    if (!cell.isAlert && (old >= limit || doubt >= limit + graceOf(place, figures))) {
      startAlert(cell, place, { budget, longestMs: longestPauseOf(place, setting) }, nowMs);
      into.begun |= bit(place);
      const weight = siegeWeight(place, cell, setting, nowMs);
      if (weight > 0 && !isReading) feedSiege(world, weight, nowMs);
    }
    if (!cell.isAlert) continue;
    into.alerts |= bit(place);
    const waitMs = Math.max(0, cell.nextMs - nowMs);
    if (into.place < 0 || waitMs > into.waitMs) {
      into.place = place;
      into.waitMs = waitMs;
      into.observed = Math.floor(doubt);
      into.limit = Math.floor(limit);
    }
  }
  into.passage = passageOf(request, into, nowMs);
  into.isLearnt = into.isCalm || setting.isHuman || into.passage === 'evidence' || isNewborn(country);
}

function passageOf(
  { codes, setting, cells }: DoubtCase,
  { alerts, waitMs }: Judgement,
  nowMs: number,
): Judgement['passage'] {
  if (codes > 0 && codes < FREE_CODES && !has(alerts, NUMBER)) return 'resend';
  if (alerts === 0) return 'calm';
  if ((alerts & ~EVIDENCE_PLACES) === 0 && isEvidence(cells[ADDRESS], setting, nowMs)) return 'evidence';
  return waitMs === 0 ? 'trickle' : undefined;
}

/** Whether strangers entered codes from an address that is not doubtful itself. */
function isEvidence(cell: Cell | undefined, { enteredThere, policy }: Setting, nowMs: number): boolean {
  if (enteredThere < EVIDENCE_ENTERED) return false;
  if (cell === undefined) return true;
  const doubt = doubtOf(cell, policy.forgottenPerDay[ADDRESS] as number, nowMs);
  return doubt < (8 + Math.sqrt(enteredThere)) / 2;
}
