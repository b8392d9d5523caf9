import { describe, expect, it } from 'vitest';
import { importConsent } from '../../src/consent/import-consent.ts';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';
import { InvalidPhoneNumberError } from '../../src/errors.ts';
import type { SmsClient, SmsClientOptions } from '../../src/index.ts';
import { textOf } from '../support/inbound.ts';
import { readAll } from '../support/read-all.ts';
import { errorOf, startClient } from '../support/sms-client.ts';

const DETAILS = { source: 'web-form' };

/** Every public method that reads a person's number. */
const DOORS: readonly (readonly [string, (sms: SmsClient, destination: string) => Promise<unknown>])[] = [
  ['messages.send', (sms, destination) => sms.messages.send({ destination, text: 'Hello' })],
  ['messages.estimate', async (sms, destination) => sms.messages.estimate({ destination, text: 'Hello' })],
  [
    'messages.feedback',
    (sms, destination) => sms.messages.feedback('umid', { outcome: 'success', destination }),
  ],
  ['verifications.start', (sms, destination) => sms.verifications.start({ destination })],
  [
    'oneTimePasswords.issue',
    (sms, destination) =>
      sms.oneTimePasswords.issue({ destination, subject: 'visitor', text: ({ code }) => code }),
  ],
  [
    'oneTimePasswords.check',
    (sms, destination) => sms.oneTimePasswords.check({ destination, subject: 'visitor', code: '123456' }),
  ],
  ['messages.reconcile', (sms, destination) => sms.messages.reconcile('order-7', { destination })],
  ['lookup.get', (sms, destination) => sms.lookup.get(destination)],
  ['contacts.block', (sms, destination) => sms.contacts.block(destination)],
  ['consent.grant', (sms, destination) => sms.consent.grant(destination, DETAILS)],
  ['consent.revoke', (sms, destination) => sms.consent.revoke(destination, DETAILS)],
  ['consent.status', (sms, destination) => sms.consent.status(destination)],
  ['consent.history', (sms, destination) => sms.consent.history(destination)],
  ['consent.forget', (sms, destination) => sms.consent.forget(destination)],
  ['guards.inspect', (sms, destination) => sms.guards.inspect(destination)],
  ['guards.release', (sms, destination) => sms.guards.release(destination)],
];

function start(options: SmsClientOptions = {}) {
  const ledger = memoryConsentLedger();
  const client = startClient({}, { ...options, guards: { ...options.guards, consent: { ledger } } });
  return { ...client, ledger };
}

describe('a number with digits that stand apart', () => {
  it.each(DOORS)('is refused by %s, and nothing is asked of 8x8', async (_name, call) => {
    const { sms, calls } = start();
    const error = await errorOf(call(sms, '+62812345678.0'));
    expect(InvalidPhoneNumberError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ reason: 'separate-digits', submission: 'not-submitted' });
    expect(calls()).toEqual([]);
  });

  it.each([
    ['phone: false', { phone: false }],
    ['monitor mode', { phone: { mode: 'monitor' } }],
    ['accept: possible', { phone: { accept: 'possible' } }],
    ['every type', { phone: { types: ['MOBILE', 'FIXED_LINE', 'FIXED_LINE_OR_MOBILE'] } }],
  ] as const)('is refused with %s', async (_name, guards) => {
    const { sms, calls } = start({ guards, defaultCountry: 'ID' });
    for (const destination of ['+62812345678.0', '812345678.0', '+358401234567 (2)', '+447700900123.0']) {
      const error = await errorOf(sms.messages.send({ destination, text: 'Hello' }));
      expect(error, destination).toMatchObject({ reason: 'separate-digits' });
    }
    expect(calls()).toEqual([]);
  });

  it('fails alone in a batch', async () => {
    const { sms } = start();
    const { results } = await sms.messages.sendBatch({
      messages: ['+62812345678', '+62812345678.0'].map((destination) => ({ destination, text: 'Hello' })),
    });
    expect(results.map(({ status }) => status)).toEqual(['accepted', 'blocked']);
  });

  it('is a bad row of a file of consent, and records nobody', async () => {
    const ledger = memoryConsentLedger();
    const file = [
      'destination,state,source,at',
      ...['62812345678.0', '+62812345678.00', '+62812345678/9'].map(
        (number) => `${number},opted-out,crm,2026-06-01T00:00:00Z`,
      ),
    ].join('\n');
    const { bad, badRows } = await importConsent(ledger, file, { format: 'csv', country: 'ID' });
    expect(bad).toBe(3);
    const reasons = badRows.map(({ reason }) => reason);
    expect(reasons.slice(0, 2)).toEqual(Array(2).fill(expect.stringContaining('stand apart')));
    // A row of an export writes a choice about one sender as `number/sender`.
    expect(reasons[2]).toContain('scope sender');
    expect(await readAll(ledger.entries())).toEqual([]);
  });

  it('is bare digits or not: a file of consent says which', async () => {
    const ledger = memoryConsentLedger();
    const file = 'destination,state,source,at\n6591234567,opted-out,8x8,2026-06-01T00:00:00Z';
    expect(await importConsent(ledger, file, { format: 'csv' })).toMatchObject({
      bad: 1,
      badRows: [{ reason: expect.stringContaining('`bareDigits`') }],
    });
    expect(await importConsent(ledger, file, { format: 'csv', bareDigits: 'international' })).toMatchObject({
      recorded: 1,
    });
    expect(await readAll(ledger.entries())).toMatchObject([{ key: '+6591234567' }]);
  });

  it('is nobody who wrote STOP', async () => {
    const { sms, ledger } = start();
    for (const source of ['+62812345678.0', '62812345678.0']) {
      await sms.consent.handleInbound(textOf('STOP', { source }));
    }
    expect(await readAll(ledger.entries())).toEqual([]);
  });
});
