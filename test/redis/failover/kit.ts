import type {
  BackoffRule,
  LimitRule,
  LimitStore,
  OnceRule,
  TakeVerdict,
  WindowRule,
} from '../../../src/limits/limit-store.ts';
import { createFailoverStore, type FailoverStoreConfig } from '../../../src/redis/failover/failover-store.ts';
import type { LimitsEvent } from '../../../src/redis/failover/limits-event.ts';
import type { Clock } from '../../../src/types.ts';
import { createFaultyStore, type FaultyStore } from './faulty-store.ts';

export const SCOPE = 'account';
export const MINUTE_MS = 60_000;

const shared = { guard: 'recipient', key: 6591234567, mode: 'enforce' } as const;

export function windowRule(limit: number, more: Partial<WindowRule> = {}): WindowRule {
  return { ...shared, kind: 'window', id: 'recipient:all', limit, windowMs: 10 * MINUTE_MS, ...more };
}

export function backoffRule(more: Partial<BackoffRule> = {}): BackoffRule {
  return {
    kind: 'backoff',
    id: 'otp',
    guard: 'backoff',
    key: 6591234567,
    mode: 'enforce',
    baseMs: 30_000,
    maxMs: 60 * MINUTE_MS,
    forgetMs: 60 * MINUTE_MS,
    ...more,
  };
}

export function onceRule(more: Partial<OnceRule> = {}): OnceRule {
  return {
    kind: 'once',
    id: 'idempotency',
    guard: 'idempotency',
    key: 'order-4711',
    fingerprint: 'a',
    windowMs: 60 * MINUTE_MS,
    mode: 'enforce',
    ...more,
  };
}

/** One process of a service, over a shared store that can fail. */
export interface Process {
  readonly store: LimitStore;
  readonly events: LimitsEvent[];
  /** `to` of every switch, in order. */
  switches(): string[];
  take(reservation: string, ...rules: readonly LimitRule[]): Promise<TakeVerdict>;
  settle(reservation: string, outcome: 'keep' | 'return', ...rules: readonly LimitRule[]): Promise<void>;
}

export function startProcess(
  faulty: FaultyStore,
  onStoreError: FailoverStoreConfig['onStoreError'] = { processes: 2, once: 'refuse' },
  clock?: Clock,
): Process {
  const events: LimitsEvent[] = [];
  const store = createFailoverStore({
    remote: faulty.store,
    onStoreError,
    timeoutMs: 150,
    clock,
    onEvent: (event) => {
      events.push(event);
    },
  });
  return {
    store,
    events,
    switches: () => events.flatMap((event) => (event.type === 'limits-switched' ? [event.to] : [])),
    async take(reservation, ...rules) {
      const [verdict] = await store.take(SCOPE, [{ reservation, rules }]);
      return verdict as TakeVerdict;
    },
    settle: (reservation, outcome, ...rules) => store.settle(SCOPE, [{ reservation, rules, outcome }]),
  };
}

/** A process that considers the shared store down. */
export async function startAway(
  onStoreError?: FailoverStoreConfig['onStoreError'],
  clock?: Clock,
): Promise<{ readonly faulty: FaultyStore; readonly process: Process }> {
  const faulty = createFaultyStore();
  const process = startProcess(faulty, onStoreError, clock);
  faulty.fault = 'error';
  const other = windowRule(1, { key: 'nobody' });
  for (let failure = 0; failure < 3; failure += 1)
    await process.store.release(SCOPE, [other]).catch(() => {});
  return { faulty, process };
}

export async function countOf(store: LimitStore, rule: LimitRule): Promise<number> {
  const [state] = await store.inspect(SCOPE, [rule]);
  return state?.count ?? Number.NaN;
}
