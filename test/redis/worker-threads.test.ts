import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { hasRedisServer, startRedis } from '../support/redis-server.ts';

const THREADS = 3;

/** Messages that were accepted in several threads, each of which sends five to one number. */
async function acceptedIn(threads: number, redisPort?: number): Promise<number> {
  const counts = Array.from({ length: threads }, () => {
    const workerData = { messages: 5, redisPort };
    const worker = new Worker(new URL('../support/sending-thread.ts', import.meta.url), { workerData });
    return new Promise<number>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

describe('worker threads', () => {
  it('count apart in memory, as processes do', async () => {
    expect(await acceptedIn(THREADS)).toBe(THREADS);
  });

  it.runIf(hasRedisServer())('count together on Redis', async () => {
    const server = await startRedis();
    try {
      expect(await acceptedIn(THREADS, server.port)).toBe(1);
    } finally {
      await server.stop();
    }
  });
});
