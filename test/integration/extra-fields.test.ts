import { describe, expect, it } from 'vitest';
import type { CallOptions, SmsClient } from '../../src/index.ts';
import { isKnownName } from '../../src/internal/extra-fields.ts';
import { CANARY_NUMBER, expectNoCanary } from '../support/canary.ts';
import { API_KEY, numberOf, testClient } from '../support/client.ts';
import { ACCOUNT_ID } from '../support/emulator.ts';
import { jsonResponse, respondWith } from '../support/respond-with.ts';
import { failureOf } from '../support/transport.ts';

const destination = numberOf(1);
const text = 'Hello';
const url = 'https://team.example/8x8';
const added = { newField: { on: true, list: [1, 'two', null] } };

type Call = (sms: SmsClient, extra: object, options?: CallOptions) => Promise<unknown>;

/** Every method whose body is an object, and where `extra` is written in it. */
const METHODS: readonly (readonly [name: string, path: string, call: Call])[] = [
  ['messages.send', '', (sms, extra) => sms.messages.send({ destination, text, extra } as never)],
  [
    'a batch',
    '',
    (sms, extra) => sms.messages.sendBatch({ messages: [{ destination, text }], extra } as never),
  ],
  [
    'a message of a batch',
    'messages.0',
    (sms, extra) => sms.messages.sendBatch({ messages: [{ destination, text, extra }] } as never),
  ],
  [
    'the template of a batch',
    'template',
    (sms, extra) =>
      sms.messages.sendBatch({ destinations: [destination], template: { text, extra } } as never),
  ],
  [
    'sendMany',
    '',
    async (sms, extra) => {
      for await (const result of sms.messages.sendMany([{ destination, text }], { extra } as never))
        return result;
      return undefined;
    },
  ],
  [
    'surveys.send',
    '',
    (sms, extra) => sms.surveys.send({ surveyId: 'nps', destination, templateBody: text, extra } as never),
  ],
  [
    'surveys.sendBatch',
    '',
    (sms, extra) =>
      sms.surveys.sendBatch({
        surveyId: 'nps',
        messages: [{ destination }],
        template: { templateBody: text },
        extra,
      } as never),
  ],
  [
    'surveys.sendMany',
    '',
    async (sms, extra) => {
      const rows = [{ destination, templateBody: text }];
      for await (const result of sms.surveys.sendMany(rows, { surveyId: 'nps', extra } as never))
        return result;
      return undefined;
    },
  ],
  ['verifications.start', '', (sms, extra) => sms.verifications.start({ destination, extra } as never)],
  [
    'verifications.smaCoverage',
    '',
    (sms, extra) => sms.verifications.smaCoverage({ clientIp: '203.0.113.7', extra } as never),
  ],
  [
    'messages.feedback',
    '',
    (sms, extra) => sms.messages.feedback('a-umid', { outcome: 'success', extra } as never),
  ],
  ['exports.start', '', (sms, extra) => sms.exports.start({ limit: 1, extra } as never)],
  [
    'webhookSettings.set',
    '0',
    (sms, extra) => sms.webhookSettings.set([{ subAccountId: '*', url, extra } as never]),
  ],
  ['contacts.create', '', (sms, extra) => sms.contacts.create({ addresses: {}, extra } as never)],
  ['groups.create', '', (sms, extra) => sms.groups.create({ name: 'VIP', extra } as never)],
  [
    'contactJobs.deleteContacts',
    '',
    (sms, extra) => sms.contactJobs.deleteContacts({ ids: [1], extra } as never),
  ],
  [
    'contactJobs.deleteGroups',
    '',
    (sms, extra) => sms.contactJobs.deleteGroups({ ids: [1], deleteContacts: false, extra } as never),
  ],
];

function at(body: unknown, path: string): unknown {
  return path === ''
    ? body
    : path.split('.').reduce((value, name) => (value as Record<string, unknown> | undefined)?.[name], body);
}

/** A client whose 8x8 answers with nothing that is of use, and the bodies that were written to it. */
function start() {
  const network = respondWith(Array.from({ length: 4 }, () => jsonResponse({})));
  const client = testClient({ fetch: network.fetch, accountId: ACCOUNT_ID });
  return { ...client, written: network.written };
}

describe('extra', () => {
  it.each(METHODS)('is written into the body of %s', async (_, path, call) => {
    const { sms, written } = start();
    await call(sms, added).catch(() => {});
    expect(written).toHaveLength(1);
    expect(at(written[0]?.body, path)).toMatchObject(added);
    expect(JSON.stringify(written[0]?.body)).not.toContain('"extra"');
  });

  it.each(METHODS)('may name no field that 8x8 knows: %s', async (_, __, call) => {
    const { sms, written } = start();
    const outcome = await call(sms, { deep: [{ Destination: CANARY_NUMBER }] }).catch(
      (error: unknown) => error,
    );
    const { results: [result] = [outcome] } = outcome as { readonly results?: readonly unknown[] };
    const error = (result as { readonly error?: unknown }).error ?? result;
    expect(error).toMatchObject({ code: 'validation', submission: 'not-submitted' });
    expect(String(error)).toContain('extra may not hold "Destination": 8x8 knows a field of that name today');
    expectNoCanary(error);
    expect(written).toEqual([]);
  });

  it.each([
    ['text', { text: 'past the guards' }],
    ['another case', { DESTINATION: '1' }],
    ['dashes and underscores', { client_ip: '1' }],
    ['a list', { a: [{ b: { messages: [] } }] }],
    ['a newer field', { templateKey: 'x' }],
    ['a field of a response', { umid: 'x' }],
    ['another alphabet', { deſtination: '1' }],
    ['a name with a number', { '+6591234567': 1 }],
    ['__proto__', JSON.parse('{ "__proto__": { "text": "x" } }')],
    ['a class', { when: new Date() }],
    ['toJSON', { a: { toJSON: () => 'x' } }],
    ['a list of its own', { a: { *[Symbol.iterator]() {} } }],
    ['rows of its own', { a: { async *[Symbol.asyncIterator]() {} } }],
    ['a bigint', { a: 1n }],
    ['NaN', { a: Number.NaN }],
    [
      'a circle',
      (() => {
        const a: Record<string, unknown> = {};
        a.a = a;
        return a;
      })(),
    ],
    ['too much', { a: 'x'.repeat(10_001) }],
    ['a list itself', [1]],
    ['a string', 'text'],
    ['null', null],
    ['the API key', { token: `key ${API_KEY}` }],
  ])('is refused: %s', async (_, extra) => {
    const { sms, written, events } = start();
    const error = await failureOf(sms.messages.send({ destination, text, extra } as never));
    expect(error).toMatchObject({ submission: 'not-submitted' });
    expect(written).toEqual([]);
    expect(JSON.stringify([error, events])).not.toContain(API_KEY);
  });

  it('is a copy: what was checked is what is sent', async () => {
    const { sms, written } = start();
    const inner: Record<string, unknown> = { on: true };
    const sending = sms.messages.send({ destination, text, extra: { newField: inner } });
    inner.destination = CANARY_NUMBER;
    await sending.catch(() => {});
    expect(written[0]?.body).toMatchObject({ newField: { on: true } });
    expect(JSON.stringify(written[0]?.body)).not.toContain(CANARY_NUMBER);
  });

  it('makes another message of it under an idempotencyKey', async () => {
    const { sms } = testClient();
    const message = { destination, text, idempotencyKey: 'order-7' };
    await sms.messages.send({ ...message, extra: { newField: 1 } });
    expect(await sms.messages.send({ ...message, extra: { newField: 1 } })).toMatchObject({ repeated: true });
    const other = await failureOf(sms.messages.send({ ...message, extra: { newField: 2 } }));
    expect(other).toMatchObject({ code: 'validation' });
  });

  it('is in no event, log line or error', async () => {
    const { sms, events, emulator } = testClient();
    emulator.failNext('500');
    const error = await failureOf(
      sms.messages.send({ destination, text, extra: { newField: CANARY_NUMBER } }),
    );
    expectNoCanary([error, events]);
  });

  it('knows a name in any spelling, and no other', () => {
    for (const name of ['text', 'Text', 'TEXT', 'client_ip', 'client-IP', 'sessionID'])
      expect(isKnownName(name)).toBe(true);
    for (const name of ['texts', 'newField', 'priority']) expect(isKnownName(name)).toBe(false);
  });
});
