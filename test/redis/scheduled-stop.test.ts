import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SmsClient } from '../../src/client.ts';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';
import { createEmulator } from '../../src/emulator/emulator.ts';
import { redisLimits } from '../../src/redis/index.ts';
import { API_KEY, numberOf, SUB_ACCOUNT_ID } from '../support/client.ts';
import { textOf } from '../support/inbound.ts';
import { hasRedisServer, type RedisServer, startRedis } from '../support/redis-server.ts';
import { SECRET } from './store-under-test.ts';

describe.runIf(hasRedisServer())(
  'a message that one process scheduled, and a STOP that another receives',
  () => {
    let server: RedisServer;
    const connections: Redis[] = [];
    beforeAll(async () => {
      server = await startRedis();
    }, 60_000);
    afterAll(async () => {
      for (const connection of connections) connection.disconnect();
      await server.stop();
    });

    it('is cancelled, and the server never sees the number or an id of its own key', async () => {
      const emulator = createEmulator({ apiKey: API_KEY });
      const ledger = memoryConsentLedger();
      const start = () => {
        const client = new Redis(server.port);
        connections.push(client);
        return new SmsClient({
          apiKey: API_KEY,
          subAccountId: SUB_ACCOUNT_ID,
          fetch: emulator.fetch,
          limits: redisLimits({ client, secret: SECRET, onStoreError: 'refuse', timeoutMs: 4_000 }),
          guards: { consent: { ledger } },
        });
      };
      const [sender, hearer] = [start(), start()];
      const scheduled = new Date(Date.now() + 3_600_000);
      await Promise.all(
        [1, 1, 1, 2].map((person) =>
          sender.messages.send({ destination: numberOf(person), text: 'a', scheduled }),
        ),
      );
      const keys = await (connections[0] as Redis).keys('*');
      expect(keys.join(' ')).not.toContain(numberOf(1).slice(1));
      await hearer.consent.handleInbound(textOf('STOP', { at: Date.now() }));
      const byPerson = (person: number) =>
        emulator.messages
          .filter(({ destination }) => destination === numberOf(person))
          .map(({ state }) => state);
      expect([byPerson(1), byPerson(2)]).toEqual([['cancelled', 'cancelled', 'cancelled'], ['scheduled']]);
    });
  },
);
