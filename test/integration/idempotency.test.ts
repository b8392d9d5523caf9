import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import { numberOf, testClient } from '../support/client.ts';
import { countingSignal } from '../support/counting-signal.ts';
import { drive, until, useFakeTimeouts } from '../support/drive.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { useInstantDigests } from '../support/instant-digest.ts';
import { failureOf } from '../support/transport.ts';

const message = { destination: numberOf(1), text: 'Hello', idempotencyKey: 'order-7' };
const day = 86_400_000;

beforeEach(() => {
  useFakeTimeouts();
  useInstantDigests();
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('the same idempotencyKey', () => {
  it('accepted: the same result, nothing sent, nothing counted', async () => {
    const { sms, emulator, of } = testClient();
    const first = await sms.messages.send(message);
    expect(await sms.messages.send(message)).toEqual({ ...first, repeated: true });
    expect(emulator.messages).toHaveLength(1);
    expect(of('message-repeated')).toHaveLength(1);
    const { counters } = await sms.guards.inspect(message.destination, { guard: 'recipient' });
    expect(counters).toMatchObject([{ count: 1 }]);
  });

  it('in progress: waits for the first', async () => {
    const { sms, emulator } = testClient();
    emulator.failNext('slow', { delayMs: 3_000 });
    const both = Promise.all([1, 2, 3].map(() => sms.messages.send(message)));
    await until(() => emulator.requests.length === 1);
    await vi.advanceTimersByTimeAsync(2_900);
    expect(emulator.requests).toHaveLength(1);
    const results = await drive(both);
    const first = results.find((result) => result.repeated === undefined);
    expect(results.filter((result) => result.repeated)).toEqual([
      { ...first, repeated: true },
      { ...first, repeated: true },
    ]);
    expect(emulator.messages).toHaveLength(1);
  });

  describe.each(['signal', 'deadline', 'close'] as const)('in progress, and this call ends by %s', (how) => {
    /** Two calls; the second one ends while the first is with 8x8. */
    async function endSecond(messages = message) {
      const { sms, emulator, of } = testClient();
      emulator.failNext('slow', { delayMs: 3_000 });
      const first = sms.messages.send(message);
      await until(() => emulator.requests.length === 1);
      const caller = countingSignal();
      const timers = vi.getTimerCount();
      const options = { signal: caller.signal, ...(how === 'deadline' && { deadlineMs: 200 }) };
      const child = sms.withOptions({ timeoutMs: 9_000 });
      const waiting = failureOf(child.messages.send(messages, options));
      // The wait of the second call; its deadline is a timer too.
      await until(() => vi.getTimerCount() > timers + (how === 'deadline' ? 1 : 0));
      if (how === 'signal') caller.abort();
      if (how === 'deadline') await vi.advanceTimersByTimeAsync(200);
      if (how === 'close') void drive(child.close({ drainMs: 0 }));
      const error = await waiting;
      expect(caller.listeners).toBe(0);
      return { error, sms, emulator, of, sent: await drive(first) };
    }

    it('8x8 may have the message: unknown, with the id of the first', async () => {
      const { error, emulator, of, sent } = await endSecond();
      expect(error).toMatchObject({
        code: how === 'deadline' ? 'timeout' : 'aborted',
        submission: 'unknown',
        clientMessageId: sent.clientMessageId,
      });
      expect((error as Error).message).toContain('still in progress');
      expect((error as Error).message).not.toContain('Nothing was sent');
      expect(emulator.messages).toHaveLength(1);
      expect(of('message-failed')).toMatchObject([{ submission: 'unknown' }]);
    });

    it('the same key gives the result of the first later', async () => {
      const { sms, sent, emulator } = await endSecond();
      expect(await sms.messages.send(message)).toEqual({ ...sent, repeated: true });
      expect(emulator.messages).toHaveLength(1);
    });
  });

  it('in progress, and the store fails: unknown', async () => {
    const clock = createFakeClock();
    const limits = memoryLimits({ clock });
    const { sms, emulator } = testClient({ limits, clock }, { clock });
    emulator.failNext('slow', { delayMs: 3_000 });
    const first = sms.messages.send(message);
    await until(() => emulator.requests.length === 1);
    const timers = vi.getTimerCount();
    const waiting = failureOf(sms.messages.send(message));
    await until(() => vi.getTimerCount() > timers);
    const { take } = limits;
    limits.take = () => Promise.reject(new Error('down'));
    const error = await drive(waiting);
    expect(error).toMatchObject({ code: 'store', submission: 'unknown' });
    limits.take = take;
    expect(error).toMatchObject({ clientMessageId: (await drive(first)).clientMessageId });
  });

  it('in progress, and the call ends before it knew: nothing was sent by it', async () => {
    const { sms, emulator } = testClient();
    emulator.failNext('slow', { delayMs: 3_000 });
    const first = sms.messages.send(message);
    await until(() => emulator.requests.length === 1);
    const error = await failureOf(sms.messages.send(message, { signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ code: 'aborted', submission: 'not-submitted' });
    await drive(first);
    expect(emulator.messages).toHaveLength(1);
  });

  it('in progress: a wait that ends at its deadline, or with the client, is unknown too', async () => {
    const { sms, emulator, of } = testClient();
    emulator.failNext('slow', { delayMs: 3_000 });
    const first = failureOf(sms.messages.send(message));
    await until(() => emulator.requests.length === 1);
    const late = await drive(failureOf(sms.messages.send(message, { deadlineMs: 500 })));
    expect(late).toMatchObject({ code: 'timeout', submission: 'unknown' });
    expect(of('message-failed')).toMatchObject([{ errorCode: 'timeout', submission: 'unknown' }]);
    const batch = await drive(sms.messages.sendBatch({ messages: [message] }, { deadlineMs: 500 }));
    expect(batch.results).toMatchObject([
      { status: 'failed', error: { code: 'timeout', submission: 'unknown' } },
    ]);
    const timers = vi.getTimerCount();
    const waiting = failureOf(sms.messages.send(message));
    await until(() => vi.getTimerCount() > timers);
    const closing = sms.close({ drainMs: 100 });
    expect(await drive(waiting)).toMatchObject({ code: 'aborted', submission: 'unknown' });
    await drive(closing);
    expect(await first).toMatchObject({ code: 'aborted', submission: 'unknown' });
  });

  it('in progress: a store that fails during the wait leaves the outcome unknown', async () => {
    const clock = createFakeClock();
    const limits = memoryLimits({ clock });
    const { sms, emulator } = testClient({ limits, clock });
    emulator.failNext('slow', { delayMs: 3_000 });
    const first = sms.messages.send(message);
    await until(() => emulator.requests.length === 1);
    const timers = vi.getTimerCount();
    const waiting = failureOf(sms.messages.send(message));
    await until(() => vi.getTimerCount() > timers);
    const take = vi.spyOn(limits, 'take').mockRejectedValueOnce(new Error('down'));
    expect(await drive(waiting)).toMatchObject({ code: 'store', submission: 'unknown' });
    expect(take).toHaveBeenCalledOnce();
    await drive(first);
  });

  it('in progress at first, and then refused by a guard: the first was not sent, and this is not either', async () => {
    let allowed = true;
    const { sms, emulator } = testClient({ guards: { consent: { check: () => allowed } } });
    emulator.failNext('slow', { delayMs: 3_000 });
    const controller = new AbortController();
    const first = failureOf(sms.messages.send(message, { signal: controller.signal, maxAttempts: 1 }));
    await until(() => emulator.requests.length === 1);
    const timers = vi.getTimerCount();
    const waiting = failureOf(sms.messages.send(message));
    await until(() => vi.getTimerCount() > timers);
    allowed = false;
    await sms.guards.release(message.destination);
    controller.abort();
    await first;
    // The first is unknown, so the second is too, whatever the guard says now.
    expect(await drive(waiting)).toMatchObject({ code: 'aborted', submission: 'unknown' });
  });

  it('makes a message of a batch that ends unknown, and leaves the others as they are', async () => {
    const { sms, emulator } = testClient();
    emulator.failNext('slow', { delayMs: 3_000 });
    const first = sms.messages.send(message);
    await until(() => emulator.requests.length === 1);
    const other = { destination: numberOf(2), text: 'Hi' };
    const { results } = await drive(
      sms.messages.sendBatch({ messages: [other, message] }, { deadlineMs: 2_500 }),
    );
    const { clientMessageId } = await drive(first);
    expect(results).toMatchObject([
      { status: 'accepted' },
      {
        status: 'failed',
        clientMessageId,
        error: { code: 'timeout', submission: 'unknown', clientMessageId },
      },
    ]);
  });

  it('sent before, refused by a check now, and the store fails for the others: the first result', async () => {
    const clock = createFakeClock();
    const limits = memoryLimits({ clock });
    let allowed = true;
    const check = ({ destination }: { destination: string }) =>
      allowed || destination !== message.destination;
    const { sms } = testClient({ limits, clock, guards: { consent: { check } } }, { clock });
    const first = await sms.messages.send(message);
    allowed = false;
    const { take } = limits;
    let takes = 0;
    limits.take = (...given) => {
      takes += 1;
      return takes === 1 ? take.apply(limits, given) : Promise.reject(new Error('down'));
    };
    const { results } = await sms.messages.sendBatch({
      messages: [message, { destination: numberOf(2), text: 'Hi' }],
    });
    expect(results).toMatchObject([
      { status: 'accepted', umid: first.umid, repeated: true },
      { status: 'failed', error: { code: 'store', submission: 'not-submitted' } },
    ]);
  });

  it('makes the id of a message that names none, the same in every process', async () => {
    const ids = new Set<string>();
    for (let index = 0; index < 2; index += 1) {
      const { sms, emulator } = testClient();
      ids.add((await sms.messages.send(message)).clientMessageId);
      ids.add((emulator.messages[0]?.clientMessageId ?? '') as string);
    }
    expect([...ids]).toEqual([
      expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/),
    ]);
    const { sms } = testClient();
    const own = await sms.messages.send({ ...message, clientMessageId: 'mine' });
    expect(own.clientMessageId).toBe('mine');
    for (const other of [{ text: 'Hello!' }, { idempotencyKey: 'order-8' }]) {
      const { clientMessageId } = await testClient().sms.messages.send({ ...message, ...other });
      expect(ids).not.toContain(clientMessageId);
    }
  });

  it('in progress for too long: unknown, never a send', async () => {
    const clock = createFakeClock();
    const limits = memoryLimits({ clock });
    const stuck = testClient({
      limits,
      clock,
      fetch: () => new Promise<never>(() => {}),
      timeoutMs: 3_600_000,
    });
    const other = testClient({ limits, clock });
    const controller = new AbortController();
    const first = failureOf(stuck.sms.messages.send(message, { signal: controller.signal }));
    await until(() => stuck.of('attempt-started').length === 1);
    const timers = vi.getTimerCount();
    const waiting = failureOf(other.sms.messages.send(message));
    await until(() => vi.getTimerCount() > timers);
    clock.advance(120_001);
    expect(await drive(waiting)).toMatchObject({ submission: 'unknown' });
    expect(other.emulator.requests).toHaveLength(0);
    controller.abort();
    await first;
  });

  it('unknown: the same error, never a send', async () => {
    for (const fault of ['lost-response', '500', 'empty', 'truncated'] as const) {
      const { sms, emulator } = testClient();
      emulator.failNext(fault);
      const first = (await failureOf(sms.messages.send(message))) as {
        code: string;
        clientMessageId: string;
      };
      const again = await failureOf(sms.messages.send(message));
      expect(again).toMatchObject({
        code: first.code,
        submission: 'unknown',
        clientMessageId: first.clientMessageId,
      });
      expect(emulator.requests).toHaveLength(1);
    }
  });

  it('not submitted or rejected: free again', async () => {
    const { sms, emulator } = testClient();
    for (const fault of ['refused', 'dns', 'reject', 'tls'] as const) {
      emulator.failNext(fault);
      await failureOf(sms.messages.send(message));
    }
    expect(await sms.messages.send(message)).not.toHaveProperty('repeated');
    expect(emulator.messages).toHaveLength(1);
  });

  it('another message: refused', async () => {
    const { sms, emulator, of } = testClient();
    await sms.messages.send(message);
    for (const other of [
      { text: 'Hello!' },
      { destination: numberOf(2) },
      { source: 'MyShop' },
      { clientMessageId: 'mine' },
      { scheduled: '2026-11-22T10:00:00Z' },
    ]) {
      const error = await failureOf(sms.messages.send({ ...message, ...other }));
      expect(error).toMatchObject({
        code: 'validation',
        path: 'idempotencyKey',
        submission: 'not-submitted',
      });
    }
    expect(emulator.messages).toHaveLength(1);
    expect(of('message-failed')).toHaveLength(5);
  });

  it('another template is another message', async () => {
    const { sms, emulator } = testClient();
    const batchWith = (text: string) =>
      sms.messages.sendBatch({
        template: { text },
        messages: [{ destination: numberOf(1), idempotencyKey: 'k' }],
      });
    await batchWith('Hello');
    expect((await batchWith('Hello')).results).toMatchObject([{ status: 'accepted', repeated: true }]);
    expect((await batchWith('Good bye')).results).toMatchObject([
      { status: 'failed', error: { path: 'idempotencyKey' } },
    ]);
    expect(emulator.messages).toHaveLength(1);
  });

  it('twice in one batch: sent once', async () => {
    const { sms, emulator } = testClient();
    const other = { destination: numberOf(2), text: 'Hi' };
    const { results, counts } = await drive(sms.messages.sendBatch({ messages: [message, other, message] }));
    expect(counts.accepted).toBe(3);
    expect(results[2]).toMatchObject({ index: 2, repeated: true });
    expect(results[0]).toMatchObject({ clientMessageId: results[2]?.clientMessageId });
    expect(emulator.messages).toHaveLength(2);
  });

  it('holds in every scope for itself, and across clients of one', async () => {
    const clock = createFakeClock();
    const limits = memoryLimits({ clock });
    const { sms, emulator } = testClient({ limits, clock });
    await sms.messages.send(message);
    const sameScope = testClient({ limits, clock });
    expect(await sameScope.sms.messages.send(message)).toMatchObject({ repeated: true });
    const otherScope = testClient({ limits, clock, scope: 'other' });
    expect(await otherScope.sms.messages.send(message)).not.toHaveProperty('repeated');
    expect(
      [emulator, sameScope.emulator, otherScope.emulator].map(({ messages }) => messages.length),
    ).toEqual([1, 0, 1]);
  });

  it('is forgotten after 24 hours, not before', async () => {
    const { sms, emulator, clock } = testClient();
    await sms.messages.send(message);
    clock.advance(day - 1);
    expect(await sms.messages.send(message)).toMatchObject({ repeated: true });
    clock.advance(1);
    expect(await sms.messages.send(message)).not.toHaveProperty('repeated');
    expect(emulator.messages).toHaveLength(2);
  });

  it('sent before, and refused by a check now: the first result', async () => {
    let allowed = true;
    const { sms, emulator, of } = testClient({ guards: { consent: { check: () => allowed } } });
    const first = await sms.messages.send(message);
    allowed = false;
    expect(await sms.messages.send(message)).toEqual({ ...first, repeated: true });
    expect(of('message-blocked')).toEqual([]);
    expect(await failureOf(sms.messages.send({ ...message, idempotencyKey: 'new' }))).toMatchObject({
      code: 'consent',
    });
    expect(await failureOf(sms.messages.send({ ...message, text: 'other' }))).toMatchObject({
      code: 'consent',
    });
    expect(of('message-blocked')).toHaveLength(2);
    allowed = true;
    expect(await sms.messages.send({ ...message, idempotencyKey: 'new' })).not.toHaveProperty('repeated');
    expect(emulator.messages).toHaveLength(2);
  });

  it('in progress, and refused by a check now: waits for the first', async () => {
    let allowed = true;
    const { sms, emulator } = testClient({ guards: { consent: { check: () => allowed } } });
    emulator.failNext('slow', { delayMs: 1_000 });
    const first = sms.messages.send(message);
    await until(() => emulator.requests.length === 1);
    allowed = false;
    const second = drive(sms.messages.send(message));
    expect(await second).toEqual({ ...(await first), repeated: true });
  });

  it('over a limit now: the first result', async () => {
    const { sms } = testClient({ guards: { recipient: { limit: 1, windowMs: 60_000 } } });
    await sms.messages.send(message);
    expect(await sms.messages.send(message)).toMatchObject({ repeated: true });
    expect(await failureOf(sms.messages.send({ ...message, idempotencyKey: 'new' }))).toMatchObject({
      code: 'limit',
    });
    expect(await failureOf(sms.messages.send({ ...message, idempotencyKey: 'new' }))).toMatchObject({
      code: 'limit',
    });
  });

  it('from another sub-account, or for another survey, it is another message', async () => {
    const { sms, emulator } = testClient({ accountId: 'acc-1' }, { subAccountIds: ['team_otp', 'team_two'] });
    await sms.messages.send(message);
    const other = sms.withOptions({ subAccountId: 'team_two' });
    expect(await failureOf(other.messages.send(message))).toMatchObject({ path: 'idempotencyKey' });
    const survey = { destination: numberOf(2), templateBody: 'How was it? {{url}}', idempotencyKey: 's-1' };
    const first = await sms.surveys.send({ ...survey, surveyId: 'nps' });
    expect(await sms.surveys.send({ ...survey, surveyId: 'nps' })).toEqual({ ...first, repeated: true });
    expect(await failureOf(sms.surveys.send({ ...survey, surveyId: 'csat' }))).toMatchObject({
      code: 'validation',
      path: 'idempotencyKey',
    });
    expect(emulator.messages).toHaveLength(2);
  });

  it('a full store refuses new keys', async () => {
    const clock = createFakeClock();
    const { sms } = testClient({ clock, limits: memoryLimits({ clock, maxEntries: 2 }) });
    for (const idempotencyKey of ['a', 'b']) {
      await sms.messages.send({ destination: numberOf(idempotencyKey.length), text: 'x', idempotencyKey });
    }
    expect(await failureOf(sms.messages.send({ ...message, idempotencyKey: 'c' }))).toMatchObject({
      code: 'limit',
      guard: 'idempotency',
      reason: 'capacity',
    });
  });
});
