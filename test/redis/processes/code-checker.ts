import { Redis } from 'ioredis';
import { SmsClient } from '../../../src/client.ts';
import { SmsError } from '../../../src/errors.ts';
import { redisLimits } from '../../../src/redis/redis-limits.ts';
import { API_KEY } from '../../support/client.ts';
import { SECRET } from '../store-under-test.ts';

/** One process of a service that checks its own codes, as a program: told by messages what to check, it says what came of it. */

/** To a checker. `dieAfterWrites`: the process kills itself when the server has taken that many writes of this check. */
export interface CodeOrder {
  readonly id: number;
  readonly destination: string;
  readonly codes: readonly string[];
  readonly dieAfterWrites?: number | undefined;
}

/** From a checker: `verified`, or the reason or code of the error, of each code. */
export interface CodeReply {
  readonly id: number;
  readonly said: readonly string[];
}

const [, , redisPort, baseUrl] = process.argv;
const client = new Redis(Number(redisPort));
const limits = redisLimits({ client, secret: SECRET, onStoreError: 'refuse', timeoutMs: 4_000 });
let writesLeft = Number.POSITIVE_INFINITY;
const records = limits.records as NonNullable<typeof limits.records>;
const sms = new SmsClient({
  apiKey: API_KEY,
  subAccountId: 'team_otp',
  baseUrl: baseUrl ?? '',
  scope: 'codes',
  retry: false,
  oneTimePasswords: { secret: SECRET },
  limits: {
    ...limits,
    records: {
      read: (...args) => records.read(...args),
      remove: (...args) => records.remove(...args),
      async write(...args) {
        const verdict = await records.write(...args);
        writesLeft -= 1;
        if (writesLeft === 0) process.kill(process.pid, 'SIGKILL');
        return verdict;
      },
    },
  },
});

async function check(destination: string, code: string): Promise<string> {
  try {
    const checked = await sms.oneTimePasswords.check({ destination, subject: 'visitor-7', code });
    return checked.verified ? 'verified' : checked.reason;
  } catch (error) {
    if (!SmsError.isInstance(error)) throw error;
    return 'reason' in error ? String(error.reason) : error.code;
  }
}

process.on('message', ({ id, destination, codes, dieAfterWrites }: CodeOrder) => {
  writesLeft = dieAfterWrites ?? Number.POSITIVE_INFINITY;
  void Promise.all(codes.map((code) => check(destination, code))).then((said) => {
    const reply: CodeReply = { id, said };
    process.send?.(reply);
  });
});
process.on('disconnect', () => process.exit());
void limits.check().then(() => process.send?.('ready'));
