import type { Configuration } from './configurations.ts';
import type { CodeAnswer, Gateway } from './gateway.ts';
import type { Person } from './people.ts';
import type { Place } from './places.ts';
import type { HonestEnd, Tally } from './tally.ts';
import { HOUR_MS, type Visit } from './traffic.ts';

const PEOPLE_PASS_CAPTCHA = 0.97;
const PEOPLE_TAKE_CHANNEL = 0.85;
/** Part of the people without a code who ask again: shield.md, section 7, 18. */
const ASK_AGAIN = 0.37;
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

/** The parts of a world that its people need. */
export interface VisitorsConfig {
  readonly configuration: Configuration;
  readonly gateway: Gateway;
  readonly tally: Tally;
  now(): number;
  at(atMs: number, event: () => Promise<void>): void;
  /** Whether messages to this person do not arrive now. */
  isOut(person: Person): boolean;
  isMeasured(visit: Visit): boolean;
  /** Whether the team does business in this country. */
  isServed(place: Place): boolean;
}

/** Honest people at the form: they ask, wait, ask again, solve captchas, enter codes, or give up. */
export interface Visitors {
  arrive(visit: Visit): void;
}

export function createVisitors(config: VisitorsConfig): Visitors {
  const { configuration, gateway, tally, now, at } = config;
  const { asking, saysReturning, reported = 1 } = configuration;

  function requestOf({ visit: { person, isNew }, isHuman }: Flow, destination = person.destination) {
    const { clientIp, subject } = person;
    return { destination, clientIp, subject, isHuman, isReturning: saysReturning === true && !isNew };
  }

  /** A service that cannot ask has to refuse. */
  function canAsk(verdict: CodeAnswer['kind']): boolean {
    if (verdict === 'captcha') return asking !== 'nothing';
    return verdict === 'channel' && asking === 'captcha-and-channel';
  }

  function endOf({ kind, reason, retryAfterMs, observed }: CodeAnswer): HonestEnd {
    const verdict = observed ?? kind;
    if (verdict === 'sent') return 'sent';
    if (canAsk(verdict)) return 'asked';
    if (reason?.startsWith('countries') === true) return 'foreign';
    // A mistyped number that cannot exist: the person is told at once.
    if (reason?.startsWith('phone') === true) return 'waited';
    return retryAfterMs !== undefined && retryAfterMs <= LONGEST_WAIT_MS ? 'waited' : 'refused';
  }

  async function request(flow: Flow, destination?: string): Promise<[CodeAnswer, HonestEnd]> {
    const answer = await gateway.request(requestOf(flow, destination));
    const end = endOf(answer);
    if (flow.isMeasured) {
      tally.countRequest(end, answer.reason);
      flow.wasRefused ||= end === 'refused';
      flow.wasAsked ||= end === 'asked';
    }
    return [answer, end];
  }

  async function ask(flow: Flow): Promise<void> {
    if (flow.isIn) return;
    const { random } = flow.visit;
    const [{ kind, umid, retryAfterMs }, end] = await request(flow);
    if (kind === 'sent') expectCode(flow, umid as string);
    else if (end === 'asked') await (kind === 'captcha' ? solveCaptcha(flow) : takeChannel(flow));
    else if (end === 'waited' && retryAfterMs !== undefined) {
      at(now() + retryAfterMs + random.between(1_000, 8_000), () => ask(flow));
    }
  }

  async function pressAgain(flow: Flow): Promise<void> {
    if (flow.isUnderWay) await request(flow);
  }

  function expectCode(flow: Flow, umid: string): void {
    const { isConverting, typingMs, patienceMs, person, random } = flow.visit;
    const isOut = config.isOut(person);
    flow.isUnderWay = true;
    flow.codesLeft -= 1;
    if (isConverting && flow.codesLeft === 0 && !isOut) at(now() + typingMs, () => enter(flow, umid));
    else if (flow.codesLeft > 0 || (isOut && random.chance(ASK_AGAIN))) {
      flow.codesLeft = Math.max(1, flow.codesLeft);
      at(now() + patienceMs, () => ask(flow));
    }
  }

  async function enter(flow: Flow, umid: string): Promise<void> {
    flow.isIn = true;
    flow.isUnderWay = false;
    if (reported === 1 || flow.visit.random.chance(reported)) await gateway.report(umid, requestOf(flow));
  }

  async function solveCaptcha(flow: Flow): Promise<void> {
    if (!flow.visit.random.chance(PEOPLE_PASS_CAPTCHA)) return;
    flow.isHuman = true;
    at(now() + CAPTCHA_MS, () => ask(flow));
  }

  async function takeChannel(flow: Flow): Promise<void> {
    const { random, isConverting, person } = flow.visit;
    if (!random.chance(PEOPLE_TAKE_CHANNEL)) return;
    flow.isIn = isConverting;
    if (isConverting) await gateway.reportOtherWay(person.destination, person.subject);
  }

  async function leave({ visit, isMeasured, isIn, wasRefused, wasAsked }: Flow): Promise<void> {
    const { place } = visit.person;
    const isServed = config.isServed(place);
    if (!isMeasured || (!isServed && !wasRefused && !wasAsked)) return;
    const isLost = visit.isConverting && !isIn && (wasRefused || wasAsked);
    tally.countVisit(groupsOf(visit.person, isServed), { wasRefused, wasAsked, isLost });
  }

  return {
    arrive(visit) {
      const { atMs, codes, mistyped, patienceMs, impatientAfterMs } = visit;
      const flow: Flow = {
        visit,
        isMeasured: config.isMeasured(visit),
        codesLeft: codes,
        isIn: false,
        isHuman: false,
        wasRefused: false,
        wasAsked: false,
        isUnderWay: false,
      };
      if (mistyped !== undefined) {
        at(atMs, async () => void (await request(flow, mistyped)));
      }
      at(mistyped === undefined ? atMs : atMs + patienceMs / 2, () => ask(flow));
      if (impatientAfterMs !== undefined) at(atMs + impatientAfterMs, () => pressAgain(flow));
      // Nothing of a visit is later than this.
      at(atMs + HOUR_MS, () => leave(flow));
    },
  };
}

function groupsOf({ access, place }: Person, isServed: boolean): readonly string[] {
  return [access, isServed ? `people of ${place.code}` : 'foreign numbers'];
}
