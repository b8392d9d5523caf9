import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AbortedError, ConfigurationError } from '../../src/errors.ts';
import { checkServer } from '../../src/redis/check/check-server.ts';
import { slotOf } from '../../src/redis/check/cluster-nodes.ts';
import { LIMITS_NEEDS, ledgerNeeds } from '../../src/redis/check/server-needs.ts';
import * as scripts from '../../src/redis/lua/scripts.ts';
import type { RedisCommands } from '../../src/redis/redis-commands.ts';
import { redisLimits } from '../../src/redis/redis-limits.ts';
import { SECRET } from './store-under-test.ts';

interface Server {
  /** The reply to every command without a key. */
  readonly info?: unknown;
  /** The reply to the script of the check. */
  readonly probe?: unknown;
  readonly evalsha?: unknown;
}

const WELL = '# Server\r\nredis_version:7.0.15\r\n\r\n# Memory\r\nmaxmemory_policy:noeviction\r\n';

async function reply(value: unknown): Promise<unknown> {
  if (value instanceof Error) throw value;
  return typeof value === 'function' ? value() : value;
}

function serverOf({
  info = WELL,
  probe = [''],
  evalsha = new Error('NOSCRIPT No matching script.'),
}: Server) {
  return { call: () => reply(info), eval: () => reply(probe), evalsha: () => reply(evalsha) };
}

/** The warnings for a server with these replies. */
async function warningsOf(server: Server): Promise<string[]> {
  const checking = checkServer(serverOf(server), LIMITS_NEEDS);
  // Commands without a reply are tried for a second.
  if (vi.isFakeTimers()) await vi.advanceTimersByTimeAsync(2_000);
  const warnings = await checking;
  return warnings.map(({ warning, message }) => `${warning}: ${message}`);
}

const NO_SCRIPTS =
  'no-scripts: The server does not run EVAL and EVALSHA for this user, so nothing can be counted. Allow them (ACL: ~8x8g:* +eval +evalsha +time +@read +@write), and disable neither.';
const NO_KEYS =
  'no-rights: This user may not read and write all keys that begin with 8x8g:. Allow them (ACL: ~8x8g:*).';

describe('the check of a server', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('finds nothing wrong with a good one', async () => {
    expect(await warningsOf({})).toEqual([]);
    const bytes = new TextEncoder().encode(WELL);
    expect(await warningsOf({ info: bytes, probe: [bytes] })).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('shows no unreadable policy', async () => {
    const [warning] = await warningsOf({ info: WELL.replace('noeviction', 'SECRET 4711') });
    expect(warning).toContain('maxmemory-policy is another');
  });

  it('warns of a server that is too old, and takes a Valkey for what it is', async () => {
    expect(await warningsOf({ info: WELL.replace('7.0.15', '5.0.14') })).toEqual([
      'too-old: The server is version 5.0.14. Use Redis 6.0 or later, or Valkey.',
    ]);
    const valkey = WELL.replace('redis_version:7.0.15', 'redis_version:4.0.0\r\nvalkey_version:8.0.1');
    expect(await warningsOf({ info: valkey })).toEqual([]);
  });

  it.each([
    "NOPERM this user has no permissions to run the 'eval' command",
    "ERR unknown command 'eval', with args beginning with: 'return 1'",
    "ERR Could not find scripting engine 'lua'",
  ])('warns when scripts are forbidden: %s', async (message) => {
    expect(await warningsOf({ probe: new Error(message) })).toEqual([NO_SCRIPTS]);
    expect(await warningsOf({ evalsha: new Error(message) })).toEqual([NO_SCRIPTS]);
  });

  it.each([
    'NOPERM this user has no permissions to access one of the keys used as arguments',
    'NOPERM No permissions to access a key',
  ])('warns when keys are forbidden: %s', async (message) => {
    expect(await warningsOf({ probe: new Error(message) })).toEqual([NO_KEYS]);
  });

  // The texts of Redis 6.0, 7.0 and 7.2, and of a command that was renamed.
  it.each([
    "-NOPERM this user has no permissions to run the 'set' command or its subcommand",
    "The user executing the script can't run this command or subcommand",
    "ERR ACL failure in script: User u has no permissions to run the 'set' command",
    'ERR Unknown Redis command called from script',
  ])('names commands that scripts may not run: %s', async (error) => {
    expect(await warningsOf({ probe: ['', `SET ${error}`, `PTTL ${error}`] })).toEqual([
      'no-rights: The scripts may not run SET, PTTL for this user, so nothing can be counted. Allow them (ACL: ~8x8g:* +eval +evalsha +time +@read +@write).',
    ]);
  });

  it('reports a reason once, and knows the texts of Redis 6', async () => {
    const failures = ['SET', 'DEL'].map(
      (name) => `${name} ERR Error running script: -READONLY You can't write`,
    );
    expect(await warningsOf({ info: `${WELL}role:slave\r\n`, probe: ['', ...failures] })).toEqual([
      'read-only: The server is a replica (READONLY), so nothing can be counted. Connect to the primary: through Sentinel, a cluster client or an address of its own, and reconnect after a failover.',
    ]);
  });

  it('ignores failures that say nothing about the server', async () => {
    expect(await warningsOf({ probe: ['', 'ZADD WRONGTYPE Operation against a key'] })).toEqual([]);
  });

  it('reports a script that fails or has no reply', async () => {
    expect(await warningsOf({ probe: new Error('ERR something else') })).toEqual([
      'not-checked: The script of the check failed (ERR). Check again.',
    ]);
    expect(await warningsOf({ probe: new Error('read ECONNRESET') })).toEqual([
      'not-connected: A node did not answer the script of the check (ECONNRESET).',
    ]);
    expect(await warningsOf({ probe: () => Promise.reject('a string') })).toEqual([
      'not-connected: A node did not answer the script of the check.',
    ]);
    expect(await warningsOf({ probe: 'odd', evalsha: () => Promise.reject('a string') })).toEqual([]);
  });

  it.each([new Error('NOPERM'), new Error("ERR unknown command 'info'"), 'redis_version:7.0.15', ''])(
    'says when the configuration is unknown, and checks the rest: %s',
    async (info) => {
      expect(await warningsOf({ info, probe: ['', 'SET NOREPLICAS Not enough'] })).toEqual([
        expect.stringMatching(/^no-replicas: /),
        'not-checked: The server did not report its configuration: this user may not run INFO. Verify that its version is 6.0 or later and its maxmemory-policy is noeviction.',
      ]);
    },
  );

  it('says at once why a server refuses everything', async () => {
    expect(await warningsOf({ info: new Error('NOAUTH Authentication required.') })).toEqual([
      expect.stringMatching(/^no-login: /),
    ]);
  });

  it('waits for a client that connects', async () => {
    const replies = [new Error('The client is offline'), new Error('connect ECONNREFUSED'), WELL];
    expect(await warningsOf({ info: () => reply(replies.shift()) })).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits for a client that runs INFO before it is ready for scripts', async () => {
    const probes = [new Error("Stream isn't writeable"), new Error('The client is offline'), ['']];
    expect(await warningsOf({ probe: () => reply(probes.shift()) })).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits for a server that loads its data, and says when that takes long', async () => {
    const replies = [new Error('LOADING Redis is loading'), WELL];
    expect(await warningsOf({ info: () => reply(replies.shift()) })).toEqual([]);
    const long = warningsOf({ info: new Error('LOADING Redis is loading') });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await long).toEqual([
      'loading: The server is still loading its data (LOADING), so nothing can be counted. Wait until it has started.',
    ]);
  });

  it.each([
    ['never answers', () => new Promise<never>(() => {}), ''],
    ['is not reached', new Error('connect ECONNREFUSED 10.0.0.7:6379'), ' (ECONNREFUSED)'],
  ])('gives up when the server %s', async (_, info, shown) => {
    const checking = checkServer(serverOf({ info }), LIMITS_NEEDS, { timeoutMs: 2_000 });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await checking).toEqual([
      {
        warning: 'not-connected',
        message: `The server did not answer within 2000 ms${shown}. Check that the client is connected, its address, its TLS options and its password; a client of a cluster also waits until the cluster is up.`,
      },
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('can be aborted', async () => {
    const controller = new AbortController();
    const info = new Error('The client is offline');
    const checking = checkServer(serverOf({ info }), LIMITS_NEEDS, { signal: controller.signal });
    const failed = expect(checking).rejects.toThrow(AbortedError);
    await vi.advanceTimersByTimeAsync(70);
    controller.abort();
    await failed;
    expect(vi.getTimerCount()).toBe(0);
    await expect(checkServer(serverOf({}), LIMITS_NEEDS, { signal: AbortSignal.abort() })).rejects.toThrow(
      AbortedError,
    );
  });

  it('hides no mistake of its own', async () => {
    await expect(checkServer(serverOf({ probe: [Object.create(null)] }), LIMITS_NEEDS)).rejects.toThrow(
      TypeError,
    );
  });

  it('takes no other options', async () => {
    const client: RedisCommands = serverOf({});
    const limits = redisLimits({ client, secret: SECRET, onStoreError: 'refuse' });
    const unknown = { timeoutMS: 1_000 } as object;
    await expect(limits.check(unknown)).rejects.toThrow(ConfigurationError);
    await expect(limits.check(unknown)).rejects.toThrow(
      'limits.check: timeoutMS is unknown. Did you mean "timeoutMs"?',
    );
    await expect(limits.check({ timeoutMs: 1 })).rejects.toThrow('timeoutMs');
    expect(await limits.check({ timeoutMs: 1_000, signal: new AbortController().signal })).toEqual([]);
  });
});

describe('the check of a cluster', () => {
  const INFO = `${WELL}cluster_enabled:1\r\n`;
  const slots = [
    [0, 8_000, ['10.0.0.1', 6379, 'one'], ['10.0.0.9', 6379, 'replica']],
    [8_001, 16_383, ['10.0.0.2', 6379, 'two']],
  ];

  async function warningsOfCluster(probes: (key: string) => unknown, more: object = {}): Promise<string[]> {
    const replies: Record<string, unknown> = {
      INFO,
      'CLUSTER SLOTS': slots,
      'CLUSTER INFO': 'cluster_state:ok',
      ...more,
    };
    const commands: RedisCommands = {
      call: (...words) => reply(replies[words.join(' ')]),
      eval: (_, [key]) => reply(probes(key as string)),
      evalsha: () => reply(new Error('NOSCRIPT')),
    };
    vi.useFakeTimers();
    const checking = checkServer(commands, LIMITS_NEEDS);
    await vi.advanceTimersByTimeAsync(2_000);
    const warnings = await checking;
    vi.useRealTimers();
    return warnings.map(({ warning, message }) => `${warning}: ${message}`);
  }

  it('asks every primary node by a key in one of its slots', async () => {
    const asked: string[] = [];
    expect(
      await warningsOfCluster((key) => {
        asked.push(key);
        return [INFO];
      }),
    ).toEqual([]);
    const nodes = asked.slice(0, 2).map((key) => slotOf(key.slice(6, key.indexOf('}'))) > 8_000);
    expect([...nodes].sort()).toEqual([false, true]);
    expect(asked).toHaveLength(3);
  });

  it('knows the slots of the specification', () => {
    expect(slotOf('123456789')).toBe(0x31c3);
    expect(slotOf('foo')).toBe(12_182);
    expect(slotOf('')).toBe(0);
  });

  it('says how many nodes have a problem', async () => {
    let asked = 0;
    const warnings = await warningsOfCluster(() => {
      asked += 1;
      return asked === 1
        ? [INFO, 'SET OOM command not allowed']
        : [INFO.replace('noeviction', 'volatile-lru')];
    });
    expect(warnings).toEqual([
      expect.stringMatching(/^full: .*This holds for 1 of 2 nodes\.$/),
      expect.stringMatching(/^eviction: .*This holds for 1 of 2 nodes\.$/),
    ]);
  });

  it('says that a node does not answer', async () => {
    const probes = (key: string) =>
      slotOf(key.slice(6, key.indexOf('}'))) > 8_000 ? new Error('ECONNREFUSED') : [INFO];
    expect(await warningsOfCluster(probes)).toEqual([
      'not-connected: A node did not answer the script of the check (ECONNREFUSED). This holds for 1 of 2 nodes.',
    ]);
  });

  it('asks one node when it may not see the others', async () => {
    const denied = new Error('NOPERM this user');
    expect(await warningsOfCluster(() => [''], { 'CLUSTER SLOTS': denied })).toEqual([]);
    expect(await warningsOfCluster(() => [INFO], { 'CLUSTER SLOTS': [] })).toEqual([
      expect.stringContaining('No node of the cluster serves 16384 of its 16384 slots'),
    ]);
  });
});

describe('the commands that are tried', () => {
  const commandsOf = (names: readonly string[]) => {
    const texts = Object.entries(scripts).filter(([name]) => names.some((start) => name.startsWith(start)));
    const found = texts.flatMap(([, text]) =>
      [...text.matchAll(/call\('([A-Z]+)'/g)].map((match) => match[1]),
    );
    return [...new Set(found)].sort();
  };
  const triedOf = (lines: readonly string[]) => [...new Set(lines.map((line) => line.split(' ')[0]))].sort();

  it('are all that the scripts of the limits call', () => {
    const names = Object.keys(scripts).filter((name) => !/^(CONSENT|SERVER)_/.test(name));
    expect(triedOf(LIMITS_NEEDS.commands)).toEqual(commandsOf(names));
  });

  it('are all that the scripts of the ledger call', () => {
    expect(triedOf(ledgerNeeds('').commands)).toEqual(commandsOf(['CONSENT_']));
  });
});
