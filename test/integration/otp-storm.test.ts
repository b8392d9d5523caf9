import { describe, expect, it } from 'vitest';
import type { SmsClient } from '../../src/client.ts';
import { LimitError } from '../../src/errors.ts';
import { numberOf, testClient } from '../support/client.ts';

const destination = numberOf(1);

/** The two ways of a one-time password: how it is asked for, and how its success is reported. */
interface Way {
  request(sms: SmsClient): Promise<string>;
  succeed(sms: SmsClient, id: string, code: string): Promise<unknown>;
}

const own: Way = {
  async request(sms) {
    const message = { destination, text: 'Your code is 4711', purpose: 'otp', track: 'Outcome' } as const;
    return (await sms.messages.send(message)).umid;
  },
  succeed: (sms, umid) => sms.messages.feedback(umid, { outcome: 'success', destination }),
};

const verification: Way = {
  request: async (sms) => (await sms.verifications.start({ destination, subject: 'account-7' })).sessionId,
  succeed: (sms, sessionId, code) =>
    sms.verifications.check(sessionId, { code, destination, subject: 'account-7' }),
};

describe.each([
  ['own codes: messages.send and messages.feedback', own],
  ['verifications.start and verifications.check', verification],
] as const)('a storm of requests for one number (%s)', (_, { request, succeed }) => {
  it('meets 0, 30, 60 and 120 seconds, and success clears it', async () => {
    const client = testClient();
    const { sms, clock, emulator } = client;
    const grantedAtS: number[] = [];
    const begin = clock.now();
    let last = '';
    // Somebody presses the button every second.
    for (let second = 0; second <= 220; second += 1) {
      try {
        last = await request(sms);
        grantedAtS.push((clock.now() - begin) / 1_000);
      } catch (error) {
        expect(error).toBeInstanceOf(LimitError);
        expect(error).toMatchObject({ guard: 'backoff', reason: 'too-soon', submission: 'not-submitted' });
      }
      clock.advance(1_000);
    }
    const waits = grantedAtS.map((at, index) => at - (grantedAtS[index - 1] ?? 0));
    expect(waits).toEqual([0, 30, 60, 120]);
    expect(emulator.messages).toHaveLength(4);
    expect(client.of('message-blocked')).toHaveLength(221 - 4);

    await expect(request(sms)).rejects.toMatchObject({ guard: 'backoff' });
    await succeed(sms, last, emulator.verifications.at(-1)?.code ?? '');
    expect(client.of('backoff-cleared')).toMatchObject([{ destination: '+65******01' }]);
    await request(sms);
    clock.advance(29_999);
    await expect(request(sms)).rejects.toMatchObject({ guard: 'backoff', retryAfterMs: 1 });
    clock.advance(1);
    await request(sms);
    expect(emulator.messages).toHaveLength(6);
  });
});

it('a storm of both kinds meets one wait', async () => {
  const { sms, clock } = testClient();
  await own.request(sms);
  await expect(verification.request(sms)).rejects.toMatchObject({ guard: 'backoff', retryAfterMs: 30_000 });
  clock.advance(30_000);
  await verification.request(sms);
  await expect(own.request(sms)).rejects.toMatchObject({ guard: 'backoff', retryAfterMs: 60_000 });
});
