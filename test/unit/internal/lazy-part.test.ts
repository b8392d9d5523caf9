import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { createCalls } from '../../../src/call.ts';
import { ConfigurationError } from '../../../src/errors.ts';
import { lazyPart, lazyResource } from '../../../src/internal/lazy-part.ts';
import { createReportError } from '../../../src/internal/user-code.ts';

/** A part whose loading is finished by hand, once per load. */
function heldPart<Part>(part: Part) {
  const finish: (() => void)[] = [];
  const load = vi.fn(() => new Promise<Part>((resolve) => finish.push(() => resolve(part))));
  return { part: lazyPart(load), load, finish: () => finish.shift()?.() };
}

interface Greeter {
  greet(name: string): Promise<string>;
  names(count: number): AsyncIterableIterator<string>;
}

const KINDS = { greet: 'promise', names: 'rows' } as const;

function greeterOf(calls = createCalls(undefined)) {
  const answer = Promise.resolve('hello');
  const greeter: Greeter = {
    greet: vi.fn(() => answer),
    async *names(count) {
      for (let index = 0; index < count; index += 1) yield `name ${index}`;
    },
  };
  const create = vi.fn(() => greeter);
  const held = heldPart('part');
  const resource = lazyResource<string, Greeter>(held.part, calls, create, KINDS);
  return { ...held, resource, create, greeter, answer, calls };
}

async function read(rows: AsyncIterable<string>): Promise<readonly string[]> {
  const all: string[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

describe('a part', () => {
  it('is not loaded before it is needed, and kept afterwards', async () => {
    const { part, load, finish } = heldPart('part');
    expect(part.loaded).toBeUndefined();
    expect(load).not.toHaveBeenCalled();
    const loading = part.load();
    finish();
    await expect(loading).resolves.toBe('part');
    expect(part.loaded).toBe('part');
    await expect(part.load()).resolves.toBe('part');
    expect(load).toHaveBeenCalledTimes(1);
  });

  it('is loaded by each of two requests that come at once: requests of a Worker may not share a promise', async () => {
    const { part, load, finish } = heldPart('part');
    const [first, second] = [part.load(), part.load()];
    expect(load).toHaveBeenCalledTimes(2);
    finish();
    await expect(first).resolves.toBe('part');
    finish();
    await expect(second).resolves.toBe('part');
  });

  it('is loaded again after a failure', async () => {
    const load = vi.fn().mockRejectedValueOnce(new Error('no such file')).mockResolvedValue('part');
    const part = lazyPart(load);
    await expect(part.load()).rejects.toThrow(ConfigurationError);
    await expect(part.load()).resolves.toBe('part');
  });
});

describe('a resource of a part', () => {
  it('loads with its first call, creates once, and then hands calls on without a promise of its own', async () => {
    const { resource, create, greeter, answer, finish } = greeterOf();
    const calls = [resource.greet('Mei'), resource.greet('Tan')];
    expect(create).not.toHaveBeenCalled();
    finish();
    finish();
    await expect(Promise.all(calls)).resolves.toEqual(['hello', 'hello']);
    expect(create).toHaveBeenCalledTimes(1);
    expect(create).toHaveBeenCalledWith('part');
    expect(greeter.greet).toHaveBeenNthCalledWith(1, 'Mei');
    expect(greeter.greet).toHaveBeenNthCalledWith(2, 'Tan');
    expect(resource.greet('Lim')).toBe(answer);
  });

  it('loads when the first row is read', async () => {
    const { resource, load, finish } = greeterOf();
    const rows = resource.names(2);
    expect(load).not.toHaveBeenCalled();
    const reading = read(rows);
    finish();
    await expect(reading).resolves.toEqual(['name 0', 'name 1']);
    await expect(read(resource.names(1))).resolves.toEqual(['name 0']);
    expect(load).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['ERR_MODULE_NOT_FOUND', ' (ERR_MODULE_NOT_FOUND)'],
    ['/srv/app/codes.js', ''],
    [42, ''],
  ])('rejects with an error of this package when the part cannot be loaded: %s', async (code, shown) => {
    const original = Object.assign(new Error('no file /srv/app/codes.js'), { code });
    const part = lazyPart<string>(() => Promise.reject(original));
    const reportError = vi.fn();
    const calls = createCalls(undefined, createReportError(reportError));
    const resource = lazyResource<string, Greeter>(part, calls, () => greeterOf().greeter, KINDS);
    const rows = resource.names(1);
    for (const failing of [resource.greet('Mei'), rows.next()]) {
      const error = await failing.catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        code: 'configuration',
        submission: 'not-submitted',
        message: expect.stringContaining(`could not be loaded${shown}. Nothing was sent.`),
      });
      expect(inspect(error)).not.toContain('/srv/app');
    }
    expect(reportError.mock.calls).toEqual([
      [original, { where: 'import' }],
      [original, { where: 'import' }],
    ]);
    expect(await rows.next()).toEqual({ done: true, value: undefined });
  });

  it('rejects with an error of this package when there is nothing to say why', async () => {
    const part = lazyPart<string>(() => Promise.reject(undefined));
    await expect(part.load()).rejects.toThrow(ConfigurationError);
  });
});

describe('rows of a part that is being loaded', () => {
  /** Rows that wait for ever, and end when they are left. */
  function waitingRows() {
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const next = vi.fn(() => ended.then(() => ({ done: true, value: undefined }) as const));
    const names = (): AsyncIterableIterator<string> => ({
      [Symbol.asyncIterator]() {
        return this;
      },
      next,
      async return() {
        end();
        return { done: true, value: undefined };
      },
    });
    const held = heldPart('part');
    const resource = lazyResource<string, Pick<Greeter, 'names'>>(
      held.part,
      createCalls(undefined),
      () => ({ names }),
      { names: 'rows' },
    );
    return { ...held, next, rows: resource.names(1) };
  }
  const DONE = { done: true, value: undefined };

  it('are left while the first one is awaited', async () => {
    const { rows, finish, next } = waitingRows();
    const first = rows.next();
    finish();
    await vi.waitFor(() => expect(next).toHaveBeenCalled());
    expect(await rows.return?.()).toEqual(DONE);
    expect(await first).toEqual(DONE);
  });

  it('are left while the part is loaded, and then not asked for', async () => {
    const { rows, finish, next } = waitingRows();
    const first = rows.next();
    expect(await rows.return?.()).toEqual(DONE);
    finish();
    expect(await first).toEqual(DONE);
    expect(next).not.toHaveBeenCalled();
  });

  it('are left before the first one, and then load nothing', async () => {
    const { rows, load } = waitingRows();
    expect(await rows.return?.()).toEqual(DONE);
    expect(await rows.next()).toEqual(DONE);
    expect(load).not.toHaveBeenCalled();
  });

  it('are read in order by calls that do not wait for each other', async () => {
    const { resource, finish } = greeterOf();
    const rows = resource.names(2);
    const all = Promise.all([rows.next(), rows.next(), rows.next()]);
    for (let at = 0; at < 3; at += 1) finish();
    expect((await all).map(({ value }) => value)).toEqual(['name 0', 'name 1', undefined]);
  });
});

describe('close while a part is loaded', () => {
  const NOT_BEGUN = (): void => {};

  it.each([
    ['a call that came after it', 10_000],
    ['the call, when the time for open calls is up', 0],
  ])('refuses %s', async (_, drainMs) => {
    const { resource, calls, finish, greeter } = greeterOf();
    vi.mocked(greeter.greet).mockImplementation(() => calls.run(undefined, async () => 'hello'));
    const before = resource.greet('Mei');
    const closing = calls.close(drainMs);
    const after = resource.greet('Tan').catch((error: unknown) => error);
    if (drainMs === 0) await closing;
    finish();
    finish();
    if (drainMs > 0) await expect(before).resolves.toBe('hello');
    else await expect(before).rejects.toThrow(ConfigurationError);
    expect(await after).toBeInstanceOf(ConfigurationError);
    await closing;
  });

  it('lets the call begin that needs it, waits for the call, and refuses later ones', async () => {
    const calls = createCalls(undefined);
    let end = NOT_BEGUN;
    const held = heldPart('part');
    const resource = lazyResource<string, Pick<Greeter, 'greet'>>(
      held.part,
      calls,
      () => ({
        greet: (name) =>
          calls.run(undefined, async () => {
            await new Promise<void>((resolve) => {
              end = resolve;
            });
            return name;
          }),
      }),
      { greet: 'promise' },
    );
    const greeting = resource.greet('Mei');
    let isClosed = false;
    const closing = calls.close(10_000).then(() => {
      isClosed = true;
    });
    held.finish();
    // Refused from the moment of closing on, and not only once the part is there.
    await expect(calls.run(undefined, async () => 'late')).rejects.toThrow(ConfigurationError);
    await vi.waitFor(() => expect(end).not.toBe(NOT_BEGUN));
    expect(isClosed).toBe(false);
    end();
    await expect(greeting).resolves.toBe('Mei');
    await closing;
  });

  it('waits for a part no longer than for a call', async () => {
    vi.useFakeTimers();
    const calls = createCalls(undefined);
    void calls.afterLoading(
      () => new Promise(() => {}),
      () => {},
    );
    let isClosed = false;
    const closing = calls.close(10_000).then(() => {
      isClosed = true;
    });
    await vi.advanceTimersByTimeAsync(9_999);
    expect(isClosed).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await closing;
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('closes when the part cannot be loaded', async () => {
    const calls = createCalls(undefined);
    const loading = calls.afterLoading(
      () => Promise.reject(new Error('no such file')),
      () => {},
    );
    const closing = calls.close(10_000);
    await expect(loading).rejects.toThrow('no such file');
    await closing;
    await expect(calls.run(undefined, async () => 'late')).rejects.toThrow(ConfigurationError);
  });
});
