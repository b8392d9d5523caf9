import { describe, expect, it } from 'vitest';
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
  ] as const)('is sent for %s of this client, and an event says that it is late', async (_, message) => {
    const { sms, emulator, clock, of } = testClient();
    const { umid } = await sms.messages.send(message);
    clock.advance(quarter);
    await sms.messages.feedback(umid, { outcome: 'failure' });
    expect(of('feedback-late')).toEqual([]);
    clock.advance(1);
    await sms.messages.feedback(umid, { outcome: 'success' });
    expect(emulator.requests.at(-1)?.body).toEqual({ outcome: 'success' });
    expect(emulator.messages[0]?.feedback).toMatchObject({ outcome: 'success', inTime: false });
    expect(of('feedback-late')).toMatchObject([{ ageMs: quarter + 1 }]);
  });

  it('still clears the backoff', async () => {
    const { sms, clock, of } = testClient({ guards: { backoff: { baseMs: 3_600_000 } } });
    const { umid } = await sms.messages.send({ ...otp, destination: CANARY_NUMBER });
    clock.advance(quarter + 1);
    await sms.messages.feedback(umid, { outcome: 'success', destination: CANARY_NUMBER });
    expect(of('backoff-cleared')).toHaveLength(1);
    expectNoCanary(of('feedback-late'));
    await sms.messages.send({ ...otp, destination: CANARY_NUMBER });
  });

  it('goes by sentAt when it is given, as a date or as text', async () => {
    const { sms, clock, of } = testClient();
    const { umid } = await sms.messages.send(otp);
    const old = NOON - quarter - 1;
    for (const sentAt of [new Date(old), new Date(old).toISOString()]) {
      await sms.messages.feedback(umid, { outcome: 'failure', sentAt });
    }
    expect(of('feedback-late')).toMatchObject([{ ageMs: quarter + 1 }, { ageMs: quarter + 1 }]);
    clock.advance(quarter + 1);
    await sms.messages.feedback(umid, { outcome: 'failure', sentAt: new Date(NOON + 1) });
    expect(of('feedback-late')).toHaveLength(2);
  });

  it('counts a scheduled message from the time it is due', async () => {
    const { sms, clock, of } = testClient();
    const { umid } = await sms.messages.send({ ...otp, scheduled: new Date(NOON + 3_600_000) });
    clock.advance(3_600_000 + quarter);
    await sms.messages.feedback(umid, { outcome: 'failure' });
    expect(of('feedback-late')).toEqual([]);
    clock.advance(1);
    await sms.messages.feedback(umid, { outcome: 'failure' });
    expect(of('feedback-late')).toHaveLength(1);
  });

  it('remembers every message of a batch', async () => {
    const { sms, clock, of } = testClient();
    const { results } = await sms.messages.sendBatch({
      messages: [otp, { ...otp, destination: numberOf(2) }, { ...otp, destination: '12' }],
    });
    clock.advance(quarter + 1);
    for (const result of results) {
      if (result.status === 'accepted') await sms.messages.feedback(result.umid, { outcome: 'failure' });
    }
    expect(of('feedback-late')).toHaveLength(2);
    expect(results.map(({ status }) => status)).toEqual(['accepted', 'accepted', 'blocked']);
  });

  it('raises no event when the report failed', async () => {
    const { sms, emulator, of } = testClient();
    emulator.failNext('500');
    const sentAt = new Date(NOON - quarter - 1);
    await failureOf(sms.messages.feedback(UNKNOWN, { outcome: 'failure', sentAt }));
    expect(of('feedback-late')).toEqual([]);
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
    [{ outcome: 'success', sendLate: true }, 'feedback.sendLate'],
  ])('refuses %j', async (feedback, path) => {
    const { sms, emulator } = testClient();
    expect(await failureOf(sms.messages.feedback(UNKNOWN, feedback as never))).toMatchObject({ path });
    expect(emulator.requests).toEqual([]);
  });
});
