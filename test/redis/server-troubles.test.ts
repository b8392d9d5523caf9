import { rm } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { LIMITS_NEEDS } from '../../src/redis/check/server-needs.ts';
import type { LimitsEvent } from '../../src/redis/failover/limits-event.ts';
import type { RedisClient } from '../../src/redis/redis-commands.ts';
import { redisLimits } from '../../src/redis/redis-limits.ts';
import { numberOf, testClient } from '../support/client.ts';
import {
  hasRedisServer,
  type RedisCluster,
  type RedisServer,
  startRedis,
  startRedisCluster,
} from '../support/redis-server.ts';
import { failureOf } from '../support/transport.ts';
import { CLUSTER_CLIENTS, SINGLE_CLIENTS } from './clients.ts';
import { SECRET } from './store-under-test.ts';

/** `check()` of limits on this client, as `kind: message`. */
async function check(client: RedisClient): Promise<string[]> {
  const limits = redisLimits({ client, secret: SECRET, onStoreError: 'refuse', onEvent: () => {} });
  const warnings = await limits.check();
  await limits.close();
  return warnings.map(({ warning, message }) => `${warning}: ${message}`);
}

describe.runIf(hasRedisServer())('check() on one server', () => {
  let server: RedisServer;
  const ends: (() => Promise<unknown> | undefined)[] = [];
  beforeAll(async () => {
    server = await startRedis();
  }, 60_000);
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  afterAll(() => server?.stop());

  /** A client of ioredis that the test leaves behind. */
  function connect(url: string, options = {}): Redis {
    const client = new Redis(url, options);
    client.on('error', () => {});
    ends.push(async () => client.disconnect());
    return client;
  }

  async function start(...flags: string[]): Promise<RedisServer> {
    const own = await startRedis(...flags);
    ends.push(() => own.stop());
    return own;
  }

  /** Sets it for one test. */
  function configure(name: string, value: string, usual: string): void {
    server.cli('CONFIG', 'SET', name, value);
    ends.push(async () => void server.cli('CONFIG', 'SET', name, usual));
  }

  describe.each(SINGLE_CLIENTS)('with %s', (_, open) => {
    it('finds nothing wrong with a good server', async () => {
      const { client, close } = await open([server.url]);
      expect(await check(client)).toEqual([]);
      await close();
    });

    it('says that a server is full', async () => {
      const { client, close } = await open([server.url]);
      configure('maxmemory', '1', '0');
      expect(await check(client)).toEqual([
        'full: The server has reached maxmemory (OOM), so nothing can be counted. Raise maxmemory, or move other data to another server.',
      ]);
      await close();
    });
  });

  it('says it in the error of a message, and once in an event, when it refuses', async () => {
    const events: LimitsEvent[] = [];
    const client = connect(server.url);
    const onEvent = (event: LimitsEvent) => void events.push(event);
    const limits = redisLimits({ client, secret: SECRET, onStoreError: 'refuse', timeoutMs: 4_000, onEvent });
    const { sms } = testClient({
      limits,
      scope: 'full',
      guards: { recipient: { limit: 4, windowMs: 60_000 } },
    });
    configure('maxmemory', '1', '0');
    const advice =
      'The server has reached maxmemory (OOM), so nothing can be counted. Raise maxmemory, or move other data to another server.';
    for (let times = 0; times < 4; times += 1) {
      const error = await failureOf(sms.messages.send({ destination: numberOf(1), text: 'Hello' }));
      expect(error).toMatchObject({
        code: 'store',
        submission: 'not-submitted',
        message: expect.stringMatching(new RegExp(`Nothing was sent\\. ${advice.replace(/[()]/g, '\\$&')}$`)),
      });
    }
    await vi.waitFor(() => {
      const warnings = events.filter(({ type }) => type === 'limits-warning');
      expect(warnings).toMatchObject([{ warning: 'full', message: advice }]);
    });
    await limits.close();
  });

  // A sentinel does not hand out replicas.
  it.each(SINGLE_CLIENTS.filter(([name]) => !name.includes('sentinel')))(
    'says with %s that a server is a replica',
    async (_, open) => {
      const replica = await start('--replicaof', '127.0.0.1', `${server.port}`);
      // GLIDE looks for a primary among its addresses itself.
      if (_ === 'Valkey GLIDE') {
        await expect(open([replica.url])).rejects.toThrow(/primary/i);
        return;
      }
      const { client, close } = await open([replica.url]);
      expect(await check(client)).toEqual([
        expect.stringMatching(/^read-only: The server is a replica \(READONLY\)/),
      ]);
      await close();
    },
  );

  it('says it of a replica that accepts writes, and of one that lost its primary', async () => {
    const gone = await start();
    const writable = await start('--replicaof', '127.0.0.1', `${server.port}`, '--replica-read-only', 'no');
    const orphan = await start(
      '--replicaof',
      '127.0.0.1',
      `${gone.port}`,
      '--replica-serve-stale-data',
      'no',
    );
    await gone.kill();
    const readOnly = expect.stringMatching(/^read-only: /);
    expect(await check(connect(writable.url))).toEqual([readOnly]);
    await vi.waitFor(() => expect(() => orphan.cli('GET', 'a')).not.toThrow());
    expect(await check(connect(orphan.url, { enableReadyCheck: false }))).toEqual([readOnly]);
  });

  it('says it with numbers over 64 slots too', async () => {
    const client = connect(server.url);
    const options = { client, secret: SECRET, onStoreError: 'refuse', shardBy: 'recipient' } as const;
    const limits = redisLimits({ ...options, onEvent: () => {} });
    expect(await limits.check()).toEqual([]);
    configure('maxmemory', '1', '0');
    expect(await limits.check()).toMatchObject([{ warning: 'full' }]);
    await limits.close();
  });

  it('says that replicas are missing', async () => {
    configure('min-replicas-to-write', '1', '0');
    expect(await check(connect(server.url))).toEqual([
      'no-replicas: The server has fewer replicas than min-replicas-to-write (NOREPLICAS), so nothing can be counted. Start the missing replicas, or lower min-replicas-to-write.',
    ]);
  });

  it('says that a server cannot save', async () => {
    const own = await start('--save', '3600 1');
    await rm(own.cli('CONFIG', 'GET', 'dir').split('\n')[1] as string, { recursive: true });
    own.cli('BGSAVE');
    await vi.waitFor(
      () => expect(own.cli('INFO', 'persistence')).toContain('rdb_last_bgsave_status:err'),
      10_000,
    );
    expect(await check(connect(own.url))).toEqual([expect.stringMatching(/^cannot-save: .*\(MISCONF\)/)]);
  });

  it.each(['allkeys-lru', 'allkeys-random', 'volatile-lru', 'volatile-ttl', 'noeviction'])(
    'reads the policy %s',
    async (policy) => {
      configure('maxmemory-policy', policy, 'noeviction');
      const expected = [expect.stringContaining(`eviction: The server's maxmemory-policy is ${policy}`)];
      expect(await check(connect(server.url))).toEqual(policy === 'noeviction' ? [] : expected);
    },
  );

  it('says that a long script blocks the server', async () => {
    configure('lua-time-limit', '20', '5000');
    const client = connect(server.url);
    await client.ping();
    const blocker = connect(server.url);
    const blocking = blocker.eval('while true do end', 0).catch(() => {});
    await vi.waitFor(() => expect(server.cli('PING')).toContain('BUSY'));
    expect(await check(client)).toEqual([expect.stringMatching(/^busy: .*SCRIPT KILL/)]);
    server.cli('SCRIPT', 'KILL');
    await blocking;
  });

  describe('a user without a right', () => {
    let users = 0;
    async function checkUser(...rights: string[]): Promise<string[]> {
      users += 1;
      server.cli('ACL', 'SETUSER', `u${users}`, 'on', '>pass', ...rights);
      return check(connect(`redis://u${users}:pass@127.0.0.1:${server.port}`));
    }
    const commands = [...new Set(LIMITS_NEEDS.commands.map((line) => line.split(' ')[0] as string))];

    it.each(commands)('is told of %s', async (command) => {
      expect(await checkUser('~8x8g:*', '+@all', `-${command.toLowerCase()}`)).toEqual([
        `no-rights: The scripts may not run ${command} for this user, so nothing can be counted. Allow them (ACL: ~8x8g:* +eval +evalsha +time +@read +@write).`,
      ]);
    });

    it('is told of all of them at once', async () => {
      const [warning] = await checkUser('~8x8g:*', '+@all', '-@write');
      expect(warning).toContain(
        'The scripts may not run SET, PSETEX, PEXPIRE, DEL, ZADD, ZREM, ZREMRANGEBYSCORE, ZREMRANGEBYRANK, HSET, HDEL for',
      );
    });

    it.each([
      ['no scripts', '-@scripting'],
      ['no EVAL', '-eval'],
      ['no EVALSHA', '-evalsha'],
    ])('is told that it has %s', async (_, right) => {
      expect(await checkUser('~8x8g:*', '+@all', right)).toEqual([expect.stringMatching(/^no-scripts: /)]);
    });

    it.each([
      ['keys of another program', ['~app:*']],
      ['keys of scopes, but not of the pace', ['~8x8g:{[^%]*']],
      ['keys of the pace, but not of scopes', ['~8x8g:{%*']],
      ['keys that it may only read', ['%R~8x8g:*']],
    ])('is told of %s', async (_, patterns) => {
      expect(await checkUser(...patterns, '+@all')).toEqual([
        'no-rights: This user may not read and write all keys that begin with 8x8g:. Allow them (ACL: ~8x8g:*).',
      ]);
    });

    it('is warned that its configuration is unknown, and is still checked', async () => {
      const unknown = expect.stringMatching(/^not-checked: .*may not run INFO/);
      expect(await checkUser('~8x8g:*', '+@all', '-info')).toEqual([unknown]);
      expect(await checkUser('~8x8g:*', '+@all', '-info', '-zadd')).toEqual([
        expect.stringMatching(/^no-rights: The scripts may not run ZADD/),
        unknown,
      ]);
    });
  });

  it.each(['EVAL', 'EVALSHA'])('says that a server has disabled %s', async (command) => {
    const own = await start('--rename-command', command, '');
    expect(await check(connect(own.url))).toEqual([expect.stringMatching(/^no-scripts: /)]);
  });

  it.each([
    ['a password is missing', {}],
    ['a password is wrong', { password: 'wrong' }],
  ])('says that %s', async (_, options) => {
    const own = await startRedis();
    own.cli('CONFIG', 'SET', 'requirepass', 'right');
    ends.push(() => own.stop());
    expect(await check(connect(own.url, options))).toEqual([expect.stringMatching(/^no-login: /)]);
  });
});

describe.runIf(hasRedisServer())('check() on a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  }, 60_000);
  afterAll(() => cluster?.stop());
  const urls = () => cluster.nodes.map(({ url }) => url);

  describe.each(CLUSTER_CLIENTS)('with %s', (_, open) => {
    it('finds nothing wrong with a good one', async () => {
      const { client, close } = await open(urls());
      expect(await check(client)).toEqual([]);
      await close();
    });

    it('finds the one node that is full, and the one that may evict', async () => {
      const [first, , last] = cluster.nodes as [RedisServer, RedisServer, RedisServer];
      const { client, close } = await open(urls());
      first.cli('CONFIG', 'SET', 'maxmemory', '1');
      last.cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
      expect((await check(client)).sort()).toEqual([
        expect.stringMatching(/^eviction: .*This holds for 1 of 3 nodes\.$/),
        expect.stringMatching(/^full: .*This holds for 1 of 3 nodes\.$/),
      ]);
      first.cli('CONFIG', 'SET', 'maxmemory', '0');
      last.cli('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
      await close();
    });
  });

  it.each(SINGLE_CLIENTS.filter(([name]) => !name.includes('sentinel')))(
    'says that %s for one server is no client of a cluster',
    async (_, open) => {
      const { client, close } = await open(urls().slice(0, 1));
      expect(await check(client)).toEqual([expect.stringMatching(/^not-cluster-client: /)]);
      await close();
    },
  );

  it.each(CLUSTER_CLIENTS)(
    'says with %s that slots are served by no node, and that the cluster is down',
    async (_, open) => {
      const [first] = cluster.nodes as [RedisServer];
      const { client, close } = await open(urls());
      if ('on' in client) (client as unknown as Redis).on('error', () => {});
      expect(await check(client)).toEqual([]);
      // Each node has one, so that the client meets it wherever it asks.
      for (const node of cluster.nodes) node.cli('CONFIG', 'SET', 'cluster-require-full-coverage', 'no');
      const slots = ['0', '1', '2'];
      for (const node of cluster.nodes) node.cli('CLUSTER', 'DELSLOTS', ...slots);
      expect(await check(client)).toEqual([
        'cluster-down: No node of the cluster serves 3 of its 16384 slots, so some scopes and numbers cannot be counted. Bring the failed nodes back.',
      ]);
      for (const node of cluster.nodes) {
        node.cli('CONFIG', 'SET', 'cluster-require-full-coverage', 'yes');
        // The state is read again when slots change.
        node.cli('CLUSTER', 'DELSLOTS', '3');
      }
      await vi.waitFor(() => {
        for (const node of cluster.nodes) expect(node.cli('CLUSTER', 'INFO')).toContain('cluster_state:fail');
      }, 10_000);
      expect(await check(client)).toEqual([expect.stringMatching(/^cluster-down: .*cluster_state:ok/)]);
      first.cli('CLUSTER', 'ADDSLOTS', ...slots, '3');
      await vi.waitFor(() => {
        for (const node of cluster.nodes) expect(node.cli('CLUSTER', 'INFO')).toContain('cluster_state:ok');
      }, 10_000);
      await close();
    },
    60_000,
  );
});
