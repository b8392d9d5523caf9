import { DoubtTable } from '../../src/limits/doubt/doubt-table.ts';
import type { DoubtRule } from '../../src/limits/limit-store.ts';
import { Random } from '../../src/testing/limit-conformance/kit.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A country with its numbers: calling code, length after it, first digits of the operators. */
interface Market {
  readonly country: string;
  readonly callingCode: number;
  readonly length: number;
  readonly operators: readonly number[];
  /** Part of all people. */
  readonly share: number;
  /** Part of the strangers that enters a code. */
  readonly conversion: number;
  readonly price: number;
}

function market(
  country: string,
  callingCode: number,
  operators: readonly number[],
  share: number,
  conversion: number,
  price: number,
): Market {
  return { country, callingCode, length: 10, operators, share, conversion, price };
}

/** Busy markets, others, and a tail in which a code is sent now and then. */
const MARKETS: readonly Market[] = [
  market('ID', 62, [81, 85, 87, 89], 0.2, 0.74, 0.32),
  market('PH', 63, [90, 91, 92], 0.15, 0.78, 0.21),
  market('SG', 65, [81, 91, 96], 0.1, 0.88, 0.045),
  market('TH', 66, [81, 86, 91], 0.1, 0.82, 0.024),
  ...Array.from({ length: 10 }, (_, at) =>
    market(`M${at}`, 400 + at, [60, 61, 62], 0.04, 0.7 + at / 50, 0.1),
  ),
  ...Array.from({ length: 30 }, (_, at) => market(`T${at}`, 300 + at, [50, 70], 0.002, 0.6, 0.2)),
];
/** Countries that only the fraud goes to. */
const DEAR: readonly Market[] = Array.from({ length: 25 }, (_, at) =>
  market(`X${at}`, 900 + at, [70, 71, 72], 0, 0.7, 0.3),
);

export type Attack = 'none' | 'sequential' | 'operator-random' | 'rotating';

export interface Fight {
  readonly attack: Attack;
  readonly seed: number;
  /** Messages of honest people per day. */
  readonly perDay: number;
  readonly action?: 'ask' | 'refuse';
}

export interface FightResult {
  /** Requests of the fraudster, and messages that were sent for them. */
  tried: number;
  sent: number;
  /** Honest people, and those that were refused for good, asked for a captcha, or lost by it. */
  honest: number;
  refused: number;
  asked: number;
  lost: number;
}

interface Person {
  readonly number: number;
  readonly market: Market;
  readonly address: string;
}

type Step = { readonly atMs: number; run(nowMs: number): void };

/** Steps in the order of their time: a binary heap. */
class Agenda {
  readonly #steps: Step[] = [];

  add(atMs: number, run: (nowMs: number) => void): void {
    const steps = this.#steps;
    steps.push({ atMs, run });
    for (let at = steps.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1;
      if ((steps[parent] as Step).atMs <= (steps[at] as Step).atMs) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  next(): Step | undefined {
    const steps = this.#steps;
    const first = steps[0];
    const last = steps.pop();
    if (steps.length === 0 || last === undefined) return first;
    steps[0] = last;
    for (let at = 0; ; ) {
      let child = 2 * at + 1;
      if (child >= steps.length) break;
      if (child + 1 < steps.length && (steps[child + 1] as Step).atMs < (steps[child] as Step).atMs)
        child += 1;
      if ((steps[at] as Step).atMs <= (steps[child] as Step).atMs) break;
      this.#swap(at, child);
      at = child;
    }
    return first;
  }

  #swap(one: number, other: number): void {
    const steps = this.#steps;
    [steps[one], steps[other]] = [steps[other] as Step, steps[one] as Step];
  }
}

const HISTORY_DAYS = 14;
const ATTACK_DAYS = 3;
const START_MS = HISTORY_DAYS * DAY_MS;
const END_MS = START_MS + ATTACK_DAYS * DAY_MS;
/** Requests of a fraudster in that time; one with 5 neighbours a minute is what `prefix` leaves of a run. */
const ATTEMPTS: Readonly<Record<Attack, number>> = {
  none: 0,
  sequential: 7_200,
  'operator-random': 4_900,
  rotating: 4_500,
};

/** Two weeks of honest traffic, then three days with an attack on top of it. Assumed, not real. */
export function fight({ attack, seed, perDay, action = 'ask' }: Fight): FightResult {
  const honest = new Random(seed);
  const fraud = new Random(seed + 1_000_000);
  const agenda = new Agenda();
  const result: FightResult = { tried: 0, sent: 0, honest: 0, refused: 0, asked: 0, lost: 0 };
  const table = new DoubtTable(ruleOf(1, MARKETS[0] as Market, undefined, false, action), SIZES, SEED);
  const known: Person[] = [];

  const chance = (random: Random, part: number) => random.below(1_000_000) < part * 1_000_000;
  const wait = (random: Random, meanMs: number) =>
    -meanMs * Math.log(1 - random.below(1_000_000) / 1_000_000);
  const numberIn = (random: Random, { callingCode, length, operators }: Market) => {
    const operator = random.pick(operators);
    const rest = 10 ** (length - 2);
    return callingCode * 10 ** length + operator * rest + random.below(rest);
  };
  const isMeasured = (nowMs: number) => nowMs >= START_MS;

  /** Returns the reason of a refusal. */
  function request(nowMs: number, person: Person, isHuman: boolean): string | undefined {
    const rule = ruleOf(person.number, person.market, person.address, isHuman, action);
    const violation = table.check(rule, nowMs);
    if (violation === undefined) table.write(rule, nowMs).keep(0, nowMs, undefined);
    else table.hold(rule, nowMs);
    return violation?.reason;
  }

  function stranger(): Person {
    const total = MARKETS.reduce((sum, { share }) => sum + share, 0);
    let left = (honest.below(1_000_000) / 1_000_000) * total;
    const country = MARKETS.find(({ share }) => {
      left -= share;
      return left <= 0;
    });
    const chosen = country ?? (MARKETS[0] as Market);
    // Half of the people share the addresses of a mobile network, the others have one of their own.
    const address = chance(honest, 0.5)
      ? `nat-${chosen.country}-${honest.below(10)}`
      : `home-${honest.below(1e9)}`;
    return { number: numberIn(honest, chosen), market: chosen, address };
  }

  function visit(nowMs: number, person: Person, isNew: boolean, tries: number, isHuman: boolean): void {
    const counts = isMeasured(nowMs);
    if (counts && tries === 0 && !isHuman) result.honest += 1;
    const reason = request(nowMs, person, isHuman);
    if (reason === undefined) {
      if (chance(honest, isNew ? person.market.conversion : 0.93)) {
        agenda.add(nowMs + 8_000 + wait(honest, 25_000), (now) => {
          const rule = ruleOf(person.number, person.market, undefined, false, action);
          table.enter({ rule, outcome: 'entered' }, now);
          if (isNew) known.push(person);
        });
      } else if (tries < 2 && chance(honest, 0.35)) {
        agenda.add(nowMs + MINUTE_MS, (now) => visit(now, person, isNew, tries + 1, isHuman));
      }
    } else if (reason === 'captcha-needed') {
      if (counts) result.asked += 1;
      if (chance(honest, 0.97)) agenda.add(nowMs + 15_000, (now) => visit(now, person, isNew, tries, true));
      else if (counts) result.lost += 1;
    } else if (counts && reason === 'suspended') result.refused += 1;
    else if (counts && !chance(honest, 0.85)) result.lost += 1;
  }

  function arrive(nowMs: number): void {
    const isNew = known.length === 0 || chance(honest, 0.45);
    visit(nowMs, isNew ? stranger() : honest.pick(known), isNew, 0, false);
    const hour = (nowMs % DAY_MS) / HOUR_MS;
    const rhythm = 1 + 0.8 * Math.sin(((hour - 9) / 12) * Math.PI);
    agenda.add(nowMs + wait(honest, DAY_MS / perDay / rhythm), arrive);
  }

  function tryFraud(nowMs: number, person: Person, isHuman: boolean): void {
    if (!isHuman) result.tried += 1;
    const reason = request(nowMs, person, isHuman);
    if (reason === undefined) result.sent += 1;
    else if (reason === 'captcha-needed' && chance(fraud, 0.02)) {
      agenda.add(nowMs + 15_000, (now) => tryFraud(now, person, true));
    }
  }

  const blocks = DEAR.map((country) =>
    [0, 1, 2].map(() => numberIn(fraud, country) - (numberIn(fraud, country) % 10_000)),
  );
  let position = 0;
  const targets: Readonly<Record<Attack, () => Person>> = {
    none: stranger,
    sequential: () => {
      position += 1;
      return {
        number: 628_155_500_000 + position,
        market: MARKETS[0] as Market,
        address: `s-${position % 200}`,
      };
    },
    'operator-random': () => ({
      number: 6_281 * 1e8 + fraud.below(1e8),
      market: MARKETS[0] as Market,
      address: `s-${fraud.below(200)}`,
    }),
    rotating: () => {
      const at = fraud.below(DEAR.length);
      const block = fraud.pick(blocks[at] as number[]);
      return {
        number: block - (block % 10_000) + fraud.below(10_000),
        market: DEAR[at] as Market,
        address: `p-${fraud.below(400_000)}`,
      };
    },
  };
  const attempts = ATTEMPTS[attack];
  function strike(nowMs: number): void {
    tryFraud(nowMs, targets[attack](), false);
    agenda.add(nowMs + wait(fraud, (ATTACK_DAYS * DAY_MS) / attempts), strike);
  }

  agenda.add(0, arrive);
  if (attempts > 0) agenda.add(START_MS, strike);
  for (let step = agenda.next(); step !== undefined && step.atMs < END_MS; step = agenda.next())
    step.run(step.atMs);
  return result;
}

const SIZES = { maxEntries: 1_000_000, maxRecipients: 1_000_000 };
const SEED = { first: 0x1234567, second: 0x89abcd };

function ruleOf(
  key: number,
  { country, price }: Market,
  address: string | undefined,
  isHuman: boolean,
  action: 'ask' | 'refuse',
): DoubtRule {
  const allowance = Math.min(120, Math.max(8, 3 / price));
  return {
    kind: 'doubt',
    id: 'pumping',
    guard: 'pumping',
    mode: 'enforce',
    key,
    country,
    address,
    isHuman,
    action,
    allowance,
  };
}
