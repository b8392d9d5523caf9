import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ValidationError } from '../../src/errors.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import type { SendResult } from '../../src/sending/results.ts';
import type { BatchInput } from '../../src/sending/send-batch.ts';
import type { BatchMessage } from '../../src/sending/sms-message.ts';
import { numberOf, testClient } from '../support/client.ts';
import { NOON } from '../support/fake-clock.ts';
import {
  jsonResponse,
  lostConnection,
  refusedConnection,
  respondWith,
  type WrittenRequest,
} from '../support/respond-with.ts';
import { failureOf } from '../support/transport.ts';

interface WrittenMessage {
  readonly destination: string;
  readonly clientMessageId: string;
}

const messagesOf = ({ body }: WrittenRequest) => (body as { messages: WrittenMessage[] }).messages;
const accepted = ({ destination, clientMessageId }: WrittenMessage, umid = `u-${clientMessageId}`) => ({
  umid,
  destination: destination.replace('+', ''),
  clientMessageId,
  status: { code: 'QUEUED', description: 'SMS is accepted and queued for processing' },
});
const answering = (change: (messages: ReturnType<typeof accepted>[]) => unknown) =>
  respondWith([
    (request) =>
      jsonResponse({
        batchId: 'b-1',
        messages: change(messagesOf(request).map((message) => accepted(message))),
      }),
  ]);
const statuses = (results: readonly SendResult[]) => results.map(({ status }) => status);
const codes = (results: readonly SendResult[]) =>
  results.map((result) => (result.status === 'accepted' ? 'accepted' : result.error.code));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('results', () => {
  it('come in the order of the input, with counts, and one bad one never fails the others', async () => {
    const { sms, emulator } = testClient({ guards: { countries: { allow: ['SG'] } } });
    const { results, counts, batchId } = await sms.messages.sendBatch({
      messages: [
        { destination: numberOf(1), text: 'a', clientMessageId: 'one' },
        { destination: numberOf(2), text: '', clientMessageId: 'two' },
        { destination: 'nonsense', text: 'a', clientMessageId: 'three' },
        { destination: '+6281234567890', text: 'a' },
        { destination: numberOf(5), text: 'Hi {{name}}' },
        { destination: numberOf(6), text: 'a', purpose: 'marketing' },
        null as never,
        { destination: numberOf(8), text: 'b' },
      ],
    });
    expect(statuses(results)).toEqual([
      'accepted',
      'failed',
      'blocked',
      'blocked',
      'blocked',
      'blocked',
      'failed',
      'accepted',
    ]);
    expect(codes(results)).toEqual([
      'accepted',
      'validation',
      'invalid-phone-number',
      'guard',
      'guard',
      'consent',
      'validation',
      'accepted',
    ]);
    expect(results.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(results.slice(0, 3).map(({ clientMessageId }) => clientMessageId)).toEqual([
      'one',
      'two',
      'three',
    ]);
    expect(results[1]).toMatchObject({ error: { path: 'messages[1].text' } });
    expect(results[2]).toMatchObject({ error: { message: expect.stringMatching(/^messages\[2\]/) } });
    expect(counts).toEqual({ accepted: 2, rejected: 0, blocked: 4, failed: 2 });
    expect(batchId).toMatch(/./);
    expect(emulator.requests).toHaveLength(1);
    expect(emulator.messages).toHaveLength(2);
  });

  it('when nothing is admitted nothing is written, and there is no batchId', async () => {
    const { sms, emulator } = testClient();
    const result = await sms.messages.sendBatch({ destinations: ['x', 'y'], template: { text: 'a' } });
    expect(result.counts).toEqual({ accepted: 0, rejected: 0, blocked: 2, failed: 0 });
    expect(result).not.toHaveProperty('batchId');
    expect(emulator.requests).toHaveLength(0);
  });

  it('reports the messages that 8x8 rejects, and gives them back', async () => {
    const { fetch } = answering((messages) =>
      messages.map((message, index) =>
        index === 1 ? { ...message, status: { code: 'REJECTED', description: 'no route' } } : message,
      ),
    );
    const { sms } = testClient({ fetch, guards: { recipient: { limit: 1, windowMs: 60_000 } } });
    const batch = { destinations: [numberOf(1), numberOf(2)], template: { text: 'a' } };
    expect(statuses((await sms.messages.sendBatch(batch)).results)).toEqual(['accepted', 'rejected']);
    expect(codes((await sms.messages.sendBatch(batch)).results)).toEqual(['limit', 'accepted']);
  });
});

describe('input', () => {
  it('destinations take text and fields from the template', async () => {
    const { fetch, written } = answering((messages) => messages);
    const { sms } = testClient({ fetch });
    await sms.messages.sendBatch({
      destinations: ['9100 0001', numberOf(2)],
      country: 'SG',
      purpose: 'otp',
      template: { text: 'a', source: 'MyShop', scheduled: new Date(NOON + 60_000) },
      clientBatchId: 'batch-1',
      clientIp: '203.0.113.7',
    });
    expect(written[0]?.url).toMatch(/\/messages\/batch$/);
    expect(written[0]?.body).toEqual({
      clientBatchId: 'batch-1',
      clientIp: '203.0.113.7',
      includeMessagesInResponse: true,
      template: { text: 'a', source: 'MyShop', scheduled: '2026-11-22T09:01:00.000Z' },
      messages: [
        { destination: numberOf(1), clientMessageId: expect.any(String) },
        { destination: numberOf(2), clientMessageId: expect.any(String) },
      ],
    });
  });

  it('client addresses go out bare, and one that is none fails its own message', async () => {
    const { sms, emulator } = testClient();
    const rows = ['203.0.113.7:51234', '[2001:db8::1]:443', '::ffff:203.0.113.8', 'face', '1.2.3', '..'];
    const { results } = await sms.messages.sendBatch({
      clientIp: '[::ffff:203.0.113.9]:80',
      messages: rows.map((clientIp, index) => ({ destination: numberOf(index), text: 'a', clientIp })),
    });
    expect(codes(results)).toEqual([
      ...['accepted', 'accepted', 'accepted'],
      ...['validation', 'validation', 'validation'],
    ]);
    expect(results[3]).toMatchObject({
      error: { path: 'messages[3].clientIp', submission: 'not-submitted' },
    });
    expect(emulator.requests[0]?.body).toMatchObject({
      clientIp: '203.0.113.9',
      messages: ['203.0.113.7', '2001:db8::1', '203.0.113.8'].map((clientIp) => ({ clientIp })),
    });
  });

  it('messages go before the template and the defaults, and the guards see what is sent', async () => {
    const { sms } = testClient();
    const { results } = await sms.messages.sendBatch({
      purpose: 'marketing',
      template: { text: 'Hi {{name}}', source: 'Shop™' },
      messages: [
        { destination: numberOf(1), text: 'own', source: 'MyShop', purpose: 'otp' },
        { destination: numberOf(2), source: 'MyShop', purpose: 'otp' },
        { destination: numberOf(3), text: 'own', purpose: 'otp' },
        { destination: numberOf(4), text: 'own', source: 'MyShop' },
        { destination: numberOf(5), text: undefined, source: 'MyShop', purpose: undefined },
      ],
    });
    expect(
      results.map((result) => (result.status === 'blocked' ? result.error.reason : result.status)),
    ).toEqual(['accepted', 'unresolved-placeholder', 'bad-sender-id', 'no-store', 'unresolved-placeholder']);
  });

  it('sends the messages that were checked, whatever becomes of the batch meanwhile', async () => {
    const { fetch, written } = answering((messages) => messages);
    const { sms } = testClient({ fetch, guards: { consent: { check: async () => true } } });
    const template = { text: 'fine', scheduled: new Date(NOON + 60_000) };
    const messages: BatchMessage[] = [{ destination: numberOf(1) }, { destination: numberOf(2) }];
    const batch = { template, messages };
    const sent = sms.messages.sendBatch(batch);
    template.text = 'Hi {{name}}';
    template.scheduled.setTime(Number.NaN);
    messages.push({ destination: numberOf(3), text: 'more' });
    batch.messages = [];
    expect((await sent).counts.accepted).toBe(2);
    expect(written[0]?.body).toMatchObject({
      template: { text: 'fine', scheduled: '2026-11-22T09:01:00.000Z' },
      messages: [{ destination: numberOf(1) }, { destination: numberOf(2) }],
    });
  });

  it('10,000 messages go in one request, one more is refused', async () => {
    vi.useRealTimers();
    const { sms, emulator } = testClient();
    const destinations = Array.from({ length: 10_000 }, (_, index) => numberOf(index));
    const { counts } = await sms.messages.sendBatch({ destinations, template: { text: 'a' } });
    expect(counts).toEqual({ accepted: 10_000, rejected: 0, blocked: 0, failed: 0 });
    expect(emulator.requests).toHaveLength(1);
    const error = await failureOf(
      sms.messages.sendBatch({ destinations: [...destinations, numberOf(10_000)], template: { text: 'a' } }),
    );
    expect(error).toMatchObject({ code: 'validation', path: 'destinations' });
    expect(emulator.requests).toHaveLength(1);
    vi.useFakeTimers();
  });

  const message = { destination: numberOf(1), text: 'a' };
  it.each([
    [undefined, ''],
    [null, ''],
    [[message], ''],
    [{}, 'messages'],
    [{ messages: [message], destinations: [numberOf(1)] }, 'destinations'],
    [{ messages: [] }, 'messages'],
    [{ messages: {} }, 'messages'],
    [{ messages: new Set([message]) }, 'messages'],
    [{ messages: 'abc' }, 'messages'],
    [{ messages: new Array(1e9) }, 'messages'],
    [{ destinations: [numberOf(1)] }, 'template.text'],
    [{ destinations: [numberOf(1)], template: { source: 'x' } }, 'template.text'],
    [{ destinations: [numberOf(1)], template: { text: '' } }, 'template.text'],
    [{ destinations: [numberOf(1)], template: [] }, 'template'],
    [{ messages: [message], template: { txt: 'a' } }, 'template.txt'],
    [{ messages: [message], purpose: 'spam' }, 'purpose'],
    [{ messages: [message], clientBatchId: 'x'.repeat(21) }, 'clientBatchId'],
    [{ messages: [message], clientIp: 'x' }, 'clientIp'],
    [{ messages: [message], mergeDuplicates: 'yes' }, 'mergeDuplicates'],
    [{ messages: [message], message: [] }, 'message'],
    [JSON.parse('{"__proto__":{"messages":[]}}'), '__proto__'],
    [
      {
        get messages() {
          throw new Error('mine');
        },
      },
      '',
    ],
  ])('a malformed call throws before anything is counted: %#', async (batch, path) => {
    const limits = memoryLimits();
    const take = vi.spyOn(limits, 'take');
    const { sms, emulator } = testClient({ limits });
    const error = await failureOf(sms.messages.sendBatch(batch as BatchInput));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path, submission: 'not-submitted' });
    expect(take).not.toHaveBeenCalled();
    expect(emulator.requests).toHaveLength(0);
  });

  it('holes, getters that throw and values of every type are one result each', async () => {
    const bad: unknown[] = [
      undefined,
      null,
      5,
      'x',
      [],
      () => {},
      Symbol('x'),
      {
        get destination() {
          throw new Error('mine');
        },
      },
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('mine');
          },
        },
      ),
      { destination: numberOf(1), text: '\ud83d' },
      { destination: `+${'6'.repeat(300)}`, text: 'a' },
      JSON.parse('{"destination":"+6591000001","text":"a","__proto__":1}'),
    ];
    const messages = [...bad, { destination: numberOf(7), text: 'good' }] as BatchMessage[];
    messages.length += 2;
    const { sms, emulator } = testClient();
    const { results, counts } = await sms.messages.sendBatch({ messages });
    expect(results).toHaveLength(bad.length + 3);
    expect(counts.accepted).toBe(1);
    expect(results[bad.length]).toMatchObject({ status: 'accepted' });
    for (const [index, result] of results.entries()) {
      expect(result).toMatchObject({ index, clientMessageId: expect.any(String) });
      if (result.status !== 'accepted') expect(result.error.submission).toBe('not-submitted');
    }
    expect(emulator.messages).toHaveLength(1);
  });

  it('a bad destination of any type is one result', async () => {
    const { sms } = testClient();
    const { results } = await sms.messages.sendBatch({
      destinations: [5, null, undefined, {}, [], numberOf(1), 6591000001n] as never,
      template: { text: 'a' },
    });
    expect(codes(results).filter((code) => code === 'accepted')).toHaveLength(1);
    expect(results[5]).toMatchObject({ status: 'accepted' });
    expect(results[0]).toMatchObject({ error: { message: expect.stringMatching(/^destinations\[0\]: /) } });
    const named = await sms.messages.sendBatch({ messages: [{ destination: '', text: 'a' }] });
    expect(named.results[0]).toMatchObject({
      error: { message: expect.stringMatching(/^messages\[0\]\.destination: /) },
    });
  });
});

describe('the other batches', () => {
  it('sendMany keeps the template that it began with', async () => {
    const { fetch, written } = answering((messages) => messages);
    const { sms } = testClient({ fetch });
    const template = { text: 'fine', scheduled: new Date(NOON + 60_000) };
    const rows = function* () {
      yield { destination: numberOf(1) };
      template.text = 'Hi {{name}}';
      template.scheduled.setTime(Number.NaN);
      yield { destination: numberOf(2) };
    };
    const results: SendResult[] = [];
    for await (const result of sms.messages.sendMany(rows(), { template, chunkSize: 1 }))
      results.push(result);
    expect(statuses(results)).toEqual(['accepted', 'accepted']);
    for (const { body } of written) {
      expect(body).toMatchObject({ template: { text: 'fine', scheduled: '2026-11-22T09:01:00.000Z' } });
    }
  });

  it('surveys.sendBatch sends what it checked, and every hole has its result', async () => {
    const { fetch, written } = answering((messages) => messages);
    const { sms } = testClient({ fetch, guards: { consent: { check: async () => true } } });
    const template = { templateBody: 'How was it? {{url}}', scheduled: new Date(NOON + 60_000) };
    const messages = [{ destination: numberOf(1) }];
    messages.length = 2;
    const sent = sms.surveys.sendBatch({
      surveyId: '7b3a2f0e-6f7c-4c6b-9d4e-0a4d5b1c9f10',
      template,
      messages,
    });
    template.templateBody = 'Hi {{name}}';
    template.scheduled.setTime(0);
    const { results } = await sent;
    expect(codes(results)).toEqual(['accepted', 'validation']);
    expect(written[0]?.body).toMatchObject({
      template: { templateBody: 'How was it? {{url}}', scheduled: '2026-11-22T09:01:00.000Z' },
    });
  });
});

describe('equal messages', () => {
  const three = {
    destinations: [numberOf(1), '+65 9100 0001', numberOf(2), numberOf(1)],
    template: { text: 'a' },
  };

  it('are all sent unless merging is asked for', async () => {
    const { sms, emulator } = testClient();
    expect((await sms.messages.sendBatch(three)).counts.accepted).toBe(4);
    expect(emulator.messages).toHaveLength(4);
  });

  it('mergeDuplicates sends one, and the others name it', async () => {
    const { sms, emulator } = testClient();
    const { results } = await sms.messages.sendBatch({ ...three, mergeDuplicates: true });
    expect(results.map((result) => result.status === 'accepted' && result.duplicateOf)).toEqual([
      undefined,
      0,
      undefined,
      0,
    ]);
    expect(new Set(results.map(({ clientMessageId }) => clientMessageId)).size).toBe(4);
    expect(emulator.messages).toHaveLength(2);
  });

  it('every difference keeps them apart', async () => {
    const { sms, emulator } = testClient();
    const base = { destination: numberOf(1), text: 'a' };
    const { results } = await sms.messages.sendBatch({
      mergeDuplicates: true,
      messages: [
        base,
        { ...base, text: 'b' },
        { ...base, source: 'MyShop' },
        { ...base, idempotencyKey: 'key-1' },
        { ...base, idempotencyKey: 'key-2' },
        { ...base, clientMessageId: 'only the id differs' },
      ],
    });
    expect(results.map((result) => result.status === 'accepted' && result.duplicateOf)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      0,
    ]);
    expect(emulator.messages).toHaveLength(5);
  });

  it('share a refusal too', async () => {
    const { sms } = testClient();
    const base = { destination: numberOf(1), text: 'Hi {{name}}' };
    const { results } = await sms.messages.sendBatch({ mergeDuplicates: true, messages: [base, base] });
    expect(statuses(results)).toEqual(['blocked', 'blocked']);
    expect(results.map(({ index }) => index)).toEqual([0, 1]);
  });
});

describe('ids', () => {
  const twice = [1, 2, 1].map((index) => ({
    destination: numberOf(index),
    text: 'a',
    clientMessageId: 'same',
  }));

  it('an id that is repeated is refused at its second place', async () => {
    const { sms, emulator, of } = testClient();
    const { results } = await sms.messages.sendBatch({ messages: twice });
    expect(codes(results)).toEqual(['accepted', 'validation', 'validation']);
    expect(results[2]).toMatchObject({
      error: { path: 'messages[2].clientMessageId', submission: 'not-submitted' },
    });
    expect(emulator.messages).toHaveLength(1);
    expect(of('message-failed')).toHaveLength(2);
  });

  it('allowRepeatedIds: told apart by number, and among equal numbers by order', async () => {
    const { fetch } = answering((messages) => {
      const [a, b, c] = messages;
      return [
        b && { ...b, umid: 'of 2' },
        a && { ...a, umid: 'first of 1' },
        c && { ...c, umid: 'second of 1' },
      ].map((answer) => answer && { ...answer, umid: answer.umid.replaceAll(' ', '-') });
    });
    const { sms } = testClient({ fetch });
    const { results } = await sms.messages.sendBatch({ messages: twice, allowRepeatedIds: true });
    expect(results.map((result) => result.status === 'accepted' && result.umid)).toEqual([
      'first-of-1',
      'of-2',
      'second-of-1',
    ]);
  });
});

describe('answers', () => {
  const batch = { destinations: [0, 1, 2, 3].map(numberOf), template: { text: 'a' } };
  const umids = (results: readonly SendResult[]) =>
    results.map((result) =>
      result.status === 'accepted' ? result.umid === `u-${result.clientMessageId}` : result.error.submission,
    );

  it.each([
    ['shuffled', (list) => [list[2], list[0], list[3], list[1]], [true, true, true, true]],
    ['one missing', (list) => [list[3], list[1], list[0]], [true, true, 'unknown', true]],
    [
      'strangers among them',
      (list) => [
        { umid: 'x', clientMessageId: 'stranger', status: { code: 'QUEUED' } },
        null,
        5,
        'x',
        [],
        ...list,
      ],
      [true, true, true, true],
    ],
    ['all missing', () => [], ['unknown', 'unknown', 'unknown', 'unknown']],
    ['no list', () => ({ 0: 'x' }), ['unknown', 'unknown', 'unknown', 'unknown']],
    [
      'without ids',
      (list) => list.map(({ clientMessageId: _, ...rest }) => rest),
      ['unknown', 'unknown', 'unknown', 'unknown'],
    ],
    [
      'with masked numbers',
      (list) => list.map((answer) => ({ ...answer, destination: '65****' })),
      [true, true, true, true],
    ],
    ['without numbers', (list) => list.map(({ destination: _, ...rest }) => rest), [true, true, true, true]],
    [
      'one id answered twice, for other numbers',
      (list) => [{ ...list[0], destination: '1' }, { ...list[0], destination: '2' }, ...list.slice(1)],
      ['unknown', true, true, true],
    ],
  ] satisfies [string, (list: ReturnType<typeof accepted>[]) => unknown, unknown[]][])(
    '%s',
    async (_, change, expected) => {
      const { fetch } = answering(change);
      const { sms } = testClient({ fetch });
      const { results } = await sms.messages.sendBatch(batch);
      expect(umids(results)).toEqual(expected);
      for (const result of results) {
        if (result.status === 'failed') expect(result.error.clientMessageId).toBe(result.clientMessageId);
      }
    },
  );

  it.each([
    [
      '400',
      jsonResponse({ code: 1002, message: 'bad +6591000001' }, 400),
      'rejected',
      'bad-request',
      'rejected',
    ],
    ['401', jsonResponse({ code: 1200, message: 'bad' }, 401), 'rejected', 'authentication', 'rejected'],
    ['429', jsonResponse({ code: 1, message: 'slow' }, 429), 'rejected', 'rate-limit', 'rejected'],
    ['500', jsonResponse({ code: 1, message: 'oops' }, 500), 'failed', 'server', 'unknown'],
    ['a reset', lostConnection(), 'failed', 'connection', 'unknown'],
    ['a refusal', refusedConnection(), 'failed', 'connection', 'not-submitted'],
    ['no JSON', new Response('<html>'), 'failed', 'api', 'unknown'],
  ])(
    '%s of the whole request is an error of each message, with its own id',
    async (_, answer, status, code, submission) => {
      const { sms, of } = testClient({ fetch: respondWith([answer]).fetch });
      const { results } = await sms.messages.sendBatch(batch);
      for (const result of results) {
        expect(result).toMatchObject({
          status,
          error: { code, submission, clientMessageId: result.clientMessageId },
        });
      }
      expect(new Set(results.map((result) => 'error' in result && result.error)).size).toBe(4);
      expect([...of('message-failed'), ...of('message-rejected')]).toHaveLength(4);
    },
  );

  it('an abort after the write leaves every outcome unknown, one before it none', async () => {
    const controller = new AbortController();
    const { sms } = testClient({
      fetch: () => {
        controller.abort();
        return new Promise<never>(() => {});
      },
    });
    const { results } = await sms.messages.sendBatch(batch, { signal: controller.signal });
    for (const result of results) {
      expect(result).toMatchObject({
        status: 'failed',
        error: { code: 'aborted', submission: 'unknown', clientMessageId: result.clientMessageId },
      });
    }
    const early = await sms.messages.sendBatch(batch, { signal: AbortSignal.abort() });
    expect(early.counts).toEqual({ accepted: 0, rejected: 0, blocked: 0, failed: 4 });
    for (const result of early.results) {
      expect(result).toMatchObject({ error: { code: 'aborted', submission: 'not-submitted' } });
    }
  });
});
