import { withTimeLimit } from '../internal/time-limit.ts';
import type { DistinctRule } from '../limits/limit-store.ts';
import { detachedCall, type Limiter } from '../limits/limiter.ts';
import type { Clock } from '../types.ts';

/** The numbers in the fullest block by country, of one day. */
type Peaks = Readonly<Record<string, number>>;

interface Learnt {
  /** Day of the first look. Days are counted in UTC since 1970. */
  readonly since: number;
  readonly day: number;
  readonly today: Peaks;
  /** The peaks of the days before. */
  readonly before: Peaks;
}

/**
 * How full the fullest block of a country gets in a day while it is calm, that is below its limit. Learnt from a sample of
 * messages, kept in the limit store, and so the same for all processes of a scope.
 */
export interface PrefixPeaks {
  /** Reads what other processes have learnt, the first time. Takes a second at most, and never throws. */
  load(signal: AbortSignal | undefined): Promise<void>;
  /** Whether `load` has nothing left to wait for. */
  readonly isLoaded: boolean;
  /** The fullest block of the days before; undefined until one whole day is known. */
  find(country: string): number | undefined;
  /** Looks at the block of a message now and then, in the background. */
  watch(rule: DistinctRule, country: string): void;
}

export interface PrefixPeaksConfig {
  readonly limiter: Limiter;
  readonly clock: Clock;
}

const DAY_MS = 86_400_000;
const RECORD_KEY = 'prefix:peaks';
/** A service that sends nothing for a week learns anew. */
const RECORD_MS = 8 * DAY_MS;
/** The peaks that other processes have learnt are read again after this time. */
const FRESH_MS = 60_000;
/** Until the peaks of others are read the limit only watches, so that the first message of a process need not wait long. */
const LOAD_MS = 1_000;
/** A quiet day takes off a tenth, so that a Monday is not measured by a Sunday. */
const FORGOTTEN = 0.9;
/** At least every fourth message is not looked at; of a block that fills up, an eighth is missed on average. */
const LEAST_PAUSE = 4;
const PAUSES_PER_PEAK = 8;
/** Writers that race; the next look learns what this one could not write. */
const MAX_ROUNDS = 5;

/** In one order and of a length that is bounded, so that equal states are equal texts. */
function inOrder(peaks: Peaks): Peaks {
  const entries = Object.entries(peaks).map(
    ([country, peak]) => [country, Math.round(peak * 10) / 10] as const,
  );
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}

function highest(one: Peaks, other: Peaks): Peaks {
  const merged = { ...one };
  for (const [country, peak] of Object.entries(other)) merged[country] = Math.max(peak, merged[country] ?? 0);
  return merged;
}

/** The state as it is on a later day. */
function onDay(learnt: Learnt, day: number): Learnt {
  let { before, today } = learnt;
  for (let passed = learnt.day; passed < day; passed += 1) {
    const faded = Object.entries(before).map(([country, peak]) => [country, peak * FORGOTTEN] as const);
    before = highest(today, Object.fromEntries(faded.filter(([, peak]) => peak >= 1)));
    today = {};
  }
  return { ...learnt, before, today, day };
}

function merge(one: Learnt, other: Learnt, day: number): Learnt {
  const [left, right] = [onDay(one, day), onDay(other, day)];
  const [before, today] = [highest(left.before, right.before), highest(left.today, right.today)];
  return { since: Math.min(left.since, right.since), day, before, today };
}

const isPeaks = (value: unknown): value is Peaks =>
  typeof value === 'object' && value !== null && Object.values(value).every((peak) => peak >= 0);

/** Reads a record; undefined for one that another version wrote. */
function parse(value: string, day: number): Learnt | undefined {
  try {
    const { since, day: of, before, today } = JSON.parse(value);
    const isKnown = since <= of && of <= day && of > day - 31 && isPeaks(before) && isPeaks(today);
    return isKnown ? { since, day: of, before, today } : undefined;
  } catch {
    return undefined;
  }
}

export function createPrefixPeaks({ limiter, clock }: PrefixPeaksConfig): PrefixPeaks {
  const today = () => Math.floor(clock.now() / DAY_MS);
  const call = detachedCall({ context: undefined });
  let learnt: Learnt | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  let exchange: Promise<void> | undefined;
  let isLoaded = false;
  let untilLook = 1;

  function current(): Learnt {
    const day = today();
    learnt ??= { since: day, day, before: {}, today: {} };
    if (learnt.day < day) learnt = onDay(learnt, day);
    return learnt;
  }

  /** Adds what this process has learnt to the record, and learns from it. */
  async function exchangeOnce(): Promise<void> {
    readAt = limiter.elapsed();
    if (!limiter.keepsRecords) return;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const stored = await limiter.readRecord(RECORD_KEY, call, 'the fullest block of a day was not read.');
      const parsed = stored === undefined ? undefined : parse(stored.value, today());
      learnt = parsed === undefined ? current() : merge(current(), parsed, today());
      const { since, day, before, today: peaks } = learnt;
      const value = JSON.stringify({ since, day, before: inOrder(before), today: inOrder(peaks) });
      if (value === stored?.value) return;
      const write = { key: RECORD_KEY, value, expected: stored?.version, ttlMs: RECORD_MS };
      const verdict = await limiter.writeRecord(write, call, 'the fullest block of a day was not kept.');
      if (verdict.written || verdict.reason === 'capacity') return;
    }
  }

  /** One exchange at a time. A store that fails has its own event, and the take of the message decides. */
  function startExchange(): Promise<void> {
    exchange ??= exchangeOnce()
      .catch(() => {})
      .finally(() => {
        exchange = undefined;
        isLoaded = true;
      });
    return exchange;
  }

  async function look(rule: DistinctRule, country: string): Promise<void> {
    try {
      const rules = [rule];
      const [state] =
        limiter.inspectNow(rules) ??
        (await limiter.inspect(rules, call, 'the fullest block of a day was not learnt.'));
      const count = state?.count ?? 0;
      const { today: peaks } = current();
      // A block that has reached its limit is not calm: fraud must not become the normal.
      if (count >= rule.limit || count <= (peaks[country] ?? 0)) return;
      learnt = { ...current(), today: { ...peaks, [country]: count } };
      await startExchange();
    } catch {
      // The failure has its own event.
    }
  }

  return {
    get isLoaded() {
      return isLoaded;
    },
    async load(signal) {
      try {
        await withTimeLimit(LOAD_MS, signal, startExchange);
        isLoaded = true;
      } catch {
        // The call has ended, and says so itself. The next message waits in its place.
      }
    },
    find(country) {
      const { since, day, before } = current();
      // The first day began in the middle.
      return day >= since + 2 ? (before[country] ?? 0) : undefined;
    },
    watch(rule, country) {
      if (limiter.elapsed() - readAt > FRESH_MS) void startExchange();
      untilLook -= 1;
      if (untilLook > 0) return;
      untilLook = Math.max(LEAST_PAUSE, Math.ceil((current().today[country] ?? 0) / PAUSES_PER_PEAK));
      void look(rule, country);
    },
  };
}
