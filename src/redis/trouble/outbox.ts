import type { LimitRule, Settlement, TakeRequest } from '../../limits/limit-store.ts';
import { LEASE_MS } from '../../limits/rule-table.ts';
import type { StoreTime } from '../../limits/store-time.ts';
import { type Chunk, type GrantJob, type Job, settlementsOf, takesOf, waitKeysOf } from './jobs.ts';
import { isWritten, lifeOf } from './local-rules.ts';

/** Most messages that wait to be told: about 50 MB with six rules a message; ours. */
const MAX_MESSAGES = 50_000;
/** Most jobs in one call, so that a server that has just come back is not held up; ours. */
const MAX_CHUNK = 100;

/** A grant that was written back while its message was still on its way. */
interface OpenGrant {
  readonly writes: readonly TakeRequest[];
  readonly grantedMs: number;
  readonly writtenMs: number;
}

/** What the shared store has to be told when it is back, in order. Bounded. */
export interface Outbox {
  /** There are grants that the shared store does not count yet. */
  hasGrants(): boolean;
  isEmpty(): boolean;
  /** False when there is no room. */
  addGrant(scope: string, request: TakeRequest): boolean;
  /** False when there is no room. */
  addSettlements(scope: string, settlements: readonly Settlement[], isTried: boolean): boolean;
  /** Takes out what is about grants of this process alone; what is left is for the shared store, now. */
  sort(settlements: readonly Settlement[]): readonly Settlement[];
  /** The oldest jobs that can go in one call, at most `size`. They stay until they are ended. */
  next(size?: number): Chunk | undefined;
  /** They were told. */
  end(chunk: Chunk): void;
  /** They were not told, and are told again, after what is waiting now. */
  putBack(chunk: Chunk): void;
  /** They never will be told. */
  drop(chunk: Chunk): void;
}

/** `toWritten` makes a rule that is written whatever was counted before. */
export function createOutbox(time: StoreTime, toWritten: (rule: LimitRule) => LimitRule): Outbox {
  const jobs = new Set<Job>();
  const waiting = new Map<string, GrantJob>();
  const open = new Map<string, OpenGrant>();
  let messages = 0;
  /** Unique over all processes. Drawn on first use: not in the global scope of a Worker. */
  let run: string | undefined;
  let count = 0;

  function nameNext(): string {
    run ??= crypto.getRandomValues(new BigUint64Array(1)).join('');
    count += 1;
    return `${run}-local-${count}`;
  }

  function add(job: Job): void {
    jobs.add(job);
    messages += job.kind === 'grant' ? 1 : job.settlements.length;
    if (job.kind === 'grant') waiting.set(job.reservation, job);
  }

  function remove(job: Job): void {
    if (!jobs.delete(job)) return;
    messages -= job.kind === 'grant' ? 1 : job.settlements.length;
    if (job.kind === 'grant') waiting.delete(job.reservation);
  }

  /** What matters no more goes first. */
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

  function addSettlements(scope: string, settlements: readonly Settlement[], isTried: boolean): void {
    // Longer than that no store remembers a reservation.
    const untilMs = time.monotonicMs() + LEASE_MS;
    add({ kind: 'settle', scope, settlements, isTried, untilMs });
  }

  function endGrant({ scope, reservation, writes = [], grantedMs, settlement }: GrantJob): void {
    if (settlement === undefined) open.set(reservation, { writes, grantedMs, writtenMs: time.monotonicMs() });
    else addSettlements(scope, settlementsOf(writes, settlement), false);
  }

  return {
    hasGrants: () => waiting.size > 0,
    isEmpty: () => jobs.size === 0,

    addGrant(scope, { reservation, rules }) {
      if (waiting.has(reservation) || open.has(reservation) || !rules.some(isWritten)) return true;
      if (!hasRoom()) return false;
      const grantedMs = time.monotonicMs();
      const epochMs = time.epochMs();
      const untilMs = grantedMs + Math.max(...rules.map((rule) => lifeOf(rule, epochMs)));
      const untold = { writes: undefined, settlement: undefined };
      add({ kind: 'grant', scope, reservation, rules, grantedMs, untilMs, ...untold });
      return true;
    },

    addSettlements(scope, settlements, isTried) {
      if (settlements.length === 0) return true;
      if (!hasRoom()) return false;
      addSettlements(scope, settlements, isTried);
      return true;
    },

    sort(settlements) {
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

    next(size = MAX_CHUNK) {
      const nowMs = time.monotonicMs();
      const chosen: Job[] = [];
      const waits = new Set<string>();
      for (const job of jobs) {
        if (job.untilMs <= nowMs) {
          remove(job);
          continue;
        }
        const [first] = chosen;
        if (first !== undefined && (job.kind !== first.kind || job.scope !== first.scope)) break;
        if (job.kind === 'settle' && job.isTried && first !== undefined) break;
        if (job.kind === 'grant') {
          const keys = waitKeysOf(job);
          if (keys.some((key) => waits.has(key))) break;
          for (const key of keys) waits.add(key);
          job.writes = takesOf(job.rules.map(toWritten), nameNext);
        }
        const isAlone = job.kind === 'settle' && job.isTried;
        if (chosen.push(job) >= size || isAlone) break;
      }
      const [first] = chosen;
      return first && ({ kind: first.kind, scope: first.scope, jobs: chosen } as Chunk);
    },

    end(chunk) {
      for (const job of chunk.jobs) {
        remove(job);
        if (job.kind === 'grant') endGrant(job);
      }
    },

    putBack(chunk) {
      for (const job of chunk.jobs) {
        remove(job);
        if (job.kind === 'grant') {
          job.writes = undefined;
          if (job.settlement?.outcome === 'return') continue;
        }
        add(job);
      }
    },

    drop(chunk) {
      for (const job of chunk.jobs) remove(job);
    },
  };
}
