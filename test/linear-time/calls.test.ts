import { afterAll, describe, expect, it } from 'vitest';
import { toExportRow } from '../../src/api/exports/export-row.ts';
import { exportConsent } from '../../src/consent/export-consent.ts';
import { readKeyword } from '../../src/consent/keywords/read-keyword.ts';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';
import { createContactStore } from '../../src/emulator/contacts/contact-store.ts';
import { importFile } from '../../src/emulator/contacts/import-file.ts';
import { createMemoryTable } from '../../src/emulator/table.ts';
import { SmsError } from '../../src/errors.ts';
import { clientIpFrom } from '../../src/guards/client-ip-from.ts';
import { template } from '../../src/text/template.ts';
import type { Fetch } from '../../src/types.ts';
import { API_KEY, numberOf, testClient } from '../support/client.ts';
import { ACCOUNT_ID, SUB_ACCOUNT } from '../support/emulator.ts';
import { NOON } from '../support/fake-clock.ts';
import { textOf } from '../support/inbound.ts';
import { findAllSlowness, type HostileText } from '../support/linear-time.ts';
import { readAll } from '../support/read-all.ts';
import { jsonResponse, respondWith } from '../support/respond-with.ts';
import { AUTHORIZATION, inboundBody, receiptBody, surveyBody, testReceiver } from '../support/webhooks.ts';

/** One for each kind of trap: the expressions one by one are in test/unit/regular-expressions.test.ts. */
const TEXTS: readonly HostileText[] = [
  ...['1   1   1   1   1   1   x', '1%2B', '+1 ', '{{url:', '{{ ', '"', '{"a":', 'a.', 'stop ', ' \t', '\n'],
  ...['\u0301\u0323', '\uff9e\u05b0', '中', '\ud800', '٦'],
].map((unit) => ({ unit }));
/** Long enough to be looked at where the longest text is 20,000 characters. */
const SMALL_TEXT = 2_500;
/** Long enough for a batch of 8,000 messages to be compared with one of 1,000. */
const MANY = 200_000;

type Work = (text: string) => unknown;

/** Runs it to its end; whatever it throws is an error of ours and not one of the machine, such as a full stack. */
function settled(work: Work): Work {
  return async (text) => {
    try {
      await work(text);
    } catch (error) {
      if (!SmsError.isInstance(error)) throw error;
    }
  };
}

const { sms, emulator } = testClient(
  {
    accountId: ACCOUNT_ID,
    guards: { recipient: false, verificationAttempts: false, consent: { ledger: memoryConsentLedger() } },
  },
  { accountId: ACCOUNT_ID },
);
const { receiver } = testReceiver({ maxBodyBytes: 10_000_000 });
const behindProxy = testReceiver({
  authentication: { sourceAddresses: { also: ['203.0.113.1'], trustedProxies: ['10.0.0.0/8'] } },
}).receiver;
const behindForwarded = testReceiver({
  authentication: {
    sourceAddresses: { also: ['203.0.113.1'], trustedProxies: ['10.0.0.0/8'], addressHeader: 'Forwarded' },
  },
}).receiver;
const withToken = testReceiver({
  authentication: { accessToken: { jwksUrl: 'https://team.example/jwks', issuer: 'a', audience: 'b' } },
}).receiver;

/** A client whose 8x8 answers this. */
const answeredBy = (response: (text: string) => Response) => (text: string) => {
  const { fetch } = respondWith([() => response(text)]);
  return testClient({ fetch }).sms.messages.send({ destination: numberOf(1), text: 'a' });
};

/** A client that reads links. */
const { sms: withLinks } = testClient({ guards: { recipient: false, links: { allow: ['example.com'] } } });
const longValue = template('{value}', { value: { maxLength: 1_000 } });
const settledFill = async (value: string) => longValue({ value });

/** What a header can hold. */
const headerOf = (text: string) => text.replace(/[^\x20-\x7e]/g, '~');

async function* bytesOf(text: string, size: number) {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function deliver(body: string | AsyncIterable<Uint8Array>, headers: Readonly<Record<string, string>> = {}) {
  const all: Readonly<Record<string, string>> = { authorization: AUTHORIZATION, ...headers };
  return { method: 'POST', header: (name: string) => all[name], body, remoteAddress: '10.0.0.1' };
}

const base = { destination: numberOf(1), text: 'a' };
const CALLS: readonly (readonly [string, Work, number?])[] = [
  ['a key of a message', (text) => sms.messages.send({ ...base, [text]: 1 })],
  ...['destination', 'country', 'source', 'clientMessageId', 'idempotencyKey', 'clientIp'].map(
    (field) =>
      [`${field} of a message`, (text: string) => sms.messages.send({ ...base, [field]: text })] as const,
  ),
  ...['scheduled', 'expiry', 'dlrCallbackUrl', 'purpose'].map(
    (field) =>
      [`${field} of a message`, (text: string) => sms.messages.send({ ...base, [field]: text })] as const,
  ),
  ['a text', (text) => sms.messages.send({ ...base, text }), SMALL_TEXT],
  ['an estimate', (text) => sms.messages.estimate({ text }), SMALL_TEXT],
  ['a batch', (text) => sms.messages.sendBatch({ destinations: [text], template: { text: 'a' } })],
  ['a text with links', (text) => withLinks.messages.send({ ...base, text }), SMALL_TEXT],
  ['a value of a template', (text) => settledFill(text)],
  [
    'a survey',
    (text) => sms.surveys.send({ surveyId: 'a', destination: numberOf(1), templateBody: text }),
    SMALL_TEXT,
  ],
  ['a token of sendMany', (text) => readAll(sms.messages.sendMany([], { resumeFrom: text }))],
  [
    'a template of a verification',
    (text) => sms.verifications.start({ ...base, template: `{code} ${text}` }),
  ],
  ['a code', (text) => sms.verifications.check('session', { destination: numberOf(1), code: text })],
  ['a session', (text) => sms.verifications.check(text, { destination: numberOf(1), code: '4711' })],
  ['a umid', (text) => sms.messages.get(text)],
  ['a search', (text) => readAll(sms.contacts.list({ query: text }))],
  ['an email address', (text) => sms.contacts.create({ addresses: { email: text } })],
  ['a number to look up', (text) => sms.lookup.get(text)],
  ['a number to inspect', (text) => sms.guards.inspect(text)],
  ['a number that opts in', (text) => sms.consent.grant(text, { source: 'web' })],
  ['evidence of consent', (text) => sms.consent.grant(numberOf(1), { source: 'web', evidence: text })],
  ['an inbound text', (text) => sms.consent.handleInbound(textOf(text))],
  ['an inbound number', (text) => sms.consent.handleInbound(textOf('STOP', { source: text }))],
  ['a keyword', (text) => readKeyword(text)],
  [
    'X-Forwarded-For of an end user',
    (text) => clientIpFrom({ 'x-forwarded-for': text }, { trustedProxies: 32 }),
  ],
  [
    'Forwarded of an end user',
    (text) => clientIpFrom({ forwarded: text }, { trustedProxies: 1, header: 'Forwarded' }),
  ],
];

const RESPONSES: readonly (readonly [string, Work])[] = [
  ['an error body', answeredBy((message) => jsonResponse({ code: 1002, message, errorId: message }, 400))],
  ['an error body that is no JSON', answeredBy((text) => new Response(text, { status: 502 }))],
  [
    'a rejection',
    answeredBy((text) => jsonResponse({ umid: text, status: { code: 'REJECTED', description: text } })),
  ],
  ['a success that is no JSON', answeredBy((text) => new Response(text))],
  [
    'Retry-After',
    answeredBy((text) => new Response('', { status: 429, headers: { 'retry-after': headerOf(text) } })),
  ],
  [
    'Retry-After with a day',
    answeredBy(
      (text) => new Response('', { status: 503, headers: { 'retry-after': `Sun, ${headerOf(text)}` } }),
    ),
  ],
  [
    'an exception of fetch',
    (text) => {
      const fetch: Fetch = () => Promise.reject(new TypeError(text));
      return testClient({ fetch }).sms.messages.send(base);
    },
  ],
  [
    'a row of an export',
    (text) => toExportRow(['umid', 'createdat', 'price_total', 'x'], [text, text, text, text]),
  ],
  [
    'a row of an export that begins well',
    (text) => toExportRow(['createdat', 'price_total'], [`2026-01-01 00:00:00.${text}`, `1${text}`]),
  ],
  [
    'a row of exported consent',
    async (text) => {
      const ledger = memoryConsentLedger();
      await ledger.append([
        { key: numberOf(1), state: 'opted-out', scope: 'all', source: text, at: NOON, text },
      ]);
      await readAll(exportConsent(ledger, { format: 'csv' }));
    },
  ],
];

const WEBHOOKS: readonly (readonly [string, Work])[] = [
  ['a body that is no JSON', (text) => receiver.receive(deliver(text))],
  ['a body in small pieces', (text) => receiver.receive(deliver(bytesOf(text, 64)))],
  [
    'the text of a person',
    (text) => receiver.receive(deliver(JSON.stringify(inboundBody({ umid: 'u', body: text })))),
  ],
  ['a number', (text) => receiver.receive(deliver(JSON.stringify(inboundBody({ source: text }))))],
  [
    'a receipt',
    (text) =>
      receiver.receive(
        deliver(
          JSON.stringify(
            receiptBody({ batchId: text }, { errorMessage: text, timestamp: text, errorCode: text }),
          ),
        ),
      ),
  ],
  [
    'an event of another kind',
    (text) => receiver.receive(deliver(JSON.stringify({ namespace: text, [text]: text }))),
  ],
  ['Authorization', (text) => receiver.receive(deliver('{}', { authorization: text }))],
  ['an access token', (text) => withToken.receive(deliver('{}', { authorization: `Bearer ${text}` }))],
  ['X-Forwarded-For', (text) => behindProxy.receive(deliver('{}', { 'x-forwarded-for': text }))],
  [
    'X-Forwarded-For of many',
    (text) => behindProxy.receive(deliver('{}', { 'x-forwarded-for': `${text},10.0.0.2` })),
  ],
  ['Forwarded', (text) => behindForwarded.receive(deliver('{}', { forwarded: text }))],
  [
    'Forwarded of many',
    (text) => behindForwarded.receive(deliver('{}', { forwarded: `for="${text}", for=10.0.0.2` })),
  ],
  ['Content-Length', (text) => receiver.receive(deliver('{}', { 'content-length': text }))],
];

const call = (path: string, init: RequestInit) =>
  emulator.fetch(`https://sms.8x8.com${path}`, { headers: { authorization: `Bearer ${API_KEY}` }, ...init });
const EMULATED: readonly (readonly [string, Work])[] = [
  ['a sheet of contacts', (text) => importSheet(text)],
  ['a path', (text) => call(`/${encodeURI(text.replace(/[\ud800?#]/g, '/'))}`, { method: 'GET' })],
  ['a body', (text) => call(`${SUB_ACCOUNT}/messages`, { method: 'POST', body: text })],
  [
    'an address',
    (text) =>
      call(`${SUB_ACCOUNT}/messages`, {
        method: 'POST',
        body: JSON.stringify({ ...base, clientIp: `::${text}` }),
      }),
  ],
];

function importSheet(text: string) {
  const upload = { fileName: 'a.csv', fileType: 'csv', text, groups: [], columns: undefined } as const;
  importFile(upload, createContactStore({ now: () => NOON }, createMemoryTable));
}

/** What they make of a text depends on its length alone. */
const LENGTHS: readonly (readonly [string, Work, number?])[] = [
  [
    'many responses of one id',
    ({ length }) => {
      const ids = { clientMessageId: 'same' };
      const messages = Array.from({ length: length / 200 }, (_, index) => ({
        ...ids,
        destination: numberOf(index),
        text: 'a',
      }));
      const responses = Array.from({ length: length / 5 }, () => ids);
      const { fetch } = respondWith([() => jsonResponse({ messages: responses })]);
      return testClient({ fetch }).sms.messages.sendBatch({ messages, allowRepeatedIds: true });
    },
    MANY,
  ],
  [
    'many answers of a survey',
    ({ length }) => {
      const answers = Array.from({ length: length / 10 }, () => ({
        questionId: 'q',
        question: '',
        answer: '',
      }));
      return receiver.receive(deliver(JSON.stringify(surveyBody({ answers }))));
    },
  ],
  [
    'a sheet of contacts with as many columns as rows',
    ({ length }) => importSheet(`${'a,'.repeat(length / 4)}\n${'b\n'.repeat(length / 4)}`),
  ],
  [
    'a sheet of contacts that ends its lines as programs of old',
    ({ length }) => importSheet('""\r'.repeat(length / 3)),
  ],
];

afterAll(() => sms.close());

describe('takes time in proportion to its length, however hostile', () => {
  for (const [name, work, small] of CALLS) {
    it(`call: ${name}`, async () => {
      expect(await findAllSlowness(settled(work), TEXTS, small)).toEqual([]);
    });
  }

  it.each(RESPONSES)('response: %s', async (_, work) => {
    expect(await findAllSlowness(settled(work), TEXTS)).toEqual([]);
  });

  it.each(WEBHOOKS)('webhook: %s', async (_, work) => {
    expect(await findAllSlowness(settled(work), TEXTS)).toEqual([]);
  });

  it.each(EMULATED)('emulator: %s', async (_, work) => {
    expect(await findAllSlowness(work, TEXTS)).toEqual([]);
  });

  for (const [name, work, small] of LENGTHS) {
    it(name, async () => {
      expect(await findAllSlowness(settled(work), [{ unit: '.' }], small)).toEqual([]);
    });
  }
});
