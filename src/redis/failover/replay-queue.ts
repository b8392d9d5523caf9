import { isWritten } from '../../limits/conditions.ts';
import type { LimitRule, Settlement, TakeRequest } from '../../limits/limit-store.ts';
import { LEASE_MS } from '../../limits/rule-table.ts';
import type { StoreTime } from '../../limits/store-time.ts';
import { lifeOf } from './fallback-rules.ts';
import { MAX_SETTLEMENTS, nextChunk } from './next-chunk.ts';
import {
  type GrantJob,
  type ReplayChunk,
  type ReplayJob,
  retriesOf,
  settlementsOf,
  sizeOf,
  takesOf,
} from './replay-jobs.ts';

/** Most queued messages: about 50 MB with six rules per message. Our number. */
const MAX_MESSAGES = 50_000;
/** A grant that was written back before its message was settled. */
interface OpenGrant {
  readonly writes: readonly TakeRequest[];
  readonly grantedMs: number;
  readonly writtenMs: number;
}

/** Calls that the shared store has missed, in order. Bounded. */
export interface ReplayQueue {
  /** Messages that the shared store does not count yet. */
  pendingGrants(): number;
  isEmpty(): boolean;
  /** Returns false when there is no room. */
  addGrant(scope: string, request: TakeRequest): boolean;
  /**
   * Returns false when there is no room.
   *
   * @param triedMs when they were first sent, maybe in vain
   */
  addSettlements(scope: string, settlements: readonly Settlement[], triedMs?: number): boolean;
  /** Takes out settlements of local grants. The rest is for the shared store, now. */
  absorb(settlements: readonly Settlement[]): readonly Settlement[];
  /** Drops what was released. */
  release(scope: string, rules: readonly LimitRule[]): void;
  /** The oldest jobs that fit into one call, of one scope. They stay queued until they are completed. */
  next(most?: number): ReplayChunk | undefined;
  /** The chunk was carried out. */
  complete(chunk: ReplayChunk): void;
  /** The chunk was not carried out, or maybe was if `isTried`. It is sent again before the rest. */
  requeue(chunk: ReplayChunk, isTried: boolean): void;
  /** The chunk will never be carried out. */
  drop(chunk: ReplayChunk): void;
}

/** Returned or released while it was sent in vain: the shared store need not know it. */
function isSettledHere(job: ReplayJob): boolean {
  return job.kind === 'grant' && (job.settlement?.outcome === 'return' || !job.rules.some(isWritten));
}

/** @param toWritten makes a rule that is recorded whatever was counted before */
export function createReplayQueue(time: StoreTime, toWritten: (rule: LimitRule) => LimitRule): ReplayQueue {
  const jobs = new Set<ReplayJob>();
  const waiting = new Map<string, GrantJob>();
  const open = new Map<string, OpenGrant>();
  let messages = 0;
  /** Unique across processes. Drawn on first use, because the global scope of a Worker has no random numbers. */
  let run: string | undefined;
  let count = 0;

  function nameNext(): string {
    run ??= crypto.getRandomValues(new BigUint64Array(1)).join('');
    count += 1;
    return `${run}-local-${count}`;
  }

  function add(job: ReplayJob): void {
    jobs.add(job);
    messages += sizeOf(job);
    if (job.kind === 'grant') waiting.set(job.reservation, job);
  }

  function remove(job: ReplayJob): void {
    if (!jobs.delete(job)) return;
    messages -= sizeOf(job);
    if (job.kind === 'grant') waiting.delete(job.reservation);
  }

  function addFirst(first: readonly ReplayJob[]): void {
    const rest = [...jobs];
    jobs.clear();
    for (const job of first) add(job);
    for (const job of rest) jobs.add(job);
  }

  /** Jobs in order. Expired ones are dropped on the way. */
  function* dueJobs(): Generator<ReplayJob> {
    const nowMs = time.monotonicMs();
    for (const job of jobs) {
      if (job.untilMs <= nowMs) remove(job);
      else yield job;
    }
  }

  /** Drops expired jobs first. */
  function hasRoom(): boolean {
    const nowMs = time.monotonicMs();
    for (const [reservation, { writtenMs }] of open) {
      if (nowMs - writtenMs < LEASE_MS) break;
      open.delete(reservation);
    }
    for (const job of jobs) {
      if (messages + open.size < MAX_MESSAGES || job.untilMs > nowMs) break;
      remove(job);
    }
    return messages + open.size < MAX_MESSAGES;
  }

  function addSettlements(scope: string, settlements: readonly Settlement[], triedMs?: number): void {
    // No store remembers a reservation or its settlement for longer.
    const untilMs = (triedMs ?? time.monotonicMs()) + LEASE_MS;
    const isTried = triedMs !== undefined;
    const most = isTried ? settlements.length : MAX_SETTLEMENTS;
    for (let at = 0; at < settlements.length; at += most) {
      add({ kind: 'settle', scope, settlements: settlements.slice(at, at + most), isTried, untilMs });
    }
  }

  function completeGrant({ scope, reservation, writes = [], grantedMs, settlement }: GrantJob): void {
    if (settlement === undefined) open.set(reservation, { writes, grantedMs, writtenMs: time.monotonicMs() });
    else addSettlements(scope, settlementsOf(writes, settlement));
  }

  return {
    pendingGrants: () => waiting.size,
    isEmpty: () => jobs.size === 0,

    addGrant(scope, { reservation, rules }) {
      if (waiting.has(reservation) || open.has(reservation) || !rules.some(isWritten)) return true;
      if (!hasRoom()) return false;
      const grantedMs = time.monotonicMs();
      const epochMs = time.epochMs();
      const untilMs = grantedMs + Math.max(...rules.map((rule) => lifeOf(rule, epochMs)));
      const unwritten = { writes: undefined, settlement: undefined };
      add({ kind: 'grant', scope, reservation, rules, grantedMs, untilMs, ...unwritten });
      return true;
    },

    addSettlements(scope, settlements, triedMs) {
      if (settlements.length === 0) return true;
      if (!hasRoom()) return false;
      addSettlements(scope, settlements, triedMs);
      return true;
    },

    absorb(settlements) {
      return settlements.flatMap((settlement) => {
        const { reservation, outcome } = settlement;
        const job = waiting.get(reservation);
        if (job !== undefined) {
          if (outcome === 'return' && job.writes === undefined) remove(job);
          else job.settlement = settlement;
          return [];
        }
        const grant = open.get(reservation);
        if (grant === undefined) return [settlement];
        open.delete(reservation);
        return settlementsOf(grant.writes, settlement, grant.writtenMs - grant.grantedMs);
      });
    },

    release(scope, released) {
      const isReleased = (rule: LimitRule) =>
        released.some(({ id, key }) => id === rule.id && key === rule.key);
      for (const job of waiting.values()) {
        if (job.scope !== scope || !job.rules.some(isReleased)) continue;
        job.rules = job.rules.filter((rule) => !isReleased(rule));
        if (job.writes === undefined && !job.rules.some(isWritten)) remove(job);
      }
    },

    next(most) {
      const chosen = nextChunk(dueJobs(), most);
      const [first] = chosen;
      if (first === undefined) return undefined;
      for (const job of chosen) {
        if (job.kind === 'grant') job.writes = takesOf(job.rules.map(toWritten), nameNext);
      }
      return { kind: first.kind, scope: first.scope, jobs: chosen } as ReplayChunk;
    },

    complete(chunk) {
      for (const job of chunk.jobs) {
        remove(job);
        if (job.kind === 'grant') completeGrant(job);
      }
    },

    requeue(chunk, isTried) {
      const again: ReplayJob[] = isTried ? retriesOf(chunk, time.monotonicMs() + LEASE_MS) : [];
      for (const job of chunk.jobs) {
        // They stay in place, which makes them the oldest.
        if (isTried || isSettledHere(job)) remove(job);
        if (job.kind === 'settle') continue;
        job.writes = undefined;
        if (isTried && !isSettledHere(job)) again.push(job);
      }
      if (isTried) addFirst(again);
    },

    drop(chunk) {
      for (const job of chunk.jobs) remove(job);
    },
  };
}
