import { describe, expect, it } from 'vitest';
import { LimitError } from '../../src/errors.ts';
import type { GuardsOptions } from '../../src/guards/registry.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import { numberOf, testClient } from '../support/client.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { lostConnection } from '../support/respond-with.ts';
import { failureOf } from '../support/transport.ts';

const MINUTES_MS = 60_000;
const text = 'Your order 4711 is on its way.';
const message = { destination: numberOf(1), text };

const startWith = (duplicate: GuardsOptions['duplicate'], more: Parameters<typeof testClient>[0] = {}) =>
  testClient({
    ...more,
    guards: { recipient: false, consent: { check: () => true }, ...more.guards, duplicate },
  });

describe('guards.duplicate', () => {
  it('refuses the same text to the same number within the window', async () => {
    const { sms, emulator, clock } = startWith({});
    await sms.messages.send(message);
    clock.advance(4 * MINUTES_MS);
    const error = await failureOf(sms.messages.send(message));
    expect(error).toBeInstanceOf(LimitError);
    expect(error).toMatchObject({
      guard: 'duplicate',
      reason: 'duplicate-text',
      submission: 'not-submitted',
      retryAfterMs: 6 * MINUTES_MS,
      decision: { rule: 'duplicate:text', limit: 1, observed: 1, windowMs: 10 * MINUTES_MS, country: 'SG' },
    });
    expect((error as Error).message).toMatch(
      /guards\.duplicate\.windowMs.*Try again in 6 min\. Nothing was sent\.$/,
    );
    expect(JSON.stringify(error)).not.toContain('4711');
    await sms.messages.send({ ...message, destination: numberOf(2) });
    await sms.messages.send({ ...message, text: `${text} ` });
    clock.advance(6 * MINUTES_MS);
    await sms.messages.send(message);
    expect(emulator.messages).toHaveLength(4);
  });

  it('takes windowMs and purposes; other codes are other texts', async () => {
    const { sms, clock } = startWith({ windowMs: 1_000, purposes: ['otp'] }, { guards: { backoff: false } });
    const code = (number: number) =>
      sms.messages.send({ ...message, text: `Your code is ${number}`, purpose: 'otp' });
    await code(4711);
    await code(4712);
    expect(await failureOf(code(4711))).toMatchObject({ reason: 'duplicate-text', retryAfterMs: 1_000 });
    clock.advance(1_000);
    await code(4711);
    await sms.messages.send(message);
    await sms.messages.send(message);
  });

  it('leaves one-time passwords and verifications alone by default', async () => {
    const { sms } = startWith({}, { guards: { backoff: false } });
    await sms.messages.send({ ...message, purpose: 'otp' });
    await sms.messages.send({ ...message, purpose: 'otp' });
    const all = startWith({ purposes: ['otp', 'transactional'] }, { guards: { backoff: false } });
    await all.sms.verifications.start({ destination: numberOf(1), brand: 'Team' });
    all.clock.advance(11_000);
    await all.sms.verifications.start({ destination: numberOf(1), brand: 'Team' });
  });

  it('is exact in a batch and among calls at the same time', async () => {
    const { sms, emulator } = startWith({});
    const { results } = await sms.messages.sendBatch({
      destinations: [numberOf(1), numberOf(2), numberOf(1)],
      template: { text },
    });
    expect(results.map(({ status }) => status)).toEqual(['accepted', 'accepted', 'blocked']);
    const same = { destination: numberOf(3), text };
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => sms.messages.send(same)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(emulator.messages).toHaveLength(3);
  });

  it('counts together over clients of one store, and gives back what was not sent', async () => {
    const clock = createFakeClock();
    const limits = memoryLimits({ clock });
    const shared = { limits, clock, scope: 'team' };
    const one = startWith({}, shared);
    const other = startWith({}, { ...shared, guards: { countries: { allow: ['ID'] } } });
    expect(await failureOf(other.sms.messages.send(message))).toMatchObject({ guard: 'countries' });
    const refused = startWith(
      {},
      { ...shared, fetch: async () => new Response('{"code":1002}', { status: 400 }) },
    );
    expect(await failureOf(refused.sms.messages.send(message))).toMatchObject({ submission: 'rejected' });
    await one.sms.messages.send(message);
    const third = startWith({}, shared);
    expect(await failureOf(third.sms.messages.send(message))).toMatchObject({ reason: 'duplicate-text' });
  });

  it('keeps what may have left', async () => {
    const { sms } = startWith({}, { fetch: () => Promise.reject(lostConnection()) });
    expect(await failureOf(sms.messages.send(message))).toMatchObject({ submission: 'unknown' });
    expect(await failureOf(sms.messages.send(message))).toMatchObject({ reason: 'duplicate-text' });
  });

  it('does not come between an idempotencyKey and its first result', async () => {
    const { sms, emulator } = startWith({});
    const once = { ...message, idempotencyKey: 'order-4711' };
    const first = await sms.messages.send(once);
    expect(await sms.messages.send(once)).toMatchObject({ umid: first.umid, repeated: true });
    expect(emulator.messages).toHaveLength(1);
  });

  it('reads the text of a survey with its variables', async () => {
    const { sms } = startWith({});
    const invite = (name: string) =>
      sms.surveys.send({
        surveyId: 'nps',
        destination: numberOf(1),
        templateBody: 'Hi {{name}}: {{url}}',
        templateVariables: { name },
      });
    await invite('Mei');
    await invite('Tan');
    expect(await failureOf(invite('Mei'))).toMatchObject({ reason: 'duplicate-text' });
  });

  it('only counts in monitor mode, and is off without being configured', async () => {
    const watching = startWith({ mode: 'monitor' });
    await watching.sms.messages.send(message);
    await watching.sms.messages.send(message);
    expect(watching.of('guard-observed')).toMatchObject([
      { decision: { guard: 'duplicate', reason: 'duplicate-text', mode: 'monitor' } },
    ]);
    const off = startWith(undefined);
    await off.sms.messages.send(message);
    await off.sms.messages.send(message);
    expect(off.emulator.messages).toHaveLength(2);
  });

  it('gives the store no text', async () => {
    const limits = memoryLimits();
    const keys: unknown[] = [];
    const { sms } = startWith(
      {},
      {
        limits: {
          ...limits,
          take: (scope, requests, options) => {
            keys.push(...requests.flatMap(({ rules }) => rules.filter(({ guard }) => guard === 'duplicate')));
            return limits.take(scope, requests, options);
          },
          settle: (...asked) => limits.settle(...asked),
          inspect: (...asked) => limits.inspect(...asked),
          release: (...asked) => limits.release(...asked),
        },
      },
    );
    await sms.messages.send(message);
    expect(keys).toMatchObject([{ kind: 'window', key: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
    expect(await sms.guards.inspect(numberOf(1), { guard: 'duplicate' })).toMatchObject({ counters: [] });
  });
});
