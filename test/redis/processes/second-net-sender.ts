import { Redis } from 'ioredis';
import { SmsClient } from '../../../src/client.ts';
import { GuardError } from '../../../src/errors.ts';
import type { GuardsOptions } from '../../../src/guards/registry.ts';
import { redisLimits } from '../../../src/redis/redis-limits.ts';
import type { SmsMessage } from '../../../src/sending/sms-message.ts';
import { API_KEY } from '../../support/client.ts';
import { SECRET } from '../store-under-test.ts';

/** One process of a service, as a program: told by messages what to send, it says what came of it. */

/** To a sender: messages that it sends at once, under guards of one scope. */
export interface SendOrder {
  readonly id: number;
  readonly scope: string;
  readonly guards: GuardsOptions;
  readonly messages: readonly Partial<SmsMessage>[];
}

/** From a sender: `sent`, or the guard and its reason, of each message. */
export interface SendReply {
  readonly id: number;
  readonly said: readonly string[];
}

const [, , redisPort, baseUrl] = process.argv;
const client = new Redis(Number(redisPort));
const limits = redisLimits({ client, secret: SECRET, onStoreError: 'refuse', timeoutMs: 4_000 });
const clients = new Map<string, SmsClient>();

function clientFor({ scope, guards }: SendOrder): SmsClient {
  let sms = clients.get(scope);
  if (sms === undefined) {
    sms = new SmsClient({
      apiKey: API_KEY,
      subAccountId: 'team_otp',
      baseUrl: baseUrl ?? '',
      scope,
      retry: false,
      pace: false,
      limits,
      guards: {
        recipient: false,
        backoff: false,
        pumping: false,
        // A captcha whose provider takes a token as often as it is asked.
        human: { verify: async () => ({ passed: true }) },
        ...guards,
      },
    });
    clients.set(scope, sms);
  }
  return sms;
}

process.on('message', (order: SendOrder) => {
  const sms = clientFor(order);
  const sends = order.messages.map(async (fields) => {
    const message = { destination: '', text: 'Your code is 4711', purpose: 'otp', ...fields } as const;
    try {
      await sms.messages.send(message);
      return 'sent';
    } catch (error) {
      if (!GuardError.isInstance(error)) return String(error);
      return `${error.guard}: ${error.reason}`;
    }
  });
  void Promise.all(sends).then((said) => {
    const reply: SendReply = { id: order.id, said };
    process.send?.(reply);
  });
});
process.on('disconnect', () => process.exit());
void limits.check().then(() => process.send?.('ready'));
