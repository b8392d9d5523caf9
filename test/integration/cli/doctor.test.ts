import { once } from 'node:events';
import { createServer, type RequestListener, request } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import tls from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Finding } from '../../../src/cli/doctor/finding.ts';
import { runCli } from '../../../src/cli/run-cli.ts';
import type { EmulatorOptions } from '../../../src/emulator/emulator-options.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/index.ts';
import { CERTIFICATE } from '../../support/certificate.ts';
import { createCliFolder, IMPORTS } from '../../support/cli-folder.ts';
import { createFakeTerminal } from '../../support/fake-terminal.ts';
import { freePort } from '../../support/free-port.ts';
import { hasRedisServer, type RedisServer, startRedis } from '../../support/redis-server.ts';

const folder = createCliFolder();
afterAll(() => folder.remove());

/** The connection that a configuration file opened. */
const left = globalThis as { opened?: { disconnect(): void } | undefined };
const open: (() => unknown)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  left.opened?.disconnect();
  left.opened = undefined;
  for (const close of open.splice(0).reverse()) await close();
});

async function openSandbox(emulator: EmulatorOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({
    port: 0,
    apiKey: 'sandbox_key',
    emulator: { subAccountIds: ['shop', 'shop_news'], accountId: 'acme', ...emulator },
  });
  open.push(() => sandbox.close());
  return sandbox;
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A server that answers everything with one status. */
async function openServer(status: number, headers: Record<string, string> = {}): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status, headers).end());
  return `http://127.0.0.1:${await listen(server)}`;
}

/** A TLS server in front of the sandbox. */
async function openTls(sandbox: Sandbox, options: tls.SecureContextOptions = {}): Promise<string> {
  const forward: RequestListener = (from, response) => {
    const to = request(`${sandbox.url}${from.url}`, { method: from.method as string, headers: from.headers });
    to.on('response', (answer) => {
      response.writeHead(answer.statusCode as number, answer.headers);
      answer.pipe(response);
    });
    from.pipe(to);
  };
  const server = createTlsServer({ ...CERTIFICATE, ...options }, forward);
  return `https://127.0.0.1:${await listen(server)}`;
}

async function doctor(...given: string[]) {
  const { exitCode, output } = await folder.run('doctor', '--json', ...given);
  const report = JSON.parse(output) as { ok: boolean; findings: Finding[] };
  const lines = (level: Finding['level']) =>
    report.findings
      .filter((finding) => finding.level === level)
      .map(({ check, text, advice = '' }) => `${check}: ${text} → ${advice}`);
  return { exitCode, ...report, problems: lines('problem'), warnings: lines('warning'), fine: lines('ok') };
}

const options = (url: string, more = '') =>
  `{ baseUrl: '${url}', apiKey: 'sandbox_key', subAccountId: 'shop', accountId: 'acme', ${more} }`;
const withConfig = (text: string, before?: string) => doctor('--config', folder.config(text, before));

const GUARDS = `guards: {
  countries: { allow: ['SG', 'ID'] }, prefix: {}, clientIp: {}, pumping: { mode: 'enforce' },
  links: { allow: ['example.com'] }, quietHours: {}, duplicate: {},
  consent: { ledger: guard.memoryConsentLedger() },
}`;

async function setWebhook(sandbox: Sandbox, webhook: object): Promise<void> {
  const response = await fetch(`${sandbox.url}/api/v1/accounts/acme/webhooks`, {
    method: 'POST',
    headers: { authorization: 'Bearer sandbox_key', 'content-type': 'application/json' },
    body: JSON.stringify([{ subAccountId: '*', httpAuthorization: 'Bearer s', ...webhook }]),
  });
  expect(response.status).toBe(200);
}

describe('doctor on a setup without a fault', () => {
  let redis: RedisServer | undefined;
  beforeAll(async () => {
    if (hasRedisServer()) redis = await startRedis();
  });
  afterAll(() => redis?.stop());

  test.runIf(hasRedisServer())('finds that all is well, and sends nothing', async () => {
    const sandbox = await openSandbox({ prepaid: { balance: 12.5 } });
    const receiver = `${await openServer(401)}/8x8`;
    await setWebhook(sandbox, { url: receiver });
    const before = `${IMPORTS.guard}\n${IMPORTS.redisLimits}\n${IMPORTS.Redis}
      const client = new Redis('${redis?.url}');
      globalThis.opened = client;`;
    const limits =
      "limits: redisLimits({ client, secret: '0123456789abcdef0123456789abcdef', onStoreError: 'refuse' })";
    const config = folder.config(options(sandbox.url, `${limits}, ${GUARDS}`), before);
    const { output, exitCode } = await folder.run('doctor', '--config', config, '--receiver', receiver);
    expect(output).not.toMatch(/^ {2}(warning|problem)/m);
    expect(output).toContain('All is well. Nothing was sent.');
    for (const line of [
      /ok +host +http:\/\/127\.0\.0\.1:\d+, this machine, from baseUrl/,
      /ok +key +from the option apiKey, 11 characters, of a sandbox/,
      /ok +clock +agrees with the host/,
      /ok +account +8x8 accepts the key for the sub-account shop/,
      /ok +balance +12\.50 USD/,
      /ok +webhook +127\.0\.0\.1:\d+ answers a stranger with 401/,
      /ok +store +answers in [\d.]+ ms/,
      /ok +guards +phone, content, links, countries, quietHours, consent/,
    ]) {
      expect(output).toMatch(line);
    }
    expect(exitCode).toBe(0);
    expect(sandbox.emulator.messages).toHaveLength(0);
  });

  test('names version and key exchange of a TLS connection', async () => {
    const usual = tls.getCACertificates('default');
    tls.setDefaultCACertificates([...usual, CERTIFICATE.cert]);
    open.push(() => tls.setDefaultCACertificates(usual));
    const hybrid = await withConfig(options(await openTls(await openSandbox())));
    expect(hybrid.fine.join('\n')).toContain(
      'tls: TLS 1.3, key exchange X25519MLKEM768, a post-quantum hybrid',
    );
    expect(hybrid.fine.join('\n')).toContain('account: 8x8 accepts the key');
    const classic = await withConfig(options(await openTls(await openSandbox(), { ecdhCurve: 'X25519' })));
    expect(classic.fine.join('\n')).toContain('tls: TLS 1.3, key exchange X25519, no post-quantum hybrid');
    const old = await withConfig(options(await openTls(await openSandbox(), { maxVersion: 'TLSv1.2' })));
    expect(old.problems.join('\n')).toMatch(
      /tls: 127\.0\.0\.1:\d+ answers with TLSv1\.2: .* 426\. → Allow TLS 1\.3/,
    );
  });

  test('prints each line in the width of the terminal, and colours on a terminal only', async () => {
    const { url } = await openSandbox();
    const { output } = await folder.run('doctor', '--config', folder.config(options(url)));
    const lines = output.split('\n');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
    expect(output).toMatch(/\n {2}0 problems, \d+ warnings\. Nothing was sent\.\n$/);
    expect(output).not.toContain('\u001b');
    const { terminal, output: coloured } = createFakeTerminal({}, { isTTY: true, folder: folder.path });
    await runCli(['doctor', '--config', folder.config(options(url))], terminal);
    expect(coloured()).toContain('\u001b[33mwarning  \u001b[39m');
  });

  test('reads variables of a file', async () => {
    const { url } = await openSandbox();
    vi.stubEnv('EIGHTBYEIGHT_API_KEY', undefined);
    folder.write('.env', 'EIGHTBYEIGHT_API_KEY=sandbox_key\n');
    const config = folder.config(`{ baseUrl: '${url}', subAccountId: 'shop' }`);
    const { fine } = await doctor('--config', config, '--env-file', '.env');
    expect(fine.join('\n')).toContain(
      'key: from the environment variable EIGHTBYEIGHT_API_KEY, 11 characters',
    );
  });

  test('takes a client, and a function that makes one', async () => {
    const { url } = await openSandbox();
    const client = `new guard.SmsClient(${options(url)})`;
    for (const text of [client, `() => ${client}`, `async () => (${options(url)})`]) {
      const { fine, problems } = await withConfig(text, IMPORTS.guard);
      expect(problems).toEqual([]);
      expect(fine.join('\n')).toContain('account: 8x8 accepts the key for the sub-account shop');
    }
  });

  test('finds a configuration file in the folder', async () => {
    const { url } = await openSandbox();
    const own = createCliFolder();
    open.push(() => own.remove());
    own.write('8x8-sms-guard.config.mjs', `export default ${options(url)};`);
    const { output } = await own.run('doctor');
    expect(output).toContain('from 8x8-sms-guard.config.mjs and the environment');
  });

  test('reads the environment when there is no file, and says what it cannot know', async () => {
    const { url } = await openSandbox();
    vi.stubEnv('EIGHTBYEIGHT_BASE_URL', url);
    vi.stubEnv('EIGHTBYEIGHT_API_KEY', 'sandbox_key');
    vi.stubEnv('EIGHTBYEIGHT_SUB_ACCOUNT_ID', 'shop');
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { exitCode, problems, warnings, fine } = await doctor();
    expect(fine.join('\n')).toContain('key: from the environment variable EIGHTBYEIGHT_API_KEY');
    expect(problems).toEqual([]);
    expect(warnings.join('\n')).toContain('prices: accountId is not set');
    expect(warnings.join('\n')).toContain(
      'guards: Guards and limit store of your service are not known here',
    );
    expect(exitCode).toBe(0);
    expect((await doctor('--strict')).exitCode).toBe(1);
    vi.mocked(console.warn).mockRestore();
  });
});

/** Each broken setup, by the name that docs/cli.md gives it, and the line that names the fault. */
describe('doctor names the fault of', () => {
  test('1. no key', async () => {
    vi.stubEnv('EIGHTBYEIGHT_API_KEY', '');
    const { exitCode, problems } = await withConfig("{ subAccountId: 'shop' }");
    expect(problems).toEqual([expect.stringMatching(/^key: apiKey is missing.*--env-file/)]);
    expect(exitCode).toBe(1);
  });

  test('2. a key with quotes around it', async () => {
    const { problems } = await withConfig(`{ subAccountId: 'shop', apiKey: '"a-secret-key"' }`);
    expect(problems).toEqual([
      expect.stringContaining('key: option apiKey: the API key has quotes around it'),
    ]);
    expect(problems.join()).not.toContain('a-secret-key');
  });

  test('3. an ID in the place of the key', async () => {
    const { url } = await openSandbox();
    const text = `{ baseUrl: '${url}', apiKey: 'shop', subAccountId: 'shop', accountId: 'acme' }`;
    expect((await withConfig(text)).problems).toEqual([
      expect.stringContaining('key: The option apiKey is equal to subAccountId: it holds an ID'),
    ]);
  });

  test('4. a key of another account or region', async () => {
    const { url } = await openSandbox();
    const text = `{ baseUrl: '${url}', apiKey: 'a-key-of-8x8', subAccountId: 'shop', accountId: 'acme' }`;
    const { problems } = await withConfig(text);
    expect(problems).toEqual([expect.stringContaining('account: 8x8 refuses the key (HTTP 401).')]);
    const withoutAccount = `{ baseUrl: '${url}', apiKey: 'a-key-of-8x8', subAccountId: 'shop' }`;
    expect((await withConfig(withoutAccount)).problems).toEqual(problems);
  });

  test('5. a misspelt sub-account', async () => {
    const { url } = await openSandbox();
    const { problems } = await withConfig(options(url).replace("'shop'", "'shpo'"));
    expect(problems).toEqual([
      expect.stringMatching(/^sub-account: 8x8 does not know the sub-account shpo .*The account has shop/),
    ]);
  });

  test('6. the ID of another account, or of the sub-account', async () => {
    const { url } = await openSandbox();
    const other = await withConfig(options(url).replace("'acme'", "'other'"));
    expect(other.problems).toEqual([
      expect.stringMatching(
        /^account: .* see the account other \(HTTP 403\)\. → Set EIGHTBYEIGHT_ACCOUNT_ID/,
      ),
    ]);
    const mixedUp = await withConfig(options(url).replace("'acme'", "'shop'"));
    expect(mixedUp.problems).toEqual([expect.stringContaining('accountId and subAccountId are equal')]);
    const reversed = await withConfig(options(url).replace("'shop'", "'acme'"));
    expect(reversed.problems).toEqual([expect.stringContaining('subAccountId holds the ID of the account')]);
  });

  test('7. a host that does not exist, or where nothing listens', async () => {
    const { problems, warnings } = await withConfig(options('https://sms.example.invalid'));
    expect(problems).toEqual([expect.stringMatching(/^dns: sms\.example\.invalid has no address \(\w+\)/)]);
    expect(warnings.join('\n')).toContain('account: Account, prices and webhooks were not checked');
    const nobodyListens = `http://127.0.0.1:${await freePort()}`;
    expect((await withConfig(options(nobodyListens))).problems).toEqual([
      expect.stringMatching(/^connection: No connection to 127\.0\.0\.1:\d+ \(ECONNREFUSED\)/),
    ]);
  });

  test('8. a certificate that is not trusted, or no TLS at all', async () => {
    const sandbox = await openSandbox();
    const { problems } = await withConfig(options(await openTls(sandbox)));
    expect(problems).toEqual([
      expect.stringMatching(/^tls: The certificate of 127\.0\.0\.1:\d+ is not trusted .*NODE_EXTRA_CA_CERTS/),
    ]);
    const plain = sandbox.url.replace('http:', 'https:');
    expect((await withConfig(options(plain))).problems).toEqual([
      expect.stringMatching(/^tls: No TLS connection to 127\.0\.0\.1:\d+/),
    ]);
  });

  test('9. a clock that is wrong', async () => {
    const at = (ms: number) => new Date(Date.now() + ms).toUTCString();
    const behind = await withConfig(options(await openServer(404, { date: at(600_000) })));
    expect(behind.problems.join('\n')).toMatch(/clock: This machine is (10|9) min.* behind\. → Synchronise/);
    const ahead = await withConfig(options(await openServer(404, { date: at(-60_000) })));
    expect(ahead.warnings.join('\n')).toMatch(/clock: This machine is (1 min|5\d s).* ahead/);
  });

  test.each([
    [200, 'accepts a delivery without Authorization (HTTP 200): anybody can invent receipts'],
    [404, 'answers with HTTP 404 instead of 401. → Compare the path'],
    [500, 'answers with HTTP 500 instead of 401. → Check the log'],
    [308, 'redirects (HTTP 308)'],
  ])('10. a receiver that answers a stranger with %i', async (status, text) => {
    const sandbox = await openSandbox();
    await setWebhook(sandbox, { url: await openServer(status) });
    const { problems } = await withConfig(options(sandbox.url));
    expect(problems).toEqual([expect.stringContaining(text)]);
  });

  test('11. a webhook that leads elsewhere, or nowhere', async () => {
    const sandbox = await openSandbox();
    const none = await withConfig(options(sandbox.url));
    expect(none.warnings.join('\n')).toContain('webhook: 8x8 has no webhook for the sub-account shop');
    const url = 'http://127.0.0.1:9/8x8';
    await setWebhook(sandbox, { url, enabled: false, httpAuthorization: undefined });
    const config = folder.config(options(sandbox.url));
    const given = ['--config', config, '--receiver', 'https://team.example/8x8'];
    const { problems, warnings } = await doctor(...given);
    expect(problems).toEqual([
      expect.stringContaining('webhook: The webhook has neither httpAuthorization nor oauth'),
      expect.stringContaining(`8x8 posts to ${url}, not to your receiver https://team.example/8x8`),
      expect.stringContaining('The receiver 127.0.0.1:9 is not reachable'),
    ]);
    expect(warnings.join('\n')).toContain('webhook: The webhook is disabled');
  });

  test('12. guards that are off, only monitor, or are not configured', async () => {
    const { url } = await openSandbox();
    const { problems, warnings, exitCode } = await withConfig(
      options(url, "guards: { recipient: false, backoff: { mode: 'monitor' } }"),
    );
    expect(problems).toEqual([]);
    for (const line of [
      'guards: countries is off: every country can be texted',
      'guards: prefix is off: runs of neighbouring numbers (SMS pumping) are not noticed',
      'guards: recipient is off: one number can be texted without limit. → Remove guards.recipient: false.',
      "guards: backoff is in monitor mode: it reports, and refuses almost nothing. → Remove mode: 'monitor'",
      "guards: pumping is in monitor mode: it reports, and refuses almost nothing. → Set guards.pumping: { mode: 'enforce' }",
      'guards: consent has no ledger and no check',
      'store: Limits are counted in the memory of each process',
    ]) {
      expect(warnings.join('\n')).toContain(line);
    }
    expect(exitCode).toBe(0);
  });

  test('13. a balance that is used up, or a missing price', async () => {
    const { url } = await openSandbox({ prepaid: { balance: 0 } });
    const { problems } = await withConfig(options(url));
    expect(problems).toEqual([expect.stringMatching(/^balance: 0\.00 USD → Top the account up/)]);
    const unpriced = await openSandbox({ subAccountIds: undefined, defaultSubAccountId: 'other' });
    expect((await withConfig(options(unpriced.url))).warnings.join('\n')).toContain(
      'prices: 8x8 lists no price for the sub-account shop. → Ask 8x8 for a pricing plan',
    );
  });

  test('13b. an account for which 8x8 fails', async () => {
    const { problems } = await withConfig(options(await openServer(503, { date: new Date().toUTCString() })));
    expect(problems.join('\n')).toContain('account: exports.get: 8x8 responded with HTTP 503');
    expect(problems.join('\n')).toContain('prices: account.prices: 8x8 responded with HTTP 503');
  });

  test('14. a configuration file that cannot be used', async () => {
    const missing = await doctor('--config', 'nowhere.mjs');
    expect(missing.problems).toEqual([expect.stringContaining('settings: There is no file nowhere.mjs.')]);
    const broken = await withConfig('{}', "throw new Error('no database');");
    expect(broken.problems).toEqual([
      expect.stringMatching(/settings: config-\d+\.mjs cannot be loaded\. Error: no database/),
    ]);
    const odd = await withConfig("'shop'");
    expect(odd.problems).toEqual([expect.stringContaining('must export the options of the client')]);
    const typo = await withConfig("{ subAcountId: 'shop' }");
    expect(typo.problems).toEqual([expect.stringContaining('subAcountId')]);
    const foreign = await withConfig('{ messages: {} }');
    expect(foreign.problems).toEqual([expect.stringContaining('a client of another version')]);
  });
});

describe.runIf(hasRedisServer())('doctor names the fault of a store', () => {
  async function withStore(flags: readonly string[], change?: (server: RedisServer) => Promise<unknown>) {
    const { url } = await openSandbox();
    const server = await startRedis(...flags);
    open.push(() => server.stop());
    const config = folder.config(
      options(
        url,
        "limits: redisLimits({ client, secret: '0123456789abcdef0123456789abcdef', onStoreError: 'refuse' })",
      ),
      `${IMPORTS.redisLimits}\n${IMPORTS.Redis}
      const client = new Redis('${server.url}', { maxRetriesPerRequest: 0, retryStrategy: () => null });
      client.on('error', () => {});
      globalThis.opened = client;`,
    );
    await change?.(server);
    return doctor('--config', config);
  }

  test('15. that evicts counters', async () => {
    const { problems } = await withStore(['--maxmemory-policy', 'allkeys-lru']);
    expect(problems).toEqual([
      expect.stringMatching(/^store: .*maxmemory-policy is allkeys-lru.*noeviction/),
    ]);
  });

  test('16. that is down', async () => {
    const { problems } = await withStore([], (server) => server.kill());
    expect(problems).toEqual([
      expect.stringMatching(/^store: The server did not answer within 5000 ms\..* → Look up not-connected/),
    ]);
  });
});
