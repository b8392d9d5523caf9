import { describe, expect, it } from 'vitest';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';
import { GuardError, LimitError } from '../../src/errors.ts';
import type { GuardsOptions } from '../../src/guards/registry.ts';
import { API_KEY, numberOf, testClient } from '../support/client.ts';
import { until } from '../support/drive.ts';
import { NOON } from '../support/fake-clock.ts';
import { textOf } from '../support/inbound.ts';
import { failureOf } from '../support/transport.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** NOON is 17:00 in Singapore; the next opening is at 10:00. */
const HOURS = { SG: { from: '10:00', to: '17:00' } } as const;
const WAIT_MS = 17 * HOUR_MS;
const OPENS_AT = NOON + WAIT_MS;
const message = { destination: numberOf(1), text: 'Sale on Monday', purpose: 'marketing' } as const;

function startWith(quietHours: GuardsOptions['quietHours'], guards: GuardsOptions = {}) {
  return testClient({ guards: { consent: { check: () => true }, ...guards, quietHours } });
}

describe('guards.quietHours', () => {
  it('refuses marketing until the hours begin, and not a moment longer', async () => {
    const { sms, emulator, clock, of } = startWith({ hours: HOURS });
    const error = await failureOf(sms.messages.send(message));
    expect(error).toBeInstanceOf(GuardError);
    expect(error).toMatchObject({
      guard: 'quietHours',
      reason: 'quiet-hours',
      submission: 'not-submitted',
      retryAfterMs: WAIT_MS,
      decision: { country: 'SG', explanation: expect.stringContaining('17:00 in Asia/Singapore') },
    });
    expect((error as Error).message).toMatch(
      /^It is 17:00 in Asia\/Singapore.*end at 2026-11-23T02:00:00\.000Z\. Try again in 17 h\..*Nothing was sent\.$/,
    );
    await sms.messages.send({ ...message, purpose: 'transactional' });
    clock.advance(WAIT_MS - 1);
    expect(await failureOf(sms.messages.send(message))).toMatchObject({ retryAfterMs: 1 });
    clock.advance(1);
    await sms.messages.send(message);
    expect(emulator.messages).toHaveLength(2);
    expect(of('message-blocked')).toHaveLength(2);
  });

  it('explains that a message would be scheduled, and tells of one only when it was admitted', async () => {
    const recipient = { limit: 1, windowMs: DAY_MS };
    const { sms, of } = startWith({ hours: HOURS, action: 'schedule' }, { recipient });
    expect(await sms.guards.explain(message)).toMatchObject({ verdict: 'admit', postponedTo: OPENS_AT });
    await sms.messages.send(message);
    expect(await sms.guards.explain(message)).toMatchObject({ verdict: 'refuse' });
    expect(await failureOf(sms.messages.send(message))).toMatchObject({ guard: 'recipient' });
    expect(of('message-postponed')).toHaveLength(1);
  });

  it('refuses in batches, long runs and surveys', async () => {
    const { sms, emulator } = startWith({ hours: HOURS });
    const { results } = await sms.messages.sendBatch({
      purpose: 'marketing',
      messages: [
        { destination: numberOf(1), text: 'a' },
        { destination: '+4915112345678', text: 'a' },
      ],
    });
    expect(results.map(({ status }) => status)).toEqual(['blocked', 'accepted']);
    expect(await sms.messages.sendMany([message]).run()).toMatchObject({ blocked: 1 });
    const survey = { surveyId: 'nps', destination: numberOf(1), templateBody: '{{url}}' } as const;
    expect(await failureOf(sms.surveys.send({ ...survey, purpose: 'marketing' }))).toMatchObject({
      guard: 'quietHours',
    });
    expect(emulator.messages).toHaveLength(1);
  });

  it('only watches in monitor mode, also with schedule, and is off without being configured', async () => {
    const watching = startWith({ hours: HOURS, mode: 'monitor', action: 'schedule' });
    expect(await watching.sms.messages.send(message)).not.toHaveProperty('postponedTo');
    expect(watching.of('guard-observed')).toMatchObject([
      { decision: { guard: 'quietHours', reason: 'quiet-hours', mode: 'monitor', retryAfterMs: WAIT_MS } },
    ]);
    expect(watching.emulator.messages[0]?.scheduledAt).toBeUndefined();
    const off = startWith(undefined);
    await off.sms.messages.send(message);
    expect(off.events.map(({ type }) => type)).not.toContain('guard-observed');
  });
});

describe('guards.quietHours with schedule', () => {
  const schedule = { hours: HOURS, action: 'schedule' } as const;

  it('has 8x8 send the message when the hours begin, and says so', async () => {
    const { sms, emulator, of } = startWith(schedule);
    const sent = await sms.messages.send(message);
    expect(sent).toMatchObject({ status: 'accepted', postponedTo: OPENS_AT });
    expect(emulator.messages[0]?.scheduledAt).toBe(OPENS_AT);
    expect(of('message-postponed')).toMatchObject([
      {
        scheduledAt: OPENS_AT,
        purpose: 'marketing',
        decision: { guard: 'quietHours', reason: 'quiet-hours', retryAfterMs: WAIT_MS },
      },
    ]);
    expect(of('message-blocked')).toEqual([]);
  });

  it('moves each message of a batch, also one whose template is scheduled into the night', async () => {
    const { sms, emulator } = startWith(schedule);
    const { results } = await sms.messages.sendBatch({
      purpose: 'marketing',
      destinations: [numberOf(1), '+4915112345678'],
      template: { text: 'a', scheduled: new Date(NOON + HOUR_MS) },
    });
    expect(results).toMatchObject([{ postponedTo: OPENS_AT }, { status: 'accepted' }]);
    expect(results[1]).not.toHaveProperty('postponedTo');
    expect(emulator.messages.map(({ scheduledAt }) => scheduledAt)).toEqual([OPENS_AT, NOON + HOUR_MS]);
  });

  it('moves surveys and long runs', async () => {
    const { sms, emulator } = startWith(schedule, { content: {} });
    const survey = { surveyId: 'nps', destination: numberOf(1), templateBody: '{{url}}' } as const;
    expect(await sms.surveys.send({ ...survey, purpose: 'marketing' })).toMatchObject({
      postponedTo: OPENS_AT,
    });
    expect(await sms.messages.sendMany([{ ...message, destination: numberOf(2) }]).run()).toMatchObject({
      accepted: 1,
    });
    expect(emulator.messages.at(-1)?.scheduledAt).toBe(OPENS_AT);
  });

  it('counts the message where it arrives, as one that was scheduled', async () => {
    const perPurpose = { marketing: [{ limit: 1, windowMs: 4 * HOUR_MS }] };
    const { sms, clock } = startWith(schedule, { recipient: { perPurpose } });
    await sms.messages.send(message);
    clock.advance(5 * HOUR_MS);
    // The window of now is free again, and the one of the morning is not.
    const error = await failureOf(sms.messages.send(message));
    expect(error).toBeInstanceOf(LimitError);
    expect(error).toMatchObject({ guard: 'recipient', decision: { rule: 'recipient-due:marketing' } });
  });

  it('is reached by an opt-out', async () => {
    const ledger = memoryConsentLedger();
    const { sms, emulator, clock, of } = testClient({
      guards: { consent: { ledger }, quietHours: schedule },
    });
    await sms.consent.grant(message.destination, { scope: 'all', source: 'web-form' });
    await sms.messages.send(message);
    clock.advance(HOUR_MS);
    await sms.consent.handleInbound(textOf('STOP', { at: clock.now() }));
    expect(of('scheduled-cancelled')).toHaveLength(1);
    expect(emulator.messages.map(({ state }) => state)).toEqual(['cancelled']);
  });

  it('sends it once under an idempotencyKey, whenever it is repeated', async () => {
    const { sms, emulator, clock } = startWith(schedule);
    const once = { ...message, idempotencyKey: 'sale-1' };
    const first = await sms.messages.send(once);
    clock.advance(WAIT_MS);
    expect(await sms.messages.send(once)).toMatchObject({ umid: first.umid, repeated: true });
    expect(emulator.messages).toHaveLength(1);
  });

  it('refuses what would expire before, codes, and what 8x8 does not schedule', async () => {
    const { sms } = startWith({ ...schedule, purposes: ['otp', 'marketing'] });
    const expiry = new Date(NOON + HOUR_MS);
    expect(await failureOf(sms.messages.send({ ...message, expiry }))).toMatchObject({
      reason: 'quiet-hours',
      retryAfterMs: WAIT_MS,
    });
    expect(await failureOf(sms.messages.send({ ...message, purpose: 'otp' }))).toMatchObject({
      reason: 'quiet-hours',
    });
    expect(
      await failureOf(sms.verifications.start({ destination: numberOf(2), brand: 'Team' })),
    ).toMatchObject({ reason: 'quiet-hours' });
  });

  it('refuses at the second look: the request cannot become a scheduled one any more', async () => {
    const waiting: (() => void)[] = [];
    const kit = testClient({
      guards: {
        consent: { check: () => true },
        quietHours: { hours: { SG: { from: '10:00', to: '18:00' } }, action: 'schedule' },
      },
      apiKey: () => new Promise((resolve) => void waiting.push(() => resolve(API_KEY))),
      deadlineMs: DAY_MS,
    });
    const failure = failureOf(kit.sms.messages.send(message));
    await until(() => waiting.length === 1);
    kit.clock.advance(HOUR_MS);
    waiting[0]?.();
    expect(await failure).toMatchObject({
      guard: 'quietHours',
      reason: 'quiet-hours',
      retryAfterMs: 16 * HOUR_MS,
    });
    expect(kit.emulator.messages).toEqual([]);
  });
});
