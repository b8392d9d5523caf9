import type { ReplayJob } from './replay-jobs.ts';
import { sizeOf } from './replay-jobs.ts';

/** Most grants in one call, so that a server that has just come back is not held up; ours. */
export const MAX_CHUNK = 100;
/** Most settlements in one call: each may need a question of its own, and all have one deadline; ours. */
export const MAX_SETTLEMENTS = 25;
/** Most jobs of other scopes that are passed over in search of more for one call; ours. */
const MAX_SKIPPED = 5_000;

/** The keys under which the time of a grant matters: two of one wait in one millisecond would count as one. */
function waitKeysOf(job: ReplayJob): string[] {
  if (job.kind !== 'grant') return [];
  return job.rules.flatMap(({ kind, id, key }) => (kind === 'backoff' ? [`${id} ${key}`] : []));
}

/** Tried before and maybe done: it goes alone and unchanged, so that the store can know it again. */
function isAlone(job: ReplayJob): boolean {
  return job.kind === 'settle' && job.isTried;
}

/**
 * The oldest jobs that can go in one call: of one kind and one scope, in their order. What another scope is told, and
 * when, is nothing to this one. `most` messages, and one job at least.
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
