import { describe, expect, it } from 'vitest';
import type { SmsClientOptions } from '../../src/config/options.ts';
import { numberOf, type TestClient, testClient } from '../support/client.ts';

const destination = numberOf(1);
const national = { destination: destination.slice(3), country: 'SG' } as const;
const otp = { ...national, text: 'Your code is 4711', purpose: 'otp' } as const;

/** Every way to send a one-time password, and the time of the next one by its result. */
const WAYS: readonly (readonly [name: string, send: (client: TestClient) => Promise<unknown>])[] = [
  ['messages.send', ({ sms }) => sms.messages.send(otp)],
  ['messages.sendBatch', async ({ sms }) => (await sms.messages.sendBatch({ messages: [otp] })).results[0]],
  [
    'messages.sendMany',
    async ({ sms }) => {
      for await (const result of sms.messages.sendMany([otp])) return result;
      return undefined;
    },
  ],
  ['verifications.start', ({ sms }) => sms.verifications.start(national)],
  [
    'oneTimePasswords.issue',
    ({ sms }) => sms.oneTimePasswords.issue({ ...national, subject: 'visitor', text: ({ code }) => code }),
  ],
];

describe.each(WAYS)('%s', (_, send) => {
  it('returns the number in E.164, and when the next one-time password is admitted', async () => {
    const client = testClient();
    for (const waitMs of [30_000, 60_000, 120_000]) {
      const result = await send(client);
      const retryAt = client.clock.now() + waitMs;
      expect(result).toMatchObject({ destination, retryAt });
      client.clock.advance(waitMs - 1);
      const early = await Promise.resolve(send(client)).catch((error: unknown) => error);
      expect(early).not.toMatchObject({ status: 'accepted' });
      client.clock.advance(1);
    }
  });

  it.each([[{ backoff: false }], [{ backoff: { mode: 'monitor' } }]] satisfies [
    SmsClientOptions['guards'],
  ][])('names no time of ours with the guards %j', async (guards) => {
    const client = testClient({ guards });
    const { retryAt, retryAfter } = (await send(client)) as { retryAt?: number; retryAfter?: string };
    // 8x8 wants ten seconds between two codes of its own.
    expect(retryAt).toBe(retryAfter === undefined ? undefined : client.clock.now() + 10_000);
  });
});

describe('the result of a message', () => {
  it('says when a blocked one-time password is admitted', async () => {
    const { sms, clock } = testClient();
    await sms.messages.send(otp);
    clock.advance(10_000);
    const { results } = await sms.messages.sendBatch({ messages: [otp] });
    expect(results).toMatchObject([{ status: 'blocked', destination, retryAt: clock.now() + 20_000 }]);
  });

  it('names no time for another purpose, or when nothing was kept', async () => {
    const { sms, emulator } = testClient();
    const { purpose: _, ...plain } = otp;
    expect('retryAt' in (await sms.messages.send(plain))).toBe(false);
    emulator.failNext('reject');
    const { results } = await sms.messages.sendBatch({ messages: [otp] });
    expect(results).toMatchObject([{ status: 'rejected', destination }]);
    expect(results[0]).not.toHaveProperty('retryAt');
  });

  it('names the time when the outcome is unknown', async () => {
    const { sms, emulator, clock } = testClient();
    emulator.failNext('lost-response');
    const { results } = await sms.messages.sendBatch({ messages: [otp] });
    expect(results).toMatchObject([{ status: 'failed', destination, retryAt: clock.now() + 30_000 }]);
  });

  it('has the number wherever it could be read', async () => {
    const { sms } = testClient();
    const equal = { destination, text: 'Hello' };
    const { results } = await sms.messages.sendBatch({
      messages: [
        equal,
        { ...national, text: 'Hello' },
        { destination: numberOf(2), text: '{{name}}' },
        { destination: numberOf(3), text: 'a', clientMessageId: 'same' },
        { destination: numberOf(4), text: 'a', clientMessageId: 'same' },
        { destination: 'nobody', text: 'Hello' },
      ],
      mergeDuplicates: true,
    });
    expect(results.map((result) => [result.status, result.destination])).toEqual([
      ['accepted', destination],
      ['accepted', destination],
      ['blocked', numberOf(2)],
      ['accepted', numberOf(3)],
      ['failed', numberOf(4)],
      ['blocked', undefined],
    ]);
    const once = { ...equal, idempotencyKey: 'order-7' };
    await sms.messages.send(once);
    expect(await sms.messages.send(once)).toMatchObject({ repeated: true, destination });
  });
});
