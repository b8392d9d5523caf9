import type { PermitLease, PermitRequest } from '../../transport/shared-pace.ts';
import { escapeText } from '../key-hashing.ts';
import type { RunScript } from '../run-script.ts';
import { HORIZON_MS, LATE_MS, lifeMs, SLOW_LATE_MS, spaceMs } from './spacing.ts';

/** The permits of one sub-account, granted by the server. */
export interface ServerPermits {
  /** @param unreported permits that this process used without the server */
  lease(request: PermitRequest, unreported: number): Promise<PermitLease>;
  pause(ms: number): Promise<void>;
}

export interface ServerPermitsConfig {
  readonly run: RunScript;
  /** Identifies this process. */
  readonly processId: () => string;
  /** Keys of the lane. */
  readonly keys: readonly string[];
  /** The clock of the permits. */
  readonly now: () => number;
  readonly random: () => number;
  /** Microseconds of a test clock, used instead of the server's. */
  readonly testClock?: (() => number) | undefined;
}

/** The keys of a lane. They have a slot of their own, because no escaped scope contains this prefix. */
export function laneKeys(host: string, subAccountId: string, kind: 'fast' | 'details'): readonly string[] {
  const key = `8x8g:{%pace.${escapeText(`${host} ${subAccountId}`)}}:${kind === 'fast' ? 'f' : 'd'}`;
  return [key, `${key}p`];
}

/** In the place of the milliseconds of a pause. */
const END_PAUSE = -1;

const REPLY_PATTERN = /^(\d+) (\d+) (\d+) (\d+) (\d+) (\d+)$/;

export function createServerPermits(config: ServerPermitsConfig): ServerPermits {
  const { run, processId, keys, now, random, testClock } = config;

  function ask(...words: readonly (string | number)[]): Promise<unknown> {
    return run(keys, [testClock === undefined ? '' : `${testClock()}`, processId(), ...words.map(String)]);
  }

  return {
    async lease(request, unreported) {
      const micros = (lateMs: number) => Math.ceil(spaceMs(request, lateMs) * 1000);
      const wideForMs = request.periodMs + SLOW_LATE_MS;
      const askedMs = now();
      const reply = await ask(
        request.waiting,
        request.expected,
        micros(LATE_MS),
        micros(SLOW_LATE_MS),
        request.isSlow ? 'l' : '',
        Math.ceil(wideForMs * 1000),
        unreported,
        0,
      );
      return parseLease(reply, { askedMs, heardMs: now(), request, random });
    },
    async pause(ms) {
      await ask(0, 0, 1, 1, '', 0, 0, ms === 0 ? END_PAUSE : Math.ceil(ms));
    },
  };
}

interface Asked {
  readonly askedMs: number;
  readonly heardMs: number;
  readonly request: PermitRequest;
  readonly random: () => number;
}

/** Converts the permits of the server to the time of this process. */
function parseLease(reply: unknown, { askedMs, heardMs, request, random }: Asked): PermitLease {
  const words = REPLY_PATTERN.exec(`${reply}`);
  if (words === null) throw new Error('the server returned no lease');
  const [time, first, space, count, pause, probe] = words.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const permits = Array.from({ length: count }, (_, at) => {
    const dueInMs = (first + at * space - time) / 1000;
    return { fromMs: heardMs + dueInMs, untilMs: askedMs + dueInMs + lifeMs(request.isSlow) };
  });
  const pauseMs = pause / 1000;
  const probeInMs = probe / 1000;
  if (count > 0 || pauseMs > 0) return { permits, retryAfterMs: 0, pauseMs, probeInMs };
  // Random, so that the nearest process is not always first.
  const retryAfterMs = (first - time) / 1000 - HORIZON_MS + (random() * space) / 1000;
  return { permits, retryAfterMs, pauseMs, probeInMs };
}
