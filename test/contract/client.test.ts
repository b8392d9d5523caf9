import fc from 'fast-check';
import { beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { SmsError, type SmsMessage, type SurveyMessage } from '../../src/index.ts';
import { type Contract, type ContractRecorder, loadContract, recordContract } from '../support/contract.ts';
import { describeContract } from '../support/describe-contract.ts';
import { START } from '../support/emulator.ts';
import { SUB_ACCOUNT_ID, startClient } from '../support/sms-client.ts';

const NUMBER = '+6591234567';
const soon = new Date(START + 60_000);
const later = '2026-07-02T08:00:00+08:00';
const covered = new Set<string>();

/** Every field that a message can have. */
const content = {
  source: 'Team',
  encoding: 'AUTO',
  scheduled: soon,
  expiry: later,
  dlrCallbackUrl: 'https://team.example/receipts',
} as const;
const addressing = {
  destination: '9123 4567',
  country: 'SG',
  clientMessageId: 'own-id',
  purpose: 'transactional',
  idempotencyKey: 'own-key',
} as const;
const message: SmsMessage = {
  ...content,
  ...addressing,
  text: 'Your code is 4711 😀',
  clientIp: '203.0.113.7',
  track: 'Outcome',
};
const survey: SurveyMessage = {
  ...content,
  ...addressing,
  templateBody: 'Hi {{name}} {{url:name}}',
  templateVariables: { name: 'Mei', visit: 3, vip: true },
};

describeContract("the client's requests", () => {
  let contract: Contract;
  let recorder: ContractRecorder;

  beforeAll(() => {
    contract = loadContract();
  });

  function start() {
    const { emulator } = startClient({ prepaid: true, requestsPerSecond: false });
    recorder = recordContract(emulator.fetch, contract);
    const { sms } = startClient({}, { fetch: recorder.fetch, pace: false, guards: { recipient: false } });
    return { sms, emulator };
  }

  function expectNoViolation(): void {
    for (const operationId of recorder.covered) covered.add(operationId);
    expect(recorder.violations).toEqual([]);
    expect(recorder.covered.size).toBeGreaterThan(0);
  }

  let client: ReturnType<typeof start>;
  beforeEach(() => {
    client = start();
  });

  it('messages', async () => {
    const { messages } = client.sms;
    const sent = await messages.send(message);
    const batch = await messages.sendBatch({
      messages: [
        { ...message, idempotencyKey: 'second', clientMessageId: 'second' },
        { destination: NUMBER, text: 'own' },
        { destination: '+4915112345678' },
      ],
      template: { ...content, text: 'shared' },
      purpose: 'transactional',
      country: 'SG',
      clientBatchId: 'batch',
      clientIp: '2001:db8::7',
      allowRepeatedIds: true,
      mergeDuplicates: true,
    });
    expect(batch.counts).toEqual({ accepted: 3, rejected: 0, blocked: 0, failed: 0 });
    await messages.sendBatch({ destinations: [NUMBER], template: { text: 'shared' } });
    const many = messages.sendMany([{ destination: NUMBER, text: 'many' }]);
    for await (const { status } of many) expect(status).toBe('accepted');
    await messages.get(sent.umid);
    const feedback = { outcome: 'success', timestamp: later, destination: NUMBER, country: 'SG' } as const;
    await messages.feedback(sent.umid, feedback);
    await messages.feedback(sent.umid, { outcome: 'failure' });
    await messages.cancel(sent.umid);
    await messages.cancelBatch(batch.batchId ?? '');
    await messages.deletePii(sent.umid);
    expectNoViolation();
  });

  it('surveys', async () => {
    const { surveys } = client.sms;
    await surveys.send({ ...survey, surveyId: 'nps' });
    const { counts } = await surveys.sendBatch({
      surveyId: 'nps/2026&more',
      messages: [
        { ...survey, idempotencyKey: 'second' },
        { destination: NUMBER, templateVariables: { name: 'Mei' } },
      ],
      template: { ...content, templateBody: 'Hi {{name}} {{url}}' },
      purpose: 'transactional',
      country: 'SG',
      clientBatchId: 'batch',
      allowRepeatedIds: false,
      mergeDuplicates: true,
    });
    expect(counts.accepted).toBe(2);
    const many = surveys.sendMany([{ ...survey, idempotencyKey: 'third' }], {
      surveyId: 'nps/2026&more',
      template: { ...content, templateBody: 'Hi {{name}} {{url}}' },
    });
    expect(await many.run()).toMatchObject({ accepted: 1 });
    expectNoViolation();
  });

  it('exports', async () => {
    const { sms } = client;
    await sms.messages.send({ destination: NUMBER, text: 'a' });
    const { jobId } = await sms.exports.start({
      from: '2026-06-01',
      to: '2026-07-01',
      phoneNumber: NUMBER,
      countries: ['SG'],
      limit: 0,
    });
    await sms.exports.start({ from: soon, to: later });
    await sms.exports.get(jobId);
    await sms.exports.cancel(jobId);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const rows: string[] = [];
    const reading = (async () => {
      for await (const { umid } of sms.exports.run({ from: '2026-06-01T08:00:00' })) rows.push(umid);
    })().finally(() => vi.useRealTimers());
    while (vi.isFakeTimers()) await vi.advanceTimersByTimeAsync(500);
    await reading;
    expect(rows).toHaveLength(1);
    expectNoViolation();
  });

  it('account', async () => {
    const { account } = client.sms;
    await account.prices({
      country: 'SG',
      mcc: '525',
      mnc: '01',
      direction: 'outbound',
      subAccountId: SUB_ACCOUNT_ID,
    });
    await account.prices({ mcc: 525, mnc: 1, direction: 'inbound' });
    await account.prices();
    await account.balance();
    expectNoViolation();
  });

  it('webhook settings', async () => {
    const { webhookSettings } = client.sms;
    const url = 'https://team.example/8x8?a=b';
    const oauth = { url, clientId: 'a', clientSecret: 'b', credentialsLocation: 'body', scope: 'c' } as const;
    await webhookSettings.set([
      { subAccountId: '*', url, enabled: false, httpAuthorization: 'Bearer abc' },
      { subAccountId: SUB_ACCOUNT_ID, url, oauth },
    ]);
    await webhookSettings.list();
    await webhookSettings.delete([{ subAccountId: '*' }, { subAccountId: SUB_ACCOUNT_ID }]);
    expectNoViolation();
  });

  it('are valid for any valid message', async () => {
    const optional = <Value>(values: fc.Arbitrary<Value>) => fc.option(values, { nil: undefined });
    const instants = fc
      .integer({ min: START + 1_000, max: START + 7 * 86_400_000 })
      .chain((at) =>
        fc.constantFrom(
          new Date(at),
          new Date(at).toISOString(),
          new Date(at).toISOString().replace(/\.\d+Z$/, '+00:00'),
        ),
      );
    const texts = fc
      .string({
        unit: fc.constantFrom('a', 'é', '€', '’', '😀', ' ', '\n', '语'),
        minLength: 1,
        maxLength: 200,
      })
      .filter((text) => text.trim() !== '');
    const contents = {
      source: optional(fc.constantFrom('Team 1', '6591234567', '+6591234567', '8x8')),
      encoding: optional(fc.constantFrom('AUTO', 'UCS2')),
      // Seldom: a store remembers a few scheduled messages per number, and these all go to six.
      scheduled: fc.oneof(
        { weight: 24, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: instants },
      ),
      dlrCallbackUrl: optional(fc.webUrl({ withQueryParameters: true, validSchemes: ['http', 'https'] })),
    } as const;
    const addressings = {
      destination: fc.constantFrom(
        NUMBER,
        '6591234567',
        '91234567',
        '+61 412 345 678',
        '+44 7400 123456',
        '+5491123456789',
      ),
      country: fc.constant('SG'),
      clientMessageId: optional(
        fc
          .string({ unit: 'grapheme', minLength: 1, maxLength: 50 })
          .filter((id) => /^[^\p{Cc}\p{Cs}]{1,350}$/u.test(id)),
      ),
    } as const;
    const messages = fc.record({
      ...contents,
      ...addressings,
      text: texts,
      clientIp: optional(fc.ipV4()),
      track: optional(fc.constantFrom('None', 'Outcome')),
    });
    const surveys = fc.record({ ...contents, ...addressings, templateBody: texts });
    await fc.assert(
      fc.asyncProperty(messages, surveys, async (one, invitation) => {
        const { sms } = client;
        await sms.messages.send(one as SmsMessage);
        await sms.surveys.send({ surveyId: 'nps', ...(invitation as SurveyMessage) });
        const batch = await sms.messages.sendBatch({ messages: [one as SmsMessage], allowRepeatedIds: true });
        expect(batch.counts.accepted).toBe(1);
        expect(recorder.violations).toEqual([]);
      }),
      { numRuns: 150 },
    );
    expectNoViolation();
  });

  it('are valid for every input that the client accepts', async () => {
    const wild = fc.string({ unit: 'binary-ascii', maxLength: 20 });
    const word = fc.oneof(wild, fc.string({ unit: 'grapheme', maxLength: 20 }), fc.constant(undefined));
    const tail = fc.string({ unit: fc.constantFrom(...'a9%2#?[]{}|\\^é &=:@/.'), maxLength: 12 });
    const digits = fc.string({ unit: fc.constantFrom(...'+0123456789'), maxLength: 18 });
    const two = (at: number) => String(at).padStart(2, '0');
    const instant = fc
      .tuple(fc.nat(25), fc.nat(61), fc.constantFrom('', ':00', ':61', ':07.123456789'), word)
      .map(([hour, minute, rest, zone]) => `2026-07-02T${two(hour)}:${two(minute)}${rest}${zone ?? 'Z'}`);
    const anyMessage = fc.record({
      destination: fc.oneof(fc.constant(NUMBER), digits, wild),
      country: fc.constantFrom(undefined, 'SG', 'sg', 'ZZ', '1'),
      text: word,
      source: fc.oneof(word, digits),
      encoding: fc.constantFrom(undefined, 'AUTO', 'GSM7', 'UCS2', 'auto'),
      scheduled: fc.oneof(instant, fc.constant(undefined)),
      expiry: fc.oneof(instant, fc.constant(undefined)),
      dlrCallbackUrl: fc.oneof(
        fc.constant(undefined),
        tail.map((rest) => `https://team.example/${rest}`),
      ),
      clientMessageId: word,
      clientIp: fc.oneof(word, fc.ipV6()),
      track: fc.constantFrom(undefined, 'None', 'Outcome', 'All'),
    });
    let sent = 0;
    await fc.assert(
      fc.asyncProperty(anyMessage, async (input) => {
        const { sms } = client;
        const { text, clientIp: _, track: __, ...rest } = input;
        const before = recorder.violations.length;
        const calls = [
          sms.messages.send(input as SmsMessage),
          sms.surveys.send({ ...rest, surveyId: 'nps', templateBody: text } as never),
          sms.messages.feedback('id', { outcome: 'success', timestamp: input.scheduled }),
          sms.webhookSettings.set([{ subAccountId: '*', url: input.dlrCallbackUrl ?? '' }]),
          sms.exports.start({ from: input.scheduled, to: input.expiry, phoneNumber: input.source }),
        ];
        for (const { status, reason } of (await Promise.allSettled(calls)) as PromiseRejectedResult[]) {
          if (status === 'rejected') expect(SmsError.isInstance(reason), String(reason)).toBe(true);
          else sent += 1;
        }
        expect(recorder.violations.slice(before).filter(({ side }) => side === 'request')).toEqual([]);
      }),
      { numRuns: 300 },
    );
    expect(sent).toBeGreaterThan(0);
  });

  it('cover all 17 operations of the SMS API', () => {
    const wanted = contract.operations('sms').map(({ operationId }) => operationId);
    expect(wanted).toHaveLength(17);
    expect([...covered].sort()).toEqual([...wanted].sort());
  });
});
