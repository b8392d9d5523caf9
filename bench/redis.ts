import { pathToFileURL } from 'node:url';
import { hasRedisServer, type RedisServer, startRedis } from '../test/support/redis-server.ts';
import { benchBatch } from './redis/batch.ts';
import { benchBytes } from './redis/bytes.ts';
import { benchDoubt } from './redis/doubt.ts';
import { benchFrozen } from './redis/frozen.ts';
import { benchPace } from './redis/pace.ts';
import { benchRace } from './redis/race.ts';
import { benchRoundTrips } from './redis/round-trips.ts';
import type { Row } from './row.ts';

/** Each on its own server, so that none runs in memory that another one has filled. */
const BENCHES: readonly ((port: number, server: RedisServer) => Promise<Row[]>)[] = [
  benchRoundTrips,
  benchRace,
  benchBatch,
  benchBytes,
  benchDoubt,
  benchFrozen,
  benchPace,
];

const NOT_RUN: Row = {
  measure: 'limits on Redis',
  ours: 'NOT RUN: redis-server and redis-cli are not installed',
  compared: '-',
  ratio: '-',
  target: '-',
};

/** The limits on Redis, compared with other packages on the same server. */
export async function benchRedis(): Promise<Row[]> {
  if (!hasRedisServer()) return [NOT_RUN];
  const rows: Row[] = [];
  for (const bench of BENCHES) {
    const server = await startRedis();
    try {
      rows.push(...(await bench(server.port, server)));
    } finally {
      await server.stop();
    }
  }
  return rows;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.table(await benchRedis());
}
