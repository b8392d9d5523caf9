import { Redis } from 'ioredis';
import { SmsClient } from '../../../src/client.ts';
import { SmsError } from '../../../src/errors.ts';
import { redisLimits } from '../../../src/redis/redis-limits.ts';
import { API_KEY } from '../../support/client.ts';
import { SECRET } from '../store-under-test.ts';

/** One process of a service that checks codes, as a program: told by messages what to check, it says what came of it. */

/** To a checker. */
export interface CheckOrder {
  readonly id: number;
  readonly sessionId: string;
  readonly code: string;
  readonly destination: string;
  readonly deadlineMs?: number | undefined;
}

/** From a checker: `verified`, `wrong`, or the reason or code of the error. */
export interface CheckReply {
  readonly id: number;
  readonly said: string;
}

const [, , redisPort, baseUrl] = process.argv;
const client = new Redis(Number(redisPort));
const limits = redisLimits({ client, secret: SECRET, onStoreError: 'refuse', timeoutMs: 4_000 });
const sms = new SmsClient({
  apiKey: API_KEY,
  subAccountId: 'team_otp',
  baseUrl: baseUrl ?? '',
  scope: 'sessions',
  retry: false,
  limits,
});

async function check({ sessionId, code, destination, deadlineMs }: CheckOrder): Promise<string> {
  try {
    const given = { code, destination, subject: 'login-7' };
    const { verified } = await sms.verifications.check(sessionId, given, { deadlineMs });
    return verified ? 'verified' : 'wrong';
  } catch (error) {
    if (!SmsError.isInstance(error)) throw error;
    return 'reason' in error ? String(error.reason) : error.code;
  }
}

process.on('message', (order: CheckOrder) => {
  void check(order).then((said) => {
    const reply: CheckReply = { id: order.id, said };
    process.send?.(reply);
  });
});
process.on('disconnect', () => process.exit());
void limits.check().then(() => process.send?.('ready'));
