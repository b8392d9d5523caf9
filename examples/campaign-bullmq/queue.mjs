import { Queue } from 'bullmq';

/** One job: some rows of a campaign's list. The queue contains no numbers and no texts. */

/** The braces keep a queue in one slot of a cluster. */
export const PREFIX = '{campaigns}';

export function openQueue(redis, name) {
  return new Queue(name, { connection: redis, prefix: PREFIX });
}

/** The same name for the same rows, so that adding a campaign twice adds nothing. */
export function jobIdOf({ campaign, from, to }) {
  return `${campaign}-${from}-${to}`;
}
