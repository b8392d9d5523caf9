import { Redis } from 'ioredis';
import { createEmulator } from '../../src/emulator/emulator.ts';
import { SmsClient } from '../../src/index.ts';
import type { LimitStore } from '../../src/limits/limit-store.ts';
import { redisLimits } from '../../src/redis/index.ts';
import type { Row } from '../row.ts';
import { many } from './many.ts';
import { commandStats, countCommands } from './server-stats.ts';
import { SECRET } from './six-checks.ts';

const SENDS = 1_000;
/** Looks at the server until it has run what was sent. */
const MAX_LOOKS = 1_000;
/** The scripts that a server has run. */
const SCRIPTS = ['evalsha', 'eval'];

/** A client with an in-process 8x8, so that Redis is the only network. */
export function clientOn(client: Redis, store?: LimitStore, isPaced = false) {
  const limits = store ?? redisLimits({ client, secret: SECRET, onStoreError: 'refuse', timeoutMs: 4_000 });
  const { fetch } = createEmulator({ requestsPerSecond: false, maxKept: 1_000 });
  const options = { apiKey: 'bench-key', subAccountId: 'bench', scope: 'bench' } as const;
  const pace = isPaced ? undefined : false;
  return { sms: new SmsClient({ ...options, pace, fetch, limits }), limits };
}

export const destinationOf = (index: number) => `+6591${String(index).padStart(6, '0')}`;

/**
 * Commands to Redis per message with the default guards, counted on the connection and by the server. A new process
 * also reads the time, and sends the script to a server that does not know it; its first send is shown separately.
 */
export async function benchRoundTrips(port: number): Promise<Row[]> {
  const admin = new Redis(port);
  const connection = new Redis(port);
  const { sms } = clientOn(connection);
  const { sms: paced } = clientOn(connection, undefined, true);
  const counter = countCommands(connection);

  async function sentBy(work: () => Promise<unknown>): Promise<number> {
    counter.sent.clear();
    await admin.config('RESETSTAT');
    await work();
    // A message does not wait for the checks of the server and the outcomes that its guards learn from.
    for (let look = 0; ; look += 1) {
      const stats = await commandStats(admin);
      const ran = SCRIPTS.reduce((sum, name) => sum + (stats.get(name)?.calls ?? 0), 0);
      const scripts = SCRIPTS.reduce((sum, name) => sum + (counter.sent.get(name) ?? 0), 0);
      if (ran === scripts) break;
      if (look === MAX_LOOKS) throw new Error(`${scripts} scripts were sent and ${ran} came`);
    }
    return Array.from(counter.sent.values()).reduce((sum, count) => sum + count, 0);
  }

  const send = (index: number, more: object, client = sms) =>
    client.messages.send({
      destination: destinationOf(index),
      text: 'Your code is 4711',
      purpose: 'otp',
      ...more,
    });
  try {
    // After the connection's own commands.
    await connection.ping();
    const first = await sentBy(() => send(0, {}));
    // After the script that keeps a result, and after the server check.
    await send(1, { idempotencyKey: 'order' });
    await send(2, {}, paced);
    const alone = (await sentBy(() => many(SENDS, 1, (index) => send(SENDS + index, {})))) / SENDS;
    const together = (await sentBy(() => many(SENDS, 64, (index) => send(3 * SENDS + index, {})))) / SENDS;
    const inPace =
      (await sentBy(() => many(SENDS, 1, (index) => send(4 * SENDS + index, {}, paced)))) / SENDS;
    const keyed =
      (await sentBy(() =>
        many(SENDS, 64, (index) => send(2 * SENDS + index, { idempotencyKey: `order-${index}` })),
      )) / SENDS;
    return [
      {
        measure: 'round trips per send, one after the other: default guards, one-time password',
        ours: `${alone.toFixed(2)} (the first send of a process: ${first} commands)`,
        compared: '-',
        ratio: '-',
        target: '1.00',
        met: alone === 1,
      },
      {
        measure: 'round trips per send, 64 at once: those of one turn of the event loop go together',
        ours: together.toFixed(2),
        compared: '-',
        ratio: '-',
        target: 'at most 1.00',
        met: together <= 1,
      },
      {
        measure: 'round trips per send, one after the other, with those for the shared pace',
        ours: inPace.toFixed(2),
        compared: '-',
        ratio: '-',
        target: 'no target',
      },
      {
        measure: 'round trips per send with an idempotencyKey: its result is kept',
        ours: keyed.toFixed(2),
        compared: '-',
        ratio: '-',
        target: 'no target',
      },
    ];
  } finally {
    await sms.close();
    await paced.close();
    connection.disconnect();
    admin.disconnect();
  }
}
