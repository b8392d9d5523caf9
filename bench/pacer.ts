import pThrottle from 'p-throttle';
import { createPacer } from '../src/transport/pacer.ts';
import type { Row } from './row.ts';

export const REQUESTS_PER_SECOND = 1800;
/** The first of each second is at 0, 1, 2, 3 and 4 s: ideally 4,000 ms. */
const CALLS = 7201;
export const IDEAL_MS = 4000;
const MIN_SHARE = 0.98;

interface Run {
  readonly durationMs: number;
  /** The most calls in any half-open second, at the times at which they really left. */
  readonly mostInASecond: number;
}

export async function measure<Turn>(
  takeTurn: () => Turn,
  leave: (turn: Awaited<Turn>) => void,
): Promise<Run> {
  const times: number[] = [];
  await Promise.all(
    Array.from({ length: CALLS }, async () => {
      const turn = await takeTurn();
      times.push(performance.now());
      leave(turn);
    }),
  );
  times.sort((first, second) => first - second);
  let mostInASecond = 0;
  let start = 0;
  for (const [end, time] of times.entries()) {
    while ((times[start] ?? time) <= time - 1000) start++;
    mostInASecond = Math.max(mostInASecond, end - start + 1);
  }
  // From the first to the last: making 7,201 promises is not the pacer's time.
  return { durationMs: (times.at(-1) ?? 0) - (times[0] ?? 0), mostInASecond };
}

export const show = ({ durationMs, mostInASecond }: Run) =>
  `${Math.round(durationMs)} ms, at most ${mostInASecond} in 1 s`;

/**
 * How close the pacer comes to 1,800 requests per second, and whether it ever exceeds them; compared with p-throttle.
 */
export async function benchPacer(): Promise<Row[]> {
  const pacer = createPacer(() => performance.now());
  const { signal } = new AbortController();
  const pace = { requestsPerSecond: REQUESTS_PER_SECOND, maxQueued: CALLS };
  const ours = await measure(
    () => pacer.take(pace, signal),
    (turn) => pacer.leave(turn),
  );
  const throttle = pThrottle({ limit: REQUESTS_PER_SECOND, interval: 1000, strict: true });
  const compared = await measure(
    throttle(async () => {}),
    () => {},
  );
  const share = IDEAL_MS / ours.durationMs;
  return [
    {
      measure: `pacer: ${CALLS} calls at ${REQUESTS_PER_SECOND}/s (p-throttle strict beside it)`,
      ours: `${show(ours)} (${(share * 100).toFixed(1)} % of the rate)`,
      compared: show(compared),
      ratio: (ours.durationMs / compared.durationMs).toFixed(2),
      target: 'at least 98 % of the rate, never over',
      met: share >= MIN_SHARE && ours.mostInASecond <= REQUESTS_PER_SECOND,
    },
  ];
}
