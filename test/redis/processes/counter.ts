import { Redis } from 'ioredis';
import { SmsClient } from '../../../src/client.ts';
import type { LimitWindow } from '../../../src/guards/recipient.ts';
import { redisLimits } from '../../../src/redis/redis-limits.ts';
import { SECRET } from '../store-under-test.ts';

/** Reads the server's counts of numbers, as `guards.inspect` shows them, for the last of the windows. */
export async function countsOf(
  port: number,
  { scope, windows }: { readonly scope: string; readonly windows: readonly LimitWindow[] },
  numbers: readonly string[],
): Promise<number[]> {
  const redis = new Redis(port);
  redis.on('error', () => {});
  const limits = redisLimits({ client: redis, secret: SECRET, onStoreError: 'refuse', timeoutMs: 4_000 });
  await limits.check();
  const sms = new SmsClient({
    apiKey: 'a-key-of-the-tests',
    subAccountId: 'team_otp',
    scope,
    guards: { recipient: windows },
    limits,
  });
  // Windows are told apart by their place; the longest is the last one.
  const id = windows.length === 1 ? 'recipient:all' : `recipient:all:${windows.length}`;
  try {
    return await Promise.all(
      numbers.map(async (number) => {
        const { counters } = await sms.guards.inspect(number, { guard: 'recipient' });
        return counters.find(({ rule }) => rule === id)?.count ?? Number.NaN;
      }),
    );
  } finally {
    await limits.close();
    redis.disconnect();
  }
}
