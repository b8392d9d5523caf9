/*
 * Every number of the doubt budget. They were measured on simulated traffic of 200 to 100,000 one-time passwords per day,
 * see docs/fraud.md; they were not tuned on a real service. The idea has public sources: a cumulative sum is a chain of
 * sequential tests and optimal for the worst case (arXiv 1605.04772), small groups are shrunk to the whole (empirical Bayes),
 * a resend is never blocked (coss.com/docs/verify/fraud-guard), a country that was never sent to is a signal of its own
 * (twilio.com/docs/verify/preventing-toll-fraud).
 */

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** The places that doubt is counted in. A place is an index into this list. */
export const PLACES = ['country', 'range', 'block', 'crowd', 'address', 'number', 'pool'] as const;
export const COUNTRY = 0;
export const RANGE = 1;
export const BLOCK = 2;
export const CROWD = 3;
export const ADDRESS = 4;
export const NUMBER = 5;
export const POOL = 6;

/** Sets of places are bits of a number. */
export function bit(place: number): number {
  return 1 << place;
}

export function has(places: number, place: number): boolean {
  return (places & (1 << place)) !== 0;
}

/** Digits that a range and a block leave off. */
export const RANGE_DIVISOR = 1_000_000;
export const BLOCK_DIVISOR = 10_000;
/** Digits of the longest number. */
export const MOST_DIGITS = 15;

/** Numbers that depend on whether people can be asked for more. By place where they are lists. */
export interface Policy {
  /** Doubt that a day takes back. */
  readonly forgottenPerDay: readonly number[];
  /** Budget of the pool of countries in which hardly anybody entered a code. */
  readonly poolBudget: number;
  /** A country alerts at this many times its budget. */
  readonly countryFactor: number;
  /** Part of the budget of ranges, and of blocks, while their country is watched. */
  readonly watchedRange: number;
  readonly watchedBlock: number;
  /** Part of the budget that is left for two days after an alert. */
  readonly again: number;
  /** Part of the budget down to which doubt has to fall for an alert to end by itself. */
  readonly fade: number;
  /** Longest pause between two strangers in an alert, where it does not depend on the country. */
  readonly longestPauseMs: readonly number[];
  /** `24 h / clamp(perEntered x V, least, most)`: the longest pause of a country, and of a range. */
  readonly countryPause: readonly [perEntered: number, least: number, most: number];
  readonly rangePause: readonly [perEntered: number, least: number, most: number];
  /** Whether earlier alerts make budgets smaller everywhere. */
  readonly hasSiege: boolean;
}

export const POLICIES: Readonly<Record<'ask' | 'refuse', Policy>> = {
  ask: {
    forgottenPerDay: [4, 1, 0.5, 8, 6, 3, 8],
    poolBudget: 15,
    countryFactor: 1,
    watchedRange: 0.6,
    watchedBlock: 0.6,
    again: 0.35,
    fade: 0.02,
    longestPauseMs: [0, 0, 4 * DAY_MS, 4 * DAY_MS, 2 * DAY_MS, 2 * DAY_MS, 6 * HOUR_MS],
    countryPause: [0.01, 1, 12],
    rangePause: [0.001, 0.5, 2],
    hasSiege: true,
  },
  refuse: {
    forgottenPerDay: [4, 1, 0.5, 8, 6, 3, 15],
    poolBudget: 25,
    countryFactor: 2.5,
    watchedRange: 0.45,
    watchedBlock: 0.6,
    again: 0.7,
    fade: 0.35,
    longestPauseMs: [0, 0, DAY_MS, DAY_MS / 2, DAY_MS, DAY_MS / 2, 2 * HOUR_MS],
    countryPause: [0.04, 2, 48],
    rangePause: [0.004, 1, 8],
    hasSiege: false,
  },
};

/** An alert of the pool ends at this part of its budget. */
export const POOL_FADE = 0.5;

/** First pause of an alert, by place. */
export const FIRST_PAUSE_MS: readonly number[] = [
  10 * MINUTE_MS,
  HOUR_MS,
  12 * HOUR_MS,
  12 * HOUR_MS,
  6 * HOUR_MS,
  12 * HOUR_MS,
  HOUR_MS,
];
/** An alert whose pause is that short is over. */
export const SHORTEST_PAUSE_MS = 20_000;
/** The trickle takes this part of the usual conversion for "people again". */
export const TRICKLE_PART = 0.7;

export const POOL_ODDS = 0.5;
export const NUMBER_ODDS = 3;
export const NUMBER_BUDGET = 4;
/** Strangers of a country that ever entered a code; below it the country is in the pool. */
export const POOL_ENTERED = 15;

export const COUNTRY_SLACK = 1.35;
export const SIEGE_SLACK = 1.1;
export const COUNTRY_ODDS: readonly [number, number] = [0.1, 2.5];

export const SIEGE_MS = 3 * DAY_MS;
export const SIEGE_STEP = 0.15;
export const SIEGE_FLOOR = 0.35;
/** For people who passed a test the siege goes no further. */
export const HUMAN_SIEGE_FLOOR = 0.75;
/**
 * Budgets for people who passed a test, as a multiple: few fraudsters do, and an alert among these asks honest people for
 * another channel, which loses more of them than a captcha. Tuned on seeds 101 to 106 of bench/attack.
 */
export const HUMAN_COUNTRY_PART = 1.6;
export const HUMAN_RANGE_PART = 2;
/** Part of the budget, without the siege, from which an alert is not of the siege's own making. */
export const SIEGE_FEED_PART = 0.6;
export const SIEGE_RANGE_WEIGHT = 0.3;
/** More alerts than the floor needs. */
export const SIEGE_ALERTS = 32;

export const AFTER_ALERT_MS = 2 * DAY_MS;
export const CALM_PART = 0.7;

/** Codes that were entered in all before anything but crowds and numbers is judged. */
export const COLD_ENTERED = 20;
/** Codes that would normally have been entered since the last one, before outcomes count as missing. */
export const MISSING_ENTERED = 200;
/** Part of acquaintances that normally enters their code (over 0.9 in practice); below it outcomes are not reported. */
export const ACQUAINTANCE_CONVERSION = 0.75;
/** Acquaintances asked before their conversion says anything. */
export const ACQUAINTANCE_ASKED = 100;
/** Acquaintances after whom older ones count half. */
export const KNOWN_MOST = 1_000;
/** Codes that were sent before outcomes can be missing. */
export const MISSING_SENT = 200;

/** A code belongs to its person for so long; a second one within it is a resend. */
export const OPEN_MS = 60 * MINUTE_MS;
/** Codes to a number within `OPEN_MS` that are not judged again while the number is calm: the first and two more. */
export const FREE_CODES = 3;

/** A person is an acquaintance from 6 hours after the first code they entered, to 90 days after the last. */
export const ACQUAINTED_AFTER_MS = 6 * HOUR_MS;
export const ACQUAINTED_MS = 90 * DAY_MS;
/** New numbers that a known subject may vouch for per day: more would be a fraudster with one good account. */
export const SUBJECT_NUMBERS_PER_DAY = 3;

/** Strangers that entered codes from an address before it is evidence, and how long it stays one. */
export const EVIDENCE_ENTERED = 2;
export const EVIDENCE_MS = 14 * DAY_MS;

/** The score of an alert: a person asked adds 1 up to the most, one who passes and enters takes `1.4 / p`. */
export const SCORE_MOST = 12;
export const SCORE_END = -6;
export const SCORE_CREDIT = 1.4;

/** Conversion before anything is known, as pseudo-people. */
export const PRIOR_ASKED = 40;
export const PRIOR_ENTERED = 28;
export const EVERYBODY_MOST = 20_000;
export const WEEKS = 8;
export const BEST_WEEK_ERRORS = 1.5;
/** People of later weeks for whom the first week of all is dropped. */
export const SETTLED_ASKED = 200;
/** Weeks that begin earlier than that after the first message are dropped then. */
export const SETTLING_MS = 10 * DAY_MS;
/** The first people of a country are learnt from even when it is not calm, if a quarter of them enters. */
export const FIRST_LEARNT = 150;

/** Fullest block of a day: what is left of it the next day, and the most that it can be. */
export const FULLEST_KEPT = 0.9;
export const FULLEST_MOST = 60;
/** Before a day is known: of a country where so many strangers entered a code today, and of any other. */
export const FULLEST_BUSY_ENTERED = 400;
export const FULLEST_BUSY = 10;

/** After so many days without a code nothing is left of the fullest block. */
export const MOST_DAYS = 100;

export const SOON_MS = 3 * MINUTE_MS;
