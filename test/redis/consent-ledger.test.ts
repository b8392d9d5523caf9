import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConsentChange } from '../../src/consent/consent-ledger.ts';
import { exportConsent } from '../../src/consent/export-consent.ts';
import { importConsent } from '../../src/consent/import-consent.ts';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';
import { ledgerNeeds } from '../../src/redis/check/server-needs.ts';
import type { RedisCommands } from '../../src/redis/redis-commands.ts';
import { redisConsentLedger } from '../../src/redis/redis-consent-ledger.ts';
import { consentLedgerConformance } from '../../src/testing/consent-ledger-conformance.ts';
import { numberOf, testClient } from '../support/client.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { textOf } from '../support/inbound.ts';
import { readAll } from '../support/read-all.ts';
import {
  hasRedisServer,
  type RedisCluster,
  type RedisServer,
  startRedis,
  startRedisCluster,
} from '../support/redis-server.ts';
import { failureOf } from '../support/transport.ts';
import { CLUSTER_CLIENTS, SINGLE_CLIENTS, type TestClient } from './clients.ts';

const out = { state: 'opted-out', scope: 'all', source: 'inbound-sms' } as const;
const optIn = { state: 'opted-in', scope: 'marketing', source: 'web-form' } as const;
if (!hasRedisServer()) console.warn('redisConsentLedger: NOT RUN. There is no redis-server.');

function passesConformance(connect: () => Promise<TestClient>): void {
  let connected: TestClient;
  beforeAll(async () => {
    connected = await connect();
  });
  afterAll(() => connected?.close());
  for (const { name, run } of consentLedgerConformance({
    create: () => redisConsentLedger({ client: connected.client }),
  })) {
    it(name, () => expect(run()).resolves.toBeUndefined());
  }
}

describe.skipIf(!hasRedisServer())('redisConsentLedger on a server', () => {
  let server: RedisServer;
  let client: Redis;
  beforeAll(async () => {
    server = await startRedis();
    client = new Redis(server.port);
  });
  afterAll(async () => {
    client.disconnect();
    await server.stop();
  });

  describe.each(SINGLE_CLIENTS)('with %s', (_, connect) => passesConformance(() => connect([server.url])));

  it('one message counts once when fifty appends race', async () => {
    const ledger = redisConsentLedger({ client, name: 'race' });
    await Promise.all(
      Array.from({ length: 50 }, (_, at) => ledger.append([{ key: '+1', ...out, at, messageId: 'umid' }])),
    );
    expect(await ledger.history('+1')).toHaveLength(1);
  });

  it('an append that a client sends again after a lost connection counts once', async () => {
    const commands: RedisCommands = {
      evalsha: () => Promise.reject(new Error('NOSCRIPT')),
      eval: async (script, keys, args) => {
        await client.eval(script, keys.length, ...keys, ...args);
        return client.eval(script, keys.length, ...keys, ...args);
      },
      call: (name, ...args) => client.call(name, ...args),
    };
    const ledger = redisConsentLedger({ client: commands, name: 'resent' });
    await ledger.append([{ key: '+1', ...optIn, at: 1 }]);
    expect(await ledger.history('+1')).toEqual([{ ...optIn, at: 1 }]);
  });

  it('a person who is forgotten twice, as when the answer was lost, stays opted out', async () => {
    const ledger = redisConsentLedger({ client, name: 'forgotten' });
    await ledger.append([{ key: '+1', ...out, at: 5, messageId: 'umid', text: 'STOP' }]);
    for (let times = 0; times < 2; times += 1) {
      await ledger.forget('+1', '#1');
      expect(await ledger.get(['+1', '#1'])).toEqual([undefined, { ...out, at: 5, source: 'forgotten' }]);
    }
    expect(await readAll(ledger.entries())).toEqual([{ key: '#1', ...out, at: 5, source: 'forgotten' }]);
    // The same message is new again, because no record of it is left.
    await ledger.append([{ key: '+1', ...out, at: 5, messageId: 'umid' }]);
    expect(await ledger.history('+1')).toHaveLength(1);
  });

  it('keeps every text as it is, and the order of a long history', async () => {
    const ledger = redisConsentLedger({ client, name: 'texts' });
    const texts = ['é', '\ud83d\ude00', '\u0000\u001f', '"}{\\\n', '\u2028', 'x'.repeat(1_600), ''];
    const entries = Array.from({ length: 3_000 }, (_, index) => ({
      ...optIn,
      // Many entries at one time, and times that go back.
      at: 1_790_000_000_000 - (index % 7),
      text: texts[index % texts.length] as string,
      evidence: String(index),
    }));
    await ledger.append(entries.map((entry) => ({ key: '+1', ...entry })));
    const inOrder = entries.toSorted((one, other) => one.at - other.at);
    expect(await ledger.history('+1')).toEqual(inOrder);
    expect(await ledger.get(['+1'])).toEqual([inOrder.at(-1)]);
  });

  it('lists everybody who stays exactly once, while others come and go', async () => {
    const ledger = redisConsentLedger({ client, name: 'moving' });
    const keyOf = (index: number) => `+${1_000_000 + index}`;
    const person = (index: number): ConsentChange => ({ key: keyOf(index), ...out, at: 1 });
    await ledger.append(Array.from({ length: 1_100 }, (_, index) => person(index * 3)));
    const seen: string[] = [];
    for await (const { key } of ledger.entries()) {
      seen.push(key);
      if (seen.length % 100 !== 0) continue;
      // Before and after the current position of the listing.
      await ledger.append([person(seen.length), person(3 * seen.length + 1)]);
      await ledger.forget(keyOf(3 * (seen.length - 50)), `#${seen.length}`);
    }
    expect(new Set(seen).size).toBe(seen.length);
    const stayed = Array.from({ length: 1_100 }, (_, index) => index * 3).filter(
      (index) => index % 300 !== 150,
    );
    expect(stayed.map(keyOf).filter((key) => !seen.includes(key))).toEqual([]);
  });

  it('a full server records nothing of an append, and the error says so', async () => {
    const full = redisConsentLedger({ client, name: 'full' });
    await full.append([{ key: '+1', ...optIn, at: 1 }]);
    server.cli('CONFIG', 'SET', 'maxmemory', '1');
    const changes = Array.from({ length: 300 }, (_, index) => ({ key: `+${index}`, ...out, at: 2 }));
    expect(await failureOf(full.append(changes))).toMatchObject({
      code: 'store',
      message:
        'The consent ledger on Redis failed in append. The server has reached maxmemory (OOM). Raise maxmemory, or move other data to another server. Nothing was recorded.',
    });
    expect(await full.check()).toMatchObject([{ warning: 'full' }]);
    server.cli('CONFIG', 'SET', 'maxmemory', '0');
    expect(await full.check()).toEqual([]);
    expect(await readAll(full.entries())).toEqual([{ key: '+1', ...optIn, at: 1 }]);
  });

  it.each(['incrby', 'zadd', 'sadd'])(
    'a message that was refused for want of the right to %s is recorded when it comes again',
    async (missing) => {
      const rights = ['eval', 'evalsha', 'info', 'set', 'incrby', 'sadd', 'zadd'].map((name) =>
        name === missing ? `-${name}` : `+${name}`,
      );
      await client.call('ACL', 'SETUSER', 'some', 'reset', 'on', '>p', '~*', '-@all', ...rights);
      const some = new Redis({ port: server.port, username: 'some', password: 'p', enableReadyCheck: false });
      const name = `without-${missing}`;
      const ledger = redisConsentLedger({ client: some, name });
      const stop: ConsentChange = { ...out, key: '6591234567', at: 5, messageId: 'stop' };
      for (let times = 0; times < 2; times += 1) {
        expect(await failureOf(ledger.append([stop]))).toMatchObject({ code: 'store' });
      }
      await client.call('ACL', 'SETUSER', 'some', `+${missing}`);
      await ledger.append([stop]);
      expect(await redisConsentLedger({ client, name }).history('6591234567')).toHaveLength(1);
      some.disconnect();
    },
  );

  it('passes over any number of questions', async () => {
    const ledger = redisConsentLedger({ client, name: 'questions' });
    const question = { state: 'requested', scope: 'marketing', source: 'x', expiresAt: 99 } as const;
    const asked = Array.from({ length: 9 }, (_, at) => ({ key: '+1', ...question, at: at + 2 }));
    await ledger.append([{ key: '+1', ...out, at: 1 }, ...asked]);
    expect(await ledger.get(['+1'])).toEqual([{ ...out, at: 1 }]);
  });

  it('answers thousands of keys, and lists everybody, page by page', async () => {
    const ledger = redisConsentLedger({ client, name: 'many' });
    const people = Array.from({ length: 1_200 }, (_, index) => `+${1_000_000 + index}`);
    const changes: readonly ConsentChange[] = people.map((key, at) => ({ key, ...out, at }));
    await ledger.append(changes);
    const found = await ledger.get([...people, 'nobody']);
    expect(found.map((record) => record?.at)).toEqual([...people.keys(), undefined]);
    expect(await readAll(ledger.entries())).toEqual(changes);
    await ledger.forget(people[0] as string, '#0');
    const left = await readAll(ledger.entries());
    expect(left.map(({ key }) => key)).toEqual(['#0', ...people.slice(1)]);
    expect(await readAll(redisConsentLedger({ client, name: 'other' }).entries())).toEqual([]);
  });

  it('takes over what another ledger holds', async () => {
    const before = memoryConsentLedger();
    await before.append([
      { key: '+6591234567', ...optIn, at: 1, text: 'yes' },
      { key: '+6591234567', ...out, at: 2, messageId: 'umid' },
    ]);
    const ledger = redisConsentLedger({ client, name: 'moved' });
    await importConsent(ledger, exportConsent(before, { format: 'jsonl' }), { format: 'jsonl' });
    expect(await readAll(ledger.entries())).toEqual(await readAll(before.entries()));
  });

  it('a STOP ends the messages of every process', async () => {
    const clock = createFakeClock();
    const start = () =>
      testClient({ clock, guards: { consent: { ledger: redisConsentLedger({ client, name: 'stop' }) } } });
    const person = numberOf(1);
    const sale = { destination: person, text: 'Sale', purpose: 'marketing' } as const;
    const [one, other] = [start(), start()];
    await one.sms.consent.grant(person, { source: 'web-form' });
    await other.sms.messages.send(sale);
    clock.advance(60_000);
    await one.sms.consent.handleInbound(textOf('STOP', { at: clock.now() }));
    expect(await failureOf(other.sms.messages.send(sale))).toMatchObject({ reason: 'opted-out' });
  });

  it.each([
    ['allkeys-lru', ['eviction']],
    ['volatile-lru', []],
  ])('checks the policy %s', async (policy, expected) => {
    server.cli('CONFIG', 'SET', 'maxmemory-policy', policy);
    const warnings = await redisConsentLedger({ client }).check();
    server.cli('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    expect(warnings.map(({ warning }) => warning)).toEqual(expected);
  });

  it.each([...new Set(ledgerNeeds('').commands.map((line) => line.split(' ')[0] as string))])(
    'names the missing right to %s',
    async (command) => {
      await client.call(
        'ACL',
        'SETUSER',
        'some',
        'reset',
        'on',
        '>p',
        '~*',
        '+@all',
        `-${command.toLowerCase()}`,
      );
      const some = new Redis({ port: server.port, username: 'some', password: 'p' });
      expect(await redisConsentLedger({ client: some }).check()).toEqual([
        {
          warning: 'no-rights',
          message: `The scripts may not run ${command} for this user, so nothing can be recorded. Allow them (ACL: ~8x8g:* +eval +evalsha +@read +@write).`,
        },
      ]);
      some.disconnect();
    },
  );

  it('says that a server is a replica, and that it does not answer', async () => {
    const replica = await startRedis('--replicaof', '127.0.0.1', `${server.port}`);
    const reader = new Redis(replica.port);
    reader.on('error', () => {});
    const ledger = redisConsentLedger({ client: reader });
    expect(await ledger.check()).toMatchObject([{ warning: 'read-only' }]);
    expect(await failureOf(ledger.append([{ key: '+1', ...out, at: 1 }]))).toMatchObject({
      message: expect.stringContaining('The server is a replica (READONLY). Connect to the primary'),
    });
    await replica.stop();
    expect(await ledger.check({ timeoutMs: 200 })).toMatchObject([{ warning: 'not-connected' }]);
    await expect(ledger.check({ timeoutMS: 200 } as object)).rejects.toThrow(
      'ledger.check: timeoutMS is unknown',
    );
    reader.disconnect();
  });

  it('stays away from a server that may evict opt-outs', async () => {
    server.cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    const ledger = redisConsentLedger({ client, name: 'evicted' });
    const change = { key: '+1', ...out, at: 1 };
    expect(await failureOf(ledger.append([change]))).toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('maxmemory-policy'),
    });
    expect(await ledger.get(['+1'])).toEqual([undefined]);
    server.cli('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await ledger.append([change]);
    expect(await ledger.get(['+1'])).toEqual([{ ...out, at: 1 }]);
  });
});

describe.skipIf(!hasRedisServer())('redisConsentLedger on a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.stop());

  describe.each(CLUSTER_CLIENTS)('with %s', (_, connect) =>
    passesConformance(() => connect(cluster.nodes.map(({ url }) => url))),
  );
});
