import { Redis } from 'ioredis';
import { redisLimits } from '../../src/redis/index.ts';
import { createSharedPacer } from '../../src/transport/shared-pacer.ts';
import { IDEAL_MS, measure, REQUESTS_PER_SECOND, show } from '../pacer.ts';
import type { Row } from '../row.ts';
import { SECRET } from './six-checks.ts';

const CLIENTS = 4;
/** A microsecond more than a second, as in the transport. */
const SECOND_MS = 1000.001;

/** One client of several: its own connection, store and queue. */
async function clientOf(port: number) {
  const client = new Redis(port);
  // Connected first, because the deadline of the store is short.
  await client.ping();
  const limits = redisLimits({ client, secret: SECRET, onStoreError: 'refuse', timeoutMs: 4_000 });
  if (limits.pace === undefined) throw new Error('the store shares no pace');
  const lane = limits.pace.lane('sms.8x8.com', 'bench', 'fast');
  const pacer = createSharedPacer(lane, SECOND_MS, () => performance.now());
  const pace = { requestsPerSecond: REQUESTS_PER_SECOND, maxQueued: 10_000 };
  const { signal } = new AbortController();
  return {
    /** Resolves when a request would leave; an expired permit is not used. */
    async take(): Promise<void> {
      while (!pacer.leave(await pacer.take(pace, signal)));
    },
    async close(): Promise<void> {
      await limits.close();
      client.disconnect();
    },
  };
}

/** The total rate of clients that share one pace on Redis, each with a quarter of the calls. */
export async function benchPace(port: number): Promise<Row[]> {
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => clientOf(port)));
  let next = 0;
  try {
    const ours = await measure(
      () => {
        next += 1;
        return clients[next % CLIENTS]?.take();
      },
      () => {},
    );
    return [
      {
        measure: `pace of ${CLIENTS} clients with one sub-account on Redis, ${REQUESTS_PER_SECOND}/s together`,
        ours: `${show(ours)} (${((IDEAL_MS / ours.durationMs) * 100).toFixed(1)} % of the rate)`,
        compared: '-',
        ratio: '-',
        target: 'never over',
        met: ours.mostInASecond <= REQUESTS_PER_SECOND,
      },
    ];
  } finally {
    for (const client of clients) await client.close();
  }
}
