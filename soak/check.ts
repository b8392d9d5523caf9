import type { Arrival } from '../test/redis/processes/receiver.ts';

/**
 * A first write may come this much later than its take without moving in the window, because the store may ignore the
 * delay.
 */
const IGNORED_DELAY_MS = 250;

/** The shortest time in which one number got one message too many for a window. */
export interface Tightest {
  readonly number: string;
  readonly spanMs: number;
}

/**
 * Finds the shortest time in which a number got `limit + 1` messages. If it is at least the window, every half-open
 * window holds at most `limit`.
 */
export function tightestOf(arrivals: readonly Arrival[], limit: number): Tightest | undefined {
  let tightest: Tightest | undefined;
  for (const [number, times] of timesByNumber(arrivals)) {
    times.sort((one, other) => one - other);
    for (let at = limit; at < times.length; at += 1) {
      const spanMs = (times[at] as number) - (times[at - limit] as number);
      if (tightest === undefined || spanMs < tightest.spanMs) tightest = { number, spanMs };
    }
  }
  return tightest;
}

function timesByNumber(arrivals: readonly Arrival[]): Map<string, number[]> {
  const byNumber = new Map<string, number[]>();
  for (const { destination, writtenMs } of arrivals) {
    const times = byNumber.get(destination);
    if (times === undefined) byNumber.set(destination, [writtenMs]);
    else times.push(writtenMs);
  }
  return byNumber;
}

/** Returns one sentence per problem with the windows. */
export function checkWindows(arrivals: readonly Arrival[], limit: number, windowMs: number): string[] {
  const tightest = tightestOf(arrivals, limit);
  if (tightest === undefined || tightest.spanMs >= windowMs - IGNORED_DELAY_MS) return [];
  const { number, spanMs } = tightest;
  return [
    `${number} got ${limit + 1} messages in ${spanMs.toFixed(1)} ms; at most ${limit} in ${windowMs} ms`,
  ];
}

export function checkNoneTwice(arrivals: readonly Arrival[]): string[] {
  const seen = new Set<string>();
  return arrivals.flatMap(({ id }) => {
    if (seen.has(id)) return [`${id} was sent twice`];
    seen.add(id);
    return [];
  });
}

/** Bounds of the server's count for a number. */
export interface Allowed {
  readonly least: number;
  readonly most: number;
}

/** Compares the server's counts with the messages sent, per number, and checks the surplus over all numbers. */
export function checkTotals(
  numbers: readonly string[],
  counted: readonly number[],
  allowed: readonly Allowed[],
  mostSurplus: number,
): string[] {
  let surplus = 0;
  const flaws = numbers.flatMap((number, at) => {
    const { least, most } = allowed[at] as Allowed;
    const count = counted[at] as number;
    surplus += Math.max(0, count - most);
    if (count >= least && count <= most + mostSurplus) return [];
    return [
      `the server counts ${count} for ${number}, which got ${least === most ? least : `${least} to ${most}`}`,
    ];
  });
  if (surplus <= mostSurplus) return flaws;
  return [
    ...flaws,
    `the server counts ${surplus} more than were sent; at most ${mostSurplus} may be lost with killed processes`,
  ];
}
