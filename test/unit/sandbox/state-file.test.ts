import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { appendTo, openStateFile } from '../../../src/sandbox/state/state-file.ts';
import { createTables } from '../../../src/sandbox/state/tables.ts';

let folder: string;
let path: string;
let failures: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandbox-state-'));
  path = join(folder, 'state.jsonl');
  failures = [];
});
afterEach(() => rm(folder, { recursive: true }));

async function open() {
  const file = await openStateFile(path, (line) => failures.push(line));
  const tables = createTables(file.record, file.stored);
  return { file, tables, people: tables.createTable<string, { name: string; age?: number }>('people') };
}

describe('tables in a file', () => {
  test('hold after a restart what they held before', async () => {
    const first = await open();
    first.people.set('a', { name: 'Ann' });
    first.people.set('b', { name: 'Ben', age: 1 });
    first.people.set('b', { name: 'Ben', age: 2 });
    first.people.set('c', { name: 'Cas\u2028\nsandra' });
    first.people.delete('a');
    first.people.delete('nobody');
    first.file.close();
    const second = await open();
    expect([...second.people]).toEqual([
      ['b', { name: 'Ben', age: 2 }],
      ['c', { name: 'Cas\u2028\nsandra' }],
    ]);
    second.people.clear();
    second.file.close();
    expect([...(await open()).people]).toEqual([]);
  });

  test('write only the fields that changed, and whole values when one is gone', async () => {
    const { file, people } = await open();
    people.set('b', { name: 'Ben', age: 1 });
    people.set('b', { name: 'Ben', age: 2 });
    people.set('b', { name: 'Ben' });
    file.close();
    expect((await readFile(path, 'utf8')).trim().split('\n').slice(1)).toEqual([
      '["people","b",{"name":"Ben","age":1}]',
      '["people","b",{"age":2},"fields"]',
      '["people","b",{"name":"Ben"}]',
    ]);
    expect((await open()).people.get('b')).toEqual({ name: 'Ben' });
  });

  test('complete entries with what no file holds', async () => {
    const first = await open();
    first.tables.createTable<number, object>('jobs').set(7, { status: 'queued' });
    first.file.close();
    const { tables } = await open();
    const jobs = tables.createTable<number, object>('jobs', (job) => ({ ...job, work: true }));
    expect(jobs.get(7)).toEqual({ status: 'queued', work: true });
  });

  test('tell about every set, with the previous value', async () => {
    const { tables, people } = await open();
    const seen: unknown[] = [];
    tables.onSet('people', (...change) => seen.push(change));
    tables.onSet('others', (...change) => seen.push(change));
    people.set('a', { name: 'Ann' });
    people.set('a', { name: 'Anna' });
    expect(seen).toEqual([
      ['a', { name: 'Ann' }, undefined],
      ['a', { name: 'Anna' }, { name: 'Ann' }],
    ]);
  });
});

describe('the file', () => {
  test.each([
    ['half of a line', '["people","b",{"na'],
    ['a line whose middle was lost', '["people","b",{"na\u0000\u0000}]\n'],
  ])('loses %s at its end, and nothing else', async (_, torn) => {
    const first = await open();
    first.people.set('a', { name: 'Ann' });
    first.file.close();
    const { size } = await stat(path);
    await appendFile(path, torn);
    const second = await open();
    expect([...second.people.keys()]).toEqual(['a']);
    expect((await stat(path)).size).toBe(size);
    second.people.set('c', { name: 'Cleo' });
    second.file.close();
    expect([...(await open()).people.keys()]).toEqual(['a', 'c']);
  });

  test('names a damaged line in its middle', async () => {
    const first = await open();
    first.people.set('a', { name: 'Ann' });
    first.file.close();
    await appendFile(path, 'oops\n["people","b",{}]\n');
    await expect(open()).rejects.toThrow('data: line 3 of the file is damaged');
  });

  test.each([['{"a":1}\n'], ['some text'], ['["8x8-sms-guard sandbox",2]\n']])(
    'is not overwritten when it is one of something else: %j',
    async (content) => {
      await writeFile(path, content);
      await expect(open()).rejects.toThrow('data names a file that is not the state of a sandbox.');
      expect(await readFile(path, 'utf8')).toBe(content);
    },
  );

  test('says why it cannot be opened', async () => {
    await expect(openStateFile(folder, () => {})).rejects.toThrow(
      'data: the file cannot be read and written (EISDIR)',
    );
    await expect(openStateFile(join(folder, 'no', 'such'), () => {})).rejects.toThrow('(ENOENT)');
  });

  test('is written anew when most of it is obsolete', async () => {
    const first = await open();
    for (let age = 0; age < 3_000; age += 1) first.people.set('a', { name: 'Ann', age });
    first.file.close();
    const second = await open();
    expect(second.people.get('a')).toEqual({ name: 'Ann', age: 2_999 });
    expect((await readFile(path, 'utf8')).trim().split('\n')).toHaveLength(2);
    second.people.set('b', { name: 'Ben' });
    second.file.close();
    expect((await open()).people.size).toBe(2);
  });

  test('is readable by its owner alone, because it holds numbers and texts', async () => {
    const { file } = await open();
    file.close();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('is of one process at a time, and of nobody after that process was killed', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await writeFile(`${path}.lock`, `${other.pid}`);
    await expect(open()).rejects.toThrow(`data: the sandbox of process ${other.pid} uses this file`);
    other.kill('SIGKILL');
    await once(other, 'exit');
    const { file } = await open();
    expect(await readFile(`${path}.lock`, 'utf8')).toBe(`${process.pid}`);
    file.close();
    await expect(stat(`${path}.lock`)).rejects.toThrow('ENOENT');
  });

  test.runIf(process.platform === 'linux')(
    'says when it cannot be written, and goes on in memory',
    async () => {
      const file = appendTo(
        openSync('/dev/full', 'a'),
        new Map(),
        () => {},
        (line) => failures.push(line),
      );
      const people = createTables(file.record).createTable<string, object>('people');
      people.set('a', { name: 'Ann' });
      file.flush();
      people.set('b', { name: 'Ben' });
      file.flush();
      file.close();
      expect(failures).toEqual([
        'the file of --data cannot be written (ENOSPC): from now on the state is kept only in memory',
      ]);
      expect(people.size).toBe(2);
    },
  );
});
