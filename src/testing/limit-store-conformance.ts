import { BASIC_CASES, type ConformanceCheck } from './limit-conformance/basic-cases.ts';
import { BLOCK_CASES, BLOCK_TIME_CASES } from './limit-conformance/block-cases.ts';
import { blocksAndLeases, capacity, flood, folding, SMALL } from './limit-conformance/capacity-cases.ts';
import { DOUBT_CASES, DOUBT_TIME_CASES, DoubtRun } from './limit-conformance/doubt-cases.ts';
import { type ConformanceCase, Session, type StoreUnderTest } from './limit-conformance/kit.ts';
import { LEASE_CASES, LEASE_TIME_CASES } from './limit-conformance/lease-cases.ts';
import { MIXED_WINDOW_CASES } from './limit-conformance/mixed-window-cases.ts';
import type { OpenTakes } from './limit-conformance/oracle.ts';
import { RandomRun } from './limit-conformance/random-case.ts';
import { RECORD_CASES, RECORD_TIME_CASES } from './limit-conformance/record-cases.ts';
import { OPEN_TAKE_CASES, TIME_CASES } from './limit-conformance/time-cases.ts';
import { VISITOR_CASES, VISITOR_TIME_CASES } from './limit-conformance/visitor-cases.ts';

export type { ConformanceCase, StoreUnderTest } from './limit-conformance/kit.ts';

/** The sizes of a bounded store for the capacity cases. */
export interface ConformanceSizes {
  /** Number of recipients whose windows fit. */
  readonly maxRecipients: number;
  /** Number of entries that fit in each other table. */
  readonly maxEntries: number;
}

/** Options of {@link limitStoreConformance}. */
export interface LimitStoreConformanceOptions {
  /** Creates an empty store for one case. `sizes` is given for the capacity cases only. */
  create(sizes?: ConformanceSizes): StoreUnderTest | Promise<StoreUnderTest>;
  /**
   * The clock of the store. `controlled`: only `advance` moves it, by whole milliseconds. `real`: it runs, and cases that
   * need exact milliseconds are left out.
   * @default `controlled`
   */
  readonly clock?: 'controlled' | 'real' | undefined;
  /** Whether the store is bounded by `sizes`; `false` leaves out the capacity cases and the flood. @default true */
  readonly bounded?: boolean | undefined;
  /**
   * How the store counts an open take. `counted`: always, however old it is. `as-written`: as if it had been written when
   * it was taken, and no longer than its window; `settle` may then ignore a keep that has no result and is at most 250 ms
   * late. Cases that require more are left out.
   * @default `counted`
   */
  readonly openTakes?: OpenTakes | undefined;
  /** Whether the store keeps `records`; `false` leaves out their cases. @default true */
  readonly records?: boolean | undefined;
  /** Whether the store keeps rules of `doubt`; `false` leaves out their cases. @default true */
  readonly doubts?: boolean | undefined;
  /**
   * The time from which the store counts days and weeks of `doubt`, at the start of a case.
   * @default 0, a monotonic clock that starts with the case
   */
  readonly doubtStartMs?: number | undefined;
  /** Number of random operations that are compared with the oracle. @default 100,000 */
  readonly operations?: number | undefined;
  /** Number of fresh numbers in the flood; the table has room for a tenth of them. @default 1,000,000 */
  readonly floodSize?: number | undefined;
  /** Seed of the random operations; the same seed reproduces a failure. @default 1 */
  readonly seed?: number | undefined;
}

/**
 * Returns the conformance cases that every `LimitStore` must pass, for any test runner. A case throws an `Error` that says
 * what it expected.
 *
 * @example
 * ```ts
 * for (const { name, run } of limitStoreConformance({ create: () => myStoreUnderTest() })) test(name, run);
 * ```
 */
export function limitStoreConformance(options: LimitStoreConformanceOptions): readonly ConformanceCase[] {
  const { operations = 100_000, floodSize = 1_000_000, seed = 1, bounded = true } = options;
  const { openTakes = 'counted', records = true, doubts = true } = options;
  const cases: ConformanceCase[] = [];
  const add = (name: string, check: ConformanceCheck, sizes?: ConformanceSizes): void => {
    cases.push({
      name,
      async run() {
        const subject = await options.create(sizes);
        try {
          await check(new Session(subject));
        } finally {
          await subject.store.close?.();
        }
      },
    });
  };
  for (const [name, check] of [...BASIC_CASES, ...BLOCK_CASES, ...LEASE_CASES, ...VISITOR_CASES])
    add(name, check);
  if (records) for (const [name, check] of RECORD_CASES) add(name, check);
  if (options.clock === 'real') return cases;
  if (doubts) {
    // Doubt fades with every millisecond.
    for (const [name, check] of [...DOUBT_CASES, ...DOUBT_TIME_CASES]) add(name, check);
    add(`${operations / 5} random operations about doubt agree with the oracle`, ({ subject }) =>
      new DoubtRun(subject, seed, options.doubtStartMs ?? 0).run(operations / 5),
    );
  }
  if (records) for (const [name, check] of RECORD_TIME_CASES) add(name, check);
  const timeCases = [
    ...TIME_CASES,
    ...MIXED_WINDOW_CASES,
    ...BLOCK_TIME_CASES,
    ...LEASE_TIME_CASES,
    ...VISITOR_TIME_CASES,
  ];
  for (const [name, check] of timeCases) add(name, check);
  if (openTakes === 'counted') for (const [name, check] of OPEN_TAKE_CASES) add(name, check);
  add(`${operations} random operations agree with the oracle`, ({ subject }) =>
    new RandomRun(subject, seed, openTakes).run(operations),
  );
  if (!bounded) return cases;
  add('full tables refuse new keys, not old limits', capacity, SMALL);
  add('full tables make room for what only reads, and for what let its lease pass', blocksAndLeases, SMALL);
  add('a full window table folds the oldest and only over-counts', folding, SMALL);
  const maxRecipients = Math.max(1000, Math.floor(floodSize / 10));
  add(`a flood of ${floodSize} fresh numbers lifts no limit`, flood(floodSize), {
    maxRecipients,
    maxEntries: maxRecipients,
  });
  return cases;
}
