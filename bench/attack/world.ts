import type { Adversary, Attack, AttackRequest } from './attack.ts';
import type { Configuration } from './configurations.ts';
import { EventQueue } from './event-queue.ts';
import { type CodeAnswer, createGateway, type Gateway } from './gateway.ts';
import { LAUNCH_PLACE, marketsOf, type Place } from './places.ts';
import { createRandom, type Random } from './random.ts';
import { type Figures, type Group, groupsOf, type HonestEnd, Tally } from './tally.ts';
import { DAY_MS, formerPeople, HOUR_MS, honestVisits, START_MS, type Visit } from './traffic.ts';

/** What one run is about. */
export interface RunOptions {
  readonly attack: Attack;
  readonly configuration: Configuration;
  /** Honest requests per day. */
  readonly size: number;
  readonly seed: number;
  /** Tries of the fraudster per day. @default 1,500, and 30 % of the honest requests of a large service */
  readonly perDay?: number | undefined;
  readonly historyDays?: number | undefined;
  /** Through the whole client and a stand-in for `fetch`, at twice the price. @default false */
  readonly isOnWire?: boolean | undefined;
}

export interface RunResult {
  readonly figures: Figures;
  readonly reasons: Readonly<Record<string, number>>;
  readonly groups: Readonly<Record<string, Group>>;
  readonly seconds: number;
}

const PEOPLE_PASS_CAPTCHA = 0.97;
const PEOPLE_TAKE_CHANNEL = 0.85;
/** People wait this long when they are told to, and no longer. */
const LONGEST_WAIT_MS = 120_000;
const CAPTCHA_MS = 12_000;

/** A visit under way. */
interface Flow {
  readonly visit: Visit;
  readonly isMeasured: boolean;
  codesLeft: number;
  isIn: boolean;
  isHuman: boolean;
  wasRefused: boolean;
  wasAsked: boolean;
  /** Whether a code is on its way. */
  isUnderWay: boolean;
}

/** Next things to do; each gets the time from the queue. */
type Event = () => Promise<void>;

class World {
  readonly #options: RunOptions;
  readonly #gateway: Gateway;
  readonly #tally = new Tally();
  readonly #queue = new EventQueue<Event>();
  readonly #markets: readonly Place[];
  readonly #marketSet: ReadonlySet<Place>;
  readonly #startMs: number;
  readonly #endMs: number;
  readonly #random: Random;
  #nowMs = START_MS;

  constructor(options: RunOptions) {
    const { attack, configuration, size, seed } = options;
    this.#options = options;
    const historyDays = options.historyDays ?? attack.historyDays ?? configuration.historyDays;
    this.#startMs = START_MS + historyDays * DAY_MS;
    this.#endMs = this.#startMs + (attack.days ?? 3) * DAY_MS;
    const isLaunch = attack.traffic?.(this.#startMs).launch !== undefined;
    this.#markets = isLaunch ? [...marketsOf(size), LAUNCH_PLACE] : marketsOf(size);
    this.#marketSet = new Set(this.#markets);
    this.#gateway = createGateway(configuration, this.#markets, START_MS, options.isOnWire);
    this.#random = createRandom(seed, 'world');
  }

  #at(atMs: number, event: Event): void {
    if (Number.isNaN(atMs)) throw new Error('an event without a time');
    this.#queue.add(Math.max(atMs, this.#nowMs), event);
  }

  /** An operator that delivers nothing: nobody can enter a code. */
  #isOut({ place, operator }: Visit['person']): boolean {
    const { outageHours } = this.#options.attack;
    if (outageHours === undefined || place.code !== 'ID' || operator !== 0) return false;
    const from = this.#startMs + 10 * HOUR_MS;
    return this.#nowMs >= from && this.#nowMs < from + outageHours * HOUR_MS;
  }

  // ——— honest people ———

  #arrive(visit: Visit): void {
    const flow: Flow = {
      visit,
      isMeasured: visit.atMs >= this.#startMs,
      codesLeft: visit.codes,
      isIn: false,
      isHuman: false,
      wasRefused: false,
      wasAsked: false,
      isUnderWay: false,
    };
    const { mistyped, patienceMs, impatientAfterMs } = visit;
    if (mistyped === undefined) {
      this.#at(visit.atMs, () => this.#ask(flow));
    } else {
      this.#at(visit.atMs, () => this.#askWrongNumber(flow, mistyped));
      this.#at(visit.atMs + patienceMs / 2, () => this.#ask(flow));
    }
    if (impatientAfterMs !== undefined) this.#at(visit.atMs + impatientAfterMs, () => this.#pressAgain(flow));
    // Nothing of a visit is later than this.
    this.#at(visit.atMs + HOUR_MS, () => this.#leave(flow));
  }

  #requestOf({ visit: { person, isNew }, isHuman }: Flow, destination = person.destination) {
    const { saysReturning } = this.#options.configuration;
    const { clientIp, subject } = person;
    return { destination, clientIp, subject, isHuman, isReturning: saysReturning === true && !isNew };
  }

  #count(flow: Flow, answer: CodeAnswer): HonestEnd {
    const end = endOf(answer);
    if (!flow.isMeasured) return end;
    this.#tally.countRequest(end, answer.reason);
    flow.wasRefused ||= end === 'refused';
    flow.wasAsked ||= end === 'asked';
    return end;
  }

  async #askWrongNumber(flow: Flow, destination: string): Promise<void> {
    this.#count(flow, await this.#gateway.request(this.#requestOf(flow, destination)));
  }

  async #pressAgain(flow: Flow): Promise<void> {
    if (!flow.isUnderWay) return;
    this.#count(flow, await this.#gateway.request(this.#requestOf(flow)));
  }

  async #ask(flow: Flow): Promise<void> {
    if (flow.isIn) return;
    const { visit } = flow;
    const answer = await this.#gateway.request(this.#requestOf(flow));
    const end = this.#count(flow, answer);
    if (answer.kind === 'sent') this.#await(flow, answer.umid as string);
    else if (answer.kind === 'captcha') this.#solve(flow);
    else if (answer.kind === 'channel') await this.#takeChannel(flow);
    else if (end === 'waited' && answer.retryAfterMs !== undefined) {
      const atMs = this.#nowMs + answer.retryAfterMs + visit.random.between(1_000, 8_000);
      this.#at(atMs, () => this.#ask(flow));
    }
  }

  /** A code is on its way. */
  #await(flow: Flow, umid: string): void {
    const { visit } = flow;
    flow.isUnderWay = true;
    flow.codesLeft -= 1;
    const isOut = this.#isOut(visit.person);
    if (visit.isConverting && flow.codesLeft === 0 && !isOut) {
      this.#at(this.#nowMs + visit.typingMs, () => this.#enter(flow, umid));
    } else if (flow.codesLeft > 0 || (isOut && visit.random.chance(0.37))) {
      if (isOut) flow.codesLeft = Math.max(1, flow.codesLeft);
      this.#at(this.#nowMs + visit.patienceMs, () => this.#ask(flow));
    }
  }

  async #enter(flow: Flow, umid: string): Promise<void> {
    flow.isIn = true;
    flow.isUnderWay = false;
    const { reported = 1 } = this.#options.configuration;
    const { destination, subject } = flow.visit.person;
    if (reported === 1 || flow.visit.random.chance(reported)) {
      await this.#gateway.report(umid, destination, subject);
    }
  }

  #solve(flow: Flow): void {
    if (this.#options.configuration.asking === 'nothing') {
      flow.wasRefused = true;
      return;
    }
    if (!flow.visit.random.chance(PEOPLE_PASS_CAPTCHA)) return;
    flow.isHuman = true;
    this.#at(this.#nowMs + CAPTCHA_MS, () => this.#ask(flow));
  }

  async #takeChannel(flow: Flow): Promise<void> {
    if (this.#options.configuration.asking !== 'captcha-and-channel') {
      flow.wasRefused = true;
      return;
    }
    const { visit } = flow;
    if (!visit.random.chance(PEOPLE_TAKE_CHANNEL)) return;
    flow.isIn = visit.isConverting;
    if (flow.isIn) await this.#gateway.reportOtherWay(visit.person.destination, visit.person.subject);
  }

  async #leave(flow: Flow): Promise<void> {
    if (!flow.isMeasured) return;
    const { visit, isIn, wasRefused, wasAsked } = flow;
    const isForeign = !this.#marketSet.has(visit.person.place);
    const isLost = visit.isConverting && !isIn && (wasRefused || wasAsked);
    if (isForeign && !wasRefused && !wasAsked) return;
    this.#tally.countVisit(groupsOf(visit.person, this.#marketSet), { wasRefused, wasAsked, isLost });
  }

  // ——— the fraudster ———

  #startAttack(): Adversary {
    const { attack, seed, size } = this.#options;
    return attack.run({
      random: createRandom(seed, 'attack'),
      startMs: this.#startMs + 2 * HOUR_MS,
      perDay: this.#options.perDay ?? Math.max(1_500, size * 0.3),
      markets: this.#markets,
      customers: (count) => formerPeople({ seed, size, days: 1 }, count),
    });
  }

  async #attempt(request: AttackRequest): Promise<boolean> {
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
        this.#gateway.report(answer.umid as string, destination, subject),
      );
    }
    return isSent;
  }

  // ——— time ———

  #moveTo(atMs: number): void {
    this.#nowMs = atMs;
    this.#gateway.setTime(atMs);
  }

  async run(): Promise<RunResult> {
    const startedAt = performance.now();
    const { attack, seed, size } = this.#options;
    const days = (this.#endMs - START_MS) / DAY_MS;
    const visits = honestVisits({ seed, size, days, ...attack.traffic?.(this.#startMs) });
    const adversary = this.#startAttack();
    let visit = visits.next();
    let attempt = adversary.next();
    for (;;) {
      const visitMs = visit.done === true ? Number.POSITIVE_INFINITY : visit.value.atMs;
      const attemptMs = attempt.done === true ? Number.POSITIVE_INFINITY : attempt.value.atMs;
      const nextMs = Math.min(visitMs, attemptMs, this.#queue.nextMs);
      if (nextMs === Number.POSITIVE_INFINITY) break;
      this.#moveTo(nextMs);
      if (this.#queue.nextMs === nextMs) await this.#queue.take()?.();
      else if (visitMs === nextMs && visit.done !== true) {
        this.#arrive(visit.value);
        visit = visits.next();
      } else if (attempt.done !== true) {
        attempt = adversary.next({ isSent: await this.#attempt(attempt.value) });
      }
    }
    await this.#gateway.close();
    return {
      figures: this.#tally.figures(attack.days ?? 3),
      reasons: this.#tally.reasons,
      groups: this.#tally.groups,
      seconds: (performance.now() - startedAt) / 1000,
    };
  }
}

function endOf({ kind, reason, retryAfterMs, observed }: CodeAnswer): HonestEnd {
  const verdict = observed ?? kind;
  if (verdict === 'sent') return 'sent';
  if (verdict !== 'refused') return 'asked';
  if (reason?.startsWith('countries') === true) return 'foreign';
  // A mistyped number that cannot exist: the person is told at once.
  if (reason?.startsWith('phone') === true) return 'waited';
  return retryAfterMs !== undefined && retryAfterMs <= LONGEST_WAIT_MS ? 'waited' : 'refused';
}

/** Plays honest traffic and one attack through the client. */
export function simulate(options: RunOptions): Promise<RunResult> {
  return new World(options).run();
}
