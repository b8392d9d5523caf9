import { PGlite } from '@electric-sql/pglite';
import { describe, expect, it } from 'vitest';
import { postgresConsentLedger, type SqlPool } from '../../../src/postgres/index.ts';
import { CANARY_NUMBER, expectNoCanary } from '../../support/canary.ts';
import { numberOf, testClient } from '../../support/client.ts';
import { createFakeClock, NOON } from '../../support/fake-clock.ts';
import { textOf } from '../../support/inbound.ts';
import { describePostgres } from '../../support/postgres.ts';
import { failureOf } from '../../support/transport.ts';

const person = numberOf(1);
const sale = { destination: person, text: 'Sale', purpose: 'marketing' } as const;
const forgetSecret = 'a secret of thirty-two characters';

/** The whole life of a consent, through the client. */
async function liveThrough(pool: SqlPool, schema?: string): Promise<void> {
  const ledger = postgresConsentLedger({ pool, schema });
  await ledger.migrate();
  const clock = createFakeClock();
  const consent = { ledger, forgetSecret, inbound: { optOutReply: 'You will get no more.' } };
  const { sms, emulator } = testClient({ clock, guards: { consent } }, { clock });
  const write = (body: string) => {
    clock.advance(60_000);
    return sms.consent.handleInbound(textOf(body, { at: clock.now() }));
  };

  expect(await failureOf(sms.messages.send(sale))).toMatchObject({ reason: 'no-record' });
  await sms.consent.requestOptIn(person, { text: 'Reply YES to get offers.' });
  expect(await failureOf(sms.messages.send(sale))).toMatchObject({ reason: 'no-record' });
  expect(await write('Yes!')).toMatchObject({ intent: 'confirm' });
  await sms.messages.send(sale);

  const stop = textOf('STOP', { at: clock.now() + 60_000 });
  clock.advance(60_000);
  expect(await sms.consent.handleInbound(stop)).toMatchObject({ intent: 'opt-out', reply: 'sent' });
  expect(await sms.consent.handleInbound(stop)).toMatchObject({ intent: 'opt-out', reply: 'skipped' });
  expect(await failureOf(sms.messages.send(sale))).toMatchObject({ code: 'consent', reason: 'opted-out' });
  expect((await sms.consent.history(person)).map(({ state }) => state)).toEqual([
    'requested',
    'opted-in',
    'opted-out',
  ]);

  // Another process, later, with nothing but the database.
  const later = testClient({
    clock,
    guards: { consent: { ...consent, ledger: postgresConsentLedger({ pool, schema }) } },
  });
  expect(await failureOf(later.sms.messages.send(sale))).toMatchObject({ reason: 'opted-out' });
  await later.sms.consent.forget(person);
  expect(await failureOf(later.sms.messages.send(sale))).toMatchObject({ reason: 'opted-out' });
  expect(await later.sms.consent.history(person)).toEqual([
    { state: 'opted-out', scope: 'all', source: 'forgotten', at: NOON + 120_000 },
  ]);

  const texts = emulator.requests.map(({ body }) => (body as { text: string }).text);
  expect(texts).toEqual(['Reply YES to get offers.', 'Sale', 'You will get no more.']);
}

describe('a client whose ledger is in PGlite', () => {
  it('asks, sends, stops, remembers and forgets', async () => {
    const database = new PGlite();
    await liveThrough(database);
    await database.close();
  });

  it('sends nothing when the database fails, and says nothing of the person', async () => {
    const pool: SqlPool = {
      query: () => Promise.reject(Object.assign(new Error(`person ${CANARY_NUMBER}`), { code: '57P01' })),
    };
    const { sms, emulator, events } = testClient({
      guards: { consent: { ledger: postgresConsentLedger({ pool }) } },
    });
    const refused = await failureOf(sms.messages.send({ ...sale, destination: CANARY_NUMBER }));
    expect(refused).toMatchObject({ code: 'consent', reason: 'threw' });
    const unrecorded = await failureOf(sms.consent.revoke(CANARY_NUMBER, { source: 'support' }));
    expect(unrecorded).toMatchObject({ code: 'store' });
    expect(emulator.requests).toEqual([]);
    for (const shown of [refused, unrecorded, events]) expectNoCanary(shown);
  });

  it('a database that hangs is not waited for', async () => {
    const pool: SqlPool = { query: () => new Promise(() => {}) };
    const { sms } = testClient({
      guards: { consent: { ledger: postgresConsentLedger({ pool }), timeoutMs: 1 } },
    });
    expect(await failureOf(sms.messages.send(sale))).toMatchObject({ reason: 'timed-out' });
  });
});

await describePostgres('a client whose ledger is on a server', ({ connect, schema }) => {
  it('asks, sends, stops, remembers and forgets', () => liveThrough(connect(), schema));
});
