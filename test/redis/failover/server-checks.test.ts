import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkServer } from '../../../src/redis/failover/server-checks.ts';

interface Server {
  readonly info?: unknown;
  readonly script?: unknown;
}

const WELL = '# Server\r\nredis_version:7.0.15\r\n\r\n# Memory\r\nmaxmemory_policy:noeviction\r\n';

async function reply(value: unknown): Promise<unknown> {
  if (value instanceof Error) throw value;
  return value;
}

/** The warnings for a server with these replies. */
async function warningsOf({ info = WELL, script = 1 }: Server): Promise<string[]> {
  const warnings = await checkServer({
    call: () => reply(info),
    eval: () => reply(script),
    evalsha: () => reply(script),
  });
  return warnings.map(({ warning, message }) => `${warning}: ${message}`);
}

describe('what is checked of a server', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('finds nothing wrong with a good one', async () => {
    expect(await warningsOf({})).toEqual([]);
    expect(await warningsOf({ info: new TextEncoder().encode(WELL) })).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each(['allkeys-lru', 'allkeys-random', 'volatile-lru', 'volatile-ttl'])(
    'warns of %s',
    async (policy) => {
      const [warning] = await warningsOf({ info: WELL.replace('noeviction', policy) });
      expect(warning).toContain(`eviction: The server's maxmemory-policy is ${policy}`);
    },
  );

  it('shows no policy that is none', async () => {
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
    "ERR unknown command 'EVAL'",
    // Redis 7.0 and Valkey 8 phrase it differently when the script starts and is denied a command.
    "ERR The user executing the script can't run this command or subcommand script: 0f",
    "ERR ACL failure in script: User u has no permissions to run the 'set' command script: 0f",
    'ERR ACL failure in script: No permissions to access a key script: 0f',
  ])('warns when scripts are forbidden: %s', async (message) => {
    expect(await warningsOf({ script: new Error(message) })).toEqual([
      'no-scripts: This user may not run the scripts. Allow EVAL, EVALSHA and the commands they call (ACL: ~8x8g:* +eval +evalsha +time +@read +@write).',
    ]);
  });

  it('leaves a broken connection to the deadline', async () => {
    expect(await warningsOf({ script: new Error('Connection is closed.') })).toEqual([]);
    // biome-ignore lint/suspicious/noExplicitAny: what is thrown need not be an error
    const no = () => Promise.reject('no') as any;
    expect(await checkServer({ call: async () => WELL, eval: no, evalsha: no })).toEqual([]);
  });

  it.each([new Error('NOPERM'), 'nothing', 'redis_version:7.0.15', 'maxmemory_policy:noeviction'])(
    'says when it could not be checked: %s',
    async (info) => {
      expect((await warningsOf({ info }))[0]).toContain('not-checked');
    },
  );

  it('gives up after two seconds', async () => {
    const silent = () => new Promise<never>(() => {});
    const checking = checkServer({ call: silent, eval: silent, evalsha: silent });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await checking).toMatchObject([{ warning: 'not-checked' }]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
