import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Sandbox, startSandbox } from '../../../src/sandbox/index.ts';
import { createCliFolder, IMPORTS } from '../../support/cli-folder.ts';

const folder = createCliFolder();
afterAll(() => folder.remove());

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox({ port: 0, apiKey: 'sandbox_key' });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await sandbox.close();
});

const NUMBER = '+6591234567';

/** Writes a configuration for the sandbox. The store and the ledger live as long as the file's module. */
function config(more = ''): string {
  const text = `{ baseUrl: '${sandbox.url}', apiKey: 'sandbox_key', subAccountId: 'shop', accountId: 'acme',
    defaultCountry: 'SG', limits, guards: { consent: { ledger } }, ${more} }`;
  return folder.config(
    text,
    `${IMPORTS.guard}\nconst limits = guard.memoryLimits();\nconst ledger = guard.memoryConsentLedger();`,
  );
}

/** Calls the command with a configuration file. */
const call = (path: string, ...given: string[]) => folder.run(...given, '--config', path);

describe('send', () => {
  test('sends a message, and shows its ID and the number as typed', async () => {
    const { exitCode, output } = await call(
      config(),
      'send',
      '9123 4567',
      'Hello',
      '--purpose',
      'transactional',
    );
    const [message] = sandbox.emulator.messages;
    expect(message).toMatchObject({ text: 'Hello' });
    expect(output).toContain('8x8 accepted the message.');
    expect(output).toMatch(/to +9123 4567\n/);
    expect(output).toContain(`→ 8x8-sms-guard status ${message?.umid}`);
    expect(exitCode).toBe(0);
  });

  test.each([[[]], [['-']]])('reads the text from standard input with %j', async (words) => {
    const given = ['send', NUMBER, ...words, '--source', 'SHOP', '--encoding', 'UCS2', '--config', config()];
    expect((await folder.runWith('Your code is 4711\n', ...given)).exitCode).toBe(0);
    expect(sandbox.emulator.messages[0]).toMatchObject({ text: 'Your code is 4711', source: 'SHOP' });
  });

  test('prints the result as JSON', async () => {
    const { output } = await call(
      config(),
      'send',
      NUMBER,
      'Hello',
      '--client-message-id',
      'order-1',
      '--json',
    );
    expect(JSON.parse(output)).toMatchObject({ status: 'accepted', clientMessageId: 'order-1', parts: 1 });
  });

  test('ends with 1 when a guard refuses, and masks the number', async () => {
    const path = config();
    await call(path, 'send', NUMBER, 'Your code is 4711', '--purpose', 'otp');
    const { exitCode, errors } = await call(path, 'send', NUMBER, 'Your code is 4712', '--purpose', 'otp');
    expect(exitCode).toBe(1);
    expect(errors).toMatch(/^error: A one-time password was sent .* Nothing was sent\.\nSee \S+#too-soon\n$/);
    expect(errors).not.toContain('91234567');
    const { output } = await call(path, 'send', NUMBER, 'Your code is 4712', '--purpose', 'otp', '--json');
    expect(JSON.parse(output)).toMatchObject({ error: { name: 'LimitError', guard: 'backoff' } });
  });

  test('ends with 4 when 8x8 may have accepted the message', async () => {
    sandbox.emulator.failNext('lost-response');
    const { exitCode, errors } = await call(config(), 'send', NUMBER, 'Hello');
    expect(exitCode).toBe(4);
    expect(errors).toContain('error: messages.send');
  });

  test('ends with 3 for a text that is empty', async () => {
    expect((await call(config(), 'send', NUMBER, '')).exitCode).toBe(3);
  });
});

describe('estimate', () => {
  test('shows parts and price of a text', async () => {
    const { output } = await call(config(), 'estimate', 'It’s here', '--to', NUMBER);
    expect(output).toMatch(/parts +1\n/);
    expect(output).toMatch(/encoding +UCS2\n/);
    expect(output).toMatch(/price +0\.\d+ USD \(SG\)\n/);
    expect(output).toMatch(/needs UCS-2 +"’" \(instead "'"\)\n/);
    expect(output).toMatch(/with replacements +1 part, GSM7\n/);
    expect(sandbox.emulator.messages).toHaveLength(0);
  });

  test('takes the price of a country, and says that it sends ten parts only', async () => {
    const given = ['estimate', '-', '--country', 'ID', '--config', config()];
    const { output } = await folder.runWith('a'.repeat(1_600), ...given);
    expect(output).toMatch(/parts +11: 8x8 sends the first 10 only/);
    expect(output).toContain('(ID)');
    const { output: json } = await call(config(), 'estimate', '😀', '--json');
    expect(JSON.parse(json)).toMatchObject({ parts: 1, encoding: 'UCS2' });
    expect((await call(config(), 'estimate', '😀')).output).toMatch(/needs UCS-2 +"😀"\n/);
  });

  test('needs no key and no account', async () => {
    vi.stubEnv('EIGHTBYEIGHT_API_KEY', '');
    const { exitCode, output } = await folder.run('estimate', 'Hello', '--to', NUMBER);
    expect(exitCode).toBe(0);
    expect(output).toMatch(/price +not known: set EIGHTBYEIGHT_ACCOUNT_ID/);
    const noAccount = config('accountId: undefined');
    expect((await call(noAccount, 'estimate', 'Hello', '--to', NUMBER)).output).toContain('not known');
    expect((await folder.run('estimate', 'Hello', '--config', 'nowhere.mjs')).exitCode).toBe(3);
    const noKey = folder.config("{ subAccountId: 'shop' }");
    expect((await call(noKey, 'estimate', 'Hello')).errors).toContain('apiKey is missing');
  });
});

describe('status', () => {
  test('shows what became of a message', async () => {
    const path = config();
    await call(path, 'send', NUMBER, 'Hello');
    const umid = sandbox.emulator.messages[0]?.umid as string;
    const { output, exitCode } = await call(path, 'status', umid);
    expect(exitCode).toBe(0);
    expect(output).toMatch(/state +\w+/);
    expect(output).toMatch(/price +0\.\d+ USD\n/);
    expect(output).toMatch(/created +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\n/);
  });

  test('explains the code of an undelivered message', async () => {
    const path = config();
    await call(path, 'send', NUMBER, 'Hello');
    const umid = sandbox.emulator.messages[0]?.umid as string;
    await sandbox.emulator.report(NUMBER, { state: 'undelivered', errorCode: 15 });
    expect((await call(path, 'status', umid)).output).toMatch(/error +15, invalid destination/i);
    const json = JSON.parse((await call(config(), 'status', umid, '--json')).output);
    expect(json).toMatchObject({ umid, status: { state: 'undelivered' } });
  });

  test('ends with 1 for a message that 8x8 does not know', async () => {
    const { exitCode, errors } = await call(config(), 'status', crypto.randomUUID());
    expect(exitCode).toBe(1);
    expect(errors).toContain('HTTP 404');
  });
});

describe('lookup', () => {
  test('shows what is known about a number', async () => {
    const { output, exitCode } = await call(config(), 'lookup', '91234567', '--type', 'live');
    expect(exitCode).toBe(0);
    expect(output).toMatch(/number +91234567\n/);
    expect(output).toMatch(/type +Mobile\n/);
    expect(output).toMatch(/switched on +yes\n/);
    const { output: json } = await call(config(), 'lookup', NUMBER, '--json');
    expect(JSON.parse(json)).toMatchObject({ phoneType: 'Mobile', status: { state: 'ok' } });
  });
});

describe('consent', () => {
  test('records and shows what a person chose', async () => {
    const path = config();
    expect((await call(path, 'consent', NUMBER)).output).toBe(`Nothing is recorded about ${NUMBER}.\n`);
    expect((await call(path, 'consent', NUMBER, 'history')).output).toContain('Nothing is recorded');
    const granted = await call(
      path,
      'consent',
      NUMBER,
      'grant',
      '--evidence',
      'form 4711',
      '--source',
      'paper',
    );
    expect(granted.output).toMatch(/^Recorded: \+6591234567 opted-in for marketing, .* UTC, from paper\.\n$/);
    const revoked = await call(path, 'consent', NUMBER, 'revoke', '--json');
    expect(JSON.parse(revoked.output)).toMatchObject({
      state: 'opted-out',
      scope: 'all',
      source: 'command-line',
    });
    expect((await call(path, 'consent', NUMBER)).output).toMatch(/^\+6591234567 opted-out for all/);
    await call(path, 'consent', NUMBER, 'grant', '--sender', 'SHOP');
    const { output } = await call(path, 'consent', NUMBER, 'history');
    expect(output).toMatch(/1 +opted-in for marketing/);
    expect(output).toMatch(/2 +opted-out for all/);
    expect(output).toMatch(/3 +opted-in for the sender shop/i);
    expect(JSON.parse((await call(path, 'consent', NUMBER, 'history', '--json')).output)).toHaveLength(3);
    expect(JSON.parse((await call(path, 'consent', '+6598765432', '--json')).output)).toBe(null);
  });

  test('needs a ledger', async () => {
    const { exitCode, errors } = await call(config('guards: {}'), 'consent', NUMBER);
    expect(exitCode).toBe(3);
    expect(errors).toContain('ledger');
  });

  test('refuses an action that it does not know', async () => {
    const { exitCode, errors } = await call(config(), 'consent', NUMBER, 'forget');
    expect(exitCode).toBe(2);
    expect(errors).toContain('Allowed choices are status, grant, revoke, history');
  });
});

describe('limits', () => {
  test('shows what the guards count, and clears it', async () => {
    const path = config();
    expect((await call(path, 'limits', NUMBER)).output).toContain('recipient             0 of 10 in 30 min');
    await call(path, 'send', NUMBER, 'Your code is 4711', '--purpose', 'otp');
    const { output } = await call(path, 'limits', NUMBER);
    expect(output).toContain(`Counted for ${NUMBER}`);
    expect(output).toContain('recipient             1 of 10 in 30 min');
    expect(output).toMatch(/A message now would be refused\n.*otp +backoff: A one-time password/s);
    const json = JSON.parse((await call(path, 'limits', NUMBER, '--guard', 'backoff', '--json')).output);
    expect(json.refusals).toEqual([expect.objectContaining({ guard: 'backoff', purpose: 'otp' })]);
    expect((await call(path, 'limits', NUMBER, 'release')).output).toContain(`Released ${NUMBER}.`);
    const released = await call(path, 'limits', NUMBER, 'release', '--guard', 'backoff', '--json');
    expect(JSON.parse(released.output)).toEqual({ released: NUMBER, guard: 'backoff' });
    await call(path, 'consent', NUMBER, 'grant');
    expect((await call(path, 'limits', NUMBER)).output).toContain('would be admitted now');
  });

  test('says that it cannot look into the memory of a service', async () => {
    const { exitCode, errors } = await call(config('limits: undefined'), 'limits', NUMBER);
    expect(exitCode).toBe(3);
    expect(errors).toContain('your service counts in its own memory');
  });
});

describe('a command that is stopped', () => {
  test('ends with 130, and says that nothing was sent', async () => {
    const { runCli } = await import('../../../src/cli/run-cli.ts');
    const { createFakeTerminal } = await import('../../support/fake-terminal.ts');
    const { terminal, errors, stop } = createFakeTerminal({}, { folder: folder.path });
    stop();
    expect(await runCli(['send', NUMBER, 'Hello', '--config', config()], terminal)).toBe(130);
    expect(errors()).toMatch(/^Stopped\. The call was aborted before anything was sent\.\n$/);
    expect(sandbox.emulator.messages).toHaveLength(0);
  });
});

test('a fault of a team’s own function is shown with its stack', async () => {
  const path = folder.config("() => { throw new TypeError('no database'); }");
  const { exitCode, errors } = await call(path, 'status', 'u');
  expect(exitCode).toBe(1);
  expect(errors).toContain('error: no database\nTypeError: no database\n    at ');
  expect(JSON.parse((await call(path, 'status', 'u', '--json')).output)).toEqual({
    error: { name: 'TypeError', message: 'no database' },
  });
});
