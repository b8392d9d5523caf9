import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFile,
  chmod,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { auditLog } from '../../../src/audit/audit-log.ts';
import { auditFiles } from '../../../src/audit/file-output.ts';
import { fileSalts } from '../../../src/audit/file-salts.ts';
import { nodeFiles } from '../../../src/audit/node-files.ts';
import { verifyAudit } from '../../../src/audit/verify-audit.ts';
import { AUDIT_SECRET, PERSON, recordMany, recordsOf, sentEvent } from '../../support/audit.ts';

const secrets = { 1: AUDIT_SECRET };
const about = { person: PERSON, context: undefined };
const worker = fileURLToPath(new URL('files-worker.ts', import.meta.url));
let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sms-audit-'));
  file = join(folder, 'audit.jsonl');
});

afterEach(async () => {
  vi.useRealTimers();
  await rm(folder, { recursive: true, force: true });
});

const create = (options = {}) => auditLog({ file, secret: AUDIT_SECRET, ...options });
const verify = (options = {}) => verifyAudit({ files: [file], secrets, ...options });

async function writeOne(count = 3) {
  const log = create();
  recordMany(log, count);
  await log.close();
  const path = (await auditFiles(file)).at(-1) as string;
  return { log, path, text: await readFile(path, 'utf8') };
}

describe('the files of a log', () => {
  it('are one per run, for the owner alone, and verify together by the path that was given', async () => {
    await writeOne();
    await writeOne();
    const files = await auditFiles(file);
    expect(files).toHaveLength(2);
    for (const each of files) {
      expect(each).toMatch(/audit\.\d{8}T\d{9}Z-[0-9a-f]{20}\.jsonl$/);
      expect((await stat(each)).mode & 0o777).toBe(0o600);
    }
    expect(await verify()).toMatchObject({
      ok: true,
      records: 10,
      chains: [{ isClosed: true }, { isClosed: true }],
    });
    expect(await verify({ files: [...files].reverse() })).toMatchObject({ ok: true, records: 10 });
  });

  it('are not made before the first record', async () => {
    await create().close();
    expect(await readdir(folder)).toEqual([]);
  });

  it('name at their start how far the ones before them went', async () => {
    const { log } = await writeOne();
    const { text } = await writeOne();
    expect(recordsOf(text)[0]?.after).toEqual([log.head()]);
  });

  it('are followed by the next one when they are long enough', async () => {
    const log = create({ maxFileBytes: 65_536 });
    for (let round = 0; round < 5; round += 1) {
      recordMany(log, 100);
      await log.flush();
    }
    await log.close();
    expect((await auditFiles(file)).length).toBeGreaterThan(1);
    expect(await verify()).toMatchObject({ ok: true });
    expect((await verify()).records).toBe(500 + 2 * (await auditFiles(file)).length);
  });

  it('cannot be cut between two of them, although no process has the first one open', async () => {
    const log = create({ maxFileBytes: 65_536 });
    recordMany(log, 300);
    await log.flush();
    const [path] = (await auditFiles(file)) as [string];
    const lines = (await readFile(path, 'utf8')).split('\n');
    await writeFile(path, `${lines.slice(0, 200).join('\n')}\n`);
    recordMany(log, 1);
    await log.close();
    expect((await verify()).first).toMatchObject({ kind: 'truncated', source: path, seq: 201 });
  });

  it('are forced to the disk as fsyncMs says', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const log = create({ fsyncMs: 200 });
    log.record(sentEvent(1), about);
    await log.flush();
    await vi.advanceTimersByTimeAsync(300);
    log.record(sentEvent(2), about);
    await log.close();
    const other = create({ fsyncMs: 0 });
    other.record(sentEvent(3), about);
    await other.close();
    const third = create({ fsyncMs: false });
    third.record(sentEvent(3), about);
    await third.close();
    expect(await verify()).toMatchObject({ ok: true, records: 10 });
  });

  it('that were cut off before the next start are found by it', async () => {
    const { path, text } = await writeOne();
    await writeOne();
    const lines = text.trimEnd().split('\n');
    await writeFile(path, `${lines.slice(0, 3).join('\n')}\n`);
    expect((await verify()).first).toMatchObject({ kind: 'truncated', source: path, line: 4, seq: 4 });
  });

  it('that are missing are found, unless they may be in an archive', async () => {
    const { path, log } = await writeOne();
    await writeOne();
    await rm(path);
    expect((await verify()).first).toMatchObject({ kind: 'missing', chain: log.head()?.chain });
    expect(await verify({ partial: true })).toMatchObject({ ok: true, absent: [log.head()?.chain] });
  });

  it('that somebody has filled with something else do not keep a log from starting', async () => {
    const { path } = await writeOne();
    await writeFile(path, 'not a record\n');
    await writeOne();
    expect((await verify()).first).toMatchObject({ kind: 'altered', source: path, line: 1 });
  });

  it.each([
    ['null', 'null'],
    ['a record of another shape', '{"chain":"x","seq":"1","mac":null}'],
    ['control characters', '{"chain":"\\u001b[2J","seq":1,"mac":"x"}'],
  ])(
    'do not keep a log from starting, or later ones from verifying, with %s as their last line',
    async (_, line) => {
      const { path } = await writeOne();
      const whole = await readFile(path, 'utf8');
      await writeFile(path, `${whole}${line}\n`);
      await writeOne();
      const { problems } = await verify();
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatchObject({ kind: 'altered', source: path });
      expect(problems[0]?.message).not.toContain('\u001b');
    },
  );

  it('cannot be written into a folder without permission, which is reported', async () => {
    const errors: unknown[] = [];
    await writeFile(join(folder, 'blocked'), '');
    const log = auditLog({
      file: join(folder, 'blocked', 'audit.jsonl'),
      secret: AUDIT_SECRET,
      onError: (error) => void errors.push(error),
    });
    log.record({ ...sentEvent(1) }, { person: undefined, context: undefined });
    await expect(log.flush()).rejects.toThrow('cannot be written');
    expect(errors).toMatchObject([{ code: expect.stringMatching(/EEXIST|ENOTDIR/) }]);
    await chmod(folder, 0o700);
  });
});

describe('a file whose write failed', () => {
  /** The next writes fail, before or after some of their bytes are in the file. */
  function failWrites(written: readonly number[]) {
    const { promises } = nodeFiles();
    const { open } = promises;
    const left = [...written];
    vi.spyOn(promises, 'open').mockImplementation(async (...args) => {
      const handle = await open(...args);
      const { appendFile } = handle;
      handle.appendFile = async (data) => {
        const bytes = left.shift();
        if (bytes === undefined) return appendFile.call(handle, data);
        await appendFile.call(handle, (data as Uint8Array).subarray(0, bytes));
        throw new Error('disk full');
      };
      return handle;
    });
    return left;
  }

  afterEach(() => vi.restoreAllMocks());

  async function interrupt(between: (path: string) => Promise<void> = async () => {}) {
    const left = failWrites([]);
    const log = create({ onError: () => {} });
    recordMany(log, 3);
    await log.flush();
    left.push(20);
    log.record(sentEvent(4), about);
    await expect(log.flush()).rejects.toThrow('cannot be written');
    const [path] = await auditFiles(file);
    await between(path as string);
    await log.flush();
    await log.close();
    return { path: path as string, next: (await auditFiles(file)).at(-1) as string };
  }

  it('is followed by one that names all of it, and nothing is lost', async () => {
    const { next } = await interrupt();
    const records = recordsOf(await readFile(next, 'utf8'));
    expect(records.map(({ type }) => type)).toEqual(['start', 'message-sent', 'end']);
    expect(await verify()).toMatchObject({ ok: true, torn: 1, records: 7 });
  });

  it('tells of a loss once, though the write that told of it seemed to fail', async () => {
    const left = failWrites([]);
    const log = create({ onError: () => {} });
    log.record(sentEvent(1), about);
    await log.flush();
    log.record({ ...sentEvent(2), umid: 1n } as never, about);
    left.push(100_000);
    await expect(log.flush()).rejects.toThrow('cannot be written');
    await log.flush();
    await log.close();
    expect(await verify()).toMatchObject({ ok: true, lost: 1 });
  });

  it('cannot be cut before the next start: its process knows what it has written', async () => {
    const { path } = await interrupt(async (cut) => {
      const lines = (await readFile(cut, 'utf8')).split('\n');
      await writeFile(cut, `${lines.slice(0, 2).join('\n')}\n`);
    });
    expect((await verify()).first).toMatchObject({ kind: 'truncated', source: path, line: 3, seq: 3 });
  });

  it('cannot be removed before the next start', async () => {
    await interrupt((path) => rm(path));
    expect((await verify()).first).toMatchObject({ kind: 'missing' });
  });

  it('excuses no line before the next start, which is the first of its own file', async () => {
    const { next } = await interrupt();
    await writeFile(next, `{"v":1,"chain":"a piece\n${await readFile(next, 'utf8')}`);
    expect((await verify()).first).toMatchObject({ kind: 'altered', source: next, line: 1 });
  });

  it('ends with a record when it is closed again after its end was not forced to the disk', async () => {
    const { promises } = nodeFiles();
    const { open } = promises;
    let failures = 1;
    const handles: { readonly fd: number }[] = [];
    vi.spyOn(promises, 'open').mockImplementation(async (...args) => {
      const handle = await open(...args);
      const { datasync } = handle;
      handle.datasync = async () => {
        failures -= 1;
        if (failures === 0) throw new Error('no space');
        await datasync.call(handle);
      };
      handles.push(handle);
      return handle;
    });
    const log = create({ onError: () => {}, fsyncMs: false });
    log.record(sentEvent(1), about);
    await expect(log.close()).rejects.toThrow('cannot be written');
    await log.close();
    const report = await verify();
    expect(report).toMatchObject({ ok: true, records: 5 });
    expect(report.chains.at(-1)).toMatchObject({ isClosed: true, records: 2 });
    expect(handles.every(({ fd }) => fd === -1)).toBe(true);
  });

  it('leaves no empty file for each attempt: they would take the places of the files before', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await writeOne();
    const left = failWrites(Array.from({ length: 5 }, () => 0));
    const log = create({ onError: () => {} });
    log.record(sentEvent(1), about);
    for (let attempt = 5; attempt > 1; attempt -= 1) await expect(log.flush()).rejects.toThrow();
    expect(left).toHaveLength(1);
    await log.close().catch(() => log.close());
    expect(await auditFiles(file)).toHaveLength(2);
    expect(await verify()).toMatchObject({ ok: true, records: 8 });
  });
});

describe('the piece of a line that a crash leaves', () => {
  it('is recorded by the next start, and nothing is lost that was whole', async () => {
    const { path, text } = await writeOne();
    await truncate(path, text.length - 30);
    const before = await verify();
    expect(before.first).toMatchObject({ kind: 'torn', source: path, line: 5, seq: 5 });
    const { text: next } = await writeOne();
    expect(recordsOf(next)[0]?.after).toEqual([
      {
        chain: expect.any(String),
        seq: 4,
        mac: expect.any(String),
        torn: { bytes: expect.any(Number), sha256: expect.any(String) },
      },
    ]);
    expect(await verify()).toMatchObject({ ok: true, torn: 1, records: 9 });
  });

  it('is found when it was changed afterwards', async () => {
    const { path, text } = await writeOne();
    await truncate(path, text.length - 30);
    await writeOne();
    await appendFile(path, 'x');
    expect((await verify()).first).toMatchObject({ kind: 'torn', source: path });
  });

  it('may be that of the first line', async () => {
    const { path } = await writeOne();
    await truncate(path, 20);
    await writeOne();
    expect(await verify()).toMatchObject({ ok: true, torn: 1, records: 5 });
    const { path: empty } = await writeOne();
    await truncate(empty, 0);
    await writeOne();
    expect(await verify()).toMatchObject({ ok: true, torn: 1, records: 10 });
  });
});

describe('salts in files', () => {
  it('are shared by processes, and one of two racing calls wins', async () => {
    const [one, two] = [fileSalts(join(folder, 'salts')), fileSalts(join(folder, 'salts'))];
    const name = 'ab'.repeat(16);
    const salts = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 ? one : two).create(name, `${index}`.padStart(43, 'x')),
      ),
    );
    expect(new Set(salts).size).toBe(1);
    expect(await two.read(name)).toBe(salts[0]);
    await one.remove(name);
    await one.remove(name);
    expect(await two.read(name)).toBeUndefined();
    expect(await one.create(name, 'y'.repeat(43))).toBe('y'.repeat(43));
  });

  it('that a crash left unfinished are made again', async () => {
    const salts = fileSalts(join(folder, 'salts'));
    const name = 'cd'.repeat(16);
    await salts.create(name, 'y'.repeat(43));
    await writeFile(join(folder, 'salts', 'cd', 'cd'.repeat(15)), 'half');
    expect(await salts.create(name, 'z'.repeat(43))).toBe('z'.repeat(43));
    expect(await salts.read(name)).toBe('z'.repeat(43));
  });

  it('survive the removal of their folder', async () => {
    const salts = fileSalts(join(folder, 'salts'));
    const name = 'ef'.repeat(16);
    await salts.create(name, 'y'.repeat(43));
    await rm(join(folder, 'salts'), { recursive: true });
    expect(await salts.create(name, 'z'.repeat(43))).toBe('z'.repeat(43));
  });

  it('have names that are no paths', async () => {
    await expect(fileSalts(folder).read('../../etc/passwd')).rejects.toThrow('not the name of a salt');
    expect(() => fileSalts('')).toThrow('fileSalts needs the path of a folder.');
  });
});

describe('two processes', () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  function start(...programArguments: string[]) {
    const child = spawn(process.execPath, [worker, file, ...programArguments], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    return child;
  }

  it('write one chain each, under one path, and share the IDs of people', { timeout: 60_000 }, async () => {
    const workers = [start('400'), start('400')];
    await Promise.all(workers.map((child) => once(child, 'exit')));
    const report = await verify();
    expect(report).toMatchObject({ ok: true, records: 804 });
    expect(report.chains.map(({ records, isClosed }) => [records, isClosed])).toEqual([
      [402, true],
      [402, true],
    ]);
    const texts = await Promise.all((await auditFiles(file)).map((each) => readFile(each, 'utf8')));
    const people = new Set(texts.flatMap(recordsOf).flatMap(({ person }) => person ?? []));
    expect(people.size).toBe(7);
  });

  it('that are killed lose nothing that was flushed, and leave a log that verifies', {
    timeout: 60_000,
  }, async () => {
    let flushed = 0;
    for (let round = 0; round < 3; round += 1) {
      const child = start();
      let last = 0;
      child.stdout?.on('data', (text: Buffer) => {
        last = Number(text.toString().trim().split('\n').at(-1));
      });
      while (last < 200 * (round + 1)) await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
      child.kill('SIGKILL');
      await once(child, 'exit');
      flushed += last;
    }
    await writeOne();
    const report = await verify();
    expect(report.problems).toEqual([]);
    expect(report.records).toBeGreaterThanOrEqual(flushed + 5);
    expect(report.chains.filter(({ isClosed }) => isClosed)).toHaveLength(1);
  });
});
