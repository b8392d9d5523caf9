import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { ConsentLedger } from '../../../src/consent/consent-ledger.ts';
import { memoryConsentLedger } from '../../../src/consent/memory-consent-ledger.ts';
import type { ConsentGuardOptions } from '../../../src/guards/consent-options.ts';
import { CANARY_NUMBER, CANARY_TEXT, expectNoCanary } from '../../support/canary.ts';
import { numberOf, testClient } from '../../support/client.ts';
import { NOON } from '../../support/fake-clock.ts';
import { OUR_NUMBER, textOf } from '../../support/inbound.ts';
import { ledgerThat, ledgerWith } from '../../support/ledger.ts';
import { failureOf } from '../../support/transport.ts';

const person = numberOf(1);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const replies = { optOutReply: 'You are out.', optInReply: 'You are in.', helpReply: 'Call us.' };

function start(options: ConsentGuardOptions = {}, rest: Parameters<typeof testClient>[0] = {}) {
  const ledger = memoryConsentLedger();
  const client = testClient({ guards: { consent: { ledger, ...options } }, ...rest });
  const texts = () => client.emulator.requests.map(({ body }) => body as Record<string, unknown>);
  return { ledger, ...client, consent: client.sms.consent, texts };
}

describe('STOP', () => {
  it('is recorded with source, time, text and message id, and counts from then on', async () => {
    const { sms, consent, clock, of, texts } = start();
    await consent.grant(person, { source: 'form' });
    clock.advance(HOUR);
    const text = textOf('Stop. Thank you', { at: NOON + MINUTE, umid: 'umid-stop' });
    const recorded = {
      state: 'opted-out',
      scope: 'all',
      source: 'inbound-sms',
      at: NOON + MINUTE,
      messageId: 'umid-stop',
      text: 'Stop. Thank you',
    };
    expect(await consent.handleInbound(text)).toEqual({ intent: 'opt-out', recorded });
    expect(await consent.history(person)).toMatchObject([{ state: 'opted-in' }, recorded]);
    expect(of('consent-recorded').at(-1)).toMatchObject({ state: 'opted-out', scope: 'all' });
    for (const purpose of ['otp', 'transactional', 'marketing'] as const) {
      const sent = sms.messages.send({ destination: person, text: 'Hi', purpose });
      expect(await failureOf(sent)).toMatchObject({ code: 'consent', reason: 'opted-out' });
    }
    expect(texts()).toEqual([]);
  });

  it('stops only marketing when configured, and never narrows an earlier opt-out', async () => {
    const { sms, consent } = start({ inbound: { optOutScope: 'marketing' } });
    expect(await consent.handleInbound(textOf('STOP'))).toMatchObject({ recorded: { scope: 'marketing' } });
    await sms.messages.send({ destination: person, text: 'Your order left' });
    await consent.revoke(person, { source: 'support' });
    expect(await consent.handleInbound(textOf('STOP'))).toMatchObject({ recorded: { scope: 'all' } });
    expect(await consent.status(person)).toMatchObject({ state: 'opted-out', scope: 'all' });
  });

  it('is not narrowed by an opt-out of marketing that was recorded before a late STOP arrived', async () => {
    const { consent, clock } = start();
    clock.advance(60 * MINUTE);
    await consent.revoke(person, { source: 'web', scope: 'marketing' });
    clock.advance(60 * MINUTE);
    const late = await consent.handleInbound(textOf('STOP'));
    expect(late).toMatchObject({ recorded: { scope: 'all', at: NOON + 60 * MINUTE } });
    expect(late).not.toHaveProperty('superseded');
    expect(await consent.status(person)).toMatchObject({ scope: 'all' });
  });

  it('changes nothing when the same text arrives twice', async () => {
    const onOptOut = vi.fn();
    const { consent, of, texts, clock } = start({ inbound: replies, onOptOut });
    const text = textOf('STOP');
    const first = await consent.handleInbound(text);
    expect(first).toMatchObject({ intent: 'opt-out', reply: 'sent' });
    clock.advance(48 * HOUR);
    expect(await consent.handleInbound(text)).toEqual({ ...first, reply: 'skipped' });
    expect(await consent.history(person)).toHaveLength(1);
    expect(onOptOut).toHaveBeenCalledOnce();
    expect(of('consent-recorded')).toHaveLength(1);
    expect(texts()).toHaveLength(1);
    const quiet = start();
    await quiet.consent.handleInbound(text);
    expect(await quiet.consent.handleInbound(text)).not.toHaveProperty('reply');
  });

  it('becomes part of the history without effect when it arrives after a newer opt-in', async () => {
    const hooks = { onOptOut: vi.fn(), onOptIn: vi.fn() };
    const { consent, clock, texts, of } = start({ inbound: replies, ...hooks });
    clock.advance(HOUR);
    await consent.grant(person, { source: 'form' });
    const late = await consent.handleInbound(textOf('STOP', { at: NOON }));
    expect(late).toMatchObject({
      intent: 'opt-out',
      superseded: true,
      reply: 'skipped',
      recorded: { at: NOON },
    });
    expect(await consent.status(person)).toMatchObject({ state: 'opted-in' });
    expect((await consent.history(person)).map(({ state }) => state)).toEqual(['opted-out', 'opted-in']);
    expect(hooks.onOptOut).not.toHaveBeenCalled();
    expect(texts()).toEqual([]);
    expect(of('consent-recorded')).toHaveLength(1);
    await consent.revoke(person, { source: 'support' });
    hooks.onOptIn.mockClear();
    const start_ = await consent.handleInbound(textOf('START', { at: NOON + 1 }));
    expect(start_).toMatchObject({ intent: 'opt-in', superseded: true, reply: 'skipped' });
    expect(hooks.onOptIn).not.toHaveBeenCalled();
  });

  it.each([
    ['2999-01-01T00:00:00Z'],
    ['yesterday'],
    [''],
    ['1'],
    ['0001-01-01T00:00:00'],
    ['1970-01-01T00:00:00Z'],
  ])('with a time in the future, or none (%s), is as of now', async (timestamp) => {
    const { consent, clock } = start();
    await consent.grant(person, { source: 'form' });
    clock.advance(HOUR);
    expect(await consent.handleInbound(textOf('STOP', { timestamp }))).toMatchObject({
      recorded: { at: NOON + HOUR },
    });
    expect(await consent.status(person)).toMatchObject({ state: 'opted-out' });
  });

  it.each([
    ['2026-11-22T08:59:00'],
    ['2026-11-22 08:59:00'],
    ['2026-11-22T08:59:00.0000000Z'],
    ['2026-11-22T16:59:00+08:00'],
    ['2026-11-22T16:59:00+0800'],
  ])('without an offset is of UTC, wherever the process runs: %s', async (timestamp) => {
    vi.stubEnv('TZ', 'Asia/Singapore');
    try {
      const { consent } = start();
      const stopped = await consent.handleInbound(textOf('STOP', { timestamp }));
      expect(stopped.recorded?.at).toBe(NOON - MINUTE);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it.each([[MINUTE, 'opted-out'] as const, [MINUTE + 1, 'opted-in'] as const])(
    'wins over an opt-in dated by our clock while that may be %i ms ahead of that of 8x8: %s',
    async (behindMs, state) => {
      const { consent, clock, sms } = start({ inbound: replies });
      await consent.grant(person, { source: 'form' });
      clock.advance(HOUR);
      const stopped = await consent.handleInbound(textOf('STOP', { at: NOON - behindMs }));
      expect(await consent.status(person)).toMatchObject({ state });
      expect(stopped.reply).toBe(state === 'opted-out' ? 'sent' : 'skipped');
      const sale = failureOf(sms.messages.send({ destination: person, text: 'Sale', purpose: 'marketing' }));
      if (state === 'opted-out') expect(await sale).toMatchObject({ reason: 'opted-out' });
      else await expect(sale).rejects.toThrow('it did not fail');
    },
  );

  it('counts from a sender without the plus', async () => {
    const { consent } = start();
    expect(await consent.handleInbound(textOf('STOP', { source: person.slice(1) }))).toMatchObject({
      recorded: { state: 'opted-out' },
    });
    expect(await consent.status(person)).toMatchObject({ state: 'opted-out' });
  });

  it('calls onOptOut, whose failure changes nothing', async () => {
    const onOptOut = vi.fn(() => {
      throw new Error(CANARY_NUMBER);
    });
    const { consent, of } = start({ onOptOut });
    expect(await consent.handleInbound(textOf('STOP'), { context: 'c' })).toMatchObject({
      intent: 'opt-out',
    });
    expect(onOptOut.mock.calls).toEqual([
      [
        expect.objectContaining({ destination: person, state: 'opted-out', text: 'STOP' }),
        { signal: expect.any(AbortSignal), context: 'c' },
      ],
    ]);
    expect(of('hook-failed')).toMatchObject([{ hook: 'onOptOut' }]);
  });

  it('emits an event when there is no ledger', async () => {
    for (const guards of [undefined, { consent: false }, { consent: { check: () => true } }] as const) {
      const { sms, of } = testClient({ guards });
      expect(await sms.consent.handleInbound(textOf('STOP'))).toEqual({ intent: 'opt-out' });
      expect(await sms.consent.handleInbound(textOf('START'))).toEqual({ intent: 'opt-in' });
      expect(await sms.consent.handleInbound(textOf('YES'))).toEqual({ intent: 'none' });
      expect(of('opt-out-unrecorded')).toMatchObject([{ destination: '+65******01', reason: 'no-ledger' }]);
    }
  });

  it('emits an event and records nothing when the sender is not a phone number', async () => {
    const { consent, of } = start({ inbound: replies });
    for (const source of ['73100', 'BANK', '']) {
      expect(await consent.handleInbound(textOf('STOP', { source }))).toEqual({ intent: 'opt-out' });
      expect(await consent.handleInbound(textOf('START', { source }))).toEqual({ intent: 'opt-in' });
      expect(await consent.handleInbound(textOf('HELP', { source }))).toEqual({ intent: 'help' });
      expect(await consent.handleInbound(textOf('YES', { source }))).toEqual({ intent: 'none' });
    }
    expect(of('opt-out-unrecorded').map(({ reason }) => reason)).toEqual(new Array(3).fill('no-number'));
  });

  it('throws a StoreError when the ledger fails, so that 8x8 tries again', async () => {
    const broken = ledgerThat(async () => {
      throw new Error(`insert ${CANARY_NUMBER}`);
    });
    const ledgers: ConsentLedger[] = [
      broken,
      ledgerWith({ append: broken.append }),
      ledgerWith({ history: async () => undefined as never }),
    ];
    for (const ledger of ledgers) {
      const { consent, of, texts } = start({ ledger, inbound: replies });
      const error = await failureOf(consent.handleInbound(textOf('STOP', { source: CANARY_NUMBER })));
      expect(error).toMatchObject({ code: 'store' });
      expectNoCanary(error);
      expect(of('store-failed')).toMatchObject([{ store: 'consent' }]);
      expect(texts()).toEqual([]);
    }
  });
});

describe('the one confirmation of an opt-out', () => {
  it('is sent from the number that the person wrote to, through all other guards', async () => {
    const { consent, texts, of } = start({ inbound: replies });
    expect(await consent.handleInbound(textOf('STOP'))).toMatchObject({ reply: 'sent' });
    expect(texts()).toMatchObject([{ text: 'You are out.', destination: person, source: OUR_NUMBER }]);
    expect(of('message-sent')).toMatchObject([{ purpose: 'transactional' }]);
    const limited = start(
      { inbound: replies },
      {
        guards: {
          consent: { ledger: memoryConsentLedger(), inbound: replies },
          countries: { allow: ['ID'] },
        },
      },
    );
    expect(await limited.consent.handleInbound(textOf('STOP'))).toMatchObject({
      reply: 'failed',
      recorded: { state: 'opted-out' },
    });
    expect(limited.of('message-blocked')).toMatchObject([{ decision: { guard: 'countries' } }]);
  });

  it('is not sent to people who were out already', async () => {
    const { consent, texts } = start({ inbound: replies });
    await consent.revoke(person, { source: 'support' });
    expect(await consent.handleInbound(textOf('STOP'))).toMatchObject({ reply: 'skipped' });
    expect(await consent.handleInbound(textOf('UNSUBSCRIBE'))).toMatchObject({ reply: 'skipped' });
    expect(texts()).toEqual([]);
  });

  it('is sent once when two STOPs arrive at once, whichever is recorded last', async () => {
    for (const order of [0, 1]) {
      const { consent, texts, ledger } = start({ inbound: replies });
      const results = await Promise.all([
        consent.handleInbound(textOf('STOP', { at: NOON - order })),
        consent.handleInbound(textOf('CANCEL', { at: NOON - 1 + order })),
      ]);
      expect(results.map(({ reply }) => reply).toSorted()).toEqual(['sent', 'skipped']);
      expect(texts()).toHaveLength(1);
      expect(await ledger.history(person)).toHaveLength(2);
    }
  });

  it('is still sent when a second STOP is recorded in between', async () => {
    const memory = memoryConsentLedger();
    const second = textOf('CANCEL');
    let interfered = false;
    const ledger: ConsentLedger = {
      ...memory,
      async append(changes) {
        await memory.append(changes);
        if (interfered) return;
        interfered = true;
        await other.sms.consent.handleInbound(second);
      },
    };
    const other = start({ ledger: memory, inbound: replies });
    const { consent, texts } = start({ ledger, inbound: replies });
    expect(await consent.handleInbound(textOf('STOP'))).toMatchObject({ reply: 'sent' });
    expect([...texts(), ...other.texts()]).toHaveLength(1);
  });

  it('is not sent when the person opted in again in between', async () => {
    const memory = memoryConsentLedger();
    const ledger: ConsentLedger = {
      ...memory,
      async append(changes) {
        await memory.append(changes);
        await memory.append([{ key: person, state: 'opted-in', scope: 'all', source: 'x', at: NOON }]);
      },
    };
    const { consent, texts } = start({ ledger, inbound: replies });
    expect(await consent.handleInbound(textOf('STOP'))).toMatchObject({ reply: 'failed' });
    expect(texts()).toEqual([]);
  });

  it('is sent again after the next opt-in', async () => {
    const { consent, texts, clock } = start({ inbound: replies });
    await consent.handleInbound(textOf('STOP', { at: NOON }));
    clock.advance(MINUTE);
    await consent.handleInbound(textOf('START', { at: NOON + 1 }));
    expect(await consent.handleInbound(textOf('STOP', { at: NOON + 2 }))).toMatchObject({ reply: 'sent' });
    expect(texts().map(({ text }) => text)).toEqual(['You are out.', 'You are in.', 'You are out.']);
  });

  it('is sent although a hook of the team says no', async () => {
    const { consent } = start({ inbound: replies, check: () => false });
    expect(await consent.handleInbound(textOf('STOP'))).toMatchObject({ reply: 'sent' });
  });

  it('is sent in monitor mode too, unlike an ordinary message', async () => {
    const { sms, consent } = start({ inbound: replies, mode: 'monitor' });
    expect(await consent.handleInbound(textOf('STOP'))).toMatchObject({ reply: 'sent' });
    const sent = sms.messages.send({ destination: person, text: 'You are out.' });
    expect(await failureOf(sent)).toMatchObject({ reason: 'opted-out' });
  });

  it('is not repeated when its response was lost, and the opt-out counts', async () => {
    const { consent, emulator, texts } = start({ inbound: replies });
    emulator.failNext('lost-response');
    const text = textOf('STOP');
    expect(await consent.handleInbound(text)).toMatchObject({ reply: 'failed' });
    expect(await consent.handleInbound(text)).toMatchObject({ reply: 'skipped' });
    expect(texts()).toHaveLength(1);
    expect(await consent.status(person)).toMatchObject({ state: 'opted-out' });
  });

  it('never shows its token', async () => {
    const { consent, ledger, events } = start({ inbound: replies });
    const result = await consent.handleInbound(textOf('STOP'));
    const [record] = await ledger.get([person]);
    const token = record?.confirmation ?? '';
    expect(token).toMatch(/^[0-9a-f]{32}$/);
    const shown = JSON.stringify([
      result,
      events,
      await consent.status(person),
      await consent.history(person),
    ]);
    expect(shown).not.toContain(token);
  });

  it("cannot be claimed by a caller's message", async () => {
    const { sms, consent, ledger } = start({ inbound: replies });
    await consent.handleInbound(textOf('STOP'));
    const [record] = await ledger.get([person]);
    const exemption = { kind: 'opt-out-confirmation', key: record?.confirmation, windowMs: 1 };
    const forged = { destination: person, text: 'Sale', exemption } as never;
    expect(await failureOf(sms.messages.send(forged))).toMatchObject({
      code: 'validation',
      path: 'exemption',
    });
    const { results } = await sms.messages.sendBatch({ messages: [forged] });
    expect(results).toMatchObject([{ status: 'failed', error: { path: 'messages[0].exemption' } }]);
  });
});

describe('START', () => {
  it('takes back a STOP and restores the earlier opt-in', async () => {
    const { sms, consent, clock } = start();
    await consent.grant(person, { source: 'form', scope: 'all', purposes: ['marketing', 'otp'] });
    clock.advance(MINUTE);
    await consent.handleInbound(textOf('STOP', { at: NOON + 1 }));
    const back = await consent.handleInbound(textOf('START', { at: NOON + 2 }));
    expect(back).toMatchObject({
      intent: 'opt-in',
      recorded: { state: 'opted-in', source: 'inbound-sms', scope: 'all', purposes: ['marketing', 'otp'] },
    });
    await sms.messages.send({ destination: person, text: 'Sale', purpose: 'marketing' });
    await consent.handleInbound(textOf('STOP', { at: NOON + 3 }));
    const again = await consent.handleInbound(textOf('START', { at: NOON + 4 }));
    expect(again.recorded).toMatchObject({ purposes: ['marketing', 'otp'] });
  });

  it('does not take back an opt-out through another channel', async () => {
    const { consent, clock } = start();
    await consent.grant(person, { source: 'form' });
    clock.advance(MINUTE);
    await consent.revoke(person, { source: 'web', scope: 'marketing' });
    clock.advance(MINUTE);
    for (const word of ['STOP', 'START', 'STOP', 'START']) {
      clock.advance(MINUTE);
      await consent.handleInbound(textOf(word, { at: clock.now() }));
    }
    expect(await consent.status(person)).toMatchObject({
      state: 'opted-in',
      scope: 'all',
      purposes: ['transactional', 'otp'],
    });
  });

  it('never grants advertising without an earlier opt-in', async () => {
    const { sms, consent } = start({ inbound: replies });
    await consent.handleInbound(textOf('STOP'));
    expect(await consent.handleInbound(textOf('START'))).toMatchObject({
      reply: 'sent',
      recorded: { scope: 'all', purposes: ['transactional', 'otp'] },
    });
    await sms.messages.send({ destination: person, text: 'Your order left' });
    const sale = sms.messages.send({ destination: person, text: 'Sale', purpose: 'marketing' });
    expect(await failureOf(sale)).toMatchObject({ reason: 'not-covered' });
    expect(await consent.handleInbound(textOf('START'))).toMatchObject({ reply: 'skipped' });
  });

  it('opts in to marketing when keywordOptIn is set', async () => {
    const { sms, consent } = start({ inbound: { keywordOptIn: true } });
    const joined = await consent.handleInbound(textOf('START'));
    expect(joined).toMatchObject({ intent: 'opt-in', recorded: { scope: 'marketing' } });
    expect(joined.recorded).not.toHaveProperty('purposes');
    await sms.messages.send({ destination: person, text: 'Sale', purpose: 'marketing' });
  });

  it('changes nothing when the same text arrives twice, and is answered once when two arrive at once', async () => {
    const { consent, texts } = start({ inbound: replies });
    const text = textOf('START');
    const results = await Promise.all([consent.handleInbound(text), consent.handleInbound(text)]);
    expect(results.map(({ reply }) => reply).toSorted()).toEqual(['sent', 'skipped']);
    expect(await consent.handleInbound(text)).toMatchObject({ intent: 'opt-in', reply: 'skipped' });
    expect(await consent.history(person)).toHaveLength(1);
    expect(texts()).toHaveLength(1);
  });
});

describe('HELP', () => {
  it('is answered without an opt-in, once per hour, and never after an opt-out', async () => {
    const { consent, clock, texts, of } = start({ inbound: replies });
    expect(await consent.handleInbound(textOf('HELP'))).toEqual({ intent: 'help', reply: 'sent' });
    clock.advance(HOUR - 1);
    expect(await consent.handleInbound(textOf('help?'))).toEqual({ intent: 'help', reply: 'skipped' });
    expect(of('message-blocked')).toMatchObject([
      { decision: { reason: 'answered-recently', retryAfterMs: 1 } },
    ]);
    clock.advance(1);
    expect(await consent.handleInbound(textOf('HELP'))).toEqual({ intent: 'help', reply: 'sent' });
    expect(texts().map(({ text }) => text)).toEqual(['Call us.', 'Call us.']);
    await consent.revoke(person, { source: 'support' });
    clock.advance(HOUR);
    expect(await consent.handleInbound(textOf('HELP'))).toEqual({ intent: 'help', reply: 'failed' });
    expect(await start().consent.handleInbound(textOf('HELP'))).toEqual({ intent: 'help' });
  });

  it('needs no ledger', async () => {
    const { sms } = testClient({ guards: { consent: { inbound: replies } } });
    expect(await sms.consent.handleInbound(textOf('HELP'))).toEqual({ intent: 'help', reply: 'sent' });
  });
});

describe('a possible opt-out', () => {
  it('is reported and not recorded', async () => {
    const onPossibleOptOut = vi.fn();
    const { consent, of } = start({ onPossibleOptOut });
    const body = 'please remove me from your list';
    const text = textOf(body);
    expect(await consent.handleInbound(text, { context: 'c' })).toEqual({ intent: 'possible-opt-out' });
    expect(onPossibleOptOut.mock.calls).toEqual([
      [
        { destination: person, text: body, at: NOON, messageId: text.umid },
        { signal: expect.any(AbortSignal), context: 'c' },
      ],
    ]);
    expect(of('possible-opt-out')).toEqual([
      { type: 'possible-opt-out', destination: '+65******01', at: NOON },
    ]);
    expect(await consent.status(person)).toBeUndefined();
    await consent.handleInbound(textOf(body, { source: 'BANK' }));
    expect(onPossibleOptOut.mock.lastCall?.[0]).toMatchObject({ destination: 'BANK' });
  });

  it('raises an event when its hook fails, and needs no hook', async () => {
    const text = textOf('please remove me from your list');
    const { consent, of } = start({ onPossibleOptOut: async () => Promise.reject(new Error('x')) });
    expect(await consent.handleInbound(text)).toEqual({ intent: 'possible-opt-out' });
    expect(of('hook-failed')).toMatchObject([{ hook: 'onPossibleOptOut' }]);
    expect(await start().consent.handleInbound(text)).toEqual({ intent: 'possible-opt-out' });
  });

  it.each([['See you at five'], [''], ['x'.repeat(200)], ['YES']])('%j is none', async (body) => {
    const { consent } = start();
    expect(await consent.handleInbound(textOf(body))).toEqual({ intent: 'none' });
    expect(await consent.history(person)).toEqual([]);
  });
});

it('a reaction has an intent of its own and is not reported', async () => {
  const onPossibleOptOut = vi.fn();
  const { consent, of } = start({ onPossibleOptOut });
  const text = textOf('Liked “Sale! Reply STOP to end”');
  expect(await consent.handleInbound(text)).toEqual({ intent: 'reaction' });
  expect(onPossibleOptOut).not.toHaveBeenCalled();
  expect(of('possible-opt-out')).toEqual([]);
});

it('a word that is ordinary where the number is from opts out only alone', async () => {
  const singapore = numberOf(1);
  const { consent } = start();
  expect(await consent.handleInbound(textOf('ok off', { source: singapore }))).toEqual({
    intent: 'possible-opt-out',
  });
  const indonesia = '+6281234567890';
  expect(await consent.handleInbound(textOf('OFF ya kak', { source: indonesia }))).toMatchObject({
    intent: 'opt-out',
  });
  expect(await consent.handleInbound(textOf('OFF', { source: singapore }))).toMatchObject({
    intent: 'opt-out',
  });
});

describe("8x8's block list", () => {
  const accountId = 'account-1';

  it('receives an opt-out of everything after the confirmation', async () => {
    const ledger = memoryConsentLedger();
    const inbound = { ...replies, blockAt8x8: true };
    const { consent, emulator } = start({}, { accountId, guards: { consent: { ledger, inbound } } });
    expect(await consent.handleInbound(textOf('STOP'))).toMatchObject({ reply: 'sent', mirrored: true });
    const paths = emulator.requests.map(({ path }) => path.split('/').slice(-2).join('/'));
    expect(paths).toEqual([expect.stringMatching(/messages$/), `blacklist/${person.slice(1)}`]);
    const partly = start({ inbound: { ...inbound, optOutScope: 'marketing' } }, { accountId });
    expect(await partly.consent.handleInbound(textOf('STOP'))).not.toHaveProperty('mirrored');
  });

  it('receives it while the client closes', async () => {
    const consent = { ledger: memoryConsentLedger(), inbound: { ...replies, blockAt8x8: true } };
    const { sms } = testClient({ accountId, guards: { consent } }, { accountId });
    const stopped = sms.consent.handleInbound(textOf('STOP'));
    const closed = sms.close();
    expect(await stopped).toMatchObject({ reply: 'sent', mirrored: true });
    await closed;
  });

  it('never fails the opt-out', async () => {
    const { consent, of } = start({ inbound: { blockAt8x8: true } });
    expect(await consent.handleInbound(textOf('STOP'))).toMatchObject({
      recorded: { state: 'opted-out' },
      mirrored: false,
    });
    expect(of('opt-out-not-mirrored')).toMatchObject([{ destination: '+65******01' }]);
  });

  it('receives it without a ledger', async () => {
    const guards = { consent: { inbound: { blockAt8x8: true } } };
    const { sms } = testClient({ accountId, guards }, { accountId });
    expect(await sms.consent.handleInbound(textOf('STOP'))).toEqual({ intent: 'opt-out', mirrored: true });
  });
});

it('added words are read', async () => {
  const { consent } = start({ inbound: { words: { add: { 'opt-out': ['NO MORE'], help: ['WHO'] } } } });
  expect(await consent.handleInbound(textOf('no more!'))).toMatchObject({ intent: 'opt-out' });
  expect(await consent.handleInbound(textOf('who?'))).toEqual({ intent: 'help' });
});

it.each([
  [undefined, 'inbound'],
  [{ ...textOf('STOP'), umid: undefined }, 'inbound.umid'],
  [{ ...textOf('STOP'), umid: '' }, 'inbound.umid'],
  [{ ...textOf('STOP'), body: 5 }, 'inbound.body'],
  [{ ...textOf('STOP'), type: 'delivery-receipt' }, 'inbound.type'],
  [{ ...textOf('STOP'), text: 'STOP' }, 'inbound.text'],
])('anything but an inbound message is refused (%#)', async (inbound, path) => {
  const { consent } = start();
  expect(await failureOf(consent.handleInbound(inbound as never))).toMatchObject({
    code: 'validation',
    path,
  });
});

it('shows no number and no text of a person', async () => {
  const ledger = memoryConsentLedger();
  const options = { ledger, inbound: { ...replies, blockAt8x8: true } };
  const { consent, events } = start(options);
  const source = CANARY_NUMBER;
  for (const body of ['STOP', 'START', 'HELP', `stop ${CANARY_TEXT}`, CANARY_TEXT]) {
    await consent.handleInbound(textOf(body, { source, raw: { body: CANARY_TEXT } }));
  }
  await consent.handleInbound(textOf(`stop ${CANARY_TEXT}`, { source: `sender ${CANARY_NUMBER}` }));
  expectNoCanary(events);
});

it('the latest choice decides for texts in any order, some of them twice', async () => {
  const choice = fc.record({
    word: fc.constantFrom('STOP', 'stop please', 'START', 'unstop', 'HELP', 'hello', 'YES'),
    copies: fc.integer({ min: 1, max: 3 }),
  });
  const story = fc.array(choice, { maxLength: 8 }).chain((choices) => {
    const texts = choices.map(({ word }, minute) => textOf(word, { at: NOON - HOUR + minute * MINUTE }));
    const arriving = texts.flatMap((text, index) => new Array(choices[index]?.copies ?? 1).fill(text));
    return fc.record({
      texts: fc.constant(texts),
      arriving: fc.shuffledSubarray(arriving, { minLength: arriving.length }),
      atOnce: fc.boolean(),
    });
  });
  await fc.assert(
    fc.asyncProperty(story, async ({ texts, arriving, atOnce }) => {
      const { consent } = start({ inbound: replies }, {});
      if (atOnce) await Promise.all(arriving.map((text) => consent.handleInbound(text)));
      else for (const text of arriving) await consent.handleInbound(text);
      const chosen = texts.filter(({ body }) => /st(op|art)/i.test(body));
      const last = chosen.at(-1);
      const expected = last && (/^stop/i.test(last.body) ? 'opted-out' : 'opted-in');
      expect((await consent.status(person))?.state).toBe(expected);
      expect((await consent.history(person)).map(({ messageId }) => messageId)).toEqual(
        chosen.map(({ umid }) => umid),
      );
    }),
    { numRuns: 60 },
  );
});
