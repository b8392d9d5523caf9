import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SmsClientOptions } from '../../src/config/options.ts';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';
import type { FaultName } from '../../src/emulator/emulator.ts';
import { SmsError } from '../../src/errors.ts';
import type { GuardsOptions } from '../../src/guards/registry.ts';
import type { SmsMessage } from '../../src/sending/sms-message.ts';
import type { CallOptions } from '../../src/types.ts';
import { CANARY_KEY, CANARY_NUMBER, CANARY_TEXT, expectNoCanary } from '../support/canary.ts';
import { type TestClient, testClient } from '../support/client.ts';
import { countingSignal } from '../support/counting-signal.ts';
import { drive, useFakeTimeouts } from '../support/drive.ts';
import { ledgerThat } from '../support/ledger.ts';
import { collect } from '../support/send-many.ts';

const FAULTS = [
  '429',
  '500',
  '503',
  'tls',
  'html',
  'reset',
  'refused',
  'dns',
  'lost-response',
  'slow',
  'truncated',
  'empty',
  'reject',
] as const satisfies readonly FaultName[];

const message: SmsMessage = { destination: CANARY_NUMBER, text: CANARY_TEXT };
const leaks = () => {
  throw new Error(`cannot read ${CANARY_NUMBER} with ${CANARY_KEY}: ${CANARY_TEXT}`);
};
const leaksLater = async () => leaks();

const METHODS = [
  'send',
  'sendBatch',
  'sendMany',
  'surveys.send',
  'surveys.sendBatch',
  'surveys.sendMany',
] as const;
type Method = (typeof METHODS)[number];

/** What a caller of the method gets, error or result. */
function run({ sms }: TestClient, method: Method, given: SmsMessage, options: CallOptions): Promise<unknown> {
  const two = [given, { ...given, text: `${CANARY_TEXT}!` }];
  const surveyOf = ({ text, clientIp: _, track: __, ...rest }: SmsMessage) => ({
    ...rest,
    templateBody: text,
  });
  const calls: Record<Method, () => Promise<unknown>> = {
    send: () => sms.messages.send(given, options),
    sendBatch: () => sms.messages.sendBatch({ messages: two }, options),
    sendMany: () => collect(sms.messages.sendMany(two, options)),
    'surveys.send': () => sms.surveys.send({ ...surveyOf(given), surveyId: 'nps' }, options),
    'surveys.sendBatch': () =>
      sms.surveys.sendBatch({ surveyId: 'nps', messages: two.map(surveyOf) }, options),
    'surveys.sendMany': () =>
      collect(sms.surveys.sendMany(two.map(surveyOf), { ...options, surveyId: 'nps' })),
  };
  return calls[method]().catch((error: unknown) => error);
}

/** An outcome without the one place where a whole number is meant to be: `destination` of a result. */
function withoutDestinations(outcome: unknown): unknown {
  if (outcome instanceof Error || typeof outcome !== 'object' || outcome === null) return outcome;
  if (Array.isArray(outcome)) return outcome.map(withoutDestinations);
  const { results, destination, ...rest } = outcome as { results?: unknown; destination?: unknown };
  expect([undefined, CANARY_NUMBER]).toContain(destination);
  return results === undefined ? rest : { ...rest, results: withoutDestinations(results) };
}

/** A text as JSON may write it. */
function escaped(text: string): string {
  return text.replace(/./g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Texts and codes that a request may hold, with what nobody may read of each. */
const CODE = '407193';
const ECHOING: readonly [string, (sms: TestClient['sms']) => Promise<unknown>][] = [
  ['messages.send', (sms) => sms.messages.send({ ...message, text: `${CANARY_TEXT}: ${CODE}` })],
  [
    'messages.sendBatch',
    (sms) =>
      sms.messages.sendBatch({
        messages: [message, { ...message, destination: '+6591726355' }],
        template: { text: `${CANARY_TEXT}: ${CODE}` },
      } as never),
  ],
  [
    'messages.sendMany',
    (sms) => collect(sms.messages.sendMany([{ ...message, text: `${CANARY_TEXT}: ${CODE}` }])),
  ],
  [
    'surveys.send',
    (sms) =>
      sms.surveys.send({
        surveyId: 'nps',
        destination: CANARY_NUMBER,
        templateBody: 'Hi {{name}} {{url}}',
        templateVariables: { name: CANARY_TEXT, code: Number(CODE) },
      }),
  ],
  [
    'verifications.start',
    (sms) =>
      sms.verifications.start({
        destination: CANARY_NUMBER,
        brand: 'Team',
        template: `${CANARY_TEXT} ${CODE} {code}`,
      }),
  ],
  [
    'oneTimePasswords.issue',
    (sms) =>
      sms.oneTimePasswords.issue({
        destination: CANARY_NUMBER,
        subject: CANARY_TEXT,
        text: ({ code }) => `${CANARY_TEXT} ${CODE} ${code}`,
      }),
  ],
  [
    'verifications.check',
    (sms) => sms.verifications.check(CANARY_TEXT, { destination: CANARY_NUMBER, code: CODE }),
  ],
  [
    'contacts.create',
    (sms) =>
      sms.contacts.create({ firstName: CANARY_TEXT, lastName: CODE, addresses: { msisdn: CANARY_NUMBER } }),
  ],
  ['groups.create', (sms) => sms.groups.create({ name: `${CANARY_TEXT} ${CODE}` })],
];

/** The bodies of an 8x8, or of a proxy before it, that repeats what it was sent. */
function echoes(sent: string): readonly string[] {
  const words = [sent, sent.slice(5, 40), sent.toUpperCase(), encodeURIComponent(sent), escaped(sent)];
  return words.flatMap((word) => [
    JSON.stringify({ code: Number(CODE), message: `not allowed: ${word}`, errorId: word, timestamp: word }),
    JSON.stringify({ umid: word, status: { code: 'QUEUED', description: word } }),
    JSON.stringify({ umid: CODE, status: { code: 'REJECTED', description: word } }),
    JSON.stringify({
      batchId: word,
      messages: [{ umid: word, status: { code: 'REJECTED', description: word } }],
    }),
    `{"umid":"${escaped(CANARY_KEY)}","status":{"code":"REJECTED","description":"${escaped(CANARY_KEY)}"}}`,
  ]);
}

describe.each(ECHOING)('a response of 8x8 that repeats the input of %s', (_, run) => {
  it.each([200, 400, 422, 500])('is in no error, event or log after %i', async (status) => {
    for (const body of echoes(`${CANARY_TEXT}: ${CODE}`)) {
      const lines: unknown[] = [];
      const log = (...line: unknown[]) => void lines.push(line);
      const { sms, events } = testClient({
        apiKey: CANARY_KEY,
        accountId: 'team',
        logger: { debug: log, info: log, warn: log, error: log },
        logLevel: 'debug',
        guards: { content: false },
        fetch: async () => new Response(body, { status }),
      });
      const outcome: unknown = await run(sms).catch((error: unknown) => error);
      const errors = Array.isArray(outcome) ? outcome.map(({ error }) => error) : [outcome];
      const seen = [outcome instanceof Error || Array.isArray(outcome) ? errors : '', events, lines];
      expectNoCanary(seen);
      const printed = JSON.stringify(seen).toLowerCase();
      expect(events.length).toBeGreaterThan(0);
      for (const part of [CODE, 'text for one', 'one person', CANARY_KEY.slice(0, 12)]) {
        expect(printed).not.toContain(part);
      }
    }
  });
});

describe('a key that 8x8 repeats in a success', () => {
  it('is shown in no result, error or event', async () => {
    for (const status of ['REJECTED', 'QUEUED']) {
      const answer = { umid: CANARY_KEY, status: { code: status, description: `bad key ${CANARY_KEY}` } };
      const { sms, events } = testClient({
        apiKey: CANARY_KEY,
        fetch: async () => new Response(JSON.stringify(answer)),
      });
      const seen: unknown = await sms.messages.send(message).catch((error: unknown) => error);
      expect(events.length).toBeGreaterThan(1);
      expectNoCanary([withoutDestinations(seen), events]);
    }
  });
});

const consoleSpies = () =>
  (['debug', 'info', 'log', 'warn', 'error'] as const).map((name) =>
    vi.spyOn(console, name).mockImplementation(() => {}),
  );
let consoles: ReturnType<typeof consoleSpies> = [];

beforeEach(() => {
  // Elsewhere the console shows the user's own exceptions whole.
  vi.stubEnv('NODE_ENV', 'production');
  useFakeTimeouts();
  consoles = consoleSpies();
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  for (const spy of consoles) expectNoCanary(spy.mock.calls);
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.useRealTimers();
});

/** Runs a call to its end and looks for the canaries in all that came of it, and for what it left behind. */
async function expectSafe(
  method: Method,
  options: SmsClientOptions,
  given: SmsMessage,
  prepare: (client: TestClient) => void = () => {},
): Promise<unknown> {
  const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const client = testClient({
    apiKey: CANARY_KEY,
    retry: { maxAttempts: 2 },
    logger,
    logLevel: 'debug',
    ...options,
  });
  prepare(client);
  const caller = countingSignal();
  const outcome = await drive(run(client, method, given, { signal: caller.signal, context: { logger } }));
  if (outcome instanceof Error) expect(SmsError.isInstance(outcome)).toBe(true);
  expectNoCanary(withoutDestinations(outcome));
  expectNoCanary(client.events);
  expectNoCanary(client.sms);
  expectNoCanary(await drive(client.sms.guards.inspect(CANARY_NUMBER).catch((error: unknown) => error)));
  for (const log of Object.values(logger)) expectNoCanary(log.mock.calls);
  for (const event of client.events) expectNoCanary(event);
  expect(caller.listeners).toBe(0);
  return outcome;
}

describe.each(METHODS)('%s shows no key, number or text', (method) => {
  it('when all is well', async () => {
    await expectSafe(method, {}, message);
  });

  it.each(FAULTS)('with the fault %s', async (fault) => {
    for (const times of [1, Number.POSITIVE_INFINITY]) {
      await expectSafe(method, {}, message, ({ emulator }) => emulator.failNext(fault, { times }));
    }
  });

  it.each([200, 201, 302, 400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502])(
    'when an answer %i echoes everything',
    async (status) => {
      const echoes = [
        `${CANARY_NUMBER} ${CANARY_KEY}`,
        {
          code: 1002,
          message: `bad ${CANARY_NUMBER} of ${CANARY_KEY}`,
          errorId: CANARY_NUMBER,
          timestamp: CANARY_NUMBER,
        },
        {
          umid: CANARY_NUMBER,
          status: { code: 'REJECTED', description: `to 65 9172 6354, ${CANARY_NUMBER}` },
        },
        { messages: [{ umid: CANARY_KEY, clientMessageId: CANARY_NUMBER, status: CANARY_KEY }] },
        { code: 1002, message: `bad text "${CANARY_TEXT}" with ${escaped(CANARY_KEY)}` },
        { umid: CANARY_TEXT.replaceAll(' ', '-'), status: { code: 'QUEUED' } },
        { umid: 'x', status: { code: 'REJECTED', description: `not ${CANARY_TEXT}` } },
      ];
      for (const echo of echoes) {
        const body = typeof echo === 'string' ? echo : JSON.stringify(echo);
        const headers = { 'retry-after': CANARY_NUMBER, location: `https://${CANARY_KEY}.example` };
        await expectSafe(method, { fetch: async () => new Response(body, { status, headers }) }, message);
      }
    },
  );

  it('when fetch throws it all', async () => {
    for (const fetch of [leaks, leaksLater, async () => Promise.reject(CANARY_NUMBER)]) {
      await expectSafe(method, { fetch }, message);
    }
  });

  it.each([
    ['phone', { phone: { types: ['PAGER'] } }],
    ['content', { content: { maxParts: 1 } }],
    ['countries', { countries: { allow: ['ID'] } }],
    ['recipient', { recipient: { windows: [{ limit: 1, windowMs: 60_000 }] } }],
    ['backoff', { backoff: {} }],
    ['prefix', { prefix: { ranges: [{ removedDigits: 2, limit: 1, windowMs: 1_000 }] } }],
    ['consent: no', { consent: { check: () => false } }],
    ['consent: throws', { consent: { check: leaks } }],
    ['consent: rejects', { consent: { checkMany: leaksLater } }],
    ['consent: hangs', { consent: { check: () => new Promise<never>(() => {}) } }],
    ['consent: nonsense', { consent: { check: () => CANARY_NUMBER as never } }],
    ['consent: broken ledger', { consent: { ledger: ledgerThat(leaksLater) } }],
    ['consent: no record', { consent: { ledger: memoryConsentLedger() } }],
  ] satisfies [string, GuardsOptions][])('when a guard refuses or watches: %s', async (_, guards) => {
    for (const purpose of ['otp', 'marketing', 'transactional'] as const) {
      for (const text of [CANARY_TEXT, `${CANARY_TEXT} ${'x'.repeat(1_600)}`, `${CANARY_TEXT} {{name}}`]) {
        await expectSafe(method, { guards }, { ...message, purpose, text });
      }
    }
    const [[name, options] = []] = Object.entries(guards) as [string, object][];
    await expectSafe(method, { guards: { [name as string]: { ...options, mode: 'monitor' } } }, message);
  });

  it('when the store or the key function throws it all', async () => {
    const limits = { take: leaksLater, settle: leaksLater, inspect: leaksLater, release: leaksLater };
    await expectSafe(method, { limits }, message);
    for (const apiKey of [
      leaks,
      leaksLater,
      () => `"${CANARY_KEY}"`,
      () => ({ key: CANARY_KEY, expiresAt: CANARY_KEY as never }),
    ]) {
      await expectSafe(method, { apiKey }, message);
    }
  });

  it('when onEvent throws it all', async () => {
    for (const onEvent of [leaks, leaksLater]) await expectSafe(method, { onEvent }, message);
  });

  it.each([
    { text: `${CANARY_TEXT} ${CANARY_KEY}` },
    { text: CANARY_TEXT.repeat(1_000) },
    { text: { toString: leaks } },
    { destination: `call ${CANARY_NUMBER} now` },
    { destination: `${CANARY_NUMBER},${CANARY_NUMBER}` },
    { destination: `${CANARY_NUMBER} ext. 5` },
    { destination: '9172 6354' },
    { destination: 6591726354 },
    { destination: [CANARY_NUMBER] },
    { destination: { number: CANARY_NUMBER, toString: leaks } },
    { country: CANARY_NUMBER },
    { source: CANARY_NUMBER },
    { source: CANARY_KEY },
    { source: CANARY_TEXT },
    { encoding: CANARY_TEXT },
    { scheduled: CANARY_TEXT },
    { expiry: CANARY_NUMBER },
    { dlrCallbackUrl: `ftp://${CANARY_KEY}` },
    { clientIp: CANARY_TEXT },
    { clientMessageId: `${CANARY_TEXT}\n` },
    { purpose: CANARY_TEXT },
    { track: CANARY_KEY },
    { idempotencyKey: CANARY_TEXT.repeat(20) },
    { idempotencyKey: CANARY_TEXT },
    { [CANARY_NUMBER]: CANARY_TEXT },
  ])('when the message is wrong: %#', async (wrong) => {
    await expectSafe(method, {}, { ...message, ...wrong } as SmsMessage);
    // Twice with one key and another text: a conflict.
    await expectSafe(method, {}, { ...message, idempotencyKey: CANARY_TEXT }, ({ sms }) => {
      void sms.messages.send({ ...message, text: 'other', idempotencyKey: CANARY_TEXT }).catch(() => {});
    });
  });
});

describe('the other calls show no key, number or text', () => {
  it('consent and guards', async () => {
    for (const ledger of [memoryConsentLedger(), ledgerThat(leaksLater)]) {
      const client = testClient({ apiKey: CANARY_KEY, guards: { consent: { ledger, onOptOut: leaks } } });
      const { consent, guards } = client.sms;
      const caller = countingSignal();
      const options = { signal: caller.signal };
      const calls = [
        consent.revoke(CANARY_NUMBER, { source: 'x' }, options),
        consent.grant(CANARY_NUMBER, { source: CANARY_TEXT.repeat(9) }, options),
        consent.status(CANARY_NUMBER, {}, options),
        consent.status(`${CANARY_NUMBER}x`, {}, options),
        consent.status(CANARY_NUMBER, { country: CANARY_NUMBER }, options),
        guards.inspect(CANARY_NUMBER, {}, options),
        guards.inspect(CANARY_NUMBER, { guard: CANARY_TEXT as never }, options),
        guards.release(CANARY_NUMBER, {}, options),
        guards.release('9172 6354', {}, options),
      ];
      for (const call of calls) expectNoCanary(await call.catch((error: unknown) => error));
      expectNoCanary(client.events);
      expect(caller.listeners).toBe(0);
    }
  });

  it('options', () => {
    const wrong: object[] = [
      { apiKey: `Bearer ${CANARY_KEY}` },
      { apiKey: `${CANARY_KEY} ${CANARY_KEY}` },
      { subAccountId: CANARY_TEXT },
      { region: CANARY_KEY },
      { baseUrl: `https://${CANARY_KEY}:x@example.com` },
      { baseUrl: CANARY_TEXT },
      { guards: { countries: { allow: [CANARY_TEXT] } } },
      { guards: { phone: { callingCodes: { allow: [CANARY_NUMBER] } } } },
      { defaultCountry: CANARY_NUMBER },
      { apikey: CANARY_KEY },
    ];
    for (const options of wrong) {
      let error: unknown;
      try {
        testClient(options as SmsClientOptions);
      } catch (thrown) {
        error = thrown;
      }
      expect(SmsError.isInstance(error)).toBe(true);
      expectNoCanary(error);
    }
  });
});
