import { jobIdOf } from './queue.mjs';

const ROWS_A_JOB = 2_000;
const JOBS_AT_ONCE = 1_000;

/** Puts a campaign into the queue: a list of a million rows is 500 jobs of some 100 bytes. Doing it twice does no harm. */
export async function produce(queue, campaign, rowCount) {
  const jobs = [];
  for (let from = 0; from < rowCount; from += ROWS_A_JOB) {
    jobs.push({ campaign, from, to: Math.min(rowCount, from + ROWS_A_JOB) });
  }
  for (let at = 0; at < jobs.length; at += JOBS_AT_ONCE) {
    await queue.addBulk(
      jobs.slice(at, at + JOBS_AT_ONCE).map((data) => ({
        name: 'rows',
        data,
        // A further attempt resumes where the last one stopped, so many attempts cost nothing.
        opts: { jobId: jobIdOf(data), attempts: 100, backoff: { type: 'fixed', delay: 500 } },
      })),
    );
  }
  return jobs;
}
