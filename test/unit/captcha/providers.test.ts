import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  friendlyCaptcha,
  type HumanVerifier,
  hcaptcha,
  recaptchaEnterprise,
  recaptchaV2,
  recaptchaV3,
  turnstile,
} from '../../../src/captcha/index.ts';
import { ConfigurationError } from '../../../src/errors.ts';

const SECRET = 'canary-secret-51d0a9';
const TOKEN = 'canary-token-77aa01';

interface Asked {
  readonly method: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body: string;
}

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  }
});

/** A server on this machine that answers as a provider does. `undefined` never answers. */
async function provider(answer: unknown, { status = 200, headers = {} }: Omit<Answer, 'body'> = {}) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      asked.push({ method: request.method, headers: request.headers, body });
      if (answer === undefined) return;
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/siteverify`;
  const form = () => Object.fromEntries(new URLSearchParams(asked[0]?.body));
  return { asked, url, form, json: () => JSON.parse(asked[0]?.body ?? '') as unknown };
}

/** Everything that an error shows. */
async function failureOf(asking: unknown): Promise<string> {
  try {
    await asking;
  } catch (error) {
    const { stack, cause } = error as Error;
    return JSON.stringify([String(error), stack, String(cause)]);
  }
  return expect.fail('nothing was thrown');
}

const check = { token: TOKEN, clientIp: '203.0.113.7' };

/** The verdicts of the three providers with reCAPTCHA's request. */
const PROVIDERS: readonly (readonly [
  string,
  (options: { secret: string; url?: string; hostnames?: string[] }) => HumanVerifier,
])[] = [
  ['turnstile', turnstile],
  ['hcaptcha', hcaptcha],
  ['recaptchaV2', recaptchaV2],
];

describe.each(PROVIDERS)('%s', (name, verifier) => {
  const success = { success: true, challenge_ts: '2026-11-22T09:00:00Z', hostname: 'shop.example' };

  it('posts secret, token and address as a form', async () => {
    const { url, asked, form } = await provider(success);
    expect(await verifier({ secret: SECRET, url })(check)).toEqual({ passed: true });
    expect(asked[0]?.method).toBe('POST');
    expect(asked[0]?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(form()).toEqual({ secret: SECRET, response: TOKEN, remoteip: '203.0.113.7' });
    await verifier({ secret: SECRET, url })({ token: TOKEN });
    expect(Object.fromEntries(new URLSearchParams(asked[1]?.body))).toEqual({
      secret: SECRET,
      response: TOKEN,
    });
  });

  it('compares the host name', async () => {
    const { url } = await provider({ ...success, hostname: 'Shop.Example:8443' });
    const read = (hostnames: string[]) => verifier({ secret: SECRET, url, hostnames })(check);
    expect(await read(['other.example', 'SHOP.example'])).toEqual({ passed: true });
    expect(await read(['other.example'])).toEqual({ passed: false, reason: 'wrong-hostname' });
    const { url: silent } = await provider({ success: true });
    const hostless = verifier({ secret: SECRET, url: silent, hostnames: ['shop.example'] })(check);
    expect(await hostless).toEqual({ passed: false, reason: 'wrong-hostname' });
  });

  it.each([
    ['timeout-or-duplicate'],
    ['invalid-input-response'],
    ['missing-input-response'],
    ['already-seen-response'],
    ['expired-input-response'],
  ])('says that a token is none: %s', async (code) => {
    const { url } = await provider({ success: false, 'error-codes': [code] });
    expect(await verifier({ secret: SECRET, url })(check)).toEqual({ passed: false, reason: code });
  });

  it('says nothing of what it cannot show', async () => {
    for (const codes of [['<script>'], [5], [], undefined, 'invalid']) {
      const { url } = await provider({ success: false, 'error-codes': codes });
      expect(await verifier({ secret: SECRET, url })(check)).toEqual({ passed: false, reason: undefined });
    }
  });

  it.each([
    ['invalid-input-secret'],
    ['missing-input-secret'],
    ['bad-request'],
    ['internal-error'],
    ['sitekey-secret-mismatch'],
  ])('throws where the request is at fault: %s', async (code) => {
    const { url } = await provider({ success: false, 'error-codes': [code] });
    await expect(verifier({ secret: SECRET, url })(check)).rejects.toThrow(`refused the request: ${code}.`);
  });

  it.each([
    ['a page', '<html>'],
    ['nothing', ''],
    ['a list without a verdict', '[]'],
    ['a word', '"yes"'],
    ['null', 'null'],
    ['no verdict', '{}'],
    ['more than a verdict', `{"success":true,"x":"${'x'.repeat(70_000)}"}`],
  ])('throws for %s', async (_name, answer) => {
    const { url } = await provider(answer);
    await expect(verifier({ secret: SECRET, url })(check)).rejects.toThrow(/no verdict/);
  });

  it('follows no redirect, which would carry the secret away', async () => {
    const { url: other, asked } = await provider(success);
    const { url } = await provider('', { status: 307, headers: { location: other } });
    await expect(verifier({ secret: SECRET, url })(check)).rejects.toThrow('no verdict');
    expect(asked).toEqual([]);
  });

  it('ends with its signal', async () => {
    const { url } = await provider(undefined);
    const controller = new AbortController();
    const asking = verifier({ secret: SECRET, url })({ ...check, signal: controller.signal });
    controller.abort();
    await expect(asking).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('shows neither secret nor token in an error', async () => {
    const answers = ['<html>', { success: false, 'error-codes': ['invalid-input-secret'] }];
    for (const answer of answers) {
      const { url } = await provider(answer);
      const error = await failureOf(verifier({ secret: SECRET, url })(check));
      expect(error).not.toMatch(/canary/);
    }
    const gone = await provider('');
    await new Promise((resolve) => servers.at(-1)?.close(resolve));
    const error = await failureOf(verifier({ secret: SECRET, url: gone.url })(check));
    expect(error).not.toMatch(/canary/);
  });

  it.each([
    [{ secret: '' }, 'secret'],
    [{ secret: '   ' }, 'secret'],
    [{ secret: undefined as never }, 'secret'],
    [{ secret: SECRET, url: 'http://captcha.example/verify' }, 'url'],
    [{ secret: SECRET, url: 'captcha.example' }, 'url'],
  ])('refuses %j', (options, option) => {
    try {
      verifier(options);
      expect.fail('it was accepted');
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error).toMatchObject({ option, message: expect.stringContaining(`${name}: `) });
    }
  });

  it('asks the provider by default, with the fetch it is given', async () => {
    const urls: string[] = [];
    const fetch = async (input: Request | string | URL) => {
      urls.push(String(input));
      return Response.json({ success: true });
    };
    const options = { secret: SECRET, fetch };
    expect(await verifier(options)(check)).toEqual({ passed: true });
    const { host, pathname, protocol } = new URL(urls[0] ?? '');
    expect(protocol).toBe('https:');
    expect(`${host}${pathname}`).toBe(
      {
        turnstile: 'challenges.cloudflare.com/turnstile/v0/siteverify',
        hcaptcha: 'api.hcaptcha.com/siteverify',
        recaptchaV2: 'www.google.com/recaptcha/api/siteverify',
      }[name],
    );
  });
});

describe('turnstile and recaptchaV3', () => {
  it('compare the action', async () => {
    const { url } = await provider({
      success: true,
      hostname: 'shop.example',
      action: 'sign-up',
      score: 0.9,
    });
    for (const verifier of [turnstile, recaptchaV3]) {
      const read = (action: string) => verifier({ secret: SECRET, url, action })(check);
      expect(await read('sign-up')).toMatchObject({ passed: true });
      expect(await read('login')).toEqual({ passed: false, reason: 'wrong-action' });
    }
  });
});

describe('scores', () => {
  it('recaptchaV3 hands it on, and does not pass without one', async () => {
    const { url } = await provider({ success: true, score: 0.3, action: 'sign_up' });
    expect(await recaptchaV3({ secret: SECRET, url })(check)).toEqual({ passed: true, score: 0.3 });
    for (const score of [undefined, 2, '0.9']) {
      const { url: other } = await provider({ success: true, score });
      expect(await recaptchaV3({ secret: SECRET, url: other })(check)).toEqual({
        passed: false,
        reason: 'no-score',
      });
    }
  });

  it('hcaptcha scores the risk: 0.9 is a program', async () => {
    const { url, form } = await provider({ success: true, score: 0.75, score_reason: ['bot'] });
    const verify = hcaptcha({ secret: SECRET, url, siteKey: 'site-1' });
    expect(await verify(check)).toEqual({ passed: true, score: 0.25 });
    expect(form()).toMatchObject({ sitekey: 'site-1' });
  });
});

describe('recaptchaEnterprise', () => {
  const options = { projectId: 'shop-4711', apiKey: SECRET, siteKey: 'site-1', action: 'sign_up' };
  const assessment = {
    name: 'projects/1/assessments/2',
    event: { token: TOKEN },
    tokenProperties: {
      valid: true,
      hostname: 'shop.example',
      action: 'sign_up',
      invalidReason: 'INVALID_REASON_UNSPECIFIED',
    },
    riskAnalysis: { score: 0.7, reasons: [] },
  };

  it('creates an assessment, with the key in a header', async () => {
    const { url, asked, json } = await provider(assessment);
    expect(await recaptchaEnterprise({ ...options, url })(check)).toEqual({ passed: true, score: 0.7 });
    expect(asked[0]?.headers).toMatchObject({ 'x-goog-api-key': SECRET, 'content-type': 'application/json' });
    expect(json()).toEqual({
      event: { token: TOKEN, siteKey: 'site-1', expectedAction: 'sign_up', userIpAddress: '203.0.113.7' },
    });
  });

  it.each<[object, object]>([
    [{ tokenProperties: { valid: false, invalidReason: 'DUPE' } }, { passed: false, reason: 'DUPE' }],
    [{ tokenProperties: { valid: true, action: 'login' } }, { passed: false, reason: 'wrong-action' }],
    [{ riskAnalysis: {} }, { passed: false, reason: 'no-score' }],
    [{ riskAnalysis: undefined }, { passed: false, reason: 'no-score' }],
    [{ riskAnalysis: { score: 7 } }, { passed: false, reason: 'no-score' }],
  ])('reads %j', async (change, expected) => {
    const { url } = await provider({ ...assessment, ...change });
    expect(await recaptchaEnterprise({ ...options, url })(check)).toEqual(expected);
  });

  it('compares the host name', async () => {
    const { url } = await provider(assessment);
    const hostnames = ['other.example'];
    expect(await recaptchaEnterprise({ ...options, url, hostnames })(check)).toMatchObject({
      reason: 'wrong-hostname',
    });
  });

  it('throws when Google refuses or gives no verdict', async () => {
    const { url } = await provider({ error: { code: 403, message: SECRET } }, { status: 403 });
    await expect(recaptchaEnterprise({ ...options, url })(check)).rejects.toThrow(
      'reCAPTCHA Enterprise refused the request with 403.',
    );
    const { url: other } = await provider({ name: 'x' });
    await expect(recaptchaEnterprise({ ...options, url: other })(check)).rejects.toThrow('no verdict');
  });

  it('refuses options that are wrong', () => {
    expect(() => recaptchaEnterprise({ ...options, projectId: 'a/b' })).toThrow(ConfigurationError);
    expect(() => recaptchaEnterprise({ ...options, apiKey: '' })).toThrow(/apiKey/);
  });
});

describe('friendlyCaptcha', () => {
  const success = {
    success: true,
    data: {
      event_id: 'ev_1',
      challenge: { timestamp: '2026-11-22T09:00:00Z', origin: 'https://shop.example' },
    },
  };

  it('posts response and site key, with the key in a header', async () => {
    const { url, asked, json } = await provider(success);
    expect(await friendlyCaptcha({ apiKey: SECRET, url, siteKey: 'site-1' })(check)).toEqual({
      passed: true,
    });
    expect(asked[0]?.headers).toMatchObject({ 'x-api-key': SECRET, 'content-type': 'application/json' });
    expect(json()).toEqual({ response: TOKEN, sitekey: 'site-1' });
  });

  it('compares the host name of the origin', async () => {
    const { url } = await provider(success);
    const read = (hostnames: string[]) => friendlyCaptcha({ apiKey: SECRET, url, hostnames })(check);
    expect(await read(['shop.example'])).toEqual({ passed: true });
    expect(await read(['other.example'])).toEqual({ passed: false, reason: 'wrong-hostname' });
    for (const data of [undefined, {}, { challenge: { origin: '://' } }]) {
      const { url: other } = await provider({ success: true, data });
      const verify = friendlyCaptcha({ apiKey: SECRET, url: other, hostnames: ['shop.example'] });
      expect(await verify(check)).toEqual({ passed: false, reason: 'wrong-hostname' });
    }
  });

  it.each(['response_invalid', 'response_timeout', 'response_duplicate'])('reads %s', async (code) => {
    const { url } = await provider({ success: false, error: { error_code: code, detail: '' } });
    expect(await friendlyCaptcha({ apiKey: SECRET, url })(check)).toEqual({ passed: false, reason: code });
  });

  it.each(['auth_invalid', 'auth_required', 'sitekey_invalid', 'response_missing', 'bad_request'])(
    'throws for %s',
    async (code) => {
      const { url } = await provider({ success: false, error: { error_code: code } }, { status: 401 });
      await expect(friendlyCaptcha({ apiKey: SECRET, url })(check)).rejects.toThrow(
        `refused the request: ${code}.`,
      );
    },
  );

  it('throws without a verdict', async () => {
    const { url } = await provider({});
    await expect(friendlyCaptcha({ apiKey: SECRET, url })(check)).rejects.toThrow('no verdict');
  });

  it.each([
    [undefined, 'global.frcapi.com'],
    ['eu', 'eu.frcapi.com'],
  ] as const)('asks the region %s', async (region, host) => {
    const urls: string[] = [];
    const fetch = async (input: Request | string | URL) => {
      urls.push(String(input));
      return Response.json(success);
    };
    await friendlyCaptcha({ apiKey: SECRET, region, fetch })(check);
    expect(urls).toEqual([`https://${host}/api/v2/captcha/siteverify`]);
    expect(() => friendlyCaptcha({ apiKey: '' })).toThrow(/apiKey/);
  });
});
