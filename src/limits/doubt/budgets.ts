import { afterAlert, type Cell } from './cell.ts';
import {
  ADDRESS,
  BLOCK,
  COUNTRY,
  COUNTRY_ODDS,
  COUNTRY_SLACK,
  CROWD,
  DAY_MS,
  HUMAN_COUNTRY_PART,
  HUMAN_RANGE_PART,
  HUMAN_SIEGE_FLOOR,
  NUMBER,
  NUMBER_BUDGET,
  NUMBER_ODDS,
  POOL,
  POOL_ODDS,
  type Policy,
  RANGE,
  SIEGE_SLACK,
} from './parameters.ts';
import type { Figures } from './statistics.ts';

/** The inputs of the budgets of one request. */
export interface Setting {
  policy: Policy;
  /** Whether the person passed a test for people. */
  isHuman: boolean;
  /** Doubt that a country may have for its price. */
  allowance: number;
  figures: Figures;
  /** The share of the budgets that earlier alerts leave: 1 for all of them. */
  siege: number;
  /** Whether the country has used its budget up. */
  isWatched: boolean;
  /** Strangers that entered codes from the address. */
  enteredThere: number;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

/** Doubt that is normal in a place, before what an earlier alert there takes off. */
export function baseBudget(place: number, setting: Setting, siege: number): number {
  const { policy, figures, isHuman, isWatched } = setting;
  const { perDay, fullest } = figures;
  switch (place) {
    case COUNTRY: {
      const budget = setting.allowance * siege + 1.5 * Math.sqrt(perDay) + 0.01 * perDay;
      return isHuman ? budget * HUMAN_COUNTRY_PART : budget;
    }
    case RANGE: {
      const budget = (8 * siege + 0.1 * Math.sqrt(perDay)) * (isWatched ? policy.watchedRange : 1);
      return isHuman ? budget * HUMAN_RANGE_PART : budget;
    }
    case BLOCK:
      return Math.max(2, 5 * siege, 0.6 * fullest) * (isWatched ? policy.watchedBlock : 1);
    case CROWD:
      return Math.max(8, 3 * fullest);
    case ADDRESS:
      return 8 * siege + Math.sqrt(setting.enteredThere);
    case NUMBER:
      return NUMBER_BUDGET;
    default:
      return policy.poolBudget;
  }
}

/** Doubt that is normal in a place. */
export function budgetOf(place: number, cell: Cell, setting: Setting, nowMs: number): number {
  const siege = setting.isHuman ? Math.max(HUMAN_SIEGE_FLOOR, setting.siege) : setting.siege;
  const budget = baseBudget(place, setting, siege);
  return place === POOL ? budget : budget * afterAlert(cell, setting.policy, nowMs);
}

/** Doubt beyond the budget that codes which people may still be typing may add. */
export function graceOf(place: number, { soon }: Figures): number {
  switch (place) {
    case COUNTRY:
      return 10 + soon;
    case RANGE:
      return 5 + 0.3 * soon;
    case BLOCK:
      return 3;
    case ADDRESS:
      return 6;
    case POOL:
      return 10;
    default:
      return 0;
  }
}

/** The doubt that an entered code takes back besides its own: honest strangers leave so many unentered for each that enters. */
export function oddsOf(place: number, { figures: { conversion }, siege, isHuman }: Setting): number {
  const odds = (1 - conversion) / conversion;
  switch (place) {
    case COUNTRY: {
      const slack = siege < 1 && !isHuman ? SIEGE_SLACK : COUNTRY_SLACK;
      return clamp(slack * odds, ...COUNTRY_ODDS);
    }
    case RANGE:
    case ADDRESS:
      return Math.max(0.8, 2.2 * odds);
    case BLOCK:
      return Math.max(0.5, 1.5 * odds);
    case NUMBER:
      return NUMBER_ODDS;
    default:
      return POOL_ODDS;
  }
}

/** Longest pause of the alert of a place. */
export function longestPauseOf(place: number, { policy, figures }: Setting): number {
  if (place !== COUNTRY && place !== RANGE) return policy.longestPauseMs[place] as number;
  const [perEntered, least, most] = place === COUNTRY ? policy.countryPause : policy.rangePause;
  return DAY_MS / clamp(perEntered * figures.perDay, least, most);
}
