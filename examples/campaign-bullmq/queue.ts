import { type ConnectionOptions, Queue } from 'bullmq';
import type { Redis } from 'ioredis';

/** One job: some rows of a campaign's list. The queue contains no numbers and no texts. */
export interface Rows {
  readonly campaign: string;
  readonly from: number;
  readonly to: number;
}

/** The braces keep a queue in one slot of a cluster. */
export const PREFIX = '{campaigns}';

export function openQueue(redis: Redis, name: string): Queue<Rows> {
  return new Queue<Rows>(name, { connection: redis as ConnectionOptions, prefix: PREFIX });
}

/** The same name for the same rows, so that adding a campaign twice adds nothing. */
export function jobIdOf({ campaign, from, to }: Rows): string {
  return `${campaign}-${from}-${to}`;
}
