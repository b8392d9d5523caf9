import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SmsClientOptions } from '../../../src/config/options.ts';
import { resolveOptions } from '../../../src/config/resolve-options.ts';
import { ConfigurationError } from '../../../src/errors.ts';
import { isLoopback } from '../../../src/internal/loopback.ts';
import { shown } from '../../support/canary.ts';

const CANARY = 'canary-value-7f3a';
const VARIABLES = [
  'EIGHTBYEIGHT_API_KEY',
  'EIGHTBYEIGHT_API_KEY_FILE',
  'EIGHTBYEIGHT_SUB_ACCOUNT_ID',
  'EIGHTBYEIGHT_ACCOUNT_ID',
  'EIGHTBYEIGHT_REGION',
  'EIGHTBYEIGHT_BASE_URL',
] as const;
const NEEDED = { apiKey: 'key-1', subAccountId: 'team_otp' } as const;

function failure(options: unknown): ConfigurationError {
  try {
    resolveOptions(options as SmsClientOptions);
  } catch (error) {
    if (ConfigurationError.isInstance(error)) return error;
    throw error;
  }
  throw new Error('it was taken');
}

beforeEach(() => {
  for (const name of VARIABLES) vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

describe('defaults', () => {
  it('are those of the documentation', () => {
    expect(resolveOptions(NEEDED)).toEqual({
      apiKey: { kind: 'value', key: 'key-1', from: 'option' },
      subAccountId: 'team_otp',
      accountId: undefined,
      hosts: {
        sms: 'https://sms.8x8.com',
        verification: 'https://verify.8x8.com',
        lookup: 'https://lookup.8x8.com',
        contacts: 'https://contacts.8x8.com',
      },
      redirectedTo: undefined,
      sandboxKeysOnly: false,
      scope: 'team_otp',
      timeoutMs: undefined,
      deadlineMs: undefined,
      retry: { maxAttempts: 3, baseMs: 250, maxMs: 8_000 },
      pace: { requestsPerSecond: 1_710, maxQueued: 10_000 },
      fetch: undefined,
      transport: 'auto',
      userAgent: true,
      allowedRecipients: undefined,
      testNumbers: undefined,
      defaultCountry: undefined,
      bareDigits: undefined,
      logLevel: 'warn',
      guards: {
        phone: {},
        content: {},
        custom: false,
        policy: false,
        links: false,
        countries: false,
        quietHours: false,
        consent: {},
        human: {},
        recipient: {},
        duplicate: false,
        backoff: {},
        prefix: false,
        clientIp: false,
        pumping: {},
        budget: {},
        undeliverable: {},
        verificationAttempts: {},
      },
      limits: undefined,
      onEvent: undefined,
      logger: undefined,
      clock: undefined,
    });
  });

  it('cannot be changed afterwards', () => {
    expect(Object.isFrozen(resolveOptions(NEEDED))).toBe(true);
  });

  it('fill in what retry and pace leave out', () => {
    const { retry, pace } = resolveOptions({ ...NEEDED, retry: { baseMs: 9 }, pace: { maxQueued: 9 } });
    expect(retry).toEqual({ maxAttempts: 3, baseMs: 9, maxMs: 8_000 });
    expect(pace).toEqual({ requestsPerSecond: 1_710, maxQueued: 9 });
    expect(resolveOptions({ ...NEEDED, retry: false, pace: false })).toMatchObject({
      retry: false,
      pace: false,
    });
  });
});

describe('environment', () => {
  it('gives every value that has a variable', () => {
    vi.stubEnv('EIGHTBYEIGHT_API_KEY', ' key-2 ');
    vi.stubEnv('EIGHTBYEIGHT_SUB_ACCOUNT_ID', 'from_env');
    vi.stubEnv('EIGHTBYEIGHT_ACCOUNT_ID', 'acc-2');
    vi.stubEnv('EIGHTBYEIGHT_REGION', 'id');
    expect(resolveOptions({})).toMatchObject({
      apiKey: { kind: 'value', key: 'key-2', from: 'environment' },
      subAccountId: 'from_env',
      accountId: 'acc-2',
      scope: 'acc-2',
      hosts: { sms: 'https://sms.8x8.id' },
    });
  });

  it('names the key file when there is no key', () => {
    vi.stubEnv('EIGHTBYEIGHT_API_KEY_FILE', '/run/secrets/key');
    expect(resolveOptions({ subAccountId: 'team_otp' }).apiKey).toEqual({
      kind: 'file',
      path: '/run/secrets/key',
    });
    vi.stubEnv('EIGHTBYEIGHT_API_KEY', 'key-2');
    expect(resolveOptions({ subAccountId: 'team_otp' }).apiKey).toMatchObject({
      kind: 'value',
      key: 'key-2',
    });
  });

  it('gives the base URL, and says where everything goes', () => {
    vi.stubEnv('EIGHTBYEIGHT_BASE_URL', 'http://localhost:8088/');
    const { hosts, redirectedTo } = resolveOptions(NEEDED);
    expect(new Set(Object.values(hosts))).toEqual(new Set(['http://localhost:8088']));
    expect(redirectedTo).toBe('localhost:8088');
  });

  it('stands behind what is written out', () => {
    vi.stubEnv('EIGHTBYEIGHT_API_KEY', 'key-2');
    vi.stubEnv('EIGHTBYEIGHT_SUB_ACCOUNT_ID', 'from_env');
    vi.stubEnv('EIGHTBYEIGHT_ACCOUNT_ID', 'acc-2');
    vi.stubEnv('EIGHTBYEIGHT_REGION', 'eu');
    expect(resolveOptions({ ...NEEDED, accountId: 'acc-1', region: 'us' })).toMatchObject({
      apiKey: { key: 'key-1' },
      subAccountId: 'team_otp',
      accountId: 'acc-1',
      scope: 'acc-1',
      hosts: { sms: 'https://sms.us.8x8.com' },
    });
  });

  it.each(['', '   '])('counts %j as missing', (empty) => {
    for (const name of VARIABLES) vi.stubEnv(name, empty);
    expect(failure({ subAccountId: 'team_otp' }).option).toBe('apiKey');
    expect(resolveOptions(NEEDED)).toMatchObject({
      accountId: undefined,
      hosts: { sms: 'https://sms.8x8.com' },
    });
  });

  it('reads a variable only when its option is absent', () => {
    const read: string[] = [];
    const env = new Proxy({} as Record<string, string>, {
      get(_, name) {
        read.push(String(name));
        return undefined;
      },
    });
    vi.stubGlobal('process', { env });
    resolveOptions({ ...NEEDED, accountId: 'acc-1', region: 'eu', logLevel: 'warn' });
    resolveOptions({
      ...NEEDED,
      accountId: 'acc-1',
      baseUrl: 'https://proxy.example.com',
      logLevel: 'warn',
    });
    vi.unstubAllGlobals();
    expect(read).toEqual([]);
  });

  it('counts a denied read as missing', () => {
    const env = new Proxy({} as Record<string, string>, {
      get() {
        throw new Error(`permission denied ${CANARY}`);
      },
    });
    vi.stubGlobal('process', { env });
    const { hosts } = resolveOptions(NEEDED);
    const error = failure({});
    vi.unstubAllGlobals();
    expect(hosts.sms).toBe('https://sms.8x8.com');
    expect(error.option).toBe('apiKey');
    expect(shown(error)).not.toContain(CANARY);
  });

  it('is not needed: a runtime without process works', () => {
    vi.stubGlobal('process', undefined);
    const { scope } = resolveOptions(NEEDED);
    vi.unstubAllGlobals();
    expect(scope).toBe('team_otp');
  });
});

describe('regions', () => {
  it.each([
    ['apac', 'https://sms.8x8.com'],
    ['us', 'https://sms.us.8x8.com'],
    ['eu', 'https://sms.8x8.uk'],
    ['id', 'https://sms.8x8.id'],
  ] as const)('%s', (region, host) => {
    expect(resolveOptions({ ...NEEDED, region }).hosts.sms).toBe(host);
  });

  it('refuses another one from the environment', () => {
    vi.stubEnv('EIGHTBYEIGHT_REGION', CANARY);
    expect(failure(NEEDED)).toMatchObject({
      option: 'region',
      message: expect.stringContaining('apac, us, eu, id'),
    });
    expect(shown(failure(NEEDED))).not.toContain(CANARY);
  });
});

describe('baseUrl', () => {
  it.each([
    'https://proxy.example.com',
    'https://proxy.example.com/',
    'https://proxy.example.com:8443',
    'http://localhost:1',
    'http://127.0.0.1:8080',
    'http://127.9.9.9',
    'http://[::1]:8080',
    'http://2130706433',
  ])('takes %s', (baseUrl) => {
    expect(new Set(Object.values(resolveOptions({ ...NEEDED, baseUrl }).hosts))).toEqual(
      new Set([new URL(baseUrl).origin]),
    );
  });

  it.each([
    ['http://proxy.example.com', /https/],
    ['http://127.0.0.1.example.com', /https/],
    ['http://localhost.example.com', /https/],
    ['http://0.0.0.0', /https/],
    ['http://[::ffff:7f00:1]', /https/],
    ['ftp://localhost', /https/],
    ['file:///etc/passwd', /https/],
    ['javascript:alert(1)', /https/],
    [`https://user:${CANARY}@proxy.example.com`, /user name or password/],
    [`https://${CANARY}@proxy.example.com`, /user name or password/],
    [`https://proxy.example.com/${CANARY}`, /origin without path/],
    [`https://proxy.example.com/?key=${CANARY}`, /origin without path/],
    [`https://proxy.example.com/#${CANARY}`, /origin without path/],
    [CANARY, /must be a URL/],
    ['//proxy.example.com', /must be a URL/],
  ])('refuses %s from both sources, and does not echo it', (baseUrl, reason) => {
    const given = failure({ ...NEEDED, baseUrl });
    expect(given).toMatchObject({ option: 'baseUrl', message: expect.stringMatching(reason) });
    vi.stubEnv('EIGHTBYEIGHT_BASE_URL', baseUrl);
    const found = failure(NEEDED);
    expect(found.message).toMatch(/^EIGHTBYEIGHT_BASE_URL /);
    expect(shown([given, found])).not.toContain(CANARY);
  });

  it('knows this machine', () => {
    expect(['localhost', '127.0.0.1', '127.1.2.3', '[::1]'].every(isLoopback)).toBe(true);
    expect(['128.0.0.1', 'localhost.', '[::2]', '127.0.0.1.x.com'].some(isLoopback)).toBe(false);
  });
});

describe('contradictions', () => {
  it('throw within one source', () => {
    const both = { region: 'eu', baseUrl: 'https://proxy.example.com' } as const;
    expect(failure({ ...NEEDED, ...both }).message).toMatch(/region and baseUrl contradict/);
    vi.stubEnv('EIGHTBYEIGHT_REGION', 'eu');
    vi.stubEnv('EIGHTBYEIGHT_BASE_URL', 'https://proxy.example.com');
    expect(failure(NEEDED).message).toMatch(/EIGHTBYEIGHT_REGION and EIGHTBYEIGHT_BASE_URL contradict/);
  });

  it('across sources the explicit one wins', () => {
    vi.stubEnv('EIGHTBYEIGHT_BASE_URL', 'https://proxy.example.com');
    expect(resolveOptions({ ...NEEDED, region: 'eu' })).toMatchObject({
      hosts: { sms: 'https://sms.8x8.uk' },
      redirectedTo: undefined,
    });
    vi.stubEnv('EIGHTBYEIGHT_BASE_URL', undefined);
    vi.stubEnv('EIGHTBYEIGHT_REGION', 'eu');
    expect(resolveOptions({ ...NEEDED, baseUrl: 'https://own.example.com' }).hosts.sms).toBe(
      'https://own.example.com',
    );
  });
});

describe('missing options', () => {
  it('is named with its option and its variables', () => {
    expect(failure({})).toMatchObject({
      option: 'apiKey',
      submission: 'not-submitted',
      message:
        'apiKey is missing: pass it as an option, or set EIGHTBYEIGHT_API_KEY or EIGHTBYEIGHT_API_KEY_FILE.',
    });
    expect(failure({ apiKey: CANARY })).toMatchObject({
      option: 'subAccountId',
      message: 'subAccountId is missing: pass it as an option, or set EIGHTBYEIGHT_SUB_ACCOUNT_ID.',
    });
    expect(shown(failure({ apiKey: CANARY }))).not.toContain(CANARY);
  });

  it.each([
    ['EIGHTBYEIGHT_SUB_ACCOUNT_ID', 'subAccountId', 'a/b'],
    ['EIGHTBYEIGHT_ACCOUNT_ID', 'accountId', 'x'.repeat(101)],
  ])('a malformed %s is refused at once', (name, option, value) => {
    vi.stubEnv(name, value);
    const error = failure({ apiKey: 'k', ...(option === 'accountId' && { subAccountId: 'team_otp' }) });
    expect(error).toMatchObject({ option, message: expect.stringContaining(name) });
    expect(error.message).not.toContain(value);
  });
});

describe('unknown keys', () => {
  it.each([
    [{ apikey: CANARY }, 'apikey', '"apiKey"'],
    [{ subAccountID: CANARY }, 'subAccountID', '"subAccountId"'],
    [{ timeout: 5 }, 'timeout', '"timeoutMs"'],
    [{ retry: { maxAttempt: 2 } }, 'retry.maxAttempt', '"maxAttempts"'],
    [{ pace: { requestPerSecond: 2 } }, 'pace.requestPerSecond', '"requestsPerSecond"'],
    [{ guards: { recipients: {} } }, 'guards.recipients', '"recipient"'],
    [{ guards: { phone: { type: [] } } }, 'guards.phone.type', '"types"'],
    [
      { guards: { phone: { callingCodes: { allowed: [] } } } },
      'guards.phone.callingCodes.allowed',
      '"allow"',
    ],
    [{ guards: { content: { maxPart: 1 } } }, 'guards.content.maxPart', '"maxParts"'],
    [{ guards: { links: { allowed: [] } } }, 'guards.links.allowed', '"allow"'],
    [{ guards: { countries: { allow: ['SG'], mod: 1 } } }, 'guards.countries.mod', '"mode"'],
    [{ guards: { consent: { chekc: 1 } } }, 'guards.consent.chekc', '"check"'],
    [{ guards: { recipient: { limt: 2 } } }, 'guards.recipient.limt', '"limit"'],
    [{ guards: { recipient: { window: [] } } }, 'guards.recipient.window', '"windows"'],
    [{ guards: { recipient: { perPurpose: { opt: [] } } } }, 'guards.recipient.perPurpose.opt', '"otp"'],
    [
      { guards: { recipient: [{ limit: 1, windowMs: 1000, windowms: 1 }] } },
      'guards.recipient[0].windowms',
      '"windowMs"',
    ],
    [{ guards: { backoff: { baseMS: 1 } } }, 'guards.backoff.baseMS', '"baseMs"'],
    [{ guards: { prefix: { range: [] } } }, 'guards.prefix.range', '"ranges"'],
    [
      { guards: { prefix: { ranges: [{ removedDigits: 2, limit: 1, windowMs: 1000, limits: 1 }] } } },
      'guards.prefix.ranges[0].limits',
      '"limit"',
    ],
  ])('%j', (options, path, nearest) => {
    const error = failure({ ...NEEDED, ...options });
    expect(error).toMatchObject({
      option: path,
      message: expect.stringContaining(`Did you mean ${nearest}`),
    });
    expect(shown(error)).not.toContain(CANARY);
  });

  it('a key from JSON named __proto__ is one too', () => {
    expect(failure(JSON.parse('{"__proto__": {"apiKey": "x"}}')).option).toBe('__proto__');
  });
});

describe('bad values', () => {
  const window = { limit: 1, windowMs: 1000 };
  it.each([
    [null, ''],
    [[], ''],
    ['apac', ''],
    [{ apiKey: 5 }, 'apiKey'],
    [{ apiKey: '' }, 'apiKey'],
    [{ apiKey: 'x'.repeat(5_000) }, 'apiKey'],
    [{ subAccountId: 'ab' }, 'subAccountId'],
    [{ subAccountId: '../../admin' }, 'subAccountId'],
    [{ accountId: '' }, 'accountId'],
    [{ region: 'mars' }, 'region'],
    [{ baseUrl: 5 }, 'baseUrl'],
    [{ scope: '' }, 'scope'],
    [{ scope: 'x'.repeat(201) }, 'scope'],
    [{ timeoutMs: Number.NaN }, 'timeoutMs'],
    [{ timeoutMs: 0 }, 'timeoutMs'],
    [{ timeoutMs: 1.5 }, 'timeoutMs'],
    [{ timeoutMs: '5' }, 'timeoutMs'],
    [{ deadlineMs: Infinity }, 'deadlineMs'],
    [{ retry: true }, 'retry'],
    [{ retry: { maxAttempts: 11 } }, 'retry.maxAttempts'],
    [{ pace: null }, 'pace'],
    [{ pace: { requestsPerSecond: Number.NaN } }, 'pace.requestsPerSecond'],
    [{ fetch: {} }, 'fetch'],
    [{ defaultCountry: 'Singapore' }, 'defaultCountry'],
    [{ defaultCountry: 'UK' }, 'defaultCountry'],
    [{ guards: [] }, 'guards'],
    [{ guards: true }, 'guards'],
    [{ guards: { phone: true } }, 'guards.phone'],
    [{ guards: { phone: { types: [] } } }, 'guards.phone.types'],
    [{ guards: { phone: { types: ['LANDLINE'] } } }, 'guards.phone.types[0]'],
    [{ guards: { phone: { callingCodes: { allow: ['+65'] } } } }, 'guards.phone.callingCodes.allow[0]'],
    [{ guards: { content: { maxParts: 11 } } }, 'guards.content.maxParts'],
    [{ guards: { links: { allow: ['https://example.com'] } } }, 'guards.links.allow[0]'],
    [{ guards: { quietHours: { hours: { UK: false } } } }, 'guards.quietHours.hours.UK'],
    [{ guards: { duplicate: { windowMs: 1 } } }, 'guards.duplicate.windowMs'],
    [{ guards: { countries: {} } }, 'guards.countries'],
    [{ guards: { countries: { mode: 'monitor' } } }, 'guards.countries'],
    [{ guards: { countries: { allow: [] } } }, 'guards.countries.allow'],
    [{ guards: { countries: { allow: ['UK'] } } }, 'guards.countries.allow[0]'],
    [{ guards: { consent: { check: 'yes' } } }, 'guards.consent.check'],
    [{ guards: { consent: { ledger: { get() {} } } } }, 'guards.consent.ledger'],
    [{ guards: { consent: { timeoutMs: Number.NaN } } }, 'guards.consent.timeoutMs'],
    [{ guards: { recipient: { mode: 'off' } } }, 'guards.recipient.mode'],
    [{ guards: { recipient: { limit: 10 } } }, 'guards.recipient.windowMs'],
    [{ guards: { recipient: { limit: Number.NaN, windowMs: 1000 } } }, 'guards.recipient.limit'],
    [{ guards: { recipient: [] } }, 'guards.recipient'],
    [{ guards: { recipient: { windows: [] } } }, 'guards.recipient.windows'],
    [{ guards: { recipient: [window, { ...window, limit: 2 }] } }, 'guards.recipient'],
    [{ guards: { recipient: { windows: [window, window] } } }, 'guards.recipient.windows'],
    [
      { guards: { recipient: { windows: [{ limit: 1, windowMs: 32 * 86_400_000 }] } } },
      'guards.recipient.windows[0].windowMs',
    ],
    [{ guards: { backoff: { baseMs: Number.NaN } } }, 'guards.backoff.baseMs'],
    [{ guards: { backoff: { maxMs: 10_000 } } }, 'guards.backoff'],
    [{ guards: { backoff: { baseMs: 7_200_000 } } }, 'guards.backoff'],
    [
      { guards: { prefix: { ranges: [{ removedDigits: 5, limit: 1, windowMs: 1000 }] } } },
      'guards.prefix.ranges[0].removedDigits',
    ],
    [
      { guards: { prefix: { ranges: [{ removedDigits: 2, limit: 1 }] } } },
      'guards.prefix.ranges[0].windowMs',
    ],
    [
      {
        guards: {
          prefix: {
            ranges: [
              { removedDigits: 2, ...window },
              { removedDigits: 2, ...window, limit: 5 },
            ],
          },
        },
      },
      'guards.prefix.ranges',
    ],
    [{ limits: {} }, 'limits'],
    [{ onEvent: {} }, 'onEvent'],
    [{ logger: { warn() {} } }, 'logger'],
    [{ clock: {} }, 'clock'],
    [{ dangerouslyAllowBrowser: 'yes' }, 'dangerouslyAllowBrowser'],
  ])('%j is refused at %s', (given, path) => {
    const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
    expect(failure(isObject ? { ...NEEDED, ...given } : given).option).toBe(path);
  });
});

describe('browsers', () => {
  const agents = ['Mozilla/5.0 (X11; Linux x86_64)', 'Mozilla/5.0 (iPhone)'];

  it.each(agents)('are refused: %s', (userAgent) => {
    vi.stubGlobal('navigator', { userAgent });
    expect(failure(NEEDED)).toMatchObject({ option: 'dangerouslyAllowBrowser' });
    expect(resolveOptions({ ...NEEDED, dangerouslyAllowBrowser: true }).scope).toBe('team_otp');
  });

  it.each([
    { userAgent: 'Node.js/24' },
    { userAgent: 'Cloudflare-Workers' },
    { userAgent: 'Deno/2.5' },
    {},
    undefined,
  ])('%o is none', (navigator) => {
    vi.stubGlobal('navigator', navigator);
    expect(resolveOptions(NEEDED).scope).toBe('team_otp');
  });
});
