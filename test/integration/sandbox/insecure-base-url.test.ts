import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ConfigurationError, SmsClient, type SmsClientOptions } from '../../../src/index.ts';

const REAL_KEY = 'canary-key-51d0-8x8';
const message = { destination: '+6591234567', text: 'Hello' } as const;
const refusal = /plain http.*only keys that begin with sandbox_ are sent/;

/** A client of a sandbox in a container, with the requests that left it. */
function createClient(options: SmsClientOptions) {
  const requests: Headers[] = [];
  const sms = new SmsClient({
    subAccountId: 'shop',
    baseUrl: 'http://sandbox:8808',
    allowInsecureBaseUrl: true,
    fetch: async (input, init) => {
      requests.push(new Request(input, init).headers);
      return Response.json({ umid: 'u-1', destination: '6591234567', status: { code: 'QUEUED' } });
    },
    ...options,
  });
  return { sms, requests };
}

const failureOf = async (run: () => unknown) => {
  try {
    await run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
};

afterEach(() => vi.unstubAllEnvs());

describe('plain http to another machine', () => {
  test('is refused without allowInsecureBaseUrl', () => {
    expect(() => createClient({ apiKey: 'sandbox_any', allowInsecureBaseUrl: false })).toThrow(
      'for a sandbox with allowInsecureBaseUrl: true',
    );
  });

  test('carries a key of a sandbox', async () => {
    const { sms, requests } = createClient({ apiKey: 'sandbox_any' });
    await sms.messages.send(message);
    expect(requests.map((headers) => headers.get('authorization'))).toEqual(['Bearer sandbox_any']);
  });

  test('is allowed for EIGHTBYEIGHT_BASE_URL too, with the same rule', () => {
    vi.stubEnv('EIGHTBYEIGHT_BASE_URL', 'http://sandbox:8808');
    const options = { subAccountId: 'shop', allowInsecureBaseUrl: true, logLevel: 'off' } as const;
    expect(() => new SmsClient({ ...options, apiKey: 'sandbox_any' })).not.toThrow();
    expect(() => new SmsClient({ ...options, apiKey: REAL_KEY })).toThrow(refusal);
  });

  test.each([
    ['as an option', { apiKey: REAL_KEY }, 'option apiKey'],
    ['that looks similar', { apiKey: `Sandbox_${REAL_KEY}` }, 'option apiKey'],
    ['in the environment', {}, 'environment variable EIGHTBYEIGHT_API_KEY'],
  ])('refuses a real key %s, without showing it', async (_, options, source) => {
    vi.stubEnv('EIGHTBYEIGHT_API_KEY', REAL_KEY);
    const error = await failureOf(() => createClient(options));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toMatch(refusal);
    expect(error.message).toContain(source);
    expect(inspect(error, { showHidden: true })).not.toContain(REAL_KEY);
  });

  test('refuses a real key in a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sms-guard-'));
    const path = join(folder, 'key');
    await writeFile(path, REAL_KEY);
    vi.stubEnv('EIGHTBYEIGHT_API_KEY', '');
    vi.stubEnv('EIGHTBYEIGHT_API_KEY_FILE', path);
    expect(() => createClient({})).toThrow(refusal);
    await rm(folder, { recursive: true });
  });

  test('refuses a real key from a function, and sends nothing', async () => {
    const { sms, requests } = createClient({ apiKey: async () => ({ key: REAL_KEY }) });
    const error = await failureOf(() => sms.messages.send(message));
    expect(error).toMatchObject({ code: 'configuration', option: 'apiKey' });
    expect(error.message).toMatch(/apiKey function: .*Nothing was sent/);
    expect(requests).toHaveLength(0);
  });

  test('holds a client made by withOptions to the rule', () => {
    const { sms } = createClient({ apiKey: 'sandbox_any' });
    expect(() => sms.withOptions({ apiKey: REAL_KEY })).toThrow(refusal);
  });
});

describe('allowInsecureBaseUrl', () => {
  test.each([
    { baseUrl: 'https://proxy.example.com' },
    { baseUrl: 'http://127.0.0.1:8808' },
    { baseUrl: undefined, region: 'eu' },
  ] as const)('changes nothing for %j', async (options) => {
    const { sms, requests } = createClient({ apiKey: REAL_KEY, ...options });
    await sms.messages.send(message);
    expect(requests[0]?.get('authorization')).toBe(`Bearer ${REAL_KEY}`);
  });

  test('does not allow other protocols', () => {
    expect(() => createClient({ apiKey: 'sandbox_any', baseUrl: 'ftp://sandbox' })).toThrow('must be https');
  });
});
