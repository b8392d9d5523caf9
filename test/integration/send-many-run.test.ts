import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { numberOf, testClient } from '../support/client.ts';
import { failureOf } from '../support/transport.ts';

const rows = [0, 1, 2].map((index) => ({ destination: numberOf(index), text: 'Hello' }));

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('run()', () => {
  it('sends to the end and returns the counts', async () => {
    const { sms, emulator } = testClient();
    const seen: number[] = [];
    const input = [...rows, { destination: 'nobody', text: 'Hello' }];
    const counts = await sms.messages.sendMany(input).run((result) => void seen.push(result.index));
    expect(counts).toEqual({ accepted: 3, rejected: 0, blocked: 1, failed: 0 });
    expect(seen).toEqual([0, 1, 2, 3]);
    expect(emulator.messages).toHaveLength(3);
  });

  it('throws what ended the run, also what its function throws', async () => {
    const { sms } = testClient();
    expect(await failureOf(sms.messages.sendMany(5 as never).run())).toMatchObject({ code: 'validation' });
    const own = new Error('mine');
    const fails = () => Promise.reject(own);
    await expect(sms.messages.sendMany(rows).run(fails)).rejects.toBe(own);
  });
});

describe('a sendMany whose results nobody reads', () => {
  it.each([
    ['awaited', async (run: unknown) => void (await run)],
    ['dropped', async () => {}],
  ])('that is %s sends nothing, and says so', async (_, use) => {
    const { sms, of, emulator } = testClient();
    await use(sms.messages.sendMany(rows));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(emulator.messages).toEqual([]);
    expect(of('send-many-not-read')).toMatchObject([{ operation: 'messages.sendMany' }]);
    expect(vi.mocked(console.warn).mock.calls).toEqual([
      [expect.stringContaining('messages.sendMany was called, and nobody reads its results')],
    ]);
  });

  it('is reported only to the logger if there is one, and not at all when the log is off', async () => {
    const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    testClient({ logger }).sms.messages.sendMany(rows);
    testClient({ logLevel: 'off' }).sms.messages.sendMany(rows);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(logger.warn).toHaveBeenCalledOnce();
    expect(console.warn).not.toHaveBeenCalled();
  });

  it('may be returned from an async function and read in time', async () => {
    const { sms, of } = testClient();
    const start = async () => sms.messages.sendMany(rows);
    const results = [];
    for await (const result of await start()) results.push(result.status);
    expect(results).toEqual(['accepted', 'accepted', 'accepted']);
    const left = sms.messages.sendMany(rows);
    await left.return();
    const thrown = sms.messages.sendMany(rows);
    await expect(thrown.throw(new Error('x'))).rejects.toThrow('x');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(of('send-many-not-read')).toEqual([]);
  });
});

describe('feedbackInBackground', () => {
  it('reports, returns at once and is waited for by close()', async () => {
    const { sms, emulator, of } = testClient();
    const sent = await sms.messages.send({
      ...rows[0],
      text: 'Hello',
      destination: numberOf(0),
      track: 'Outcome',
    });
    expect(sms.messages.feedbackInBackground(sent.umid, { outcome: 'success' })).toBeUndefined();
    await sms.close();
    expect(emulator.requests.at(-1)?.path).toContain('/feedback');
    expect(of('feedback-failed')).toEqual([]);
  });

  it('never throws: a failure is an event', async () => {
    const { sms, of } = testClient();
    sms.messages.feedbackInBackground('umid', { outcome: 'maybe' as never });
    sms.messages.feedbackInBackground(undefined as never, undefined as never);
    await sms.close();
    sms.messages.feedbackInBackground('umid', { outcome: 'success' });
    await vi.advanceTimersByTimeAsync(0);
    expect(of('feedback-failed').map(({ errorCode }) => errorCode)).toEqual([
      'validation',
      'validation',
      'configuration',
    ]);
  });
});

describe('allowedRecipients', () => {
  const allowedRecipients = [numberOf(0), '9100 0001'];
  const options = { allowedRecipients, defaultCountry: 'SG' };

  it('lets nobody else get a message, in any spelling or mode', async () => {
    const { sms, of, emulator } = testClient({ ...options, guards: { phone: { mode: 'monitor' } } });
    const counts = await sms.messages.sendMany(rows).run();
    expect(counts).toMatchObject({ accepted: 2, blocked: 1 });
    expect(emulator.messages).toHaveLength(2);
    const refused = await failureOf(sms.messages.send(rows[2] as (typeof rows)[0]));
    expect(refused).toMatchObject({
      code: 'guard',
      guard: 'allowedRecipients',
      reason: 'recipient-not-allowed',
      submission: 'not-submitted',
      message: expect.stringContaining('allowedRecipients'),
    });
    expect(of('message-blocked').at(-1)).toMatchObject({ decision: { reason: 'recipient-not-allowed' } });
    const started = await failureOf(sms.verifications.start({ destination: numberOf(2), brand: 'Team' }));
    expect(started).toMatchObject({ reason: 'recipient-not-allowed' });
  });

  it('allows nobody when it is empty, and names an unreadable entry without showing it', async () => {
    const { sms } = testClient({ allowedRecipients: [] });
    expect(await failureOf(sms.messages.send(rows[0] as (typeof rows)[0]))).toMatchObject({
      reason: 'recipient-not-allowed',
    });
    expect(() => testClient({ allowedRecipients: [numberOf(0), '+65 1'] })).toThrow(
      /^allowedRecipients\[1\] is not a phone number\./,
    );
  });
});
