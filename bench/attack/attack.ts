import type { Person } from './people.ts';
import { numberOf, type Place } from './places.ts';
import type { Random } from './random.ts';
import { DAY_MS, type SpecialTraffic } from './traffic.ts';

/** A request of a fraudster. */
export interface AttackRequest {
  readonly atMs: number;
  readonly place: Place;
  readonly destination: string;
  readonly clientIp: string;
  /** An account of the service that the request comes from. */
  readonly subject?: string;
  /** Whether the code is entered, if one arrives. */
  readonly enters: boolean;
  /** Probability of passing a captcha: 2 % for a script, 95 % for a farm. */
  readonly captcha: number;
  /** Through `verifications.start` instead of `messages.send`. */
  readonly isVerification?: boolean;
  /** Prepares the attack: counts neither as tried nor as money. */
  readonly isPreparation?: boolean;
}

/** All that a fraudster sees: whether the message arrived at his number. */
export interface AttackAnswer {
  readonly isSent: boolean;
}

/** Yields one request after the other, and sees the answer to each before it decides on the next. */
export type Adversary = Generator<AttackRequest, void, AttackAnswer>;

export interface AttackContext {
  readonly random: Random;
  readonly startMs: number;
  /** Tries per day. */
  readonly perDay: number;
  readonly markets: readonly Place[];
  /** People of the team, as on a list that was stolen. */
  customers(count: number): readonly Person[];
}

export interface Attack {
  /** For the table of the report. */
  readonly summary: string;
  /** Days of honest traffic that are measured. @default 3 */
  readonly days?: number;
  /** Days of honest traffic before. @default those of the configuration */
  readonly historyDays?: number;
  /** Days before its start in which it prepares. @default 0 */
  readonly preparationDays?: number;
  /** Honest requests per day, when the attack is about one size. */
  readonly size?: number;
  /** The peculiarities of the honest traffic. */
  readonly traffic?: (startMs: number) => SpecialTraffic;
  /** An operator of the largest market that delivers nothing for these hours. */
  readonly outageHours?: number;
  readonly run: (context: AttackContext) => Adversary;
}

export const BOT_CAPTCHA = 0.02;
export const FARM_CAPTCHA = 0.95;
export const ATTACK_DAYS = 3;

/** A block of ten thousand numbers. */
export interface Block {
  readonly place: Place;
  readonly operator: number;
  readonly block: number;
}

export function drawBlock(place: Place, random: Random): Block {
  return { place, operator: random.below(place.operators.length), block: random.below(100) };
}

export function drawBlocks(place: Place, count: number, random: Random): readonly Block[] {
  return Array.from({ length: count }, () => drawBlock(place, random));
}

export function numberInBlock({ place, operator, block }: Block, random: Random): string {
  return numberOf(place, operator, block * 10_000 + random.below(10_000));
}

export function anyNumber(place: Place, random: Random, operator = random.below(place.operators.length)) {
  return numberOf(place, operator, random.below(1_000_000));
}

/** A residential proxy: another address each time. */
export function proxy(random: Random): string {
  return `${110 + random.below(70)}.${random.below(256)}.${random.below(256)}.${random.below(256)}`;
}

/** One of a number of rented servers. */
export function server(random: Random, count: number): string {
  return `198.51.${100 + random.below(Math.ceil(count / 250))}.${random.below(Math.min(count, 250))}`;
}

/** Times of requests: at random, `perDay` of them on average. */
export function* timesOf({ random, startMs }: AttackContext, perDay: number, days = ATTACK_DAYS) {
  for (let atMs = startMs; ; ) {
    atMs += random.exponential(DAY_MS / perDay);
    if (atMs >= startMs + days * DAY_MS) return;
    yield Math.floor(atMs);
  }
}
