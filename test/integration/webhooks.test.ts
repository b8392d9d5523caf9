import fc from 'fast-check';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';
import { SmsError } from '../../src/errors.ts';
import type { SmsEvent } from '../../src/events.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import type { WebhookAuthentication } from '../../src/webhooks/authentication/authenticate.ts';
import {
  createWebhookReceiver,
  type WebhookDelivery,
  type WebhookReceiver,
} from '../../src/webhooks/index.ts';
import { CANARY_KEY, CANARY_NUMBER, CANARY_TEXT, expectNoCanary, shown } from '../support/canary.ts';
import { numberOf, testClient } from '../support/client.ts';
import { NOON } from '../support/fake-clock.ts';
import {
  AUTHORIZATION,
  clickBody,
  inboundBody,
  post,
  receiptBody,
  surveyBody,
  testReceiver,
} from '../support/webhooks.ts';

const ISSUER = 'https://login.team.example';
const REMOTE = '52.220.117.120';
const claims = { iss: ISSUER, aud: 'webhooks', exp: NOON / 1000 + 600 };

/** Each kind of authentication, with the credentials that it accepts. */
interface Door {
  readonly authentication: WebhookAuthentication;
  readonly authorization?: string;
  readonly remoteAddress?: string;
}
const doors: Record<
  'none' | 'authorization' | 'token with a key' | 'token with a key server' | 'addresses',
  Door
> = {
  none: { authentication: 'none' },
  authorization: { authentication: { authorization: AUTHORIZATION }, authorization: AUTHORIZATION },
  'token with a key': { authentication: 'none' },
  'token with a key server': { authentication: 'none' },
  addresses: {
    authentication: { sourceAddresses: { regions: ['apac'], trustedProxies: ['10.0.0.1'] } },
    remoteAddress: REMOTE,
  },
};
const DOORS = Object.keys(doors) as (keyof typeof doors)[];
const LOCKED = DOORS.filter((name) => name !== 'none');
/** Tokens that are almost valid. */
const forged: string[] = [];

beforeAll(async () => {
  const [pair, stranger] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);
  const sign = (fields: object, key = pair.privateKey) =>
    new SignJWT({ ...claims, ...fields }).setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(key);
  const authorization = `Bearer ${await sign({})}`;
  const options = { issuer: ISSUER, audience: 'webhooks' };
  const keys = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'one' }] };
  doors['token with a key'] = {
    authentication: { accessToken: { ...options, key: pair.publicKey } },
    authorization,
  };
  doors['token with a key server'] = {
    authentication: {
      accessToken: { ...options, jwksUrl: `${ISSUER}/keys`, fetch: async () => Response.json(keys) },
    },
    authorization,
  };
  const [head, body, signature] = authorization.split('.');
  forged.push(
    `${head}.${body}.${signature?.slice(0, -4)}AAAA`,
    `${head}.${body}.`,
    `Bearer ${btoa('{"alg":"none"}').replaceAll('=', '')}.${body}.AAAA`,
    `Bearer ${btoa('{"alg":"HS256","kid":"one"}').replaceAll('=', '')}.${body}.AAAA`,
    `Bearer ${await sign({}, stranger.privateKey)}`,
    `Bearer ${await sign({ exp: NOON / 1000 - 600 })}`,
    `Bearer ${await sign({ aud: 'billing' })}`,
  );
});

/** One of 8x8's events with one error at any depth. */
const EVENTS = [receiptBody(), inboundBody(), clickBody(), surveyBody()];
function pathsOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, member]) => pathsOf(member, [...path, key]))];
}
function replaceAt(value: unknown, [key, ...rest]: readonly string[], put: unknown): unknown {
  if (key === undefined) return put;
  const copy: Record<string, unknown> = { ...(value as object) };
  copy[key] = replaceAt(copy[key], rest, put);
  return copy;
}
const nearMiss = fc
  .constantFrom(...EVENTS)
  .chain((event) => fc.tuple(fc.constant(event), fc.constantFrom(...pathsOf(event)), fc.jsonValue()))
  .map(([event, path, put]) => replaceAt(event, path, put));

const bytesOf = (text: string) => new TextEncoder().encode(text);
const stream = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 4 }).map((chunks) => ({
  async *[Symbol.asyncIterator]() {
    yield* chunks;
  },
}));
const body: fc.Arbitrary<WebhookDelivery['body']> = fc.oneof(
  fc.json(),
  fc.string({ unit: 'binary' }),
  stream,
  nearMiss.map((event) => JSON.stringify(event)),
  nearMiss.map((event) => ({
    async *[Symbol.asyncIterator]() {
      yield bytesOf(JSON.stringify(event));
    },
  })),
  nearMiss.map((parsed) => ({ parsed })),
  fc
    .anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true })
    .map((parsed) => ({ parsed })),
  fc.constant(undefined),
);
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constant('x'.repeat(20_000)));
const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom('10.0.0.1', '::ffff:10.0.0.1', ''), text);
const authorization = fc.oneof(
  text,
  fc.constantFrom('Bearer a.b.c', 'bearer', 'Basic eA==', `${AUTHORIZATION}x`, AUTHORIZATION.slice(1)),
  fc.integer({ min: 0, max: 6 }).map((index) => forged[index] as string),
  fc.constant(undefined),
);
const strangerHeaders = fc.record({
  authorization,
  'x-forwarded-for': fc.oneof(fc.constantFrom(REMOTE, `${REMOTE}, 8.8.8.8`, '10.0.0.1'), address, text),
  'content-length': fc.oneof(text, fc.integer().map(String)),
  'content-type': text,
});

interface Watched {
  readonly receiver: WebhookReceiver;
  readonly handled: unknown[];
  readonly events: SmsEvent[];
}

function watch(authentication: WebhookAuthentication): Watched {
  const handled: unknown[] = [];
  const handler = (event: unknown) => void handled.push(event);
  const { sms, events } = testClient();
  const handlers = {
    onDeliveryReceipt: handler,
    onInbound: handler,
    onShortUrlClick: handler,
    onSurveyAnswer: handler,
    onUnknown: handler,
  };
  return { receiver: createWebhookReceiver({ client: sms, authentication, handlers }), handled, events };
}

describe('any request', () => {
  it.each(LOCKED)('is not an event without authentication: %s', async (door) => {
    const { receiver, handled, events } = watch(doors[door].authentication);
    const arbitrary = fc.record({
      method: fc.oneof(fc.constant('POST'), text),
      headers: strangerHeaders,
      body,
    });
    // One of 8x8's addresses counts behind a trusted proxy only when the proxy reports it.
    const isProxy = (each: string) => /10\.0\.0\.1|a00:1/i.test(each);
    const remote = address.filter((each) => each !== REMOTE && !isProxy(each));
    await fc.assert(
      fc.asyncProperty(arbitrary, remote, async ({ method, headers, body }, remoteAddress) => {
        const header = (name: string) => (headers as Record<string, string | undefined>)[name];
        const response = await receiver.respond({ method, header, body, remoteAddress });
        expect([401, 405]).toContain(response.status);
      }),
      { numRuns: 300 },
    );
    expect(handled).toEqual([]);
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(['webhook-refused']));
  });

  it.each(DOORS)('gets 2xx or 4xx after authentication, and nothing is thrown: %s', async (door) => {
    const { authentication, authorization: key, remoteAddress } = doors[door];
    const { receiver, events } = watch(authentication);
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(body, strangerHeaders, async (body, headers) => {
        const all: Record<string, string | undefined> = {
          ...headers,
          authorization: key ?? headers.authorization,
        };
        const response = await receiver.respond({
          method: 'POST',
          header: (name) => all[name],
          body,
          remoteAddress: remoteAddress ?? '8.8.8.8',
        });
        expect([200, 400, 408, 413]).toContain(response.status);
        if (response.status === 200) accepted += 1;
      }),
      { numRuns: 500 },
    );
    expect(accepted).toBeGreaterThan(20);
    expect(events.filter(({ type }) => type === 'webhook-failed')).toEqual([]);
  });

  it.each(DOORS)('can also be bytes in a real Request: %s', async (door) => {
    const { authentication, authorization: key, remoteAddress } = doors[door];
    const { receiver } = watch(authentication);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), fc.boolean(), async (bytes, isLetIn) => {
        const headers: Record<string, string> = key !== undefined && isLetIn ? { authorization: key } : {};
        const request = new Request('https://team.example', { method: 'POST', headers, body: bytes });
        const response = await receiver.handle(request, isLetIn ? { remoteAddress } : {});
        if (!isLetIn && door !== 'none') expect(response.status).toBe(401);
        expect(response.status).toBeLessThan(500);
        expect(await response.text()).toBe('');
      }),
      { numRuns: 200 },
    );
  });
});

describe('a secret', () => {
  const canaries = (fields: object = {}) =>
    inboundBody({ source: CANARY_NUMBER, body: CANARY_TEXT, ...fields });

  it('appears in no error, event, log line or inspect', async () => {
    const lines: unknown[] = [];
    const write = (...line: unknown[]) => void lines.push(line);
    const logger = { debug: write, info: write, warn: write, error: write };
    const secret = `Bearer ${CANARY_KEY}`;
    const leak = () => {
      throw new Error(`${CANARY_NUMBER} wrote ${CANARY_TEXT}`);
    };
    const onInbound = vi.fn().mockImplementation(leak);
    const client = testReceiver(
      { authentication: { authorization: secret }, handlers: { onInbound }, maxBodyBytes: 1_024 },
      { apiKey: CANARY_KEY, logger },
    );
    const letIn = { authorization: secret };
    const requests = [
      post(canaries(), letIn),
      post(canaries(), { authorization: `${secret}x` }),
      post(canaries({ umid: 5 }), letIn),
      post(canaries({ [CANARY_TEXT]: 1, body: null }), letIn),
      post(`{"${CANARY_TEXT}": {"__proto__": "${CANARY_NUMBER}"}}`, letIn),
      post(`${CANARY_TEXT} {`, letIn),
      post(canaries({ body: CANARY_TEXT.repeat(100) }), letIn),
      post({ ...canaries(), namespace: CANARY_TEXT }, letIn),
      post(surveyBody({ umid: null, surveyId: CANARY_NUMBER, answers: [CANARY_TEXT] }), letIn),
    ];
    const errors: unknown[] = [];
    for (const request of requests) {
      await client.receiver.receive(request).catch((error: unknown) => errors.push(error));
    }
    expect(errors.length).toBe(requests.length - 1);
    for (const error of errors) {
      expect(SmsError.isInstance(error)).toBe(true);
      expectNoCanary(error);
    }
    expect(client.events.length).toBeGreaterThanOrEqual(requests.length);
    expectNoCanary(client.events);
    expectNoCanary(lines);
    expect(shown(client.receiver)).not.toContain(CANARY_KEY);
    expectNoCanary(client.receiver);
  });

  it('in the options appears in no error about them', () => {
    const { sms } = testClient();
    const wrong = [
      { authorization: `${CANARY_KEY}\n` },
      { authorization: [CANARY_KEY, ''] },
      { authorization: CANARY_KEY, accessToken: { issuer: CANARY_KEY, audience: 'b', key: CANARY_KEY } },
      { accessToken: { issuer: CANARY_KEY, audience: CANARY_KEY, key: CANARY_KEY } },
      { accessToken: { issuer: 'a', audience: 'b', jwksUrl: `https://${CANARY_KEY}@x.example` } },
      { sourceAddresses: { also: [CANARY_KEY] } },
    ];
    for (const authentication of wrong) {
      try {
        createWebhookReceiver({ client: sms, handlers: {}, authentication });
        expect.unreachable('was accepted');
      } catch (error) {
        expect(SmsError.isInstance(error)).toBe(true);
        expectNoCanary(error);
      }
    }
  });
});

describe('a STOP', () => {
  const stop = () => post(inboundBody({ source: numberOf(1), body: 'STOP' }));
  const guards = () => ({ consent: { ledger: memoryConsentLedger() } });
  const message = { destination: numberOf(1), text: 'Your parcel is here' };

  it('counts even when the handler throws, and only once however often it comes', async () => {
    const onInbound = vi.fn().mockRejectedValueOnce(new Error('down'));
    const { receiver, sms, of } = testReceiver({ handlers: { onInbound } }, { guards: guards() });
    await sms.messages.send(message);
    expect((await receiver.handle(stop())).status).toBe(500);
    await expect(sms.messages.send(message)).rejects.toMatchObject({ code: 'consent', reason: 'opted-out' });
    for (const _ of [1, 2]) expect((await receiver.handle(stop())).status).toBe(200);
    expect(onInbound).toHaveBeenCalledTimes(2);
    expect(onInbound.mock.lastCall?.[1]).toMatchObject({ consent: { intent: 'opt-out' } });
    expect(of('consent-recorded')).toHaveLength(1);
  });

  it('counts even when the limit store is down', async () => {
    const limits = memoryLimits();
    const { receiver, sms } = testReceiver({}, { guards: guards(), limits });
    vi.spyOn(limits, 'take').mockRejectedValueOnce(new Error('down'));
    expect((await receiver.handle(stop())).status).toBe(503);
    await expect(sms.messages.send(message)).rejects.toMatchObject({ code: 'consent', reason: 'opted-out' });
  });
});

describe('receivers of one limit store', () => {
  it('handle an event once between them', async () => {
    const limits = memoryLimits();
    const onInbound = vi.fn();
    const first = testReceiver({ handlers: { onInbound } }, { limits });
    const second = testReceiver({ handlers: { onInbound } }, { limits });
    expect(await first.receiver.receive(post(inboundBody()))).toMatchObject({ duplicate: false });
    expect(await second.receiver.receive(post(inboundBody()))).toMatchObject({ duplicate: true });
    expect(onInbound).toHaveBeenCalledOnce();
  });
});

describe('the logger', () => {
  it('gets a webhook at debug, a refused one at info, a failed one at warn', async () => {
    const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const onInbound = vi.fn().mockRejectedValueOnce(new Error('down'));
    const { receiver } = testReceiver({ handlers: { onInbound } }, { logger, logLevel: 'debug' });
    const line = (event: string) =>
      [expect.stringMatching(`^8x8-sms-guard: ${event}`), expect.anything()] as const;
    await receiver.handle(post(inboundBody()));
    expect(logger.warn).toHaveBeenCalledExactlyOnceWith(...line('webhook-failed'));
    await receiver.handle(post(inboundBody(), { authorization: 'x' }));
    expect(logger.info).toHaveBeenCalledExactlyOnceWith(...line('webhook-refused'));
    await receiver.handle(post(inboundBody()));
    expect(logger.debug).toHaveBeenCalledWith(...line('webhook-received'));
  });
});
