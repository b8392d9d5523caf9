import type { Adversary, Attack, AttackRequest } from './attack.ts';
import type { Configuration } from './configurations.ts';
import { EventQueue } from './event-queue.ts';
import { createGateway, type Gateway } from './gateway.ts';
import type { Person } from './people.ts';
import { LAUNCH_PLACE, marketsOf, type Place } from './places.ts';
import { createRandom, type Random } from './random.ts';
import { type Figures, type Group, Tally } from './tally.ts';
import {
  DAY_MS,
  formerPeople,
  HOUR_MS,
  honestVisits,
  START_MS,
  type TrafficOptions,
  type Visit,
} from './traffic.ts';
import { createVisitors, type Visitors } from './visitors.ts';

/** The next event; the queue knows when. */
type Event = () => Promise<void>;

/** A service with its guards and its people. */
export interface WorldOptions {
  readonly configuration: Configuration;
  /** Honest requests per day. */
  readonly size: number;
  readonly seed: number;
  readonly historyDays?: number | undefined;
  /** Through the whole client and a stand-in for `fetch`, at twice the price. @default false */
  readonly isOnWire?: boolean | undefined;
}

/** An attack that a world meets. */
export interface FightOptions {
  readonly attack: Attack;
  /** Tries of the fraudster per day. @default 1,500, and 30 % of the honest requests of a large service */
  readonly perDay?: number | undefined;
}

export interface RunResult {
  readonly figures: Figures;
  readonly reasons: Readonly<Record<string, number>>;
  readonly groups: Readonly<Record<string, Group>>;
  readonly seconds: number;
}

export class World {
  readonly #options: WorldOptions;
  readonly #gateway: Gateway;
  readonly #tally = new Tally();
  readonly #queue = new EventQueue<Event>();
  readonly #random: Random;
  readonly #startMs: number;
  readonly #traffic: TrafficOptions;
  readonly #visits: Generator<Visit, void, undefined>;
  #visit: IteratorResult<Visit, void>;
  readonly #visitors: Visitors;
  #attack: Attack | undefined;
  #adversary: Adversary | undefined;
  #attempt: IteratorResult<AttackRequest, void> | undefined;
  #markets: readonly Place[];
  #served: ReadonlySet<Place>;
  #nowMs = START_MS;

  constructor(options: WorldOptions) {
    const { configuration, size, seed, historyDays = configuration.historyDays, isOnWire } = options;
    this.#options = options;
    this.#startMs = START_MS + historyDays * DAY_MS;
    // The allow-list names the market that may open later.
    const markets = [...marketsOf(size), LAUNCH_PLACE];
    this.#gateway = createGateway(configuration, { markets, size, startMs: START_MS }, isOnWire);
    this.#markets = marketsOf(size);
    this.#served = new Set(this.#markets);
    this.#random = createRandom(seed, 'world');
    this.#traffic = { seed, size, days: Number.POSITIVE_INFINITY };
    this.#visits = honestVisits(this.#traffic);
    this.#visit = this.#visits.next();
    this.#visitors = createVisitors({
      configuration,
      gateway: this.#gateway,
      tally: this.#tally,
      now: () => this.#nowMs,
      at: (atMs, event) => this.#at(atMs, event),
      isOut: (person) => this.#isOut(person),
      isMeasured: ({ atMs }) => atMs >= this.#startMs,
      isServed: (place) => this.#served.has(place),
    });
  }

  #at(atMs: number, event: Event): void {
    if (Number.isNaN(atMs)) throw new Error('an event without a time');
    this.#queue.add(Math.max(atMs, this.#nowMs), event);
  }

  /** Whether an operator delivers nothing now, so that nobody can enter a code. */
  #isOut({ place, operator }: Person): boolean {
    const outageHours = this.#attack?.outageHours;
    if (outageHours === undefined || place.code !== 'ID' || operator !== 0) return false;
    const from = this.#startMs + 10 * HOUR_MS;
    return this.#nowMs >= from && this.#nowMs < from + outageHours * HOUR_MS;
  }

  #startAttack(attack: Attack, perDay: number | undefined): Adversary {
    const { seed, size } = this.#options;
    return attack.run({
      random: createRandom(seed, 'attack'),
      startMs: this.#startMs + 2 * HOUR_MS,
      perDay: perDay ?? Math.max(1_500, size * 0.3),
      markets: this.#markets,
      customers: (count) => formerPeople({ seed, size, days: 1 }, count),
    });
  }

  async #tryOut(request: AttackRequest): Promise<boolean> {
    const { destination, clientIp, subject, isVerification = false } = request;
    const asked = { destination, clientIp, subject, isVerification };
    let answer = await this.#gateway.request(asked);
    if (answer.kind === 'captcha' && this.#random.chance(request.captcha)) {
      answer = await this.#gateway.request({ ...asked, isHuman: true });
    }
    const isSent = answer.kind === 'sent';
    if (request.isPreparation !== true) {
      this.#tally.countTry(request.atMs, isSent && answer.observed === undefined, request.place.price);
    }
    if (isSent && request.enters) {
      this.#at(this.#nowMs + this.#random.between(15_000, 60_000), () =>
        this.#gateway.report(answer.umid as string, asked),
      );
    }
    return isSent;
  }

  #moveTo(atMs: number): void {
    this.#nowMs = atMs;
    this.#gateway.setTime(atMs);
  }

  /** Plays everything before a time. */
  async #playUntil(endMs: number): Promise<void> {
    for (;;) {
      const visitMs = this.#visit.done === true ? Number.POSITIVE_INFINITY : this.#visit.value.atMs;
      const attempt = this.#attempt?.done === false ? this.#attempt.value : undefined;
      const attemptMs = attempt?.atMs ?? Number.POSITIVE_INFINITY;
      const nextMs = Math.min(visitMs, attemptMs, this.#queue.nextMs);
      if (nextMs >= endMs) return;
      this.#moveTo(nextMs);
      if (this.#queue.nextMs === nextMs) await this.#queue.take()?.();
      else if (visitMs === nextMs) this.#letIn();
      else if (attempt !== undefined) {
        this.#attempt = this.#adversary?.next({ isSent: await this.#tryOut(attempt) });
      }
    }
  }

  #letIn(): void {
    if (this.#visit.done === true) return;
    this.#visitors.arrive(this.#visit.value);
    this.#visit = this.#visits.next();
  }

  /** The days before an attack, less those in which it prepares. */
  playHistory(preparationDays = 0): Promise<void> {
    return this.#playUntil(this.#startMs - preparationDays * DAY_MS);
  }

  /** Plays an attack, and the honest traffic meanwhile. Once only. */
  async fight({ attack, perDay }: FightOptions): Promise<RunResult> {
    const startedAt = performance.now();
    const { days = 3 } = attack;
    const endMs = this.#startMs + days * DAY_MS;
    Object.assign(this.#traffic, attack.traffic?.(this.#startMs));
    if (this.#traffic.launch !== undefined) this.#markets = [...this.#markets, LAUNCH_PLACE];
    this.#served = new Set(this.#markets);
    this.#attack = attack;
    this.#adversary = this.#startAttack(attack, perDay);
    this.#attempt = this.#adversary.next();
    await this.#playUntil(endMs);
    // Visits of the last hour end; the next ones do not begin.
    this.#visit = { done: true, value: undefined };
    await this.#playUntil(endMs + 2 * HOUR_MS);
    await this.#gateway.close();
    return {
      figures: this.#tally.figures(days),
      reasons: this.#tally.reasons,
      groups: this.#tally.groups,
      seconds: (performance.now() - startedAt) / 1000,
    };
  }
}

/** The subject of one run. */
export type RunOptions = WorldOptions & FightOptions;

/** Plays honest traffic and one attack through the client. */
export async function simulate({ attack, perDay, ...options }: RunOptions): Promise<RunResult> {
  const historyDays = options.historyDays ?? attack.historyDays;
  const world = new World({ ...options, historyDays });
  await world.playHistory(attack.preparationDays);
  return world.fight({ attack, perDay });
}
