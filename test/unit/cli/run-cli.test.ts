import { describe, expect, test } from 'vitest';
import { runCli } from '../../../src/cli/run-cli.ts';
import { createFakeTerminal } from '../../support/fake-terminal.ts';
import { callApi, startTeamServer } from '../../support/sandbox.ts';

async function run(...commandArguments: string[]) {
  const { terminal, output, errors } = createFakeTerminal();
  const exitCode = await runCli(commandArguments, terminal);
  return { exitCode, output: output(), errors: errors() };
}

describe('the command line', () => {
  test('prints its help when it is called alone', async () => {
    const { exitCode, output } = await run();
    expect(exitCode).toBe(0);
    expect(output).toContain('sandbox [options]');
    expect(output).toContain('Exit codes: 0 done, 1 failed, 2 wrong arguments');
  });

  test.each([['--help'], ['sandbox', '--help'], ['--version']])(
    'ends with 0 after %s %s',
    async (...given) => {
      expect((await run(...given)).exitCode).toBe(0);
    },
  );

  test('prints the version of the package', async () => {
    expect((await run('--version')).output).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test.each([
    [['sandbox', '--prot', '1'], 'Did you mean --port?'],
    [['sandbx'], 'Did you mean sandbox?'],
    [['sandbox', '--port', '70000'], 'a whole number from 0 to 65535'],
    [['sandbox', '--port', '1e3'], 'a whole number from 0 to 65535'],
    [['doctor', '--receiver', 'team.example'], 'a web address such as https://team.example/8x8'],
  ])('ends with 2 after %j, and says what is wrong', async (given, text) => {
    const { exitCode, errors } = await run(...given);
    expect(exitCode).toBe(2);
    expect(errors).toContain(text);
  });

  test.each([['--api-key=abc-secret-abc'], ['--apikey'], ['--webhook-secret=abc-secret-abc'], ['--token']])(
    'refuses the secret %s without repeating it',
    async (argument) => {
      const { exitCode, errors, output } = await run('sandbox', argument, 'abc-secret-abc');
      expect(exitCode).toBe(2);
      expect(errors).toContain('Set the environment variable instead');
      expect(errors + output).not.toContain('abc-secret-abc');
    },
  );

  test('ends with 3 when a setting is malformed', async () => {
    const { exitCode, errors } = await run('sandbox', '--host', 'http://x');
    expect(exitCode).toBe(3);
    expect(errors).toContain('error: sandbox.host must be an address or host name without a port');
  });
});

describe('an error', () => {
  test('is one document of JSON when asked', async () => {
    const { exitCode, output, errors } = await run('doctor', '--json', '--env-file', 'nowhere.env');
    expect(exitCode).toBe(1);
    expect(JSON.parse(output)).toMatchObject({ ok: false, problems: 1 });
    expect(errors).toBe('');
    const sandbox = await run('sandbox', '--json', '--host', 'http://x');
    expect(sandbox.exitCode).toBe(3);
    expect(JSON.parse(sandbox.output)).toMatchObject({
      error: { name: 'ConfigurationError', option: 'sandbox.host' },
    });
  });
});

describe('sandbox', () => {
  test('starts, prints key and variables, and ends with 0 after Ctrl+C', async () => {
    const { terminal, until, stop, output } = createFakeTerminal({ SANDBOX_API_KEY: 'sandbox_mine' });
    const ended = runCli(['sandbox', '--port', '0'], terminal);
    const [, url] = await until(/EIGHTBYEIGHT_BASE_URL=(\S+)/);
    expect(output()).toContain('export EIGHTBYEIGHT_API_KEY=sandbox_mine\n');
    expect((await fetch(`${url}/api/v1/accounts/a/webhooks`)).status).toBe(401);
    await until(/Ctrl\+C stops it/);
    stop();
    expect(await ended).toBe(0);
    await expect(fetch(`${url}/`)).rejects.toThrow('fetch failed');
  });

  test('prints one line of JSON when asked', async () => {
    const { terminal, until, stop, output } = createFakeTerminal();
    const ended = runCli(['sandbox', '--port', '0', '--json'], terminal);
    await until(/\n/);
    const { url, apiKey, environment } = JSON.parse(output());
    expect(environment).toMatchObject({ EIGHTBYEIGHT_BASE_URL: url, EIGHTBYEIGHT_API_KEY: apiKey });
    stop();
    await ended;
  });

  test('warns when it listens beyond this machine', async () => {
    const { terminal, until, stop, errors } = createFakeTerminal();
    const ended = runCli(['sandbox', '--port', '0', '--host', '0.0.0.0', '--json'], terminal);
    await until(/\n/);
    expect(errors()).toContain('warning: The sandbox listens beyond this machine');
    stop();
    await ended;
  });
});

describe('colours', () => {
  const RED = '\u001b[31m';
  test.each([
    ['on a terminal', {}, true, true],
    ['on a terminal with NO_COLOR', { NO_COLOR: '1' }, true, false],
    ['on a terminal with an empty NO_COLOR', { NO_COLOR: '' }, true, true],
    ['in a pipe', {}, false, false],
  ])('%s', (_, env, isTTY, hasColours) => {
    const { terminal } = createFakeTerminal(env as Record<string, string>, { isTTY });
    expect(terminal.paint('red', 'error').includes(RED)).toBe(hasColours);
  });
});

describe('the arguments of sandbox', () => {
  test('set webhooks, speed and faults, with secrets of the environment', async () => {
    const team = await startTeamServer(({ path }) =>
      path === '/token' ? { status: 200, body: '{"access_token":"t1"}' } : undefined,
    );
    const { terminal, until, stop, output } = createFakeTerminal({ SANDBOX_OAUTH_CLIENT_SECRET: 'c-secret' });
    const given = [
      ...['sandbox', '--port', '0', '--json', '--speed', '1000', '--fault', '503', '--fault', '429:2'],
      ...[
        '--webhook-url',
        `${team.url}/8x8`,
        '--oauth-url',
        `${team.url}/token`,
        '--oauth-client-id',
        'shop',
      ],
      ...[
        '--oauth-scope',
        'sms',
        '--oauth-location',
        'body',
        '--allow-host',
        'app',
        '--allow-host',
        'sandbox',
      ],
    ];
    const ended = runCli(given, terminal);
    await until(/\n/);
    const sandbox = JSON.parse(output());
    const path = '/api/v1/subaccounts/shop/messages';
    const message = { destination: '+6591234567', text: 'Hi' };
    const statuses: number[] = [];
    for (let count = 0; count < 4; count += 1) {
      statuses.push((await callApi(sandbox, path, message)).status);
    }
    expect(statuses).toEqual([503, 429, 429, 200]);
    const [token] = await team.arrived(4);
    expect(Object.fromEntries(new URLSearchParams(token?.body))).toEqual({
      grant_type: 'client_credentials',
      scope: 'sms',
      client_id: 'shop',
      client_secret: 'c-secret',
    });
    stop();
    expect(await ended).toBe(0);
    await team.close();
  });

  test('send the Authorization header of the environment', async () => {
    const team = await startTeamServer();
    const { terminal, until, stop, output } = createFakeTerminal({
      SANDBOX_WEBHOOK_AUTHORIZATION: 'Basic x',
    });
    const ended = runCli(
      ['sandbox', '--port', '0', '--json', '--speed', '1000', '--webhook-url', team.url],
      terminal,
    );
    await until(/\n/);
    await callApi(JSON.parse(output()), '/api/v1/subaccounts/shop/messages', {
      destination: '+6591234567',
      text: 'Hi',
    });
    const [receipt] = await team.arrived(1);
    expect(receipt?.headers.authorization).toBe('Basic x');
    stop();
    await ended;
    await team.close();
  });

  test.each([
    [['--speed', '0'], 2, 'a number from 0.01 to 1000000'],
    [['--fault', '503:x'], 2, 'a whole number from 1'],
    [['--fault', '999'], 3, 'fault must be one of'],
    [['--oauth-location', 'query'], 2, 'Allowed choices are header, body'],
  ])('%j end with %i', async (given, exitCode, text) => {
    const result = await run('sandbox', '--port', '0', ...given);
    expect(result.exitCode).toBe(exitCode);
    expect(result.errors).toContain(text);
  });
});
