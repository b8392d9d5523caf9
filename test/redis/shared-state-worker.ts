import { Redis } from 'ioredis';
import { redisLimits } from '../../src/redis/index.ts';
import type { Fetch } from '../../src/types.ts';
import { testClient } from '../support/client.ts';
import { post, testReceiver } from '../support/webhooks.ts';
import { SECRET } from './store-under-test.ts';

/** The task of another process. */
export interface WorkerTask {
  readonly redisPort: number;
  readonly url: string;
  readonly shardBy: 'scope' | 'recipient';
  readonly scope: string;
  readonly work:
    | { readonly kind: 'send'; readonly message: object; readonly hangs: boolean }
    | { readonly kind: 'receive'; readonly body: object; readonly timeoutMs: number }
    | { readonly kind: 'verify'; readonly destination: string };
}

/** A message of the worker: its progress, and its result. */
export interface WorkerWord {
  readonly said: 'written' | 'handling' | 'done';
  readonly result?: string;
}

const say = (word: WorkerWord) => process.send?.(word);

async function run({ redisPort, url, shardBy, scope, work }: WorkerTask): Promise<void> {
  const client = new Redis(redisPort);
  const limits = redisLimits({ client, secret: SECRET, onStoreError: 'refuse', timeoutMs: 4_000, shardBy });
  await limits.check();
  const hangs = work.kind === 'send' && work.hangs;
  const hangingFetch: Fetch = async (...request) => {
    await globalThis.fetch(...request);
    say({ said: 'written' });
    return new Promise(() => {});
  };
  const options = { limits, scope, baseUrl: url, fetch: hangs ? hangingFetch : globalThis.fetch };
  if (work.kind === 'receive') {
    const { receiver } = testReceiver(
      {
        timeoutMs: work.timeoutMs,
        handlers: {
          onDeliveryReceipt() {
            say({ said: 'handling' });
            return new Promise(() => {});
          },
        },
      },
      options,
    );
    await receiver.handle(post(work.body));
    return;
  }
  const { sms } = testClient(options);
  const result =
    work.kind === 'verify'
      ? (await sms.verifications.start({ destination: work.destination })).sessionId
      : (await sms.messages.send(work.message as never)).umid;
  say({ said: 'done', result });
}

run(JSON.parse(process.argv[2] as string) as WorkerTask).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
