import '../../../support/load-ky.ts';
import { describe, expect, test } from 'vitest';
import { checkEnvironment } from '../../../../src/cli/doctor/environment.ts';
import type { Examined } from '../../../../src/cli/doctor/finding.ts';
import { checkGuards } from '../../../../src/cli/doctor/guards.ts';
import { checkHost, checkKeyForm } from '../../../../src/cli/doctor/settings.ts';
import { checkStore } from '../../../../src/cli/doctor/store.ts';
import { checkWebhooks } from '../../../../src/cli/doctor/webhooks.ts';
import { wrap } from '../../../../src/cli/wrap.ts';
import { type ClientSettings, settingsOf } from '../../../../src/config/client-settings.ts';
import { SmsClient, type SmsClientOptions } from '../../../../src/index.ts';

const { signal } = new AbortController();

function examined(options: SmsClientOptions, env: Record<string, string> = {}): Examined {
  const sms = new SmsClient({ subAccountId: 'shop', apiKey: 'a-key-of-8x8', ...options });
  const settings = settingsOf(sms) as ClientSettings;
  return { sms, settings, configFile: 'c.mjs', close: () => sms.close(), receiver: undefined, env, signal };
}

describe('the environment', () => {
  const versions = (node: string) => ({ ...process.versions, node, openssl: '3.5.0' });

  test.each([
    [{}, '24.1.0', ['ok']],
    [{}, '18.0.0', ['problem']],
    [{ NODE_TLS_REJECT_UNAUTHORIZED: '0' }, '24.1.0', ['ok', 'problem']],
    [{ NODE_USE_ENV_PROXY: '1', HTTPS_PROXY: 'http://proxy:8080' }, '24.1.0', ['ok', 'warning']],
    [{ NODE_USE_ENV_PROXY: '1', https_proxy: 'http://proxy:8080' }, '24.1.0', ['ok', 'warning']],
    [{ NODE_USE_ENV_PROXY: '1' }, '24.1.0', ['ok']],
    [{ HTTPS_PROXY: 'http://proxy:8080' }, '24.1.0', ['ok']],
  ])('%j on Node %s', (env, node, levels) => {
    expect(checkEnvironment(env, versions(node)).map(({ level }) => level)).toEqual(levels);
  });

  test('is that of this process by default', () => {
    expect(checkEnvironment({})[0]?.text).toContain(process.versions.node);
  });
});

describe('the host', () => {
  test.each([
    [{}, {}, 'sms.8x8.com, region apac'],
    [{ region: 'eu' }, {}, 'sms.8x8.uk, region eu'],
    [{ baseUrl: 'https://proxy.example' }, {}, 'https://proxy.example, not a host of 8x8, from baseUrl'],
    [
      { baseUrl: 'https://proxy.example' },
      { EIGHTBYEIGHT_BASE_URL: 'https://proxy.example' },
      'https://proxy.example, not a host of 8x8, from EIGHTBYEIGHT_BASE_URL',
    ],
  ] as const)('of %j', (options, env, text) => {
    expect(checkHost(examined(options, env))).toEqual([{ check: 'host', level: 'ok', text }]);
  });
});

describe('the key', () => {
  test('is not for 8x8 when it belongs to a sandbox', async () => {
    const [finding] = await checkKeyForm(examined({ apiKey: 'sandbox_key' }));
    expect(finding).toMatchObject({ check: 'key', level: 'problem' });
    expect(finding?.text).toBe('The option apiKey is the key of a sandbox, but requests go to 8x8.');
  });

  test('is requested from a function', async () => {
    const [fine] = await checkKeyForm(examined({ apiKey: () => 'a-key-of-8x8' }));
    expect(fine?.text).toBe('from the apiKey function, 12 characters');
    const [failed] = await checkKeyForm(
      examined({
        apiKey: () => {
          throw new Error('vault');
        },
        onError: () => {},
      }),
    );
    expect(failed).toMatchObject({
      level: 'problem',
      text: expect.stringContaining('apiKey function failed'),
    });
  });

  test('that is the account ID is named', async () => {
    const [finding] = await checkKeyForm(examined({ accountId: 'a-key-of-8x8' }));
    expect(finding?.text).toContain('is equal to accountId');
  });

  test('is in nothing that is printed of the settings', () => {
    const { settings } = examined({});
    expect(JSON.stringify(settings)).not.toContain('a-key-of-8x8');
  });
});

describe('the guards', () => {
  test('that are all off leave no line of those that refuse', () => {
    const off = Object.fromEntries(Object.keys(examined({}).settings.guards).map((name) => [name, false]));
    const findings = checkGuards(examined({ guards: off }));
    // `custom` and `policy` are the team's own: nothing is missing without them.
    expect(findings).toHaveLength(Object.keys(off).length - 2);
    expect(findings.every(({ level }) => level === 'warning')).toBe(true);
  });

  test.each([
    [{ check: async () => true }],
    [{ checkMany: async (queries: readonly unknown[]) => queries.map(() => true) }],
  ])('consent with a hook needs no ledger', (consent) => {
    const texts = checkGuards(examined({ guards: { consent } })).map(({ text }) => text);
    expect(texts.join()).not.toContain('no ledger');
  });
});

describe('the webhook', () => {
  const found = async (url: string, settings: SmsClientOptions = {}) => {
    const about = examined({ accountId: 'acme', ...settings });
    const webhook = { subAccountId: 'shop', url, enabled: true, httpAuthorization: '***' };
    const sms = { ...about.sms, webhookSettings: { list: async () => [webhook] } };
    const findings = await checkWebhooks({ ...about, sms: sms as never });
    return findings.map(({ level, text }) => `${level}: ${text}`);
  };

  test("cannot lead to 8x8's own machine", async () => {
    expect(await found('http://127.0.0.1:9/8x8')).toEqual([
      'problem: 8x8 cannot reach 127.0.0.1, which is its own machine.',
      'problem: The receiver 127.0.0.1:9 is not reachable (bad port).',
    ]);
  });

  test('should be https', async () => {
    const [first, second] = await found('http://team.invalid/8x8');
    expect(first).toBe('warning: The webhook is http: others can read numbers and texts.');
    expect(second).toMatch(/^problem: The receiver team\.invalid is not reachable \(\w+\)\.$/);
  });

  test('needs the account ID', async () => {
    expect(await found('https://team.invalid/8x8', { accountId: undefined })).toEqual([]);
  });

  test('that cannot be listed is a problem', async () => {
    const about = examined({ accountId: 'acme' });
    const list = async () => {
      throw new Error('no rights');
    };
    const sms = { ...about.sms, webhookSettings: { list } };
    expect(await checkWebhooks({ ...about, sms: sms as never })).toEqual([
      expect.objectContaining({ level: 'problem', text: 'no rights' }),
    ]);
  });
});

describe('the store', () => {
  const inspect = async () => [];
  const limits = (more: object) => ({ take: async () => [], settle: async () => {}, inspect, ...more });

  test('may have no check when a team wrote it', async () => {
    const store = limits({ release: async () => {} });
    const found = await checkStore(examined({ limits: store as never }));
    expect(found).toEqual([
      { check: 'store', level: 'ok', text: expect.stringMatching(/^answers in \d\.\d ms$/) },
    ]);
  });

  test('that fails is a problem', async () => {
    const failing = async () => {
      throw new Error('no route');
    };
    const store = limits({ inspect: failing, release: async () => {} });
    expect(await checkStore(examined({ limits: store as never }))).toEqual([
      {
        check: 'store',
        level: 'problem',
        text: 'no route',
        advice: 'Start the store, and check its address and password.',
      },
    ]);
  });

  test('that is slow is a warning', async () => {
    let time = 0;
    const now = performance.now;
    performance.now = () => (time += 60);
    try {
      const found = await checkStore(examined({ limits: limits({ release: async () => {} }) as never }));
      expect(found).toEqual([expect.objectContaining({ level: 'warning', text: 'answers in 60 ms' })]);
    } finally {
      performance.now = now;
    }
  });
});

test.each([
  ['', ['']],
  ['one two three', ['one two', 'three']],
  ['a-very-long-word and', ['a-very-long-word', 'and']],
])('%j is wrapped between words', (text, lines) => {
  expect(wrap(text, 8)).toEqual(lines);
});
