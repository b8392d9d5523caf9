import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConfigurationError, StoreError } from '../../../src/errors.ts';
import type { LimitRule } from '../../../src/limits/limit-store.ts';
import type { LimitsEvent } from '../../../src/redis/failover/limits-event.ts';
import { type RedisLimitsOptions, redisLimits } from '../../../src/redis/redis-limits.ts';
import { digests } from '../../support/drive.ts';
import { hasRedisServer, type RedisServer, startRedis } from '../../support/redis-server.ts';
import { onceRule, windowRule } from './kit.ts';
import { startTcpProxy } from './tcp-proxy.ts';

const SECRET = 'a secret of thirty-two characters';

describe('the options of redisLimits', () => {
  const client = { evalsha: async () => '', eval: async () => '', call: async () => '' };
  const good: RedisLimitsOptions = { client, secret: SECRET, onStoreError: 'refuse' };

  function flawOf(options: object): string {
    try {
      redisLimits(options as RedisLimitsOptions);
    } catch (error) {
      if (ConfigurationError.isInstance(error)) return `${error.option}: ${error.message}`;
    }
    return 'none';
  }

  it('ask for nothing before the first call', () => {
    expect(flawOf(good)).toBe('none');
    expect(flawOf({ ...good, onStoreError: { local: { processes: 20, once: 'local' } } })).toBe('none');
  });

  it('make the team choose what happens in trouble', () => {
    const flaw = flawOf({ client, secret: SECRET });
    expect(flaw).toContain('onStoreError: redisLimits: onStoreError is required');
    expect(flaw).toContain("'refuse'");
    expect(flaw).toContain('{ local: { processes: 20 } }');
  });

  it.each([
    [
      { onStoreError: 'local' },
      "onStoreError: redisLimits: onStoreError must be 'refuse' or { local: { processes } }",
    ],
    [{ onStoreError: {} }, 'onStoreError.local: redisLimits: onStoreError.local is missing'],
    [{ onStoreError: { local: {} } }, 'onStoreError.local.processes: redisLimits'],
    [{ onStoreError: { local: { processes: 0 } } }, 'onStoreError.local.processes: redisLimits'],
    [{ onStoreError: { local: { processes: 1, once: true } } }, 'onStoreError.local.once: redisLimits'],
    [{ timeoutMs: 5 }, 'timeoutMs: redisLimits: timeoutMs must be a whole number from 10 to 4000'],
    [{ timeoutms: 50 }, 'Did you mean "timeoutMs"?'],
    [{ onEvent: 'log' }, 'onEvent: redisLimits'],
    [{ clock: {} }, 'clock: redisLimits'],
    [{ storeNumbers: 'plain' }, 'storeNumbers: redisLimits'],
    [{ secret: 'short' }, 'secret'],
    [
      { previous: { secret: `the former ${SECRET}`, keyID: '0' } },
      'previous.keyID: redisLimits: previous.keyID is unknown. Did you mean "keyId"?',
    ],
    [{ previous: null }, 'previous: redisLimits: previous must be an object { keyId, secret }'],
    [{ previous: {} }, 'previous.secret: previous.secret must be a string of at least 32 characters'],
    [{ client: {} }, 'client'],
  ])('refuse %j', (wrong, message) => {
    expect(flawOf({ ...good, ...wrong })).toContain(message);
  });
});

describe('a server that hangs', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('holds a message up by one deadline and a quarter, its permit included', async () => {
    let isHanging = false;
    const hang = async () => {
      if (isHanging) await new Promise(() => {});
      throw new Error('OOM command not allowed');
    };
    const client = { evalsha: hang, eval: hang, call: hang };
    const onStoreError = { local: { processes: 2 } };
    const limits = redisLimits({ client, secret: SECRET, onStoreError, onEvent: () => {} });
    const lane = limits.pace?.lane('sms.8x8.com', 'team', 'fast');
    const request = { permits: 100, periodMs: 1_000, waiting: 1, expected: 0, isSlow: false };
    async function send(): Promise<number> {
      const startMs = performance.now();
      await limits.take('account', [{ reservation: 'first', rules: [windowRule(10)] }]);
      await lane?.lease(request);
      return performance.now() - startMs;
    }
    // The server has replied before.
    await send();
    isHanging = true;
    const sent = send();
    await vi.advanceTimersByTimeAsync(400);
    expect(await sent).toBeLessThan(200);
    const closed = limits.close();
    await vi.advanceTimersByTimeAsync(150);
    await closed;
  });
});

describe('the first call of a process', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** A take that is refused, because all commands end like this. */
  async function refusedBy(command: () => Promise<unknown>): Promise<void> {
    let isAsked = false;
    const ask = () => {
      isAsked = true;
      return command();
    };
    const client = { evalsha: ask, eval: ask, call: ask };
    const limits = redisLimits({ client, secret: SECRET, onStoreError: 'refuse', onEvent: () => {} });
    const taking = limits.take('account', [{ reservation: 'a', rules: [windowRule(10)] }]);
    const refused = expect(taking).rejects.toThrow(StoreError);
    // A script is called by its digest, which fake time must not overtake.
    while (!isAsked) await digests();
    await vi.advanceTimersByTimeAsync(2_000);
    await refused;
  }

  it('waits a second for the first reply, and no other call does', async () => {
    const hang = () => new Promise(() => {});
    const client = { evalsha: hang, eval: hang, call: hang };
    const limits = redisLimits({ client, secret: SECRET, onStoreError: 'refuse', onEvent: () => {} });
    let ended = 0;
    const take = () =>
      limits.take('account', [{ reservation: 'a', rules: [windowRule(10)] }]).catch(() => {
        ended += 1;
      });
    void take();
    await vi.advanceTimersByTimeAsync(900);
    expect(ended).toBe(0);
    // The rest of the second is less than the deadline of this call.
    void take();
    await vi.advanceTimersByTimeAsync(100);
    expect(ended).toBe(1);
    await vi.advanceTimersByTimeAsync(50);
    expect(ended).toBe(2);
    const closed = limits.close();
    await vi.advanceTimersByTimeAsync(150);
    await closed;
  });

  it('tries again while the client is not connected, and never after a reply of the server', async () => {
    let tries = 0;
    await refusedBy(async () => {
      tries += 1;
      throw new Error("Stream isn't writeable and enableOfflineQueue options is false");
    });
    expect(tries).toBeGreaterThan(20);
    const before = tries;
    await refusedBy(async () => {
      tries += 1;
      throw new Error('READONLY You can not write');
    });
    // One take, and the check that follows a refusal.
    expect(tries - before).toBeLessThan(10);
  });

  it('sends a message as soon as the client is connected', async () => {
    let isConnected = false;
    const reply = async () => {
      if (!isConnected) throw new Error('The client is offline');
      throw new Error('OOM command not allowed');
    };
    const client = { evalsha: reply, eval: reply, call: reply };
    const events: LimitsEvent[] = [];
    const onEvent = (event: LimitsEvent) => void events.push(event);
    const limits = redisLimits({ client, secret: SECRET, onStoreError: 'refuse', onEvent });
    const taking = expect(
      limits.take('account', [{ reservation: 'a', rules: [windowRule(10)] }]),
    ).rejects.toThrow('OOM');
    await vi.advanceTimersByTimeAsync(500);
    isConnected = true;
    await vi.advanceTimersByTimeAsync(20);
    await taking;
    expect(events[0]).toMatchObject({ type: 'limits-call-failed', cause: 'OOM' });
  });
});

interface Connection {
  readonly port?: number;
  readonly autoResendUnfulfilledCommands?: boolean;
}

describe.skipIf(!hasRedisServer())('redisLimits on a server in trouble', () => {
  let server: RedisServer;
  const clients: Redis[] = [];

  beforeAll(async () => {
    server = await startRedis();
  });
  afterEach(() => {
    server.process.kill('SIGCONT');
    for (const client of clients.splice(0)) client.disconnect();
  });
  afterAll(async () => {
    await server.stop();
  });

  function connect(options: Connection = {}): Redis {
    const client = new Redis({ port: server.port, retryStrategy: () => 20, ...options });
    // Without a listener ioredis writes every lost connection to the console.
    client.on('error', () => {});
    clients.push(client);
    return client;
  }

  function startLimits(onStoreError: RedisLimitsOptions['onStoreError'], connection: Connection = {}) {
    const events: LimitsEvent[] = [];
    const limits = redisLimits({
      client: connect(connection),
      secret: SECRET,
      onStoreError,
      onEvent: (event) => {
        events.push(event);
      },
    });
    const switches = () => events.flatMap((event) => (event.type === 'limits-switched' ? [event.to] : []));
    return { limits, events, switches };
  }

  let scopes = 0;
  let messages = 0;
  function newScope(): string {
    scopes += 1;
    return `trouble-${scopes}`;
  }
  function newName(): string {
    messages += 1;
    return `${process.pid}-${messages}`;
  }
  function messageOf(...rules: readonly LimitRule[]) {
    return { reservation: newName(), rules };
  }

  const TEN = windowRule(10);

  it('decides on its own when the server freezes, and reports when it is back', async () => {
    const scope = newScope();
    const { limits, switches } = startLimits({ local: { processes: 2 } });
    const granted = async () => (await limits.take(scope, [messageOf(TEN)]))[0]?.granted;
    for (let index = 0; index < 2; index += 1) expect(await granted()).toBe(true);

    server.process.kill('SIGSTOP');
    const alone = [];
    for (let index = 0; index < 6; index += 1) alone.push(await granted());
    // Two were granted before, so three are left of a share of five.
    expect(alone).toEqual([true, true, true, false, false, false]);
    expect(switches()).toEqual(['local']);

    server.process.kill('SIGCONT');
    await vi.waitFor(() => expect(switches()).toEqual(['local', 'shared']), 10_000);
    const other = startLimits('refuse').limits;
    await vi.waitFor(async () => expect((await other.inspect(scope, [TEN]))[0]?.count).toBe(5), 10_000);
  });

  it('refuses at once when the team chose so, and lets through again when the server is back', async () => {
    const scope = newScope();
    const { limits, switches } = startLimits('refuse');
    await limits.take(scope, [messageOf(TEN)]);
    server.process.kill('SIGSTOP');
    for (let index = 0; index < 10; index += 1) {
      await expect(limits.take(scope, [messageOf(TEN)])).rejects.toThrow(StoreError);
    }
    expect(switches()).toEqual(['refuse']);
    server.process.kill('SIGCONT');
    await vi.waitFor(async () => {
      const [verdict] = await limits.take(scope, [messageOf(TEN)]);
      expect(verdict?.granted).toBe(true);
    }, 10_000);
    // Commands that waited in the socket count nothing.
    await vi.waitFor(async () => expect((await limits.inspect(scope, [TEN]))[0]?.count).toBe(2), 10_000);
    await limits.close();
  });

  it.each(['refuse', { local: { processes: 2 } }] as const)(
    'decides soon every time while the server is frozen, with %j',
    async (onStoreError) => {
      const scope = newScope();
      const { limits } = startLimits(onStoreError);
      await limits.take(scope, [messageOf(TEN)]);
      server.process.kill('SIGSTOP');
      let slowestMs = 0;
      async function decide(): Promise<boolean> {
        const startMs = performance.now();
        const [verdict] = await limits.take(scope, [messageOf(TEN)]).catch(() => [undefined]);
        slowestMs = Math.max(slowestMs, performance.now() - startMs);
        return verdict?.granted === true;
      }
      let granted = 0;
      for (const isGranted of await Promise.all(Array.from({ length: 500 }, decide))) {
        granted += Number(isGranted);
      }
      for (let index = 0; index < 500; index += 1) granted += Number(await decide());
      // A share of five, of which one was granted before.
      expect(granted).toBe(onStoreError === 'refuse' ? 0 : 4);
      // 150 ms plus what this machine needs; the client libraries would wait for seconds.
      expect(slowestMs).toBeLessThan(1_500);
    },
  );

  it.each([
    ['ioredis sends it again', true],
    ['ioredis gives it up', false],
  ])(
    'counts exactly when connections are cut in mid-command and %s',
    async (_, autoResendUnfulfilledCommands) => {
      const scope = newScope();
      const proxy = await startTcpProxy(server.port);
      const through = { port: proxy.port, autoResendUnfulfilledCommands };
      const alone = startLimits({ local: { processes: 2 } }, through);
      const refusing = startLimits('refuse', through);
      const direct = startLimits('refuse').limits;
      const rules = [TEN];
      for (const { limits } of [alone, refusing])
        await limits.take(scope, [{ reservation: newName(), rules }]);

      proxy.swallowAnswers();
      await expect(refusing.limits.take(scope, [{ reservation: newName(), rules }])).rejects.toThrow(
        StoreError,
      );
      const reservation = newName();
      expect(await alone.limits.take(scope, [{ reservation, rules }])).toMatchObject([{ granted: true }]);
      await alone.limits.settle(scope, [{ reservation, rules, outcome: 'keep' }]);
      // Never too low: two before, the two whose replies were lost, and maybe one that was written back already.
      expect((await direct.inspect(scope, rules))[0]?.count).toBeGreaterThanOrEqual(4);

      proxy.cut();
      await vi.waitFor(async () => expect((await direct.inspect(scope, rules))[0]?.count).toBe(3), 10_000);
      await vi.waitFor(() => expect(alone.switches()).toEqual(['local', 'shared']), 10_000);
      await proxy.stop();
    },
  );

  it('does not release later what it said it had not', async () => {
    const scope = newScope();
    const proxy = await startTcpProxy(server.port);
    const client = connect({ port: proxy.port });
    const limits = redisLimits({ client, secret: SECRET, onStoreError: 'refuse', onEvent: () => {} });
    const others = startLimits('refuse').limits;
    await limits.take(scope, [messageOf(TEN)]);
    await limits.release(scope, [TEN]);
    expect((await others.inspect(scope, [TEN]))[0]?.count).toBe(0);

    // A disconnected client library queues the command until it reconnects.
    proxy.moveTo(1);
    proxy.cut();
    await expect(limits.release(scope, [TEN])).rejects.toThrow('Nothing was released.');
    const taken = await others.take(
      scope,
      Array.from({ length: 10 }, () => messageOf(TEN)),
    );
    expect(taken.every(({ granted }) => granted)).toBe(true);
    proxy.moveTo(server.port);
    await client.ping();
    expect((await others.inspect(scope, [TEN]))[0]?.count).toBe(10);
    await proxy.stop();
  });

  it('goes on after a server that lost its memory', async () => {
    const scope = newScope();
    const { limits, switches } = startLimits({ local: { processes: 1 } });
    const client = connect();
    await limits.take(scope, [messageOf(TEN), messageOf(TEN)]);
    // For half a second the server does not answer, then all counters and scripts are gone.
    await client.call('CLIENT', 'PAUSE', '500', 'ALL');
    const [verdict] = await limits.take(scope, [messageOf(TEN)]);
    expect(verdict?.granted).toBe(true);
    await client.call('SCRIPT', 'FLUSH');
    await vi.waitFor(() => expect(switches()).toEqual(['local', 'shared']), 10_000);
    await vi.waitFor(async () => expect((await limits.inspect(scope, [TEN]))[0]?.count).toBe(3), 10_000);
  });

  it('warns once of a server that may drop counters, after the first answer', async () => {
    server.cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    const { limits, events } = startLimits('refuse');
    const scope = newScope();
    await limits.take(scope, [messageOf(TEN)]);
    await vi.waitFor(() => expect(events).toMatchObject([{ type: 'limits-warning', warning: 'eviction' }]));
    await limits.take(scope, [messageOf(TEN)]);
    expect(await limits.check()).toMatchObject([{ warning: 'eviction' }]);
    expect(events).toHaveLength(1);
    server.cli('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    expect(await limits.check()).toEqual([]);
  });

  it.each([
    ['no scripts', ['~*', '+@all', '-@scripting'], 'no-scripts'],
    ['EVAL but not EVALSHA', ['~*', '+@all', '-evalsha'], 'no-scripts'],
    ['other keys only', ['~app:*', '+@all'], 'no-rights'],
    ['scripts that write nothing', ['~*', '+@all', '-@write'], 'no-rights'],
    ['not to look', ['~*', '+@all', '-info'], 'not-checked'],
  ])('warns of a user who may use %s, without being asked', async (_, rights, warning) => {
    const name = `user-${newName()}`;
    server.cli('ACL', 'SETUSER', name, 'on', '>pass', ...rights);
    const client = new Redis(server.port, { username: name, password: 'pass' });
    clients.push(client);
    const events: LimitsEvent[] = [];
    const limits = redisLimits({
      client,
      secret: SECRET,
      onStoreError: 'refuse',
      onEvent: (event) => {
        events.push(event);
      },
    });
    const taking = limits.take(newScope(), [messageOf(TEN)]);
    if (warning !== 'not-checked') await expect(taking).rejects.toThrow(StoreError);
    else await expect(taking).resolves.toMatchObject([{ granted: true }]);
    await vi.waitFor(() => {
      const warnings = events.filter(({ type }) => type === 'limits-warning');
      expect(warnings).toMatchObject([{ warning }]);
    }, 10_000);
    expect(JSON.stringify(events)).not.toMatch(/pass|6591234567|127\.0\.0\.1/);
    expect(await limits.check()).toMatchObject([{ warning }]);
  });

  it('runs for a user who may do what the warning says', async () => {
    const rights = '~8x8g:* +eval +evalsha +time +@read +@write'.split(' ');
    server.cli('ACL', 'SETUSER', 'least', 'on', '>pass', ...rights);
    const client = new Redis(server.port, { username: 'least', password: 'pass', enableReadyCheck: false });
    clients.push(client);
    const limits = redisLimits({ client, secret: SECRET, onStoreError: 'refuse', onEvent: () => {} });
    const scope = newScope();
    const request = messageOf(TEN, onceRule());
    expect(await limits.take(scope, [request])).toMatchObject([{ granted: true }]);
    await limits.settle(scope, [{ ...request, outcome: 'return' }]);
    expect(await limits.inspect(scope, [TEN])).toMatchObject([{ count: 0 }]);
    await limits.release(scope, [TEN]);
    expect(await limits.check()).toMatchObject([{ warning: 'not-checked' }]);
  });

  it('gives the first result to another process', async () => {
    const scope = newScope();
    const [first, second] = [startLimits('refuse').limits, startLimits('refuse').limits];
    const rules = [onceRule()];
    await first.take(scope, [{ reservation: 'first', rules }]);
    await first.settle(scope, [{ reservation: 'first', rules, outcome: 'keep', result: 'sent' }]);
    const [verdict] = await second.take(scope, [{ reservation: 'second', rules }]);
    expect(verdict).toMatchObject({ granted: false, refusals: [{ reason: 'done', result: 'sent' }] });
  });
});
