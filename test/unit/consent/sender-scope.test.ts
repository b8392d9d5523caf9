import { describe, expect, it } from 'vitest';
import { exportConsent } from '../../../src/consent/export-consent.ts';
import { importConsent } from '../../../src/consent/import-consent.ts';
import { memoryConsentLedger } from '../../../src/consent/memory-consent-ledger.ts';
import type { ConsentGuardOptions } from '../../../src/guards/consent-options.ts';
import { numberOf, testClient } from '../../support/client.ts';
import { NOON } from '../../support/fake-clock.ts';
import { OUR_NUMBER, textOf } from '../../support/inbound.ts';
import { ledgerWith } from '../../support/ledger.ts';
import { readAll } from '../../support/read-all.ts';
import { failureOf } from '../../support/transport.ts';

const person = numberOf(1);
const OTHER_NUMBER = '+6580009999';
const MINUTE = 60_000;
const brands = { shop: [OUR_NUMBER, 'SHOP'], bank: [OTHER_NUMBER] };

function start(options: ConsentGuardOptions = {}) {
  const ledger = options.ledger ?? memoryConsentLedger();
  const inbound = { optOutScope: 'sender', brands, ...options.inbound } as const;
  const client = testClient({ guards: { consent: { ...options, ledger, inbound } } });
  const { consent, messages } = client.sms;
  const texts = () => client.emulator.requests.map(({ body }) => body as Record<string, unknown>);
  /** What becomes of a message from a sender. */
  async function outcome(
    source: string | undefined,
    purpose: 'transactional' | 'otp' | 'marketing' = 'transactional',
  ) {
    const sent = messages.send({ destination: person, text: 'Hi', source, purpose });
    return sent.then(
      () => 'sent',
      (error: { readonly reason: string }) => error.reason,
    );
  }
  return { ...client, ledger, consent, texts, outcome };
}

describe('STOP to one sender', () => {
  it('stops its brand, in every spelling of its sender IDs, and no other', async () => {
    const { consent, outcome } = start();
    const stopped = await consent.handleInbound(textOf('STOP'));
    expect(stopped).toMatchObject({ intent: 'opt-out', recorded: { scope: 'sender', sender: 'shop' } });
    for (const source of [OUR_NUMBER, OUR_NUMBER.slice(1), 'SHOP', 'shop']) {
      expect(await outcome(source), source).toBe('opted-out');
    }
    expect(await outcome(OTHER_NUMBER)).toBe('sent');
    expect(await outcome('TEAM')).toBe('sent');
  });

  it('stops every purpose of it, one-time passwords unless they are let through', async () => {
    for (const otpAfterOptOut of [false, true]) {
      const { consent, outcome } = start({ otpAfterOptOut });
      await consent.grant(person, { source: 'form' });
      await consent.handleInbound(textOf('STOP'));
      expect(await outcome('SHOP', 'marketing')).toBe('opted-out');
      expect(await outcome('SHOP', 'otp')).toBe(otpAfterOptOut ? 'sent' : 'opted-out');
      expect(await outcome(OTHER_NUMBER, 'marketing')).toBe('sent');
    }
  });

  it('stops a message that names no sender, which 8x8 may send from any', async () => {
    const { consent, outcome } = start();
    expect(await outcome(undefined)).toBe('sent');
    await consent.handleInbound(textOf('STOP'));
    expect(await outcome(undefined)).toBe('opted-out');
    await consent.handleInbound(textOf('START', { at: NOON + 1 }));
    expect(await outcome(undefined)).toBe('sent');
  });

  it('stops every sender when 8x8 does not say to whom the person wrote, until a START', async () => {
    const { consent, outcome, texts } = start({ inbound: { optOutReply: 'You are out.' } });
    const stopped = await consent.handleInbound(textOf('STOP', { destination: '' }));
    expect(stopped).toMatchObject({ intent: 'opt-out', recorded: { scope: 'all' }, reply: 'sent' });
    expect(stopped.recorded).not.toHaveProperty('sender');
    expect(texts()).toEqual([expect.not.objectContaining({ source: expect.anything() })]);
    for (const source of [OUR_NUMBER, OTHER_NUMBER, undefined])
      expect(await outcome(source)).toBe('opted-out');
    await consent.handleInbound(textOf('START', { destination: '', at: NOON + 1 }));
    for (const source of [OUR_NUMBER, OTHER_NUMBER, undefined]) expect(await outcome(source)).toBe('sent');
  });

  it('to two senders at once counts for both', async () => {
    const { consent, outcome } = start();
    await Promise.all([
      consent.handleInbound(textOf('STOP')),
      consent.handleInbound(textOf('STOP', { destination: OTHER_NUMBER.slice(1) })),
    ]);
    expect(await outcome('SHOP')).toBe('opted-out');
    expect(await outcome(OTHER_NUMBER)).toBe('opted-out');
    expect(await outcome('TEAM')).toBe('sent');
  });

  it('is not taken back by an opt-in that names no sender, but by START to it or a grant that names it', async () => {
    const { consent, outcome, clock } = start();
    await consent.handleInbound(textOf('STOP'));
    clock.advance(MINUTE);
    await consent.grant(person, { source: 'form', scope: 'all' });
    expect(await outcome('SHOP')).toBe('opted-out');
    expect(await outcome(OTHER_NUMBER, 'marketing')).toBe('sent');
    const started = await consent.handleInbound(textOf('START', { at: NOON + MINUTE }));
    expect(started.recorded).toMatchObject({ state: 'opted-in', scope: 'sender', sender: 'shop' });
    expect(await outcome('SHOP', 'marketing')).toBe('sent');
    await consent.revoke(person, { source: 'support', sender: 'bank' });
    expect(await outcome(OTHER_NUMBER)).toBe('opted-out');
    clock.advance(MINUTE);
    await consent.grant(person, { source: 'support', sender: OTHER_NUMBER });
    expect(await outcome(OTHER_NUMBER)).toBe('sent');
  });

  it('leaves an opt-out of everything as it is, and START takes that back for its sender only', async () => {
    const { consent, outcome, clock } = start();
    await consent.revoke(person, { source: 'support' });
    expect(await outcome('SHOP')).toBe('opted-out');
    clock.advance(MINUTE);
    await consent.handleInbound(textOf('START', { at: clock.now() }));
    expect(await outcome('SHOP')).toBe('sent');
    expect(await outcome('SHOP', 'marketing')).toBe('not-covered');
    expect(await outcome(OTHER_NUMBER)).toBe('opted-out');
  });

  it('START joins its sender where keywordOptIn says so', async () => {
    const { consent, outcome } = start({ inbound: { keywordOptIn: true } });
    await consent.handleInbound(textOf('START'));
    expect(await outcome('SHOP', 'marketing')).toBe('sent');
    expect(await outcome(OTHER_NUMBER, 'marketing')).toBe('no-record');
  });

  it('is confirmed once, from that sender, and never to who is out of everything', async () => {
    const { consent, texts } = start({ inbound: { optOutReply: 'You are out.' } });
    expect(await consent.handleInbound(textOf('STOP'))).toMatchObject({ reply: 'sent' });
    expect(texts()).toMatchObject([{ text: 'You are out.', source: OUR_NUMBER }]);
    expect(await consent.handleInbound(textOf('STOP', { at: NOON + 1 }))).toMatchObject({ reply: 'skipped' });
    const out = start({ inbound: { optOutReply: 'You are out.' } });
    await out.consent.revoke(person, { source: 'support' });
    expect(await out.consent.handleInbound(textOf('STOP'))).toMatchObject({ reply: 'skipped' });
  });

  it('twice the same text changes nothing, and closes an open request', async () => {
    const { consent } = start();
    await consent.requestOptIn(person, { text: 'Reply YES', source: OUR_NUMBER });
    const text = textOf('STOP', { at: NOON + 1 });
    const first = await consent.handleInbound(text);
    expect(await consent.handleInbound(text)).toEqual(first);
    expect(await consent.handleInbound(textOf('YES', { at: NOON + 2 }))).toEqual({ intent: 'none' });
  });

  it('is in the history and the status of the person', async () => {
    const { consent, clock } = start();
    await consent.grant(person, { source: 'form' });
    clock.advance(MINUTE);
    await consent.handleInbound(textOf('STOP', { at: clock.now() }));
    expect(await consent.status(person)).toMatchObject({ state: 'opted-in' });
    expect(await consent.status(person, { sender: 'SHOP' })).toMatchObject({
      state: 'opted-out',
      sender: 'shop',
    });
    expect(await consent.status(person, { sender: 'TEAM' })).toMatchObject({ state: 'opted-in' });
    expect((await consent.history(person)).map(({ state, scope }) => [state, scope])).toEqual([
      ['opted-in', 'marketing'],
      ['opted-out', 'sender'],
    ]);
  });

  it('outlives the person being forgotten', async () => {
    const { consent, outcome, ledger } = start({ forgetSecret: 'x'.repeat(32) });
    await consent.handleInbound(textOf('STOP'));
    await consent.forget(person);
    expect(await ledger.history(person)).toEqual([]);
    expect(await ledger.history(`${person}/shop`)).toEqual([]);
    expect(await outcome('SHOP')).toBe('opted-out');
    expect(await outcome(OTHER_NUMBER)).toBe('sent');
    // 8x8 chooses the sender, and the history that named those who were stopped is gone.
    expect(await outcome(undefined)).toBe('opted-out');
  });

  it('leaves nothing behind when the person is forgotten after a START', async () => {
    const { consent, outcome } = start({ forgetSecret: 'x'.repeat(32) });
    await consent.handleInbound(textOf('STOP'));
    await consent.handleInbound(textOf('START', { at: NOON + 1 }));
    await consent.forget(person);
    expect(await outcome(undefined)).toBe('sent');
  });

  it('is exported and imported', async () => {
    const { consent, ledger } = start();
    await consent.handleInbound(textOf('STOP'));
    for (const format of ['csv', 'jsonl'] as const) {
      const copy = memoryConsentLedger();
      const lines = exportConsent(ledger as ReturnType<typeof memoryConsentLedger>, { format });
      const report = await importConsent(copy, lines, { format, clock: { now: () => NOON } });
      expect(report.badRows).toEqual([]);
      expect(await readAll(copy.entries())).toEqual(
        await readAll((ledger as ReturnType<typeof memoryConsentLedger>).entries()),
      );
      const { outcome } = start({ ledger: copy });
      expect(await outcome('SHOP')).toBe('opted-out');
    }
  });

  it.each([
    ['throws', () => Promise.reject(new Error('x')), 'threw'],
    ['gives no history', () => Promise.resolve('x' as never), 'unreadable'],
  ])('a ledger whose history %s admits no message without a sender', async (_, history, reason) => {
    const { outcome } = start({ ledger: ledgerWith({ history }) });
    expect(await outcome(undefined)).toBe(reason);
    expect(await outcome('SHOP')).toBe('sent');
  });

  it('something that is no record is no yes', async () => {
    const get = async (keys: readonly string[]) =>
      keys.map((key) => (key.includes('/') ? ({ state: 'maybe' } as never) : undefined));
    const { outcome } = start({ ledger: ledgerWith({ get }) });
    expect(await outcome('SHOP')).toBe('unreadable');
  });
});

describe('options', () => {
  it('without brands a sender ID is a brand of its own', async () => {
    const { consent, outcome } = start({ inbound: { brands: {} } });
    await consent.handleInbound(textOf('STOP'));
    expect(await outcome(OUR_NUMBER)).toBe('opted-out');
    expect(await outcome('SHOP')).toBe('sent');
  });

  it.each<[string, unknown]>([
    ['no object', []],
    ['an empty list', { shop: [] }],
    ['a name with a slash', { 'a/b': ['X'] }],
    ['a sender in two brands', { shop: ['+6580001234'], bank: ['6580001234'] }],
    ['a sender that is no text', { shop: [5] }],
  ])('brands are refused: %s', (_, wrong) => {
    const guards = { consent: { inbound: { brands: wrong as never } } };
    expect(() => testClient({ guards })).toThrow(
      /guards\.consent\.inbound\.brands must be an object of sender IDs/,
    );
  });

  it('a choice takes a scope or a sender', async () => {
    const { consent } = start();
    const wrong = consent.revoke(person, { source: 'x', sender: 'shop', scope: 'all' });
    expect(await failureOf(wrong)).toMatchObject({ code: 'validation', path: 'details' });
  });
});
