import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCli } from '../../../src/cli/run-cli.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/index.ts';
import { createCliFolder, IMPORTS } from '../../support/cli-folder.ts';
import { createFakeTerminal } from '../../support/fake-terminal.ts';

const folder = createCliFolder();
afterAll(() => folder.remove());

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox({
    port: 0,
    apiKey: 'sandbox_key',
    emulator: { exports: { readyAfterPolls: 0 }, prices: { perPart: { SG: 0.05 } } },
  });
});
afterEach(() => sandbox.close());

function config(more = '', guards = 'recipient: false'): string {
  const text = `{ baseUrl: '${sandbox.url}', apiKey: 'sandbox_key', subAccountId: 'shop', accountId: 'acme',
    defaultCountry: 'SG', guards: { consent: { ledger }, ${guards} }, ${more} }`;
  return folder.config(
    text,
    `${IMPORTS.guard}\nconst ledger = globalThis.ledger ??= guard.memoryConsentLedger();`,
  );
}
const call = (...given: string[]) => folder.run(...given, '--config', config());
const read = (name: string) => readFileSync(join(folder.path, name), 'utf8');
const lines = (name: string) =>
  read(name)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const numbers = (count: number) => Array.from({ length: count }, (_, at) => `+6591${String(100_000 + at)}`);

describe('export', () => {
  beforeEach(async () => {
    await call('send', '+6591234567', '=1+1, "quoted"');
    await call('send', '+6591234568', 'Hello');
  });

  test('writes a file that only its owner may read', async () => {
    const { exitCode, output } = await call('export', '--from', '2026-01-01', '--out', 'log.csv');
    expect(exitCode).toBe(0);
    expect(output).toBe('2 messages in log.csv.\n');
    expect(statSync(join(folder.path, 'log.csv')).mode & 0o777).toBe(0o600);
    const [heading, ...rows] = read('log.csv').trim().split('\r\n');
    expect(heading).toMatch(/^umid,createdAt,direction,state,/);
    expect(rows).toHaveLength(2);
    // The text of a person is no formula in a spreadsheet.
    expect(rows.join('\n')).toContain(`"'=1+1, ""quoted"""`);
    expect(rows.join('\n')).toContain(',+6591234567,');
    expect(existsSync(join(folder.path, 'log.csv.part'))).toBe(false);
    const again = await call('export', '--out', 'log.csv');
    expect(again.exitCode).toBe(3);
    expect(again.errors).toContain('log.csv exists: name another file, or remove it.');
  });

  test('writes JSON lines by the name of the file, and a document about it', async () => {
    const { output } = await call('export', '--country', 'SG', '--out', 'log.jsonl', '--json');
    expect(JSON.parse(output)).toEqual({ rows: 2, file: 'log.jsonl' });
    expect(lines('log.jsonl')).toEqual([
      expect.objectContaining({ country: 'SG', umid: expect.any(String) }),
      expect.objectContaining({ country: 'SG' }),
    ]);
  });

  test('writes to standard output', async () => {
    const { output } = await call('export', '--number', '+6591234567');
    expect(output.trim().split('\r\n')).toHaveLength(2);
    const json = await call('export', '--json');
    expect(
      json.output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).subAccountId),
    ).toEqual(['shop', 'shop']);
  });

  test('leaves no file when it fails', async () => {
    const { exitCode } = await call('export', '--from', '2026-02-31', '--out', 'never.csv');
    expect(exitCode).toBe(3);
    expect(existsSync(join(folder.path, 'never.csv.part'))).toBe(false);
    expect((await call('export', '--out', 'no-folder/log.csv')).errors).toContain(
      'cannot be written (ENOENT)',
    );
  });
});

describe('import-consent', () => {
  test('tries a file, then records it', async () => {
    folder.write('people.csv', 'Phone;Opt\n91230001;opted-in\n12;opted-in\n91230002;opted-out\n');
    const given = ['import-consent', 'people.csv', '--column', 'destination=Phone', '--column', 'state=Opt'];
    const words = [...given, '--country', 'SG', '--source', 'paper', '--dry-run'];
    const at = ['--time-zone', 'Asia/Singapore'];
    const trial = await call(...words, ...at);
    expect(trial.output).toContain('line 3');
    expect(trial.output).toContain('Nothing was recorded.');
    expect(trial.exitCode).toBe(1);
    folder.write(
      'good.jsonl',
      '{"destination":"+6591230003","state":"opted-in","at":"2026-11-01T00:00:00Z"}\n',
    );
    const good = await call('import-consent', 'good.jsonl', '--source', 'paper', '--dry-run');
    expect(good.output).toMatch(
      /line 1 +\+65\*{6}03 opted-in for marketing, 2026-11-01 00:00:00 UTC, from paper/,
    );
    expect(good.output).toContain('1 row would be recorded.');
    expect(good.exitCode).toBe(0);
    expect((await call('consent', '+6591230003')).output).toContain('Nothing is recorded');
    const done = await call('import-consent', 'good.jsonl', '--source', 'paper');
    expect(done.output).toBe('1 row recorded.\n');
    expect((await call('consent', '+6591230003')).output).toContain('opted-in for marketing');
    const json = await call('import-consent', 'good.jsonl', '--source', 'paper', '--json');
    expect(JSON.parse(json.output)).toMatchObject({ rows: 1, recorded: 1, bad: 0 });
  });

  test('records a list of numbers without dates', async () => {
    folder.write('list.csv', 'Phone\n+6591230008\n');
    const given = ['import-consent', 'list.csv', '--column', 'destination=Phone', '--state', 'opted-out'];
    const words = [...given, '--source', 'old-provider'];
    expect((await call(...words)).output).toContain('at is missing.');
    expect((await call(...words, '--at', 'now')).output).toBe('1 row recorded.\n');
    expect((await call('consent', '+6591230008')).output).toContain('opted-out for all');
    const past = await call(...words, '--at', '2026-11-01T09:00:00Z', '--dry-run');
    expect(past.output).toContain('opted-out for all, 2026-11-01 09:00:00 UTC, from old-provider');
    const malformed = await call(...words, '--at', 'yesterday');
    expect(malformed.exitCode).toBe(3);
    expect(malformed.errors).toContain('defaults.at must be a valid Date');
  });

  test('says which file or ledger is missing', async () => {
    expect((await call('import-consent', 'nowhere.csv')).errors).toContain(
      'nowhere.csv cannot be read (ENOENT)',
    );
    const withoutLedger = folder.config("{ apiKey: 'sandbox_key', subAccountId: 'shop' }");
    const { exitCode, errors } = await folder.run('import-consent', 'x.csv', '--config', withoutLedger);
    expect(exitCode).toBe(3);
    expect(errors).toContain('guards.consent.ledger is not set');
    expect((await call('import-consent', 'x.csv', '--column', 'Phone')).exitCode).toBe(2);
  });
});

describe('campaign', () => {
  const campaign = (...given: string[]) => call('campaign', ...given, '--purpose', 'transactional');

  test('sends a message for every row, and reports each in a file', async () => {
    folder.write(
      'a.csv',
      'destination,name,clientMessageId\n91230001,Ann,row-1\n12,Bob,row-2\n91230003,"Li, Wei",row-3\n',
    );
    const { exitCode, output } = await campaign('a.csv', '--text', 'Hello {name}!', '--source', 'SHOP');
    expect(output).toBe('  accepted  2\n  blocked   1\nReasons are in a.csv.results.jsonl.\n');
    expect(exitCode).toBe(1);
    expect(sandbox.emulator.messages.map(({ text, source }) => [text, source])).toEqual([
      ['Hello Ann!', 'SHOP'],
      ['Hello Li, Wei!', 'SHOP'],
    ]);
    expect(lines('a.csv.results.jsonl')).toEqual([
      expect.objectContaining({ row: 1, outcome: 'accepted', clientMessageId: 'row-1' }),
      expect.objectContaining({ row: 2, outcome: 'blocked', code: 'invalid-phone-number' }),
      expect.objectContaining({ row: 3, outcome: 'accepted' }),
    ]);
    expect(read('a.csv.results.jsonl')).not.toContain('91230001');
    const again = await campaign('a.csv', '--text', 'Hello {name}!', '--source', 'SHOP');
    expect(again.output).toContain('Every row of this file was handled before: see a.csv.results.jsonl.');
    expect(sandbox.emulator.messages).toHaveLength(2);
    const other = await campaign('a.csv', '--text', 'Bye {name}!', '--source', 'SHOP');
    expect(other.exitCode).toBe(3);
    expect(other.errors).toContain('belongs to a run with another text');
  });

  test('reads the text and the number of columns, and prints counts as JSON', async () => {
    folder.write('b.csv', '\ufeff\nPhone\ttext\tnote\r\n91230001\tHello\t\n91230002\tHello\t\t\r\n\r\n');
    const { output, exitCode } = await campaign(
      'b.csv',
      '--number-column',
      'phone',
      '--json',
      '--results',
      'r.jsonl',
    );
    expect(JSON.parse(output)).toMatchObject({ accepted: 2, unknown: 0, results: 'r.jsonl' });
    expect(exitCode).toBe(0);
  });

  test('counts rows, parts and price without sending', async () => {
    folder.write(
      'c.csv',
      `destination;text\n91230001;Hello\n12;Hello\n91230002;${'a'.repeat(200)}\n+62812345678;Hi\n`,
    );
    const { output, exitCode } = await campaign('c.csv', '--dry-run');
    expect(output).toMatch(/rows +4\n/);
    expect(output).toMatch(/parts +4\n/);
    expect(output).toMatch(/price +about 0\.\d\d USD\n/);
    expect(output).toMatch(/bad numbers +1: row 2\n/);
    expect(exitCode).toBe(1);
    expect(JSON.parse((await campaign('c.csv', '--dry-run', '--json')).output)).toMatchObject({
      rows: 4,
      parts: 4,
    });
    expect(sandbox.emulator.messages).toHaveLength(0);
    const noAccount = folder.config(
      `{ baseUrl: '${sandbox.url}', apiKey: 'sandbox_key', subAccountId: 'shop', defaultCountry: 'SG' }`,
    );
    const unpriced = await folder.run(
      'campaign',
      'c.csv',
      '--dry-run',
      '--purpose',
      'otp',
      '--config',
      noAccount,
    );
    expect(unpriced.output).toContain('not known: set EIGHTBYEIGHT_ACCOUNT_ID');
  });

  test.each([
    ['phone,text\n1,x\n', [], 'no column "destination". Name the column of the numbers with --number-column'],
    ['destination\n1\n', [], 'no column "text". Add it, or give --text.'],
    [
      'destination\n1\n',
      ['--text', 'Hi {name}'],
      'no column "name". Every {name} of --text must be a heading.',
    ],
    ['destination,text\n91230001,Hi\n91230002,Hi, there\n', [], 'Row 2 of the file has 3 cells'],
    ['destination,text,name\n91230001,Hi\n', [], 'Row 1 of the file has 2 cells'],
    ['destination,name\n91230001, \n', ['--text', 'Hi {Name}'], 'nothing for {Name} of --text'],
    ['destination,text,Destination\n91230001,Hi,91230002\n', [], 'two columns "destination"'],
    ['', [], 'The file is empty.'],
    ['destination,text\n1,"x\n', [], 'The file is not CSV'],
    [Buffer.from('destination,text\n1,\xe9\n', 'latin1'), [], 'The file is not UTF-8'],
  ])('refuses the file %j before it sends', async (content, words, message) => {
    writeFileSync(join(folder.path, 'bad.csv'), content);
    const { exitCode, errors } = await campaign('bad.csv', ...words);
    expect(errors).toContain(message);
    expect(exitCode).toBe(3);
    expect(sandbox.emulator.messages).toHaveLength(0);
  });

  test('needs a purpose', async () => {
    const { exitCode, errors } = await call('campaign', 'a.csv');
    expect(exitCode).toBe(2);
    expect(errors).toContain("required option '--purpose <purpose>' not specified");
  });

  test('ends with 4 when the outcome of a row is not known', async () => {
    folder.write('d.csv', 'destination,text\n91230001,Hello\n');
    sandbox.emulator.failNext('lost-response');
    const { exitCode, output } = await campaign('d.csv');
    expect(exitCode).toBe(4);
    expect(output).toContain('8x8 may have accepted the unknown ones');
  });

  test('stops after Ctrl+C, and goes on when it is run again', async () => {
    folder.write('e.csv', `destination,text\n${numbers(40).join(',Hello\n')},Hello\n`);
    const paced = config('pace: { requestsPerSecond: 20 }');
    const given = ['campaign', 'e.csv', '--purpose', 'transactional', '--chunk-size', '5', '--config', paced];
    const { terminal, errors, stop } = createFakeTerminal({}, { folder: folder.path, isTTY: true });
    const running = runCli(given, terminal);
    while (sandbox.emulator.messages.length === 0) await new Promise((resolve) => setImmediate(resolve));
    stop();
    expect(await running).toBe(130);
    expect(errors()).toMatch(/\r\u001b\[K/);
    expect(errors()).toContain('Stopped. messages.sendMany: the run was aborted.');
    const sent = sandbox.emulator.messages.length;
    expect(sent).toBeLessThan(40);
    const { output, exitCode } = await folder.run(...given);
    expect(output).toMatch(/^Resuming with e\.csv\.checkpoint\.\n {2}accepted {2}\d+\n$/);
    expect(exitCode).toBe(0);
    expect(new Set(sandbox.emulator.messages.map(({ destination }) => destination)).size).toBe(40);
    expect(sandbox.emulator.messages).toHaveLength(40);
  });

  test('sends no row twice after kill -9', async () => {
    const all = numbers(200);
    folder.write('f.csv', `destination,text\n${all.join(',Hello\n')},Hello\n`);
    const path = config('pace: { requestsPerSecond: 10 }');
    const given = ['campaign', 'f.csv', '--purpose', 'transactional', '--chunk-size', '10', '--config', path];
    const child = spawn(process.execPath, [join(process.cwd(), 'src/cli/main.ts'), ...given], {
      cwd: folder.path,
    });
    const ended = once(child, 'exit');
    while (sandbox.emulator.messages.length < 30) await new Promise((resolve) => setImmediate(resolve));
    const second = await folder.run(...given);
    expect(second.exitCode).toBe(3);
    expect(second.errors).toContain(`Process ${child.pid} is sending this campaign.`);
    child.kill('SIGKILL');
    await ended;
    const { exitCode, output } = await folder.run(...given, '--json');
    const counts = JSON.parse(output);
    // Rows that were on their way when the process died: they may have been sent, and are not sent again.
    expect(exitCode).toBe(counts.unknown > 0 ? 4 : 0);
    const sent = sandbox.emulator.messages.map(({ destination }) => destination);
    expect(new Set(sent).size).toBe(sent.length);
    const outcomes = new Map(lines('f.csv.results.jsonl').map(({ row, outcome }) => [row, outcome]));
    expect(outcomes.size).toBe(200);
    const open = [...outcomes].filter(([, outcome]) => outcome !== 'accepted');
    expect(open.every(([, outcome]) => outcome === 'unknown')).toBe(true);
    const missing = all.filter((number) => !sent.some((each) => number.endsWith(each.replace('+', ''))));
    const unknownNumbers = open.map(([row]) => all[row - 1]);
    expect(missing.every((number) => unknownNumbers.includes(number))).toBe(true);
  });

  test('takes over the lock of a process that is gone, and refuses a file that is not a checkpoint', async () => {
    folder.write('g.csv', 'destination,text\n91230001,Hello\n');
    folder.write('g.csv.checkpoint.lock', '4194304');
    folder.write('g.csv.checkpoint', '{}');
    const { errors } = await campaign('g.csv');
    expect(errors).toContain('is not a checkpoint');
    expect(existsSync(join(folder.path, 'g.csv.checkpoint.lock'))).toBe(false);
  });
});
