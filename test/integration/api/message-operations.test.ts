import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { SmsClient } from '../../../src/client.ts';
import { memoryConsentLedger } from '../../../src/consent/memory-consent-ledger.ts';
import {
  AbortedError,
  ApiError,
  BadRequestError,
  ConfigurationError,
  InvalidPhoneNumberError,
  memoryLimits,
  NotFoundError,
  ServerError,
  SmsError,
  StoreError,
  ValidationError,
} from '../../../src/index.ts';
import { START } from '../../support/emulator.ts';
import { errorOf, startClient } from '../../support/sms-client.ts';

const UNKNOWN = '00000000-0000-4000-8000-000000000000';
const NUMBER = '+6591234567';
const message = { destination: NUMBER, text: 'Your code is 4711' };
const inAnHour = new Date(START + 3_600_000);

const details = {
  umid: UNKNOWN,
  subAccountId: 'team_otp',
  direction: 'outbound',
  status: { state: 'delivered' },
  msisdn: '+6591xxxx',
  source: 'Team',
  body: '**MASKED**',
  encoding: 'GSM8',
  createdAt: '2026-07-01T00:00:00Z',
  smsCount: 1,
};

describe('messages.get', () => {
  it('reads everything 8x8 keeps of a message', async () => {
    const { sms } = startClient();
    const sent = await sms.messages.send({ ...message, clientMessageId: 'one' });
    expect(await sms.messages.get(sent.umid)).toEqual({
      umid: sent.umid,
      subAccountId: 'team_otp',
      direction: 'outbound',
      country: 'SG',
      status: { state: 'sent', timestamp: '2026-07-01T00:00:00.000Z' },
      msisdn: '+659123xxxx',
      source: expect.any(String),
      body: '**MASKED**',
      encoding: 'GSM7',
      createdAt: '2026-07-01T00:00:00.000Z',
      smsCount: 1,
      price: { total: 0.034, perSms: 0.034, currency: 'USD' },
      clientMessageId: 'one',
    });
  });

  it('takes values and fields of the future, null for what is missing, and no price', async () => {
    const { sms, emulator } = startClient({}, { pace: false });
    const status = { state: 'teleported', detail: 'by_owl', errorCode: 61, errorMessage: 'x', future: {} };
    const body = JSON.stringify({ ...details, status, price: null, country: null, batchId: 7, future: [1] });
    emulator.failNext({ status: 200, body });
    const { future: _, ...known } = status;
    expect(await sms.messages.get(UNKNOWN)).toEqual({ ...details, status: known });
  });

  it.each([
    ['[]', 'the answer is not an object'],
    ['{}', 'umid is not a text'],
    [JSON.stringify({ ...details, status: 'sent' }), 'status is not an object'],
    [JSON.stringify({ ...details, smsCount: '2' }), 'smsCount is not a number'],
    [JSON.stringify({ ...details, price: { total: 1 } }), 'perSms is not a number'],
    ['<html>', 'is not JSON'],
  ])('is an ApiError when 200 answers %s', async (body, problem) => {
    const { sms, emulator } = startClient({}, { pace: false });
    emulator.failNext({ status: 200, body });
    const error = await errorOf(sms.messages.get(UNKNOWN));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 'api', submission: 'not-submitted', status: 200, attempts: 1 });
    expect((error as Error).message).toContain(problem);
  });

  it('waits in the lane of one per second, and is repeated when the response was lost', async () => {
    vi.useFakeTimers();
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const { sms, emulator, calls } = startClient({}, { pace: false, retry: { baseMs: 1, maxMs: 1 } });
    const sent = await sms.messages.send(message);
    emulator.failNext('lost-response');
    // The emulator grants one a second, and its clock stands still.
    emulator.failNext({ status: 200, body: JSON.stringify(details) });
    const got = sms.messages.get(sent.umid);
    await vi.advanceTimersByTimeAsync(999);
    expect(calls().filter((call) => call.startsWith('GET'))).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await got).status.state).toBe('delivered');
    expect(calls().filter((call) => call.startsWith('GET'))).toHaveLength(2);
  });
});

describe('ids', () => {
  const { sms, emulator } = startClient();
  const { messages } = sms;
  it.each([
    ['umid', (id: string) => messages.get(id)],
    ['umid', (id: string) => messages.cancel(id)],
    ['batchId', (id: string) => messages.cancelBatch(id)],
    ['umid', (id: string) => messages.deletePii(id)],
    ['umid', (id: string) => messages.feedback(id, { outcome: 'success' })],
    ['jobId', (id: string) => sms.exports.get(id)],
    ['jobId', (id: string) => sms.exports.cancel(id)],
    ['surveyId', (id: string) => sms.surveys.send({ ...message, surveyId: id, templateBody: 'x' } as never)],
  ])('%s is a text of 1 to 200 characters and one segment', async (name, call) => {
    for (const bad of ['', 'x'.repeat(201), 7, undefined, '..', '\ud800']) {
      const error = await errorOf(call(bad as string));
      expect(error).toBeInstanceOf(ValidationError);
      expect(error).toMatchObject({ submission: 'not-submitted' });
    }
    expect(await errorOf(call(''))).toMatchObject({ path: name });
    expect(emulator.requests).toEqual([]);
  });

  it('are percent-encoded', async () => {
    const { sms: other, emulator: server } = startClient({}, { pace: false });
    await errorOf(other.messages.cancel('a/b?c#d'));
    expect(server.requests[0]?.path).toMatch(/\/messages\/a%2Fb%3Fc%23d$/);
  });
});

describe('messages.cancel, cancelBatch, deletePii', () => {
  it('cancels one scheduled message, once', async () => {
    const { sms, emulator } = startClient();
    const { umid } = await sms.messages.send({ ...message, scheduled: inAnHour });
    expect(await sms.messages.cancel(umid)).toEqual({ cancelledCount: 1 });
    expect(await sms.messages.cancel(umid)).toEqual({ cancelledCount: 0 });
    expect(emulator.messages[0]?.state).toBe('cancelled');
  });

  it('cancels a batch', async () => {
    const { sms } = startClient();
    const destinations = ['+6591234567', '+6598765432'];
    const template = { text: 'Soon', scheduled: inAnHour };
    const { batchId = '' } = await sms.messages.sendBatch({ destinations, template });
    expect(await sms.messages.cancelBatch(batchId)).toEqual({ cancelledCount: 2 });
    const error = await errorOf(sms.messages.cancelBatch(UNKNOWN));
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ submission: 'not-submitted', apiCode: 1008 });
  });

  it('removes personal data', async () => {
    const { sms, emulator } = startClient();
    const { umid } = await sms.messages.send(message);
    expect(await sms.messages.deletePii(umid)).toBeUndefined();
    expect(emulator.messages[0]).toMatchObject({ text: '**MASKED**', personalDataRemoved: true });
    expect(await errorOf(sms.messages.deletePii(UNKNOWN))).toBeInstanceOf(NotFoundError);
  });

  it('may be repeated: an answer that cannot be read is no unknown outcome', async () => {
    const { sms, emulator } = startClient();
    emulator.failNext({ status: 200, body: '{}' });
    const error = await errorOf(sms.messages.cancel(UNKNOWN));
    expect(error).toMatchObject({ code: 'api', submission: 'not-submitted' });
    expect((error as Error).message).toContain('cancelledCount is not a number');
  });
});

describe('messages.feedback', () => {
  const otp = { ...message, purpose: 'otp' } as const;

  it('reports, and clears the backoff of the number', async () => {
    const { sms, emulator, events, lastBody } = startClient();
    const { umid } = await sms.messages.send({ ...otp, track: 'Outcome' });
    expect(await errorOf(sms.messages.send(otp))).toMatchObject({ code: 'limit', guard: 'backoff' });
    const timestamp = new Date(START + 1000);
    const feedback = { outcome: 'success', destination: '9123 4567', country: 'SG', timestamp } as const;
    expect(await sms.messages.feedback(umid, feedback)).toBeUndefined();
    expect(lastBody()).toEqual({ outcome: 'success', timestamp: timestamp.toISOString() });
    expect(emulator.messages[0]?.feedback?.outcome).toBe('success');
    expect(events).toContainEqual({
      type: 'backoff-cleared',
      destination: '+65******67',
      country: 'SG',
      callingCode: '65',
      at: START,
    });
    await sms.messages.send(otp);
    expect(emulator.messages).toHaveLength(2);
  });

  it.each([{ outcome: 'failure', destination: NUMBER } as const, { outcome: 'success' } as const])(
    'keeps the backoff after %j',
    async (feedback) => {
      const { sms, events } = startClient();
      const { umid } = await sms.messages.send(otp);
      await sms.messages.feedback(umid, feedback);
      expect(await errorOf(sms.messages.send(otp))).toMatchObject({ guard: 'backoff' });
      expect(events.map(({ type }) => type)).not.toContain('backoff-cleared');
    },
  );

  it('clears the backoff even when 8x8 cannot be told, and is never repeated', async () => {
    const { sms, emulator, calls } = startClient({}, { retry: { maxAttempts: 3, baseMs: 1, maxMs: 1 } });
    const { umid } = await sms.messages.send(otp);
    emulator.failNext('500');
    const error = await errorOf(sms.messages.feedback(umid, { outcome: 'success', destination: NUMBER }));
    expect(error).toBeInstanceOf(ServerError);
    expect(error).toMatchObject({ submission: 'unknown' });
    expect(calls().filter((call) => call.endsWith('/feedback'))).toHaveLength(1);
    expect((await sms.messages.send(otp)).status).toBe('accepted');
  });

  it('clears what another client of the scope counted, with the guard switched off', async () => {
    const limits = memoryLimits();
    const { sms, emulator } = startClient({}, { limits });
    const { sms: worker } = startClient({}, { limits, fetch: emulator.fetch, guards: { backoff: false } });
    const { umid } = await sms.messages.send(otp);
    await worker.messages.feedback(umid, { outcome: 'success', destination: NUMBER });
    expect((await sms.messages.send(otp)).status).toBe('accepted');
  });

  it.each([
    ['guards.release', (sms: SmsClient) => sms.guards.release(NUMBER)],
    ['consent.forget', (sms: SmsClient) => sms.consent.forget(NUMBER)],
  ])('remembers the visitor until %s, also with the backoff guard switched off', async (_, forget) => {
    const limits = memoryLimits();
    const ledger = memoryConsentLedger();
    const consent = { ledger, forgetSecret: 'f'.repeat(32) };
    const { sms, events } = startClient({}, { limits, guards: { backoff: false, consent } });
    const { sms: support } = startClient({}, { limits });
    const known = async () => {
      const { counters } = await support.guards.inspect(NUMBER, { guard: 'backoff' });
      return counters.filter(({ rule }) => rule === 'known-subjects').map(({ count }) => count);
    };
    const { umid } = await sms.messages.send(otp);
    await sms.messages.feedback(umid, { outcome: 'success', destination: NUMBER, subject: 'device-1' });
    expect(await known()).toEqual([1]);
    await forget(sms);
    expect(await known()).toEqual([]);
    for (const event of events)
      expect(event).not.toMatchObject({ guards: expect.arrayContaining(['backoff']) });
  });

  it('says what did not happen when the limit store cannot remember the visitor', async () => {
    const memory = memoryLimits();
    const limits = { ...storeOf(memory), take: () => Promise.reject(new Error(NUMBER)) };
    const { sms, calls } = startClient({}, { limits });
    const success = { outcome: 'success', destination: NUMBER, subject: 'device-1' } as const;
    const error = await errorOf(sms.messages.feedback(UNKNOWN, success));
    expect(error).toMatchObject({ code: 'store', submission: 'not-submitted' });
    expect((error as Error).message).toBe('The limit store failed, so the success was not recorded.');
    expect(calls()).toEqual([]);
  });

  it('throws when the limit store fails, and reports nothing', async () => {
    const limits = { ...storeOf(memoryLimits()), release: () => Promise.reject(new Error(NUMBER)) };
    const { sms, events, calls } = startClient({}, { limits });
    const { umid } = await sms.messages.send(otp);
    const error = await errorOf(sms.messages.feedback(umid, { outcome: 'success', destination: NUMBER }));
    expect(error).toBeInstanceOf(StoreError);
    expect(String(error)).not.toContain('91234567');
    expect(events.at(-1)).toMatchObject({ type: 'store-failed', store: 'limits' });
    expect(calls()).toEqual(['POST /messages']);
  });

  it.each([
    [{}, 'feedback.outcome'],
    [{ outcome: 'maybe' }, 'feedback.outcome'],
    [{ outcome: 'success', timestamp: 'yesterday' }, 'feedback.timestamp'],
    [{ outcome: 'success', country: 'Singapore' }, 'feedback.country'],
    [{ outcome: 'success', destinations: [] }, 'feedback.destinations'],
    [null, 'feedback'],
  ])('refuses %j', async (feedback, path) => {
    const { sms, emulator } = startClient();
    const error = await errorOf(sms.messages.feedback(UNKNOWN, feedback as never));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path });
    expect(emulator.requests).toEqual([]);
  });

  it('refuses a destination that is no number, before it reports', async () => {
    const { sms, emulator } = startClient();
    const feedback = { outcome: 'success', destination: '12' } as const;
    expect(await errorOf(sms.messages.feedback(UNKNOWN, feedback))).toBeInstanceOf(InvalidPhoneNumberError);
    expect(emulator.requests).toEqual([]);
  });
});

function storeOf(limits: ReturnType<typeof memoryLimits>) {
  return {
    take: limits.take.bind(limits),
    settle: limits.settle.bind(limits),
    inspect: limits.inspect.bind(limits),
    release: limits.release.bind(limits),
  };
}

describe('messages.estimate', () => {
  it('says what forces UCS-2 and what would replace it', () => {
    const { sms, emulator } = startClient();
    const text = `${'a'.repeat(100)}’`;
    const estimate = sms.messages.estimate({ text });
    expect(estimate).toMatchObject({ encoding: 'UCS2', parts: 2, afterReplacement: { parts: 1 } });
    expect(sms.messages.estimate({ text, encoding: 'GSM7' })).toMatchObject({ unencodable: 1, parts: 1 });
    expect(sms.messages.estimate({ text: '' }).parts).toBe(0);
    expect(emulator.requests).toEqual([]);
  });

  it('estimates the text as it would be sent', () => {
    const { sms } = startClient({}, { guards: { content: { replaceTypography: true } } });
    expect(sms.messages.estimate({ text: '’' })).toMatchObject({
      encoding: 'GSM7',
      charactersForcingUcs2: [],
    });
  });

  it('knows the price once the list was fetched', async () => {
    const { sms } = startClient();
    const input = { text: 'a'.repeat(161), destination: NUMBER };
    expect(sms.messages.estimate(input).price).toBeUndefined();
    await sms.account.prices({ country: 'SG' });
    expect(sms.messages.estimate(input).price).toEqual({
      perPart: 0.034,
      source: 'price-list',
      amount: 0.068,
      currency: 'USD',
      country: 'SG',
      isHighestOfSeveral: false,
    });
    expect(sms.messages.estimate({ text: 'a', country: 'sg' }).price?.amount).toBe(0.034);
    expect(sms.messages.estimate({ text: 'a', destination: '+4915112345678' }).price).toBeUndefined();
    expect(sms.messages.estimate({ text: 'a' }).price).toBeUndefined();
    expect(sms.messages.estimate({ text: 'a', destination: '+870773111632' }).price).toBeUndefined();
  });

  it('takes the default country for a national number', async () => {
    const { sms } = startClient({}, { defaultCountry: 'SG' });
    await sms.account.prices();
    expect(sms.messages.estimate({ text: 'a', destination: '9123 4567' }).price?.country).toBe('SG');
    expect(sms.messages.estimate({ text: 'a' }).price?.country).toBe('SG');
  });

  it.each([
    [{}, 'message.text'],
    [{ text: 1 }, 'message.text'],
    [{ text: 'a'.repeat(1_000_000) }, 'message.text'],
    [{ text: 'a', encoding: 'GSM8' }, 'message.encoding'],
    [undefined, 'message'],
  ])('refuses %o', (input, path) => {
    const { sms } = startClient();
    let error: unknown;
    try {
      sms.messages.estimate(input as never);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path });
  });

  it('refuses a destination that is no number', () => {
    const { sms } = startClient();
    expect(() => sms.messages.estimate({ text: 'a', destination: 'x' })).toThrow(InvalidPhoneNumberError);
  });
});

describe('every method', () => {
  const calls = (sms: ReturnType<typeof startClient>['sms'], options: object) => [
    sms.messages.get(UNKNOWN, options),
    sms.messages.cancel(UNKNOWN, options),
    sms.messages.cancelBatch(UNKNOWN, options),
    sms.messages.deletePii(UNKNOWN, options),
    sms.messages.feedback(UNKNOWN, { outcome: 'failure' }, options),
    sms.surveys.send({ surveyId: 'nps', destination: NUMBER, templateBody: 'a' }, options),
    sms.exports.start({}, options),
    sms.exports.get('job', options),
    sms.exports.cancel('job', options),
    sms.exports.run({}, options).next(),
    sms.account.prices({}, options),
    sms.account.balance(options),
    sms.webhookSettings.list(options),
    sms.webhookSettings.set([{ subAccountId: '*', url: 'https://team.example' }], options),
    sms.webhookSettings.delete([{ subAccountId: '*' }], options),
  ];

  it('obeys an aborted signal, and sends nothing', async () => {
    const { sms, emulator } = startClient();
    const errors = await Promise.all(calls(sms, { signal: AbortSignal.abort() }).map(errorOf));
    for (const error of errors) expect(error).toBeInstanceOf(AbortedError);
    expect(emulator.requests).toEqual([]);
  });

  it('checks its options', async () => {
    const { sms } = startClient();
    const errors = await Promise.all(calls(sms, { timeout: 1 }).map(errorOf));
    for (const error of errors) expect(error).toMatchObject({ code: 'validation', path: 'options.timeout' });
  });

  it('is refused by a closed client', async () => {
    const { sms } = startClient();
    await sms.close();
    const errors = await Promise.all(calls(sms, {}).map(errorOf));
    for (const error of errors) expect(error).toBeInstanceOf(ConfigurationError);
  });

  it('hands its context to the events', async () => {
    const contexts: unknown[] = [];
    const { sms } = startClient(
      { prepaid: true },
      {
        onEvent(_, { context }) {
          contexts.push(context);
        },
      },
    );
    await sms.account.balance({ context: 'mine' });
    expect(contexts).toEqual(['mine', 'mine']);
  });

  it('names no key and no number in what it throws', async () => {
    const { sms } = startClient({ apiKey: 'another' });
    for (const error of await Promise.all(calls(sms, {}).map(errorOf))) {
      expect(SmsError.isInstance(error)).toBe(true);
      expect(JSON.stringify(error)).not.toMatch(/a-key-of-the-tests|91234567/);
    }
  });
});
