import { describe, expect, it } from 'vitest';
import { ValidationError } from '../../../src/index.ts';
import { CANARY_NUMBER, expectNoCanary } from '../../support/canary.ts';
import { numberOf, testClient } from '../../support/client.ts';
import { NOON } from '../../support/fake-clock.ts';
import { failureOf } from '../../support/transport.ts';

const quarter = 15 * 60_000;
const otp = { destination: numberOf(1), text: 'Your code is 4711', purpose: 'otp' } as const;
const UNKNOWN = '00000000-0000-4000-8000-000000000000';

describe('messages.feedback after 15 minutes', () => {
  it.each([
    ['a one-time password', { ...otp }],
    ["a message with track: 'Outcome'", { ...otp, purpose: 'transactional', track: 'Outcome' }],
  ] as const)('is refused for %s of this client', async (_, message) => {
    const { sms, emulator, clock } = testClient();
    const { umid } = await sms.messages.send(message);
    clock.advance(quarter);
    await sms.messages.feedback(umid, { outcome: 'failure' });
    clock.advance(1);
    const error = await failureOf(sms.messages.feedback(umid, { outcome: 'failure' }));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path: 'feedback.sendLate', submission: 'not-submitted' });
    expect((error as Error).message).toBe(
      'The message was sent 15 min 1 s ago, and 8x8 makes nothing of an outcome after 15 min. Set sendLate to report it all the same. Nothing was sent.',
    );
    expect(emulator.requests).toHaveLength(2);
  });

  it('is sent when asked for', async () => {
    const { sms, emulator, clock } = testClient();
    const { umid } = await sms.messages.send(otp);
    clock.advance(quarter + 1);
    await sms.messages.feedback(umid, { outcome: 'success', sendLate: true });
    expect(emulator.requests.at(-1)?.body).toEqual({ outcome: 'success' });
    expect(emulator.messages[0]?.feedback).toMatchObject({ outcome: 'success', inTime: false });
  });

  it('still clears the backoff, and says so', async () => {
    const { sms, clock, of } = testClient({ guards: { backoff: { baseMs: 3_600_000 } } });
    const { umid } = await sms.messages.send({ ...otp, destination: CANARY_NUMBER });
    clock.advance(quarter + 1);
    const late = { outcome: 'success', destination: CANARY_NUMBER } as const;
    const error = await failureOf(sms.messages.feedback(umid, late));
    expect((error as Error).message).toContain('The wait of the number was cleared.');
    expectNoCanary(error);
    expect(of('backoff-cleared')).toHaveLength(1);
    await sms.messages.send({ ...otp, destination: CANARY_NUMBER });
  });

  it('goes by sentAt when it is given, as a date or as text', async () => {
    const { sms, clock } = testClient();
    const { umid } = await sms.messages.send(otp);
    const old = NOON - quarter - 1;
    for (const sentAt of [new Date(old), new Date(old).toISOString()]) {
      const error = await failureOf(sms.messages.feedback(umid, { outcome: 'failure', sentAt }));
      expect(error).toMatchObject({ path: 'feedback.sendLate' });
    }
    clock.advance(quarter + 1);
    await sms.messages.feedback(umid, { outcome: 'failure', sentAt: new Date(NOON + 1) });
  });

  it('counts a scheduled message from the time it is due', async () => {
    const { sms, clock } = testClient();
    const { umid } = await sms.messages.send({ ...otp, scheduled: new Date(NOON + 3_600_000) });
    clock.advance(3_600_000 + quarter);
    await sms.messages.feedback(umid, { outcome: 'failure' });
    clock.advance(1);
    expect(await failureOf(sms.messages.feedback(umid, { outcome: 'failure' }))).toMatchObject({
      code: 'validation',
    });
  });

  it('remembers every message of a batch', async () => {
    const { sms, clock } = testClient();
    const { results } = await sms.messages.sendBatch({
      messages: [otp, { ...otp, destination: numberOf(2) }, { ...otp, destination: '12' }],
    });
    clock.advance(quarter + 1);
    for (const result of results) {
      if (result.status !== 'accepted') continue;
      expect(await failureOf(sms.messages.feedback(result.umid, { outcome: 'failure' }))).toMatchObject({
        code: 'validation',
      });
    }
    expect(results.map(({ status }) => status)).toEqual(['accepted', 'accepted', 'blocked']);
  });

  it('is sent when nobody knows when the message went out', async () => {
    const { sms, emulator, clock } = testClient();
    const { umid } = await sms.messages.send({ ...otp, purpose: 'transactional' });
    clock.advance(quarter + 1);
    await sms.messages.feedback(umid, { outcome: 'failure' });
    await failureOf(sms.messages.feedback(UNKNOWN, { outcome: 'failure' }));
    expect(emulator.requests).toHaveLength(3);
  });

  it.each([
    [{ outcome: 'success', sentAt: 'yesterday' }, 'feedback.sentAt'],
    [{ outcome: 'success', sendLate: 'yes' }, 'feedback.sendLate'],
  ])('refuses %j', async (feedback, path) => {
    const { sms, emulator } = testClient();
    expect(await failureOf(sms.messages.feedback(UNKNOWN, feedback as never))).toMatchObject({ path });
    expect(emulator.requests).toEqual([]);
  });
});
