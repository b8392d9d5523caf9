import { Redis } from 'ioredis';
import type { DoubtStore } from '../../../src/limits/doubt-store.ts';
import { redisLimits } from '../../../src/redis/index.ts';
import { doubtRule } from '../../../src/testing/limit-conformance/doubt-cases.ts';
import { SECRET } from '../store-under-test.ts';

/** The task of one process: strangers with these numbers, some of whom enter their codes. */
export interface DoubtTask {
  readonly redisPort: number;
  readonly scope: string;
  readonly from: number;
  readonly count: number;
  /** Whether each of them enters the code. */
  readonly enters: boolean;
}

/** Told once for each code that went out. */
export interface DoubtWord {
  readonly granted: number;
}

const LANES = 8;

async function run({ redisPort, scope, from, count, enters }: DoubtTask): Promise<void> {
  const client = new Redis(redisPort);
  const limits = redisLimits({ client, secret: SECRET, onStoreError: 'refuse', timeoutMs: 4_000 });
  await limits.check();
  const doubts = limits.doubts as DoubtStore;
  let next = from;
  async function lane(): Promise<void> {
    while (next < from + count) {
      const rule = doubtRule(next);
      next += 1;
      const reservation = `${process.pid}-${rule.key}`;
      const [verdict] = await limits.take(scope, [{ reservation, rules: [rule] }]);
      if (verdict?.granted !== true) continue;
      process.send?.({ granted: rule.key as number } satisfies DoubtWord);
      if (enters) await doubts.enter(scope, [{ rule, outcome: 'entered' }]);
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane));
  await limits.close();
  client.disconnect();
}

run(JSON.parse(process.argv[2] as string) as DoubtTask).then(
  () => process.disconnect(),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
