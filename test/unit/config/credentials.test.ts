import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type ApiKeyFunction,
  type Credentials,
  type CredentialsSource,
  cleanApiKey,
  createCredentials,
  KEY_TIMEOUT_MS,
} from '../../../src/config/credentials.ts';
import { ConfigurationError, TimeoutError } from '../../../src/errors.ts';
import type { SmsEvent } from '../../../src/events.ts';
import { createEmit } from '../../../src/telemetry/create-emit.ts';
import { countingSignal } from '../../support/counting-signal.ts';
import { failureOf } from '../../support/transport.ts';

const CANARY = 'canary-key-51d0';
const never = new AbortController().signal;

function make(source: CredentialsSource) {
  const events: SmsEvent[] = [];
  const clock = { now: () => Date.now() };
  const credentials = createCredentials(source, {
    clock,
    emit: createEmit((event) => void events.push(event), clock.now),
  });
  return { credentials, events };
}

const byFunction = (get: ApiKeyFunction) => make({ kind: 'function', get });

/** Everything that could be printed of a value. */
const shown = (value: unknown) =>
  [
    inspect(value, { showHidden: true, depth: 9, getters: true }),
    JSON.stringify(value),
    value instanceof Error ? `${value.message} ${value.stack}` : '',
  ].join('\n');

describe('cleanApiKey', () => {
  it('trims white space around the key', () => {
    expect(cleanApiKey(` \t${CANARY}\r\n`, 'x')).toBe(CANARY);
  });

  it.each([
    ['', /is empty/],
    ['  \n', /is empty/],
    [`Bearer ${CANARY}`, /Bearer/],
    [`bearer\t${CANARY}`, /Bearer/],
    [`"${CANARY}"`, /quotes/],
    [`'${CANARY}`, /quotes/],
    [`${CANARY}”`, /quotes/],
    [`${CANARY} ${CANARY}`, /white space/],
    [`${CANARY}\n${CANARY}`, /white space/],
    [`${CANARY}\u0000x`, /control/],
    [`${CANARY}é`, /non-ASCII/],
    [`${CANARY}\u200b`, /non-ASCII/],
    [undefined, /not undefined/],
    [null, /not null/],
    [{ key: CANARY }, /not object/],
  ])('refuses %j without repeating it', (value, message) => {
    expect(() => cleanApiKey(value, 'option apiKey')).toThrow(ConfigurationError);
    expect(() => cleanApiKey(value, 'option apiKey')).toThrow(message);
    try {
      cleanApiKey(value, 'option apiKey');
    } catch (error) {
      expect(shown(error)).not.toContain(CANARY);
      expect(error).toMatchObject({ option: 'apiKey', submission: 'not-submitted' });
      expect(String(error)).toContain('option apiKey');
    }
  });

  it('accepts a key that only begins like "bearer"', () => {
    expect(cleanApiKey('bearerish', 'x')).toBe('bearerish');
  });
});

describe('a key as text', () => {
  it.each([
    ['option', 'option apiKey'],
    ['environment', 'environment variable EIGHTBYEIGHT_API_KEY'],
  ] as const)('from the %s: is given, never replaced and never shown', async (from, name) => {
    const { credentials } = make({ kind: 'value', key: ` ${CANARY} `, from });
    expect(await credentials.key(never)).toBe(CANARY);
    expect(await credentials.replace(CANARY, never)).toBeUndefined();
    expect(credentials.describe()).toBe(name);
    expect(credentials.appearsIn(`my key is ${CANARY}!`)).toBe(true);
    expect(credentials.appearsIn('no key')).toBe(false);
    expect(shown(credentials)).not.toContain(CANARY);
  });

  it('is looked for in texts only when it is no word: `test` is a key of tests', () => {
    const appears = (key: string) =>
      make({ kind: 'value', key, from: 'option' }).credentials.appearsIn(`a ${key} b`);
    expect(['test', 'sevench', 'eightchr'].map(appears)).toEqual([false, false, true]);
  });

  it('is checked at once', () => {
    expect(() => make({ kind: 'value', key: `"${CANARY}"`, from: 'environment' })).toThrow(
      /EIGHTBYEIGHT_API_KEY: the API key has quotes/,
    );
  });
});

describe('a key in a file', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sms-guard-'));
    path = join(folder, 'secret-name');
    writeFileSync(path, `${CANARY}\n`);
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    rmSync(folder, { recursive: true });
  });

  it('is read at once, and again after a 401', async () => {
    const { credentials, events } = make({ kind: 'file', path });
    expect(await credentials.key(never)).toBe(CANARY);
    expect(credentials.describe()).toBe('file named by EIGHTBYEIGHT_API_KEY_FILE');
    expect(credentials.appearsIn(`x${CANARY}`)).toBe(true);
    expect(await credentials.replace(CANARY, never)).toBeUndefined();
    writeFileSync(path, 'second-key');
    expect(await credentials.key(never)).toBe(CANARY);
    expect(await credentials.replace(CANARY, never)).toBe('second-key');
    // Another call that was refused with the old key need not read again.
    rmSync(path);
    expect(await credentials.replace(CANARY, never)).toBe('second-key');
    expect(await credentials.key(never)).toBe('second-key');
    // The file is gone: the old key stays, and the 401 is the error.
    expect(await credentials.replace('second-key', never)).toBeUndefined();
    expect(events).toMatchObject([
      { type: 'key-refreshed', source: 'file named by EIGHTBYEIGHT_API_KEY_FILE' },
    ]);
    expect(shown([credentials, events])).not.toMatch(/canary|second-key/);
  });

  it('says why it cannot be read, not where it is', () => {
    rmSync(path);
    expect(() => make({ kind: 'file', path })).toThrow(
      'file named by EIGHTBYEIGHT_API_KEY_FILE cannot be read (ENOENT).',
    );
  });

  it('says so when the reason is unknown', () => {
    const readFileSync = () => {
      throw new Error(path);
    };
    vi.stubGlobal('process', { getBuiltinModule: () => ({ readFileSync }) });
    expect(() => make({ kind: 'file', path })).toThrow('cannot be read (unknown reason)');
  });

  it.each([
    ['no process', undefined],
    ['a process without modules', {}],
    ['a process without a file system', { getBuiltinModule: () => undefined }],
  ])('says that the runtime cannot: %s', (_, process) => {
    vi.stubGlobal('process', process);
    expect(() => make({ kind: 'file', path })).toThrow(/this runtime cannot read files/);
  });
});

describe('a key function', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is not called before it is needed, and then again after 60 s', async () => {
    const reasons: string[] = [];
    const { credentials } = byFunction(({ reason }) => {
      reasons.push(reason);
      return ` ${CANARY}`;
    });
    expect(reasons).toEqual([]);
    expect(credentials.appearsIn(CANARY)).toBe(false);
    expect(await credentials.key(never)).toBe(CANARY);
    vi.advanceTimersByTime(59_999);
    await credentials.key(never);
    expect(reasons).toEqual(['attempt']);
    vi.advanceTimersByTime(1);
    await credentials.key(never);
    expect(reasons).toEqual(['attempt', 'attempt']);
    expect(credentials.describe()).toBe('apiKey function');
    expect(credentials.appearsIn(`x${CANARY}`)).toBe(true);
    expect(shown(credentials)).not.toContain(CANARY);
  });

  it.each([
    ['epoch milliseconds', (at: number) => at],
    ['a Date', (at: number) => new Date(at)],
  ])('keeps the key until expiresAt, given as %s', async (_, form) => {
    let calls = 0;
    const { credentials } = byFunction(async () => {
      calls++;
      return { key: CANARY, expiresAt: form(Date.now() + 5000) };
    });
    await credentials.key(never);
    vi.advanceTimersByTime(4999);
    await credentials.key(never);
    expect(calls).toBe(1);
    vi.advanceTimersByTime(1);
    await credentials.key(never);
    expect(calls).toBe(2);
  });

  it('keeps a key without expiresAt like a bare one', async () => {
    let calls = 0;
    const { credentials } = byFunction(() => {
      calls++;
      return { key: CANARY };
    });
    await credentials.key(never);
    vi.advanceTimersByTime(59_999);
    await credentials.key(never);
    expect(calls).toBe(1);
  });

  it.each([Number.NaN, new Date('x'), '2026-01-01' as unknown as number])(
    'refuses the expiresAt %s',
    async (expiresAt) => {
      const { credentials } = byFunction(() => ({ key: CANARY, expiresAt }));
      await expect(credentials.key(never)).rejects.toThrow(/expiresAt/);
    },
  );

  it('is asked again after a 401, and gives the new key to every caller', async () => {
    let current = CANARY;
    const reasons: string[] = [];
    const { credentials, events } = byFunction(({ reason }) => {
      reasons.push(reason);
      return current;
    });
    await credentials.key(never);
    expect(await credentials.replace(CANARY, never)).toBeUndefined();
    current = 'second-key';
    expect(await credentials.replace(CANARY, never)).toBe('second-key');
    expect(await credentials.replace(CANARY, never)).toBe('second-key');
    expect(await credentials.key(never)).toBe('second-key');
    expect(reasons).toEqual(['attempt', 'unauthorized', 'unauthorized']);
    expect(events).toMatchObject([{ type: 'key-refreshed', source: 'apiKey function' }]);
    expect(shown(events)).not.toMatch(/canary|second/);
  });

  it('is called by each caller for itself: no promise is shared', async () => {
    let calls = 0;
    const { credentials } = byFunction(async () => {
      calls++;
      return CANARY;
    });
    await Promise.all([credentials.key(never), credentials.key(never), credentials.key(never)]);
    expect(calls).toBe(3);
  });

  it.each([
    ['throws', () => Promise.reject(new TypeError(`${CANARY} at vault.internal`)), /failed \(TypeError\)/],
    [
      'throws at once',
      () => {
        throw new Error(CANARY);
      },
      /failed \(Error\)/,
    ],
    ['throws a text', () => Promise.reject(CANARY), /failed \(string\)/],
    [
      'throws a strange name',
      () => Promise.reject(Object.assign(new Error(), { name: `${CANARY} x` })),
      /failed \(Error\)/,
    ],
    ['gives nothing', () => undefined as unknown as string, /must be a string/],
    ['gives null', () => null as unknown as string, /must be a string, not null/],
    ['gives quotes', () => `"${CANARY}"`, /apiKey function: the API key has quotes/],
  ] as [string, ApiKeyFunction, RegExp][])(
    'that %s is a ConfigurationError without the value',
    async (_, get, message) => {
      const { credentials } = byFunction(get);
      const error = await failureOf(credentials.key(never));
      expect(error).toBeInstanceOf(ConfigurationError);
      expect((error as Error).message).toMatch(message);
      expect(shown(error)).not.toMatch(/canary|vault/);
    },
  );

  it('that fails as the caller leaves is not quoted', async () => {
    const secret = new Error(`${CANARY} at vault.internal`);
    const shownOf = async (delay: number): Promise<string> => {
      const caller = new AbortController();
      const { credentials } = byFunction(() => {
        let turn = Promise.resolve();
        for (let step = 0; step < delay; step += 1) turn = turn.then(() => {});
        void turn.then(() => caller.abort(new Error('left')));
        return Promise.reject(secret);
      });
      return shown(await credentials.key(caller.signal).catch((error: unknown) => error));
    };
    for (let delay = 0; delay < 10; delay += 1) expect(await shownOf(delay)).not.toContain('vault');
  });

  it('that never answers is given up after 10 s, its signal aborted', async () => {
    let seen: AbortSignal | undefined;
    const { credentials } = byFunction(({ signal }) => {
      seen = signal;
      return new Promise(() => {});
    });
    const counted = countingSignal();
    const failure = failureOf(credentials.key(counted.signal));
    await vi.advanceTimersByTimeAsync(KEY_TIMEOUT_MS - 1);
    expect(seen?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await failure).toBeInstanceOf(TimeoutError);
    expect(await failure).toMatchObject({ submission: 'not-submitted', attempts: 0 });
    expect(seen?.aborted).toBe(true);
    expect(counted.listeners).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is ended by the caller', async () => {
    const { credentials } = byFunction(() => new Promise(() => {}));
    const controller = new AbortController();
    const failure = failureOf(credentials.key(controller.signal));
    controller.abort('gone');
    expect(await failure).toBe('gone');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rotates under load without a refused call that is not repeated', async () => {
    let live = 'key-1';
    const { credentials } = byFunction(async () => {
      await Promise.resolve();
      return live;
    });
    const call = async (kept: Credentials) => {
      const key = await kept.key(never);
      if (key === live) return 'ok';
      return (await kept.replace(key, never)) === live ? 'repeated' : 'refused';
    };
    const results: string[] = [];
    for (let round = 0; round < 20; round++) {
      if (round % 5 === 4) live = `key-${round}`;
      results.push(...(await Promise.all(Array.from({ length: 50 }, () => call(credentials)))));
    }
    expect(results).toHaveLength(1000);
    expect(results).not.toContain('refused');
    expect(results.filter((result) => result === 'repeated')).toHaveLength(200);
  });
});
