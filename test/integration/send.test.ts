import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SmsError } from '../../src/errors.ts';
import type { SmsMessage } from '../../src/sending/sms-message.ts';
import { numberOf, testClient } from '../support/client.ts';
import { NOON } from '../support/fake-clock.ts';
import { jsonResponse, lostConnection, refusedConnection, respondWith } from '../support/respond-with.ts';
import { failureOf } from '../support/transport.ts';

const message = { destination: numberOf(1), text: 'Hello' };
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('send', () => {
  it('gives what 8x8 answered and what it costs in parts', async () => {
    const { sms, emulator, events } = testClient();
    const sent = await sms.messages.send({ ...message, text: '你'.repeat(71) });
    expect(sent).toEqual({
      status: 'accepted',
      index: 0,
      clientMessageId: expect.stringMatching(UUID),
      destination: numberOf(1),
      umid: emulator.messages[0]?.umid,
      parts: 2,
      encoding: 'UCS2',
      attempts: 1,
    });
    expect(events.map(({ type }) => type)).toEqual([
      'message-admitted',
      'attempt-started',
      'attempt-finished',
      'message-sent',
    ]);
  });

  it('writes every field as 8x8 takes it, and none of ours', async () => {
    const { fetch, written } = respondWith([jsonResponse({ umid: 'u-1', status: { code: 'QUEUED' } })]);
    const { sms } = testClient({ fetch });
    await sms.messages.send({
      destination: ' +65 9100-0001 ',
      country: 'SG',
      text: 'Hello',
      source: 'MyShop',
      encoding: 'GSM7',
      scheduled: new Date(NOON + 60_000),
      expiry: '2026-11-23T09:00:00+08:00',
      dlrCallbackUrl: 'https://example.com/dlr',
      clientMessageId: 'order-7',
      clientIp: '203.0.113.7',
      track: 'Outcome',
      purpose: 'transactional',
      idempotencyKey: 'key-7',
    });
    expect(written[0]?.body).toEqual({
      destination: '+6591000001',
      text: 'Hello',
      source: 'MyShop',
      encoding: 'GSM7',
      scheduled: '2026-11-22T09:01:00.000Z',
      expiry: '2026-11-23T01:00:00.000Z',
      dlrCallbackUrl: 'https://example.com/dlr',
      clientMessageId: 'order-7',
      clientIp: '203.0.113.7',
      track: 'Outcome',
    });
    await sms.messages.send({ ...message, source: undefined });
    expect(written[1]?.body).toEqual({ ...message, clientMessageId: expect.stringMatching(UUID) });
  });

  it('replaceTypography changes what is sent and what is counted', async () => {
    const text = `“${'a'.repeat(100)}”`;
    const plain = testClient({ guards: { content: { replaceTypography: true } } });
    expect(await plain.sms.messages.send({ ...message, text })).toMatchObject({ parts: 1, encoding: 'GSM7' });
    expect(plain.emulator.requests[0]?.body).toMatchObject({ text: `"${'a'.repeat(100)}"` });
    for (const content of [undefined, false, { replaceTypography: false }] as const) {
      const typographic = testClient({ guards: { content } });
      expect(await typographic.sms.messages.send({ ...message, text })).toMatchObject({ parts: 2 });
      expect(typographic.emulator.requests[0]?.body).toMatchObject({ text });
    }
  });

  it('REJECTED inside HTTP 200 is an error, and costs nothing', async () => {
    const { sms, emulator, of } = testClient({ guards: { recipient: { limit: 1, windowMs: 60_000 } } });
    emulator.failNext('reject', { description: 'Unroutable +6591000001' });
    expect(await failureOf(sms.messages.send(message))).toMatchObject({
      code: 'message-rejected',
      submission: 'rejected',
      description: 'Unroutable +65******01',
      umid: expect.stringMatching(UUID),
      clientMessageId: expect.stringMatching(UUID),
    });
    expect(of('message-rejected')).toHaveLength(1);
    await expect(sms.messages.send(message)).resolves.toBeDefined();
  });

  it.each([
    ['400', jsonResponse({ code: 1002, message: 'bad' }, 400), 'bad-request', 'rejected'],
    ['401', jsonResponse({ code: 1200, message: 'bad' }, 401), 'authentication', 'rejected'],
    ['403', jsonResponse({ code: 1001, message: 'bad' }, 403), 'permission-denied', 'rejected'],
    ['404', jsonResponse({ code: 1, message: 'bad' }, 404), 'not-found', 'rejected'],
    ['408', jsonResponse({ code: 1, message: 'bad' }, 408), 'bad-request', 'unknown'],
    ['426', jsonResponse({ code: 1, message: 'bad' }, 426), 'tls-upgrade-required', 'rejected'],
    ['500', jsonResponse({ code: 1, message: 'bad' }, 500), 'server', 'unknown'],
    [
      '302',
      new Response(null, { status: 302, headers: { location: 'https://evil.example' } }),
      'api',
      'unknown',
    ],
    ['an empty answer', new Response(null), 'api', 'unknown'],
    ['HTML', new Response('<html>', { headers: { 'content-type': 'text/html' } }), 'api', 'unknown'],
    ['an answer without umid', jsonResponse({ status: { code: 'QUEUED' } }), 'api', 'unknown'],
    ['an answer without status', jsonResponse({ umid: 'u-1' }), 'api', 'unknown'],
    ['a status that is null', jsonResponse({ umid: 'u-1', status: null }), 'api', 'unknown'],
    ['a umid that is no text', jsonResponse({ umid: 5, status: { code: 'QUEUED' } }), 'api', 'unknown'],
    ['a umid of many lines', jsonResponse({ umid: 'a\nb', status: { code: 'QUEUED' } }), 'api', 'unknown'],
    [
      'a umid without end',
      jsonResponse({ umid: 'x'.repeat(101), status: { code: 'QUEUED' } }),
      'api',
      'unknown',
    ],
    ['a list', jsonResponse([]), 'api', 'unknown'],
    ['a lost connection', lostConnection(), 'connection', 'unknown'],
    ['a refused connection', refusedConnection(), 'connection', 'not-submitted'],
    ['a broken fetch', new Error('x'), 'connection', 'unknown'],
    ['no response at all', () => undefined as never, 'connection', 'unknown'],
  ])('%s: one typed error that says what became of the message', async (_, answer, code, submission) => {
    const { fetch, written } = respondWith([answer]);
    const { sms } = testClient({ fetch });
    const error = await failureOf(sms.messages.send({ ...message, clientMessageId: 'mine' }));
    expect(error).toBeInstanceOf(SmsError);
    expect(error).toMatchObject({ code, submission, clientMessageId: 'mine' });
    expect(written).toHaveLength(1);
  });

  it('sends the message that was checked, whatever becomes of the object meanwhile', async () => {
    const scheduled = new Date(NOON + 60_000);
    const moving: { -readonly [Key in keyof SmsMessage]: SmsMessage[Key] } = { ...message, scheduled };
    const { sms, emulator } = testClient({
      guards: {
        consent: {
          async check() {
            await Promise.resolve();
            return true;
          },
        },
      },
    });
    const sent = sms.messages.send(moving);
    moving.text = 'Hi {{name}}';
    moving.destination = '+6281234567890';
    moving.purpose = 'marketing';
    scheduled.setTime(Number.NaN);
    await sent;
    expect(emulator.requests[0]?.body).toMatchObject({ ...message, scheduled: '2026-11-22T09:01:00.000Z' });
  });

  it('a date with its own methods is read as the date that it is', async () => {
    class Liar extends Date {
      override toISOString(): string {
        return '2030-01-01T00:00:00Z';
      }
      override getTime(): number {
        return NOON + 1;
      }
    }
    const { sms, emulator } = testClient();
    await sms.messages.send({ ...message, scheduled: new Liar(NOON + 60_000) });
    expect(emulator.requests[0]?.body).toMatchObject({ scheduled: '2026-11-22T09:01:00.000Z' });
  });
});

describe('bad input', () => {
  const throws = () => {
    throw new Error('mine');
  };
  it.each([
    ['nothing', undefined, 'validation', ''],
    ['null', null, 'validation', ''],
    ['a text', '+6591000001', 'validation', ''],
    ['a list', [message], 'validation', ''],
    ['a map', new Map(Object.entries(message)), 'validation', ''],
    ['an empty object', {}, 'validation', 'destination'],
    ['no text', { destination: numberOf(1) }, 'validation', 'text'],
    ['a number for a text', { ...message, text: 5 }, 'validation', 'text'],
    ['a text object', { ...message, text: new String('x') }, 'validation', 'text'],
    ['a list for a text', { ...message, text: ['x'] }, 'validation', 'text'],
    ['an empty text', { ...message, text: '' }, 'validation', 'text'],
    ['1 MB of text', { ...message, text: 'x'.repeat(1_048_576) }, 'validation', 'text'],
    ['an unknown key', { ...message, txt: 'x' }, 'validation', 'txt'],
    [
      'an own __proto__',
      JSON.parse('{"__proto__":{"text":"x"},"destination":"+6591000001","text":"x"}'),
      'validation',
      '__proto__',
    ],
    ['a key of Object', { ...message, constructor: 'x' }, 'validation', 'constructor'],
    ['a bad purpose', { ...message, purpose: 'spam' }, 'validation', 'purpose'],
    ['a bad encoding', { ...message, encoding: 'UTF8' }, 'validation', 'encoding'],
    ['a bad date', { ...message, scheduled: new Date(Number.NaN) }, 'validation', 'scheduled'],
    ['30 February', { ...message, scheduled: '2027-02-30T10:00:00Z' }, 'validation', 'scheduled'],
    ['31 November', { ...message, expiry: '2026-11-31T10:00:00Z' }, 'validation', 'expiry'],
    ['a date that is none', { ...message, scheduled: Object.create(Date.prototype) }, 'validation', ''],
    ['a date without offset', { ...message, expiry: '2026-11-23T09:00:00' }, 'validation', 'expiry'],
    ['a number for a date', { ...message, expiry: NOON }, 'validation', 'expiry'],
    ['a bad id', { ...message, clientMessageId: '' }, 'validation', 'clientMessageId'],
    [
      'an id that is too long',
      { ...message, clientMessageId: 'x'.repeat(351) },
      'validation',
      'clientMessageId',
    ],
    [
      'an id with half a character',
      { ...message, clientMessageId: 'a\ud83d' },
      'validation',
      'clientMessageId',
    ],
    ['an id of two lines', { ...message, clientMessageId: 'a\nb' }, 'validation', 'clientMessageId'],
    ['an empty idempotencyKey', { ...message, idempotencyKey: '' }, 'validation', 'idempotencyKey'],
    [
      'a callback that is no URL',
      { ...message, dlrCallbackUrl: 'javascript:x' },
      'validation',
      'dlrCallbackUrl',
    ],
    ['a bad address', { ...message, clientIp: 'localhost; drop' }, 'validation', 'clientIp'],
    [
      'a getter that throws',
      Object.defineProperty({ ...message }, 'text', { get: throws, enumerable: true }),
      'validation',
      '',
    ],
    ['a proxy that throws', new Proxy(message, { ownKeys: throws }), 'validation', ''],
    [
      'a revoked proxy',
      (() => {
        const { proxy, revoke } = Proxy.revocable(message, {});
        revoke();
        return proxy;
      })(),
      'validation',
      '',
    ],
    ['half a character', { ...message, text: 'a\ud83d' }, 'guard', undefined],
    [
      'a number with 300 digits',
      { ...message, destination: `+${'6'.repeat(300)}` },
      'invalid-phone-number',
      undefined,
    ],
    ['a number as a number', { ...message, destination: 6591000001 }, 'invalid-phone-number', undefined],
    [
      'an object that says it is a number',
      { ...message, destination: { toString: () => numberOf(1) } },
      'invalid-phone-number',
      undefined,
    ],
    ['an empty number', { ...message, destination: '' }, 'invalid-phone-number', undefined],
    ['a country that is none', { ...message, country: '__' }, 'invalid-phone-number', undefined],
    ['a past date', { ...message, scheduled: '2020-01-01T00:00:00Z' }, 'guard', undefined],
  ])('%s', async (_, input, code, path) => {
    const { sms, emulator, events } = testClient();
    const error = await failureOf(sms.messages.send(input as SmsMessage));
    expect(error).toBeInstanceOf(SmsError);
    expect(error).toMatchObject({ code, submission: 'not-submitted', ...(path !== undefined && { path }) });
    expect((error as Error).message).toMatch(/Nothing was sent\.$/);
    expect((error as Error).message.length).toBeLessThan(500);
    expect(emulator.requests).toHaveLength(0);
    expect(events.map(({ type }) => type)).toEqual([
      code === 'validation' ? 'message-failed' : 'message-blocked',
    ]);
    const { counters } = await sms.guards.inspect(numberOf(1));
    expect(counters.every(({ count }) => count === 0)).toBe(true);
  });

  it('names the id of the caller when it is good', async () => {
    const { sms } = testClient();
    expect(
      await failureOf(sms.messages.send({ ...message, text: '', clientMessageId: 'mine' })),
    ).toMatchObject({ clientMessageId: 'mine' });
    expect(
      await failureOf(sms.messages.send({ ...message, destination: 'x', clientMessageId: 'mine' })),
    ).toMatchObject({ clientMessageId: 'mine' });
  });
});
