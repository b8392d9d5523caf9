/** One kind of people, counted by visit. */
export interface Group {
  visits: number;
  refused: number;
  asked: number;
  lost: number;
}

/** The figures of one run. Only the days that are measured count. */
export interface Figures {
  readonly tried: number;
  readonly sent: number;
  /** Per cent of the tries that were not sent. */
  readonly stopped: number;
  /** US dollars, in all and per day. */
  readonly lost: number;
  readonly lostPerDay: number;
  /** Messages of the fraudster per day. */
  readonly sentPerDay: number;
  /** From the first try until at most a tenth of the further ones is sent; absent when that never happens. */
  readonly minutesToCutOff?: number;
  readonly honest: number;
  /** Per cent of the honest requests. */
  readonly refused: number;
  readonly asked: number;
  readonly waited: number;
  /** Numbers of countries that the team does not serve: its own choice. */
  readonly foreign: number;
  /** Per cent of the visits that would have ended with a code entered, and did not. */
  readonly peopleLost: number;
  readonly worstGroup: { readonly name: string; readonly lost: number; readonly asked: number };
}

/** How an honest request ended. */
export type HonestEnd = 'sent' | 'refused' | 'asked' | 'waited' | 'foreign';

/** Groups with fewer visits say nothing. */
const SMALLEST_GROUP = 150;
/** Tries that show that an attack is cut off. */
const SOON = 30;

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : (100 * part) / whole;
}

export class Tally {
  readonly #ends: Record<HonestEnd, number> = { sent: 0, refused: 0, asked: 0, waited: 0, foreign: 0 };
  readonly #groups = new Map<string, Group>();
  readonly #tries: { atMs: number; isSent: boolean }[] = [];
  readonly #refusals = new Map<string, number>();
  #sent = 0;
  #lost = 0;
  #visits = 0;
  #lostPeople = 0;

  countTry(atMs: number, isSent: boolean, price: number): void {
    this.#tries.push({ atMs, isSent });
    if (!isSent) return;
    this.#sent += 1;
    this.#lost += price;
  }

  countRequest(end: HonestEnd, reason: string | undefined): void {
    this.#ends[end] += 1;
    if (reason !== undefined) this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1);
  }

  countVisit(groups: readonly string[], visit: { wasRefused: boolean; wasAsked: boolean; isLost: boolean }) {
    this.#visits += 1;
    if (visit.isLost) this.#lostPeople += 1;
    for (const name of groups) {
      const group = this.#groups.get(name) ?? { visits: 0, refused: 0, asked: 0, lost: 0 };
      group.visits += 1;
      if (visit.wasRefused) group.refused += 1;
      if (visit.wasAsked) group.asked += 1;
      if (visit.isLost) group.lost += 1;
      this.#groups.set(name, group);
    }
  }

  /** Reasons of honest refusals and questions, for a look at one run. */
  get reasons(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#refusals);
  }

  get groups(): Readonly<Record<string, Group>> {
    return Object.fromEntries(this.#groups);
  }

  #minutesToCutOff(): number | undefined {
    const tries = this.#tries;
    let sentLater = 0;
    let sentSoon = 0;
    let cut: number | undefined;
    for (let index = tries.length - 1; index >= 0; index -= 1) {
      if (tries[index]?.isSent === true) {
        sentLater += 1;
        sentSoon += 1;
      }
      if (tries[index + SOON]?.isSent === true) sentSoon -= 1;
      const isStopped = sentSoon <= SOON / 10 && sentLater <= (tries.length - index) / 10;
      if (isStopped && tries.length - index >= SOON) cut = index;
    }
    const from = cut === undefined ? undefined : tries[cut]?.atMs;
    if (from === undefined) return undefined;
    return Math.round((from - (tries[0]?.atMs ?? from)) / 6_000) / 10;
  }

  figures(days: number): Figures {
    const { refused, asked, waited, foreign } = this.#ends;
    const honest = Object.values(this.#ends).reduce((sum, count) => sum + count, 0);
    const tried = this.#tries.length;
    const worst = [...this.#groups]
      .filter(([, { visits }]) => visits >= SMALLEST_GROUP)
      .map(([name, group]) => {
        return { name, lost: share(group.lost, group.visits), asked: share(group.asked, group.visits) };
      })
      .sort((one, other) => other.lost - one.lost || other.asked - one.asked)[0];
    const minutesToCutOff = this.#minutesToCutOff();
    return {
      tried,
      sent: this.#sent,
      stopped: share(tried - this.#sent, tried),
      lost: this.#lost,
      lostPerDay: this.#lost / days,
      sentPerDay: this.#sent / days,
      ...(minutesToCutOff !== undefined && { minutesToCutOff }),
      honest,
      refused: share(refused, honest),
      asked: share(asked, honest),
      waited: share(waited, honest),
      foreign: share(foreign, honest),
      peopleLost: share(this.#lostPeople, this.#visits),
      worstGroup: worst ?? { name: 'nobody', lost: 0, asked: 0 },
    };
  }
}
