import { beforeAll, beforeEach, expect, it } from 'vitest';
import type { EmulatorOptions } from '../../src/emulator/emulator.ts';
import { type Contract, type ContractRecorder, loadContract, recordContract } from '../support/contract.ts';
import { describeContract } from '../support/describe-contract.ts';
import { ACCOUNT, ACCOUNT_ID, START, SUB_ACCOUNT, startEmulator } from '../support/emulator.ts';

const UNKNOWN = '00000000-0000-4000-8000-000000000000';
const message = { destination: '+6591234567', text: 'Your code is 4711' };
const later = new Date(START + 3_600_000).toISOString();
const covered = new Set<string>();

describeContract("the emulator's responses", () => {
  let contract: Contract;
  let recorder: ContractRecorder;

  beforeAll(() => {
    contract = loadContract();
  });

  function start(options: EmulatorOptions = {}) {
    return startEmulator({ prepaid: true, accountId: ACCOUNT_ID, ...options }, (fetch) => {
      recorder = recordContract(fetch, contract);
      return recorder.fetch;
    });
  }

  let server: ReturnType<typeof start>;
  beforeEach(() => {
    server = start();
  });

  /** Expects every response to be valid; requests may be invalid on purpose. */
  function expectValidAnswers(): void {
    for (const operationId of recorder.covered) covered.add(operationId);
    expect(recorder.violations.filter(({ side }) => side === 'response')).toEqual([]);
    expect(recorder.covered.size).toBeGreaterThan(0);
  }

  function expectNoViolation(): void {
    expectValidAnswers();
    expect(recorder.violations).toEqual([]);
  }

  it('to every operation, used as documented', async () => {
    const { call } = server;
    const sent = await call('POST', `${SUB_ACCOUNT}/messages`, { ...message, clientMessageId: 'one' });
    const waiting = await call('POST', `${SUB_ACCOUNT}/messages`, { ...message, scheduled: later });
    const batch = await call('POST', `${SUB_ACCOUNT}/messages/batch`, {
      clientBatchId: 'batch',
      messages: [message, { ...message, destination: '+1123456789', clientMessageId: 'two' }],
      template: { scheduled: later },
      includeMessagesInResponse: true,
    });
    const survey = { destination: '+6591234567', templateBody: 'Tell us: {{url}}' };
    const calls = [
      sent,
      waiting,
      batch,
      await call('GET', `${SUB_ACCOUNT}/messages/${sent.body.umid}`),
      await call('DELETE', `${SUB_ACCOUNT}/messages/${waiting.body.umid}`),
      await call('DELETE', `${SUB_ACCOUNT}/messages/batch/${batch.body.batchId}`),
      await call('POST', `${SUB_ACCOUNT}/messages/${sent.body.umid}/feedback`, { outcome: 'success' }),
      await call('DELETE', `${SUB_ACCOUNT}/messages/${sent.body.umid}/pii`),
      await call('POST', `${SUB_ACCOUNT}/surveys/nps/messages`, survey),
      await call('POST', `${SUB_ACCOUNT}/surveys/nps/messages/batch`, {
        messages: [survey],
        includeMessagesInResponse: true,
      }),
      await call('GET', `${ACCOUNT}/prices?country=SG&direction=outbound`),
      await call('GET', `${ACCOUNT}/balance`),
      await call('POST', `${ACCOUNT}/webhooks`, [{ subAccountId: '*', url: 'https://team.example/hook' }]),
      await call('GET', `${ACCOUNT}/webhooks`),
      await call('DELETE', `${ACCOUNT}/webhooks`, [{ subAccountId: '*' }]),
    ];
    expect(calls.map(({ status }) => status)).toEqual([
      200, 200, 200, 200, 200, 200, 200, 202, 200, 200, 200, 200, 200, 200, 200,
    ]);
    expectNoViolation();
  });

  it('to an export in each of its states', async () => {
    const { call } = server;
    const exports = `${SUB_ACCOUNT}/messages/exports`;
    await call('POST', `${SUB_ACCOUNT}/messages`, message);
    const job = await call('POST', exports, { from: new Date(START).toISOString(), limit: 5 });
    const empty = await call('POST', exports, { phoneNumber: '+6590000000' });
    const cancelled = await call('POST', exports);
    await call('DELETE', `${exports}/${cancelled.body.jobId}`);
    const states: unknown[] = [];
    for (const { body } of [job, job, job, empty, empty, empty, cancelled]) {
      states.push((await call('GET', `${exports}/${body.jobId}`)).body.status);
    }
    expect(states).toEqual(['queued', 'running', 'succeeded', 'queued', 'running', 'empty', 'cancelled']);
    expectNoViolation();
  });

  it.each(['object', 'array'] as const)('to a price list in the %s shape', async (shape) => {
    server = start({ prices: { shape } });
    const { status } = await server.call('GET', `${ACCOUNT}/prices?mcc=525&mnc=1`);
    expect(status).toBe(200);
    expect(recorder.violations.map(({ fault }) => fault)).toEqual([]);
  });

  it('to malformed messages', async () => {
    const wrong: readonly Record<string, unknown>[] = [
      { ...message, destination: '123' },
      { destination: message.destination },
      { ...message, source: '!' },
      { ...message, expiry: new Date(START - 1).toISOString() },
      { ...message, clientMessageId: 'x'.repeat(351) },
    ];
    const statuses: number[] = [];
    for (const body of wrong) {
      const responses = [
        await server.call('POST', `${SUB_ACCOUNT}/messages`, body),
        await server.call('POST', `${SUB_ACCOUNT}/messages/batch`, {
          messages: [body],
          includeMessagesInResponse: true,
        }),
      ];
      statuses.push(...responses.map(({ status }) => status));
    }
    expect(statuses).toEqual([400, 400, 400, 200, 400, 400, 200, 200, 400, 400]);
    expectValidAnswers();
  });

  it('to wrong keys, accounts, sub-accounts and ids', async () => {
    server = start({ subAccountIds: ['team_otp'], prepaid: false });
    const { call } = server;
    const noKey = { headers: { 'content-type': 'application/json' } };
    const other = '/api/v1/subaccounts/other_team/messages';
    const responses = [
      await call('POST', `${SUB_ACCOUNT}/messages`, message, noKey),
      await call('GET', `${ACCOUNT}/balance`, undefined, noKey),
      await call('POST', other, message),
      await call('GET', `${SUB_ACCOUNT}/messages/nonsense`),
      await call('DELETE', `${SUB_ACCOUNT}/messages/${UNKNOWN}`),
      await call('DELETE', `${SUB_ACCOUNT}/messages/batch/${UNKNOWN}`),
      await call('DELETE', `${SUB_ACCOUNT}/messages/${UNKNOWN}/pii`),
      await call('POST', `${SUB_ACCOUNT}/messages/${UNKNOWN}/feedback`, { outcome: 'failure' }),
      await call('GET', `${SUB_ACCOUNT}/messages/exports/nonsense`),
      await call('GET', `${ACCOUNT}/balance`),
      await call('GET', `/api/v1/accounts/${UNKNOWN}/prices`),
      await call('GET', `${ACCOUNT}/prices?mcc=525`),
    ];
    expect(responses.map(({ status, body }) => [status, body.code])).toEqual([
      ...[
        [401, 1200],
        [401, 1200],
        [400, 1001],
        [400, 1000],
        [404, 1300],
        [400, 1008],
      ],
      ...[
        [404, 1300],
        [400, 1000],
        [404, 4018],
        [403, 1201],
        [403, 1201],
        [400, 1000],
      ],
    ]);
    expectValidAnswers();
  });

  it('to rate limits and outages', async () => {
    const { call, emulator } = server;
    const statuses: number[] = [];
    for (const fault of ['429', '500', '503', 'tls', 'reject'] as const) {
      emulator.failNext(fault);
      statuses.push((await call('POST', `${SUB_ACCOUNT}/messages`, message)).status);
    }
    await call('GET', `${SUB_ACCOUNT}/messages/${UNKNOWN}`);
    statuses.push((await call('GET', `${SUB_ACCOUNT}/messages/${UNKNOWN}`)).status);
    expect(statuses).toEqual([429, 500, 503, 426, 200, 429]);
    expectNoViolation();
  });

  it('cover all 17 operations of the SMS API', () => {
    const wanted = contract.operations('sms').map(({ operationId }) => operationId);
    expect(wanted).toHaveLength(17);
    expect([...covered].sort()).toEqual([...wanted].sort());
  });
});

describeContract('the contract harness', () => {
  it('finds fields that 8x8 would ignore or refuse', async () => {
    const recorder = recordContract(async () => Response.json({ umid: 1 }));
    const post = (path: string, body: string, headers: Record<string, string> = {}) =>
      recorder.fetch(`https://sms.8x8.com${path}`, { method: 'POST', body, headers });
    await post('/api/v1/subaccounts/a/messages?test=1', '{"destination":"+6591234567","txt":"x"}');
    await recorder.fetch('https://sms.8x8.com/api/v9/nothing');
    const faults = recorder.violations.map(({ side, fault }) => `${side}: ${fault}`).join('\n');
    for (const expected of [
      'request: query test is not in the contract',
      'request: path subAccountId must match pattern',
      "request: body must have required property 'text'",
      'request: body must NOT have additional properties {"additionalProperty":"txt"}',
      'request: content-type text/plain',
      "response: body must have required property 'destination'",
      'response: body/umid must be string',
      'request: GET /api/v9/nothing is unknown',
    ]) {
      expect(faults).toContain(expected);
    }
    expect([...recorder.covered]).toEqual(['Send-Sms-Single']);
  });

  it('asserts one request or response', () => {
    const contract = loadContract();
    const path = `${SUB_ACCOUNT}/messages/${UNKNOWN}`;
    contract.assertRequest('sms', 'get-sms-message-details', { method: 'GET', path });
    contract.assertResponse('sms', 'delete-pii', 202, undefined);
    expect(() =>
      contract.assertRequest('sms', 'get-sms-message-details', { method: 'POST', path, body: {} }),
    ).toThrow(/contract/);
    expect(() => contract.assertResponse('sms', 'delete-pii', 204, undefined)).toThrow(/contract/);
    expect(() => contract.assertResponse('sms', 'delete-pii', 202, {})).toThrow(/contract/);
    expect(() => contract.assertResponse('sms', 'no-such-operation', 200, {})).toThrow(/no operation/);
  });
});
