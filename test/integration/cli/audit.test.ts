import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { auditLog } from '../../../src/audit/audit-log.ts';
import { auditFiles } from '../../../src/audit/file-output.ts';
import { ed25519Signer } from '../../../src/audit/signer.ts';
import { runCli } from '../../../src/cli/run-cli.ts';
import { AUDIT_SECRET, recordMany } from '../../support/audit.ts';
import { createFakeTerminal } from '../../support/fake-terminal.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sms-audit-cli-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function verify(
  given: readonly string[],
  env: Record<string, string> = { EIGHTBYEIGHT_AUDIT_SECRET: AUDIT_SECRET },
) {
  const { terminal, output, errors } = createFakeTerminal(env, { folder });
  return {
    exitCode: await runCli(['audit', 'verify', ...given], terminal),
    output: output(),
    errors: errors(),
  };
}

async function writeLog(options = {}) {
  const log = auditLog({ file: join(folder, 'audit.jsonl'), secret: AUDIT_SECRET, ...options });
  recordMany(log, 4);
  await log.close();
  return { log, path: (await auditFiles(join(folder, 'audit.jsonl'))).at(-1) as string };
}

describe('audit verify', () => {
  test('ends with 0 for a log that nobody has edited', async () => {
    await writeLog();
    await writeLog();
    const { exitCode, output } = await verify(['audit.jsonl']);
    expect(exitCode).toBe(0);
    expect(output).toContain('12 records in 2 chains');
    expect(output).toContain('Nothing was altered.');
  });

  test('ends with 1 and names file, line and record of an edit', async () => {
    const { path } = await writeLog();
    await writeFile(path, (await readFile(path, 'utf8')).replace('message-2', 'message-9'));
    const { exitCode, output } = await verify([path]);
    expect(exitCode).toBe(1);
    expect(output).toContain(`altered  ${path}:3  Record 3 was altered.`);
    expect(output).toContain('This log was altered.');
    const json = await verify([path, '--json']);
    expect(json.exitCode).toBe(1);
    expect(JSON.parse(json.output).first).toMatchObject({ kind: 'altered', line: 3, seq: 3 });
  });

  test('finds what was cut off with the report of an earlier run, or with a head', async () => {
    const { path, log } = await writeLog();
    await writeFile(join(folder, 'report.json'), (await verify(['audit.jsonl', '--json'])).output);
    await writeFile(join(folder, 'head.json'), JSON.stringify(log.head()));
    await writeFile(join(folder, 'heads.json'), JSON.stringify([log.head()]));
    const lines = (await readFile(path, 'utf8')).split('\n');
    await writeFile(path, `${lines.slice(0, 3).join('\n')}\n`);
    expect((await verify(['audit.jsonl'])).exitCode).toBe(0);
    for (const file of ['report.json', 'head.json', 'heads.json']) {
      const { exitCode, output } = await verify(['audit.jsonl', '--expect', file]);
      expect(exitCode).toBe(1);
      expect(output).toContain('truncated');
    }
  });

  test('tells of a crash, of chains that go on, and of absent ones', async () => {
    const { path } = await writeLog();
    const lines = (await readFile(path, 'utf8')).split('\n');
    await writeFile(path, `${lines.slice(0, 3).join('\n')}\n`);
    await appendFile(path, '{"v":1,"cha');
    const { path: second } = await writeLog();
    const { exitCode, output } = await verify(['audit.jsonl']);
    expect(exitCode).toBe(0);
    expect(output).toContain('1 line of a crash');
    expect(output).toMatch(/not closed\s+1 chain/);
    expect((await verify([second])).exitCode).toBe(1);
    const partial = await verify([second, '--partial']);
    expect(partial.exitCode).toBe(0);
    expect(partial.output).toMatch(/absent\s+1 chain/);
  });

  test('needs no secret with a public key, in a PEM or as JWK', async () => {
    const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
    const privateKey = { ...(await crypto.subtle.exportKey('jwk', pair.privateKey)) };
    await writeLog({ signer: ed25519Signer({ keyId: '1', privateKey }) });
    const spki = Buffer.from(await crypto.subtle.exportKey('spki', pair.publicKey)).toString('base64');
    await writeFile(
      join(folder, 'key.pem'),
      `-----BEGIN PUBLIC KEY-----\n${spki}\n-----END PUBLIC KEY-----\n`,
    );
    await writeFile(
      join(folder, 'key.jwk'),
      JSON.stringify(await crypto.subtle.exportKey('jwk', pair.publicKey)),
    );
    for (const key of ['key.pem', '1=key.jwk']) {
      const { exitCode, output } = await verify(['audit.jsonl', '--public-key', key], {});
      expect(exitCode).toBe(0);
      expect(output).toMatch(/signed\s+6 records/);
    }
  });

  test('takes several secrets as JSON', async () => {
    await writeLog();
    const other = 'another-secret-of-the-tests-01234567';
    await writeLog({ secret: other, keyId: '2' });
    const env = { EIGHTBYEIGHT_AUDIT_SECRET: JSON.stringify({ 1: AUDIT_SECRET, 2: other }) };
    expect((await verify(['audit.jsonl'], env)).exitCode).toBe(0);
    expect((await verify(['audit.jsonl'])).exitCode).toBe(1);
  });

  test.each([
    [['audit.jsonl'], {}, 'Set EIGHTBYEIGHT_AUDIT_SECRET, or give --public-key.'],
    [['absent.jsonl'], undefined, 'this file of the log does not exist'],
    [['audit.jsonl', '--expect', 'absent.json'], undefined, 'The file of --expect cannot be read (ENOENT).'],
    [['audit.jsonl'], { EIGHTBYEIGHT_AUDIT_SECRET: '{"1":' }, 'EIGHTBYEIGHT_AUDIT_SECRET is not JSON.'],
    [['audit.jsonl'], { EIGHTBYEIGHT_AUDIT_SECRET: 'short' }, 'secrets.1 must be a string of 32'],
  ])('ends with 3 for %j %#', async (given, env, text) => {
    await writeLog();
    const { exitCode, errors } = await verify(given, env as Record<string, string> | undefined);
    expect(exitCode).toBe(3);
    expect(errors).toContain(text);
    expect(errors).not.toContain('short');
  });

  test('takes no secret as an argument', async () => {
    expect((await verify(['audit.jsonl', '--secret', AUDIT_SECRET])).exitCode).toBe(2);
  });
});
