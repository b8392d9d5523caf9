import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ConsentLedger } from '../../../src/consent/consent-ledger.ts';
import { memoryConsentLedger } from '../../../src/consent/memory-consent-ledger.ts';
import type { ConsentGuardOptions } from '../../../src/guards/consent-options.ts';
import { memoryLimits } from '../../../src/limits/memory-limits.ts';
import { CANARY_NUMBER, CANARY_TEXT, expectNoCanary } from '../../support/canary.ts';
import { numberOf, testClient } from '../../support/client.ts';
import { createFakeClock, NOON } from '../../support/fake-clock.ts';
import { OUR_NUMBER, textOf } from '../../support/inbound.ts';
import { ledgerThat, ledgerWith } from '../../support/ledger.ts';
import { failureOf } from '../../support/transport.ts';

const person = numberOf(1);
const question = { text: 'Example: reply YES to get our offers.', source: OUR_NUMBER } as const;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

afterEach(() => void vi.useRealTimers());

function start(options: ConsentGuardOptions = {}, rest: Parameters<typeof testClient>[0] = {}) {
  const ledger = options.ledger ?? memoryConsentLedger();
  const client = testClient({ guards: { consent: { ...options, ledger } }, ...rest });
  const texts = () => client.emulator.requests.map(({ body }) => body as Record<string, unknown>);
  const { consent, messages } = client.sms;
  const advertise = () => messages.send({ destination: person, text: 'Sale', purpose: 'marketing' });
  return { ...client, ledger, consent, texts, advertise };
}

describe('the double opt-in', () => {
  it('allows marketing only after the request and a yes', async () => {
    const { consent, clock, texts, advertise } = start({ inbound: { optInReply: 'Welcome.' } });
    expect(await failureOf(advertise())).toMatchObject({ reason: 'no-record' });
    const sent = await consent.requestOptIn(person, {
      ...question,
      clientMessageId: 'q-1',
      purposes: ['marketing'],
    });
    expect(sent).toMatchObject({ status: 'accepted', clientMessageId: 'q-1' });
    expect(texts()).toMatchObject([{ destination: person, text: question.text, source: OUR_NUMBER }]);
    expect(await consent.status(person)).toBeUndefined();
    expect(await failureOf(advertise())).toMatchObject({ reason: 'no-record' });
    clock.advance(HOUR);
    const yes = textOf('Yes please', { at: NOON + HOUR });
    const confirmed = {
      state: 'opted-in',
      scope: 'marketing',
      purposes: ['marketing'],
      source: 'double-opt-in',
      at: NOON + HOUR,
      text: 'Yes please',
      messageId: yes.umid,
    };
    expect(await consent.handleInbound(yes)).toEqual({
      intent: 'confirm',
      recorded: confirmed,
      reply: 'sent',
    });
    expect(await consent.history(person)).toEqual([
      {
        state: 'requested',
        scope: 'marketing',
        purposes: ['marketing'],
        source: 'double-opt-in',
        at: NOON,
        expiresAt: NOON + DAY,
        text: question.text,
        sender: OUR_NUMBER,
      },
      confirmed,
    ]);
    await advertise();
    expect(await consent.handleInbound(yes)).toMatchObject({ intent: 'confirm', reply: 'skipped' });
    expect(await consent.handleInbound(textOf('YES', { at: NOON + HOUR }))).toEqual({ intent: 'none' });
  });

  it('accepts START as a yes to the messages that were asked for', async () => {
    const { consent, advertise } = start();
    await consent.requestOptIn(person, { ...question, scope: 'all' });
    expect(await consent.handleInbound(textOf('START'))).toMatchObject({
      intent: 'confirm',
      recorded: { scope: 'all', source: 'double-opt-in' },
    });
    await advertise();
  });

  it('records a reply through another channel with confirm', async () => {
    const onOptIn = vi.fn();
    const { consent, of, advertise } = start({ onOptIn });
    await consent.requestOptIn('9100 0001', { ...question, country: 'SG' });
    const details = {
      source: 'web-link',
      evidence: 'token 4711',
      country: 'SG',
      at: new Date(NOON),
    } as const;
    const record = {
      state: 'opted-in',
      scope: 'marketing',
      source: 'web-link',
      at: NOON,
      evidence: 'token 4711',
    };
    expect(await consent.confirm('9100 0001', details)).toEqual(record);
    expect(onOptIn.mock.lastCall?.[0]).toEqual({ ...record, destination: person });
    expect(of('consent-recorded')).toMatchObject([{ state: 'opted-in' }]);
    await advertise();
    expect(await failureOf(consent.confirm(person))).toMatchObject({
      code: 'consent',
      reason: 'not-requested',
    });
  });

  it('records its own source and the requested purposes with confirm', async () => {
    const { consent } = start();
    await consent.requestOptIn(person, { ...question, purposes: ['otp'] });
    expect(await consent.confirm(person)).toMatchObject({ source: 'double-opt-in', purposes: ['otp'] });
  });

  it('ignores a yes to another number of the team', async () => {
    const { consent, advertise } = start();
    await consent.requestOptIn(person, question);
    expect(await consent.handleInbound(textOf('Yes', { destination: '+6580009999' }))).toEqual({
      intent: 'none',
    });
    await failureOf(advertise());
    const withoutPlus = OUR_NUMBER.slice(1);
    expect(await consent.handleInbound(textOf('Yes', { destination: withoutPlus }))).toMatchObject({
      intent: 'confirm',
    });
    await advertise();
  });

  it('accepts a yes to any number when the request named no number', async () => {
    for (const source of ['TEAM', undefined]) {
      const { consent, advertise } = start();
      await consent.requestOptIn(person, { ...question, source });
      await consent.handleInbound(textOf('Yes', { destination: '+6580009999' }));
      await advertise();
    }
  });

  it('refuses confirm when no opt-in is pending', async () => {
    const { consent } = start();
    const error = await failureOf(consent.confirm(CANARY_NUMBER));
    expect(error).toMatchObject({ code: 'consent', reason: 'not-requested', submission: 'not-submitted' });
    expectNoCanary(error);
  });

  it('expires to the millisecond for both kinds of reply', async () => {
    const { consent, clock } = start();
    await consent.requestOptIn(person, { ...question, expiresAfterMs: HOUR });
    clock.advance(HOUR);
    expect(await consent.handleInbound(textOf('YES', { at: NOON + HOUR }))).toEqual({ intent: 'none' });
    expect(await failureOf(consent.confirm(person))).toMatchObject({ reason: 'expired' });
    // What counts is when the person wrote it, not when it came.
    expect(await consent.handleInbound(textOf('YES', { at: NOON + HOUR - 1 }))).toMatchObject({
      intent: 'confirm',
    });
  });

  it('reports opted-out, not requested-recently, after a STOP', async () => {
    const { consent, clock } = start();
    await consent.requestOptIn(person, question);
    clock.advance(MINUTE);
    await consent.handleInbound(textOf('STOP', { at: NOON + MINUTE }));
    const error = await failureOf(consent.requestOptIn(person, question));
    expect(error).toMatchObject({ code: 'consent', reason: 'opted-out' });
    expect(error).not.toHaveProperty('retryAfterMs');
  });

  it('is closed by a later STOP', async () => {
    const { consent, clock } = start();
    await consent.requestOptIn(person, question);
    clock.advance(MINUTE);
    await consent.handleInbound(textOf('STOP', { at: NOON + 1 }));
    expect(await consent.handleInbound(textOf('YES', { at: NOON + 2 }))).toEqual({ intent: 'none' });
    expect(await failureOf(consent.confirm(person))).toMatchObject({ reason: 'not-requested' });
  });

  it("counts a STOP in reply to the request when 8x8's clock is behind ours", async () => {
    for (const texts of [
      ['STOP', 'YES'],
      ['YES', 'STOP'],
    ]) {
      const { consent, clock } = start();
      await consent.requestOptIn(person, question);
      clock.advance(MINUTE);
      for (const [turn, text] of texts.entries()) {
        await consent.handleInbound(textOf(text, { at: NOON - 30_000 + turn * 10_000 }));
      }
      expect(await consent.status(person)).toMatchObject({ state: 'opted-out' });
      expect(await failureOf(consent.confirm(person))).toMatchObject({ reason: 'not-requested' });
    }
  });

  it('ignores a yes from before the request, within the tolerance of two clocks', async () => {
    const { consent } = start();
    await consent.requestOptIn(person, question);
    expect(await consent.handleInbound(textOf('YES', { at: NOON - MINUTE - 1 }))).toEqual({ intent: 'none' });
    expect(await consent.handleInbound(textOf('YES', { at: NOON - MINUTE }))).toMatchObject({
      intent: 'confirm',
      recorded: { at: NOON },
    });
  });
});

describe('an opt-in request', () => {
  it('respects every opt-out, also one from marketing only, in monitor mode too', async () => {
    for (const mode of ['enforce', 'monitor'] as const) {
      for (const scope of ['all', 'marketing'] as const) {
        const { consent, texts, ledger } = start({ mode });
        await consent.revoke(person, { source: 'x', scope });
        expect(await failureOf(consent.requestOptIn(person, question))).toMatchObject({
          reason: 'opted-out',
        });
        expect(texts()).toEqual([]);
        expect(await ledger.history(person)).toHaveLength(1);
      }
    }
  });

  it('passes all other guards', async () => {
    const ledger = memoryConsentLedger();
    const { consent } = start({}, { guards: { consent: { ledger }, countries: { allow: ['ID'] } } });
    expect(await failureOf(consent.requestOptIn(person, question))).toMatchObject({ guard: 'countries' });
    const template = { ...question, text: 'Hi {{name}}' };
    expect(await failureOf(start().consent.requestOptIn(person, template))).toMatchObject({
      guard: 'content',
    });
    const hooked = start({ check: () => false });
    expect(await failureOf(hooked.consent.requestOptIn(person, question))).toMatchObject({
      reason: 'said-no',
    });
    expect(await ledger.history(person)).toEqual([]);
  });

  it('is sent once within askAgainAfterMs', async () => {
    const { consent, clock, of, texts } = start();
    await consent.requestOptIn(person, question);
    clock.advance(7 * DAY - 1);
    const error = await failureOf(consent.requestOptIn(person, { ...question, clientMessageId: 'q-2' }));
    expect(error).toMatchObject({
      code: 'consent',
      reason: 'requested-recently',
      retryAfterMs: 1,
      clientMessageId: 'q-2',
    });
    expect(of('message-blocked')).toMatchObject([
      { clientMessageId: 'q-2', decision: { reason: 'requested-recently' } },
    ]);
    clock.advance(1);
    await consent.requestOptIn(person, { ...question, askAgainAfterMs: DAY });
    clock.advance(DAY);
    await consent.requestOptIn(person, { ...question, askAgainAfterMs: DAY });
    expect(texts()).toHaveLength(3);
  });

  it('is sent once when ten calls run at the same time', async () => {
    const clock = createFakeClock();
    const shared = { limits: memoryLimits({ clock }), scope: 'one', clock };
    const ledger = memoryConsentLedger();
    const clients = [
      start({ ledger }, { ...shared, guards: { consent: { ledger } } }),
      start({ ledger }, { ...shared, guards: { consent: { ledger } } }),
    ];
    const asked = Array.from({ length: 10 }, (_, index) =>
      clients[index % 2]?.consent.requestOptIn(person, question),
    );
    const outcomes = await Promise.allSettled(asked);
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(9);
    for (const { reason } of refused as PromiseRejectedResult[])
      expect(reason).toMatchObject({ code: 'consent', reason: 'requested-recently' });
    expect(clients.flatMap(({ texts }) => texts())).toHaveLength(1);
    expect(await ledger.history(person)).toHaveLength(1);
  });

  it('is not sent again after the limits restarted, because the ledger knows of it', async () => {
    const ledger = memoryConsentLedger();
    await start({ ledger }).consent.requestOptIn(person, question);
    expect(await failureOf(start({ ledger }).consent.requestOptIn(person, question))).toMatchObject({
      reason: 'requested-recently',
      retryAfterMs: 7 * DAY,
    });
  });

  it('may be repeated at once when it provably never left, and has no reply', async () => {
    const { consent, emulator, clock } = start();
    emulator.failNext('refused');
    expect(await failureOf(consent.requestOptIn(person, question))).toMatchObject({
      submission: 'not-submitted',
    });
    expect(await consent.history(person)).toMatchObject([
      { state: 'requested', expiresAt: NOON + DAY },
      { state: 'requested', expiresAt: NOON },
    ]);
    expect(await consent.handleInbound(textOf('YES'))).toEqual({ intent: 'none' });
    expect(await failureOf(consent.confirm(person))).toMatchObject({ reason: 'not-requested' });
    clock.advance(1);
    await consent.requestOptIn(person, question);
    expect(await consent.handleInbound(textOf('YES', { at: NOON + 1 }))).toMatchObject({ intent: 'confirm' });
  });

  it('has no reply when it was given up while the ledger recorded it', async () => {
    const memory = memoryConsentLedger();
    let record: () => Promise<void> = async () => {};
    const abort = new AbortController();
    const append: ConsentLedger['append'] = async (changes) => {
      if (abort.signal.aborted) return memory.append(changes);
      record = () => memory.append(changes);
      abort.abort();
      return new Promise<never>(() => {});
    };
    const { consent, texts } = start({ ledger: { ...memory, append } });
    const { signal } = abort;
    expect(await failureOf(consent.requestOptIn(person, question, { signal }))).toMatchObject({
      code: 'aborted',
      submission: 'not-submitted',
    });
    await record();
    expect(texts()).toEqual([]);
    expect(await consent.handleInbound(textOf('YES'))).toEqual({ intent: 'none' });
  });

  it('still says why it was not sent when its withdrawal fails', async () => {
    const memory = memoryConsentLedger();
    let appends = 0;
    const ledger: ConsentLedger = {
      ...memory,
      append: async (changes) => {
        appends += 1;
        if (appends > 1) throw new Error(CANARY_TEXT);
        await memory.append(changes);
      },
    };
    const { consent, emulator, of } = start({ ledger });
    emulator.failNext('refused');
    expect(await failureOf(consent.requestOptIn(person, question))).toMatchObject({ code: 'connection' });
    expect(of('store-failed')).toMatchObject([{ store: 'consent' }]);
  });

  it('does not wait for a withdrawal that hangs', async () => {
    vi.useFakeTimers();
    const memory = memoryConsentLedger();
    let appends = 0;
    const append: ConsentLedger['append'] = (changes) => {
      appends += 1;
      return appends > 1 ? new Promise<never>(() => {}) : memory.append(changes);
    };
    const { consent, emulator } = start({ ledger: { ...memory, append } });
    emulator.failNext('refused');
    const failed = failureOf(consent.requestOptIn(person, question));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await failed).toMatchObject({ code: 'connection' });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('counts as sent when it may have left', async () => {
    const { consent, emulator } = start();
    emulator.failNext('lost-response');
    expect(await failureOf(consent.requestOptIn(person, question))).toMatchObject({ submission: 'unknown' });
    expect(await failureOf(consent.requestOptIn(person, question))).toMatchObject({
      reason: 'requested-recently',
    });
    expect(await consent.handleInbound(textOf('YES'))).toMatchObject({ intent: 'confirm' });
  });

  it('is neither sent nor counted when it cannot be recorded', async () => {
    let broken = true;
    const memory = memoryConsentLedger();
    const append: ConsentLedger['append'] = async (changes) => {
      if (broken) throw new Error(CANARY_TEXT);
      await memory.append(changes);
    };
    const { consent, texts } = start({ ledger: { ...memory, append } });
    const error = await failureOf(consent.requestOptIn(person, { ...question, text: CANARY_TEXT }));
    expect(error).toMatchObject({ code: 'store', submission: 'not-submitted' });
    expectNoCanary(error);
    expect(texts()).toEqual([]);
    broken = false;
    await consent.requestOptIn(person, question);
  });

  it('is not sent to people who have already opted in, unless that is stale', async () => {
    const { consent, clock, advertise } = start({ reconfirmAfterMonths: 3 });
    await consent.grant(person, { source: 'form', purposes: ['otp'] });
    clock.advance(1);
    await consent.requestOptIn(person, question);
    await consent.confirm(person);
    clock.advance(8 * DAY);
    const refused = () => failureOf(consent.requestOptIn(person, question));
    expect(await refused()).toMatchObject({ code: 'consent', reason: 'already-opted-in' });
    expect(await refused()).not.toHaveProperty('retryAfterMs');
    const { reconfirmAt = 0 } = (await consent.status(person)) ?? {};
    expect(new Date(reconfirmAt).toISOString()).toBe('2027-02-22T09:00:00.001Z');
    clock.setCalendar(reconfirmAt - 1);
    await advertise();
    expect(await refused()).toMatchObject({ reason: 'already-opted-in' });
    clock.setCalendar(reconfirmAt);
    clock.advance(0);
    expect(await failureOf(advertise())).toMatchObject({ reason: 'stale' });
    clock.advance(31 * DAY);
    await consent.requestOptIn(person, question);
    await consent.handleInbound(textOf('YES', { at: clock.now() }));
    await advertise();
  });

  it('is sent to people who opted in to something else', async () => {
    const { consent } = start();
    await consent.grant(person, { source: 'form', purposes: ['otp', 'transactional'] });
    const narrow = { ...question, purposes: ['otp'] } as const;
    expect(await failureOf(consent.requestOptIn(person, narrow))).toMatchObject({
      reason: 'already-opted-in',
    });
    await expect(consent.requestOptIn(person, question)).resolves.toBeDefined();
  });

  it('needs a ledger', async () => {
    for (const consent of [undefined, false] as const) {
      const { sms } = testClient({ guards: { consent } });
      for (const call of [sms.consent.requestOptIn(person, question), sms.consent.confirm(person)]) {
        expect(await failureOf(call)).toMatchObject({
          code: 'configuration',
          option: 'guards.consent.ledger',
        });
      }
    }
  });

  it.each([
    [undefined, 'request'],
    [{}, 'request.text'],
    [{ text: '' }, 'request.text'],
    [{ text: 'a', txt: 'b' }, 'request.txt'],
    [{ text: 'a', expiresAfterMs: 59_999 }, 'request.expiresAfterMs'],
    [{ text: 'a', askAgainAfterMs: 32 * DAY }, 'request.askAgainAfterMs'],
    [{ text: 'a', purposes: [] }, 'request.purposes'],
    [{ text: 'a', purpose: 'marketing' }, 'request.purpose'],
    [{ text: 'a', exemption: {} }, 'request.exemption'],
  ])('%j is refused at %s', async (request, path) => {
    expect(await failureOf(start().consent.requestOptIn(person, request as never))).toMatchObject({
      code: 'validation',
      path,
    });
  });

  it('shows no number and no text', async () => {
    const { consent, events } = start();
    const asked = { ...question, text: CANARY_TEXT };
    await consent.requestOptIn(CANARY_NUMBER, asked);
    const errors = [
      await failureOf(consent.requestOptIn(CANARY_NUMBER, asked)),
      await failureOf(
        start({
          ledger: ledgerThat(async () => Promise.reject(new Error(CANARY_TEXT))),
        }).consent.requestOptIn(CANARY_NUMBER, asked),
      ),
      await failureOf(
        start({ ledger: ledgerWith({ history: async () => 'x' as never }) }).consent.confirm(CANARY_NUMBER),
      ),
    ];
    for (const each of [...errors, events]) expectNoCanary(each);
  });
});

it.each([
  [{ sourc: 'x' }, 'details.sourc'],
  [{ source: '' }, 'details.source'],
  [{ at: new Date(NOON + 5 * MINUTE + 1) }, 'details.at'],
])('confirm refuses %j', async (details, path) => {
  expect(await failureOf(start().consent.confirm(person, details as never))).toMatchObject({ path });
});
