import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SmsClient } from '../../src/client.ts';
import type { SmsClientOptions } from '../../src/config/options.ts';
import { importConsent } from '../../src/consent/import-consent.ts';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';
import type { ConsentGuardOptions, ConsentNotice } from '../../src/guards/consent-options.ts';
import type { LimitStore } from '../../src/limits/limit-store.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import type { RecordStore } from '../../src/limits/record-store.ts';
import { API_KEY, numberOf, SUB_ACCOUNT_ID, testClient } from '../support/client.ts';
import { drive, until, useFakeTimeouts } from '../support/drive.ts';
import { NOON } from '../support/fake-clock.ts';
import { OUR_NUMBER, textOf } from '../support/inbound.ts';
import { lostConnection } from '../support/respond-with.ts';
import { failureOf } from '../support/transport.ts';

const HOUR_MS = 3_600_000;
const scheduled = new Date(NOON + 24 * HOUR_MS);
const later = { destination: numberOf(1), text: 'Your appointment', scheduled } as const;

/** A client with a ledger, and the notices that its hook got. */
function startClient(options: SmsClientOptions = {}, consent: ConsentGuardOptions = {}) {
  const notices: ConsentNotice[] = [];
  const ledger = memoryConsentLedger();
  const hasLedger = !('ledger' in consent) || consent.ledger !== undefined;
  const onOptOut = (notice: ConsentNotice) => void notices.push(notice);
  const kit = testClient({
    ...options,
    guards: {
      recipient: false,
      ...options.guards,
      consent: { ledger, ...(hasLedger && { onOptOut }), ...consent },
    },
  });
  const states = () => kit.emulator.messages.map(({ state }) => state);
  const grant = () => kit.sms.consent.grant(numberOf(1), { scope: 'all', source: 'web-form' });
  return { ...kit, ledger, notices, states, grant };
}

/** A store with the counters of another one. */
function storeOf(counters: LimitStore, records: RecordStore | undefined): LimitStore {
  return {
    take: (...asked) => counters.take(...asked),
    settle: (...asked) => counters.settle(...asked),
    inspect: (...asked) => counters.inspect(...asked),
    release: (...asked) => counters.release(...asked),
    ...(records !== undefined && { records }),
  };
}

/** The records of a store, read in another way. */
function reading({ records }: LimitStore, read: RecordStore['read']): RecordStore {
  const { write, remove } = records as RecordStore;
  return { read, write: write.bind(records), remove: remove.bind(records) };
}

describe('an opt-out cancels what is scheduled', () => {
  it('by a STOP: one by one, and tells of each', async () => {
    const { sms, emulator, states, of, notices, clock } = startClient();
    const [first, second] = [await sms.messages.send(later), await sms.messages.send(later)];
    await sms.messages.send({ ...later, destination: numberOf(2) });
    clock.advance(HOUR_MS);
    await sms.consent.handleInbound(textOf('STOP', { at: clock.now() }));
    expect(states()).toEqual(['cancelled', 'cancelled', 'scheduled']);
    expect(of('scheduled-cancelled')).toMatchObject([
      { umid: first.umid, clientMessageId: first.clientMessageId, destination: '+65******01' },
      { umid: second.umid },
    ]);
    const paths = emulator.requests.filter(({ method }) => method === 'DELETE').map(({ path }) => path);
    expect(paths).toHaveLength(2);
    for (const path of paths) expect(path).not.toContain('batch');
    expect(notices).toMatchObject([{ state: 'opted-out' }]);
    expect(notices[0]).not.toHaveProperty('scheduledNotCancelled');
    // A second STOP finds nothing to do.
    await sms.consent.handleInbound(textOf('STOP', { at: clock.now() }));
    expect(emulator.requests.filter(({ method }) => method === 'DELETE')).toHaveLength(2);
  });

  it('by consent.revoke, and of a batch, a template and a survey too', async () => {
    const { sms, states } = startClient();
    await sms.messages.sendBatch({
      destinations: [numberOf(1), numberOf(2)],
      template: { text: 'a', scheduled },
    });
    await sms.surveys.send({ surveyId: 'nps', destination: numberOf(1), templateBody: 'a', scheduled });
    await sms.consent.revoke(numberOf(1), { source: 'support' });
    expect(states()).toEqual(['cancelled', 'scheduled', 'cancelled']);
  });

  it('on the sub-account that sent it', async () => {
    const { sms, states, emulator } = startClient();
    const other = sms.withOptions({ subAccountId: 'team_alerts' });
    await other.messages.send(later);
    await sms.consent.revoke(numberOf(1), { source: 'support' });
    expect(states()).toEqual(['cancelled']);
    expect(emulator.requests.at(-1)?.path).toContain('/team_alerts/');
  });

  it('also when it was scheduled before a late STOP arrived', async () => {
    const { sms, states, clock } = startClient();
    await sms.messages.send(later);
    clock.advance(HOUR_MS);
    await sms.messages.send(later);
    await sms.consent.handleInbound(textOf('STOP', { at: NOON + 1 }));
    expect(states()).toEqual(['cancelled', 'cancelled']);
  });

  it('without a ledger only when it was scheduled before the STOP: nobody knows whether it still holds', async () => {
    const { sms, states, clock } = startClient({}, { ledger: undefined, check: () => true });
    await sms.messages.send(later);
    clock.advance(HOUR_MS);
    await sms.messages.send(later);
    await sms.consent.handleInbound(textOf('STOP', { at: NOON + 1 }));
    expect(states()).toEqual(['cancelled', 'scheduled']);
  });

  it('also when the store could not record at once what became of the send', async () => {
    const counters = memoryLimits();
    const { sms, emulator, states } = startClient({
      limits: storeOf(
        counters,
        reading(counters, async (...asked) => {
          const isDown = emulator.messages.length > 0 && !isBack;
          if (isDown) throw new Error('down');
          return (counters.records as RecordStore).read(...asked);
        }),
      ),
      onError: () => {},
    });
    let isBack = false;
    await sms.messages.send(later);
    isBack = true;
    await sms.consent.revoke(numberOf(1), { source: 'support' });
    await sms.close();
    expect(states()).toEqual(['cancelled']);
  });

  it('also when the store was down at first: the receiver asks for the STOP again', async () => {
    const counters = memoryLimits();
    let isDown = false;
    const records = reading(counters, async (...asked) => {
      if (isDown) throw new Error('down');
      return (counters.records as RecordStore).read(...asked);
    });
    for (const ledger of [memoryConsentLedger(), undefined]) {
      const { sms, states } = startClient(
        { limits: storeOf(counters, records), onError: () => {} },
        { ledger, check: () => true },
      );
      await sms.messages.send(later);
      const stop = textOf('STOP');
      isDown = true;
      const error = await failureOf(sms.consent.handleInbound(stop));
      expect(error).toMatchObject({ code: 'store' });
      expect((error as Error).message).toMatch(
        /may still be sent: .* Record the opt-out again in a minute\./,
      );
      isDown = false;
      await sms.consent.handleInbound(stop);
      expect(states()).toEqual(['cancelled']);
    }
  });

  it('by a STOP that comes again after its first delivery ended too early', async () => {
    const ledger = memoryConsentLedger();
    let isLost = true;
    const append: typeof ledger.append = async (changes) => {
      await ledger.append(changes);
      if (isLost) throw new Error('the answer was lost');
    };
    const { sms, states, of } = startClient({}, { ledger: { ...ledger, append } });
    await sms.messages.send(later);
    const stop = textOf('STOP');
    expect(await failureOf(sms.consent.handleInbound(stop))).toMatchObject({ code: 'store' });
    expect(states()).toEqual(['scheduled']);
    isLost = false;
    for (const _ of ['second', 'third']) await sms.consent.handleInbound(stop);
    expect(states()).toEqual(['cancelled']);
    expect(of('scheduled-cancelled')).toHaveLength(1);
  });

  describe('after a call that claimed it and died', () => {
    beforeEach(useFakeTimeouts);
    afterEach(() => {
      expect(vi.getTimerCount()).toBe(0);
      vi.useRealTimers();
    });

    /** A client whose claim was written, although both answers of the store were lost. */
    async function claimedClient() {
      const counters = memoryLimits();
      const { records } = counters as LimitStore & { readonly records: RecordStore };
      let lost = 0;
      const write: RecordStore['write'] = async (...asked) => {
        const verdict = await records.write(...asked);
        lost -= 1;
        if (lost >= 0) throw new Error('the answer was lost');
        return verdict;
      };
      const limits = storeOf(counters, { ...reading(counters, records.read.bind(records)), write });
      const kit = startClient({ limits, onError: () => {} });
      await kit.sms.messages.send(later);
      lost = 2;
      const stop = textOf('STOP');
      expect(await failureOf(kit.sms.consent.handleInbound(stop))).toMatchObject({ code: 'store' });
      return { ...kit, stop };
    }

    it('fails, so that 8x8 sends the STOP again, until the claim is over', async () => {
      const { sms, clock, states, stop } = await claimedClient();
      expect(await drive(failureOf(sms.consent.handleInbound(stop)))).toMatchObject({
        code: 'store',
        message: expect.stringMatching(
          /another call .* did not finish\. Record the opt-out again in a minute\./,
        ),
      });
      expect(states()).toEqual(['scheduled']);
      clock.advance(60_000);
      await sms.consent.handleInbound(stop);
      expect(states()).toEqual(['cancelled']);
    });

    it('ends its wait with the signal of the call', async () => {
      const { sms, states } = await claimedClient();
      const controller = new AbortController();
      const revoking = failureOf(
        sms.consent.revoke(numberOf(1), { source: 'support' }, { signal: controller.signal }),
      );
      await until(() => vi.getTimerCount() > 0);
      controller.abort();
      expect(await revoking).toMatchObject({ name: 'AbortError' });
      expect(states()).toEqual(['scheduled']);
    });
  });

  it('only while the opt-out holds: one that was taken back since cancels nothing', async () => {
    const { sms, states, clock, grant } = startClient();
    clock.advance(HOUR_MS);
    await grant();
    await sms.messages.send(later);
    await sms.consent.revoke(numberOf(1), { source: 'import', at: new Date(NOON) });
    expect(states()).toEqual(['scheduled']);
  });

  it('only in its scope', async () => {
    const { sms, states, grant } = startClient();
    await grant();
    await sms.messages.send({ ...later, purpose: 'marketing' });
    await sms.messages.send(later);
    await sms.consent.revoke(numberOf(1), { source: 'support', scope: 'marketing' });
    expect(states()).toEqual(['cancelled', 'scheduled']);
  });

  it('only of its sender, where opt-outs are kept by sender', async () => {
    const inbound = {
      optOutScope: 'sender',
      brands: { shop: [OUR_NUMBER, 'SHOP'], bank: ['BANK'] },
    } as const;
    const { sms, states } = startClient({}, { inbound });
    for (const source of ['SHOP', 'BANK']) await sms.messages.send({ ...later, source });
    await sms.consent.handleInbound(textOf('STOP'));
    expect(states()).toEqual(['cancelled', 'scheduled']);
  });

  it('not a one-time password that otpAfterOptOut lets through', async () => {
    const { sms, states } = startClient({}, { otpAfterOptOut: true });
    await sms.messages.send({ ...later, purpose: 'otp' });
    await sms.messages.send(later);
    await sms.consent.revoke(numberOf(1), { source: 'support' });
    expect(states()).toEqual(['scheduled', 'cancelled']);
  });

  it('not for a text that may only be an opt-out', async () => {
    const { sms, states, of } = startClient();
    await sms.messages.send(later);
    const { intent } = await sms.consent.handleInbound(textOf('please do not stop by today'));
    expect(intent).not.toBe('opt-out');
    expect([states(), of('scheduled-cancelled')]).toEqual([['scheduled'], []]);
  });

  it('also without a ledger, in the scope of the STOP', async () => {
    const inbound = { optOutScope: 'marketing' } as const;
    const { sms, states } = startClient({}, { ledger: undefined, check: () => true, inbound });
    await sms.messages.send(later);
    await sms.messages.send({ ...later, purpose: 'marketing' });
    await sms.consent.handleInbound(textOf('STOP'));
    expect(states()).toEqual(['scheduled', 'cancelled']);
  });

  it('asks no hook of the team', async () => {
    const asked: string[] = [];
    const check = ({ purpose }: { purpose: string }) => asked.push(purpose) > 0;
    const { sms, states } = startClient({}, { check });
    await sms.messages.send(later);
    asked.length = 0;
    await sms.consent.revoke(numberOf(1), { source: 'support' });
    expect([states(), asked]).toEqual([['cancelled'], []]);
  });

  it('not what is due already, nor what was rejected, refused or forgotten', async () => {
    const { sms, emulator, clock } = startClient({}, { forgetSecret: 'f'.repeat(32) });
    emulator.failNext({ status: 400, body: '{"code":1}' });
    await sms.messages.send(later).catch(() => {});
    await sms.messages.send({ ...later, scheduled: new Date(NOON + HOUR_MS) });
    clock.advance(2 * HOUR_MS);
    await sms.consent.revoke(numberOf(1), { source: 'support' });
    await sms.messages.send({ ...later, destination: numberOf(2) });
    await sms.consent.forget(numberOf(2));
    await sms.consent.revoke(numberOf(2), { source: 'support' });
    expect(emulator.requests.filter(({ method }) => method === 'DELETE')).toEqual([]);
  });
});

describe('a message that cannot be cancelled is reported', () => {
  it('a send of unknown outcome, with its clientMessageId', async () => {
    const { sms, emulator, of, notices } = startClient();
    emulator.failNext('lost-response');
    const error = await sms.messages
      .send({ ...later, clientMessageId: 'mine' })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ submission: 'unknown' });
    await sms.consent.revoke(numberOf(1), { source: 'support' });
    const ref = { clientMessageId: 'mine', reason: 'unknown-outcome' };
    expect(of('scheduled-not-cancelled')).toMatchObject([ref]);
    expect(of('scheduled-not-cancelled')[0]).not.toHaveProperty('umid');
    expect(notices).toMatchObject([{ scheduledNotCancelled: [ref] }]);
  });

  it('a cancellation that 8x8 refuses: it is tried again with the next opt-out', async () => {
    const { sms, emulator, states, of, notices } = startClient();
    const { umid } = await sms.messages.send(later);
    emulator.failNext({ status: 403, body: '{}' }, { match: ({ method }) => method === 'DELETE' });
    await sms.consent.revoke(numberOf(1), { source: 'support' });
    expect(of('scheduled-not-cancelled')).toMatchObject([{ umid, reason: 'failed' }]);
    expect(notices).toMatchObject([{ scheduledNotCancelled: [{ umid, reason: 'failed' }] }]);
    await sms.consent.revoke(numberOf(1), { source: 'support' });
    expect(states()).toEqual(['cancelled']);
  });

  it('one that 8x8 has nothing to cancel of', async () => {
    const { sms, of } = startClient();
    const { umid } = await sms.messages.send(later);
    await sms.messages.cancel(umid);
    await sms.consent.revoke(numberOf(1), { source: 'support' });
    expect(of('scheduled-not-cancelled')).toMatchObject([{ umid, reason: 'already-sent' }]);
  });
});

describe('a scheduled message that is on its way when the person opts out', () => {
  it('is not sent when the opt-out came between the look of the guards and the memory of it', async () => {
    const counters = memoryLimits();
    let optOut: (() => Promise<unknown>) | undefined;
    const records = reading(counters, async (...asked) => {
      const stop = optOut;
      optOut = undefined;
      await stop?.();
      return (counters.records as RecordStore).read(...asked);
    });
    const { sms, states } = startClient({ limits: storeOf(counters, records) });
    optOut = () => sms.consent.revoke(numberOf(1), { source: 'support' });
    expect(await failureOf(sms.messages.send(later))).toMatchObject({ reason: 'opted-out' });
    expect(states()).toEqual([]);
  });

  function heldClient(onAnswer: () => void = () => {}, onDelete: () => Promise<void> = async () => {}) {
    let answer: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let isSent: () => void = () => {};
    const sent = new Promise<void>((resolve) => {
      isSent = resolve;
    });
    const kit = startClient();
    const ledger = kit.ledger;
    const events = kit.events;
    const sms = new SmsClient({
      apiKey: API_KEY,
      subAccountId: SUB_ACCOUNT_ID,
      clock: kit.clock,
      retry: false,
      onEvent: (event) => void events.push(event),
      guards: { consent: { ledger } },
      async fetch(url, init) {
        if (init?.method === 'POST') {
          isSent();
          await held;
          onAnswer();
        } else if (init?.method === 'DELETE') await onDelete();
        return kit.emulator.fetch(url, init);
      },
    });
    return { ...kit, sms, answer: () => answer(), sent };
  }

  it('is cancelled by the call that sends it', async () => {
    const { sms, answer, sent, states, of } = heldClient();
    const sending = sms.messages.send(later);
    await sent;
    await sms.consent.revoke(numberOf(1), { source: 'support' });
    answer();
    expect(await sending).toMatchObject({ status: 'accepted' });
    expect(states()).toEqual(['cancelled']);
    expect(of('scheduled-cancelled')).toHaveLength(1);
  });

  it('is found by the next opt-out when the call that sends it cannot cancel it', async () => {
    const { sms, emulator, answer, sent, states, of } = heldClient();
    emulator.failNext({ status: 403, body: '{}' }, { match: ({ method }) => method === 'DELETE' });
    const sending = sms.messages.send(later);
    await sent;
    await sms.consent.revoke(numberOf(1), { source: 'support' });
    answer();
    const { umid } = await sending;
    expect(of('scheduled-not-cancelled')).toMatchObject([{ umid, reason: 'failed' }]);
    expect(states()).toEqual(['scheduled']);
    await sms.consent.revoke(numberOf(1), { source: 'support' });
    expect(states()).toEqual(['cancelled']);
  });

  it('is cancelled once: an opt-out that arrives meanwhile waits for the call that sends it', async () => {
    let deletes = 0;
    let revoked: Promise<unknown> = Promise.resolve();
    const { sms, answer, sent, states, of } = heldClient(undefined, async () => {
      deletes += 1;
      if (deletes === 1) revoked = sms.consent.revoke(numberOf(1), { source: 'support' });
      // Long enough for the opt-out to find the message claimed.
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    });
    const sending = sms.messages.send(later);
    await sent;
    await sms.consent.revoke(numberOf(1), { source: 'support' });
    answer();
    await sending;
    await revoked;
    expect([deletes, states()]).toEqual([1, ['cancelled']]);
    expect(of('scheduled-cancelled')).toHaveLength(1);
  });

  it('is reported when its answer is lost', async () => {
    const { sms, answer, sent, of } = heldClient(() => {
      throw lostConnection();
    });
    const sending = sms.messages.send({ ...later, clientMessageId: 'mine' }).catch(() => {});
    await sent;
    await sms.consent.revoke(numberOf(1), { source: 'support' });
    answer();
    await sending;
    expect(of('scheduled-not-cancelled')).toMatchObject([
      { clientMessageId: 'mine', reason: 'unknown-outcome' },
    ]);
  });
});

describe('the memory of what is scheduled', () => {
  it('has no room: the schedule is refused, and costs nothing', async () => {
    const { sms, emulator, of } = startClient({ guards: { recipient: { limit: 100, windowMs: HOUR_MS } } });
    const long = { ...later, clientMessageId: 'x'.repeat(350) };
    let error: unknown;
    for (let sent = 0; sent < 40 && error === undefined; sent += 1) {
      error = await sms.messages.send(long).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    }
    expect(error).toMatchObject({ code: 'consent', reason: 'capacity', submission: 'not-submitted' });
    expect((error as { retryAfterMs: number }).retryAfterMs).toBe(24 * HOUR_MS);
    expect(of('message-blocked')).toMatchObject([{ decision: { reason: 'capacity' } }]);
    const { counters } = await sms.guards.inspect(numberOf(1), { guard: 'recipient' });
    expect(counters[0]?.count).toBe(emulator.messages.length);
    // Others, and messages that are not scheduled, are sent.
    await sms.messages.send({ ...later, destination: numberOf(2) });
    await sms.messages.send({ destination: numberOf(1), text: 'a' });
  });

  it.each([290, 296, 302, 308, 314, 320, 326, 332, 338, 344, 350])(
    'has room for the id and the claim of each message that it took: ids of %i characters',
    async (length) => {
      const { sms, states } = startClient();
      const long = { ...later, clientMessageId: 'x'.repeat(length) };
      let isFull = false;
      while (!isFull) {
        isFull = await sms.messages.send(long).then(
          () => false,
          () => true,
        );
      }
      const { length: sent } = states();
      expect(sent).toBeGreaterThan(10);
      await sms.consent.revoke(numberOf(1), { source: 'support' });
      expect(states()).toEqual(new Array(sent).fill('cancelled'));
    },
  );

  it.each(['', 'text', '{"a":1}', 'null', '[1]', '[["a"],null]'])(
    'is damaged, with a record of %j: nothing is sent, and the error says so',
    async (value) => {
      const memory = memoryLimits();
      const records = reading(memory, async () => ({ value, version: '1', endsInMs: HOUR_MS }));
      const { sms, emulator } = startClient({ limits: storeOf(memory, records), onError: () => {} });
      const error = await failureOf(sms.messages.send(later));
      expect(error).toMatchObject({ code: 'store', submission: 'not-submitted' });
      expect((error as Error).message).toContain('a record that is not a list of scheduled messages');
      expect(emulator.messages).toEqual([]);
    },
  );

  it('fails: it is asked for no more numbers than are changed at a time', async () => {
    const memory = memoryLimits();
    let reads = 0;
    let isDown = true;
    const records = reading(memory, async (...asked) => {
      reads += 1;
      if (isDown) throw new Error('down');
      return memory.records?.read(...asked);
    });
    const { sms, emulator } = startClient({ limits: storeOf(memory, records), onError: () => {} });
    const destinations = Array.from({ length: 200 }, (_, index) => numberOf(index));
    const batch = { destinations, template: { text: 'a', scheduled } };
    expect((await sms.messages.sendBatch(batch)).results).toMatchObject(
      new Array(200).fill({ status: 'failed', error: { code: 'store', submission: 'not-submitted' } }),
    );
    // Once to remember them, and once to forget those that were written nevertheless.
    expect(emulator.messages).toHaveLength(0);
    expect(reads).toBeGreaterThanOrEqual(2);
    expect(reads).toBeLessThanOrEqual(2 * 32);
    // It works until the messages are sent.
    isDown = false;
    reads = 0;
    const match = () => {
      isDown = true;
      return false;
    };
    emulator.failNext('500', { match });
    expect((await sms.messages.sendBatch(batch)).results).toMatchObject(
      new Array(200).fill({ status: 'accepted' }),
    );
    expect(emulator.messages).toHaveLength(200);
    expect(reads).toBeGreaterThan(200);
    expect(reads).toBeLessThanOrEqual(200 + 32);
  });

  it('fails: nothing is sent', async () => {
    const memory = memoryLimits();
    const fail = () => Promise.reject(new Error('down'));
    const limits = storeOf(memory, { read: fail, write: fail, remove: fail });
    const { sms, emulator } = startClient({ limits, onError: () => {} });
    const error = await sms.messages.send(later).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'store', submission: 'not-submitted' });
    // An opt-out counts all the same, and says that earlier messages may still be sent.
    const unknown = (await failureOf(sms.consent.revoke(numberOf(1), { source: 'support' }))) as Error;
    expect(unknown).toMatchObject({ code: 'store' });
    expect(unknown.message).toMatch(/The opt-out is recorded\..*Record the opt-out again in a minute\./);
    expect([emulator.messages.length, (await sms.consent.status(numberOf(1)))?.state]).toEqual([
      0,
      'opted-out',
    ]);
  });

  it('holds racing sends to one number', async () => {
    const { sms, states } = startClient();
    await Promise.all(Array.from({ length: 20 }, () => sms.messages.send(later)));
    await sms.consent.revoke(numberOf(1), { source: 'support' });
    expect(states()).toEqual(new Array(20).fill('cancelled'));
  });

  it('is not kept where no opt-out counts, nor by a store without records', async () => {
    const limits = storeOf(memoryLimits(), undefined);
    const { sms, states } = startClient({ limits }, { forgetSecret: 'f'.repeat(32) });
    await sms.messages.send(later);
    await sms.consent.revoke(numberOf(1), { source: 'support' });
    expect(states()).toEqual(['scheduled']);
    await sms.consent.forget(numberOf(1));
    const off = testClient({ guards: { consent: false } });
    await off.sms.messages.send(later);
    expect(off.emulator.messages).toHaveLength(1);
  });
});

describe('an import of opt-outs', () => {
  const line = (index: number) =>
    JSON.stringify({ destination: numberOf(index), state: 'opted-out', source: 'old', at: new Date(NOON) });

  it('cancels what is scheduled with the client that is named', async () => {
    const { sms, ledger, states, of } = startClient();
    await sms.messages.send(later);
    await sms.messages.send({ ...later, destination: numberOf(3) });
    const options = { format: 'jsonl', client: sms, clock: { now: () => NOON } } as const;
    const { recorded } = await importConsent(ledger, [line(1), line(2)].join('\n'), options);
    expect([recorded, states()]).toEqual([2, ['cancelled', 'scheduled']]);
    expect(of('scheduled-cancelled')).toHaveLength(1);
  });

  it('says where to resume when the limit store is down', async () => {
    const counters = memoryLimits();
    let isDown = false;
    const records = reading(counters, async (...asked) => {
      if (isDown) throw new Error('down');
      return (counters.records as RecordStore).read(...asked);
    });
    const { sms, ledger, states } = startClient({ limits: storeOf(counters, records), onError: () => {} });
    await sms.messages.send(later);
    const file = `destination,state,source,at\n${numberOf(1)},opted-out,crm,${new Date(NOON).toISOString()}\n`;
    const load = () =>
      importConsent(ledger, file, { format: 'csv', client: sms, clock: { now: () => NOON } });
    isDown = true;
    const error = (await failureOf(load())) as Error;
    expect(error).toMatchObject({ code: 'store' });
    expect(error.message).toContain('resume with fromLine: 2');
    isDown = false;
    await load();
    expect(states()).toEqual(['cancelled']);
  });

  it('that is a dry run cancels nothing', async () => {
    const { sms, ledger, states } = startClient();
    await sms.messages.send(later);
    const options = { format: 'jsonl', client: sms, dryRun: true, clock: { now: () => NOON } } as const;
    await importConsent(ledger, line(1), options);
    expect(states()).toEqual(['scheduled']);
  });

  it('tells the hook what may still be sent', async () => {
    const { sms, ledger, emulator, notices } = startClient();
    const { umid } = await sms.messages.send(later);
    emulator.failNext({ status: 403, body: '{}' }, { match: ({ method }) => method === 'DELETE' });
    await importConsent(ledger, line(1), { format: 'jsonl', client: sms, clock: { now: () => NOON } });
    expect(notices).toMatchObject([
      { destination: numberOf(1), scheduledNotCancelled: [{ umid, reason: 'failed' }] },
    ]);
  });

  it('refuses anything that is not a client', async () => {
    const options = { format: 'jsonl', client: {} as SmsClient } as const;
    await expect(importConsent(memoryConsentLedger(), line(1), options)).rejects.toMatchObject({
      code: 'validation',
      path: 'options.client',
    });
  });
});
