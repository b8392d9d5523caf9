import type { ReplayJob } from './replay-jobs.ts';
import { sizeOf } from './replay-jobs.ts';

/** Most grants per call, so that a recovering server is not blocked. Our number. */
export const MAX_CHUNK = 100;
/** Most settlements per call: each may need a call of its own, within one deadline. Our number. */
export const MAX_SETTLEMENTS = 25;
/** Most jobs of other scopes to skip while filling a call. Our number. */
const MAX_SKIPPED = 5_000;

const WAITS: ReadonlySet<string> = new Set(['backoff', 'visitor-backoff']);

/**
 * Keys of rules in which the time of a grant matters: two grants of one backoff in one millisecond would count as one.
 */
function waitKeysOf(job: ReplayJob): string[] {
  if (job.kind !== 'grant') return [];
  return job.rules.flatMap(({ kind, id, key }) => (WAITS.has(kind) ? [`${id} ${key}`] : []));
}

/**
 * A job that was tried before may have been carried out. It is sent alone and unchanged, so that the store recognises
 * it.
 */
function isAlone(job: ReplayJob): boolean {
  return job.kind === 'settle' && job.isTried;
}

/**
 * The oldest jobs that fit into one call: of one kind and one scope, in order. The order between scopes does not
 * matter. At least one job, and otherwise at most `most` messages.
 */
export function nextChunk(jobs: Iterable<ReplayJob>, most?: number): ReplayJob[] {
  const chosen: ReplayJob[] = [];
  const waits = new Set<string>();
  let skipped = 0;
  let size = 0;

  function fits(job: ReplayJob, first: ReplayJob): boolean {
    const room = most ?? (job.kind === 'grant' ? MAX_CHUNK : MAX_SETTLEMENTS);
    if (job.kind !== first.kind || size + sizeOf(job) > room || isAlone(first) || isAlone(job)) return false;
    return !waitKeysOf(job).some((key) => waits.has(key));
  }

  for (const job of jobs) {
    const [first] = chosen;
    if (first !== undefined && job.scope !== first.scope) {
      skipped += 1;
      if (skipped > MAX_SKIPPED) break;
      continue;
    }
    if (first !== undefined && !fits(job, first)) break;
    chosen.push(job);
    size += sizeOf(job);
    for (const key of waitKeysOf(job)) waits.add(key);
  }
  return chosen;
}
