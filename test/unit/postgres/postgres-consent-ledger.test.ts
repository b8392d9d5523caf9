import { PGlite } from '@electric-sql/pglite';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConsentChange } from '../../../src/consent/consent-ledger.ts';
import { memoryConsentLedger } from '../../../src/consent/memory-consent-ledger.ts';
import { ConfigurationError, StoreError } from '../../../src/errors.ts';
import { postgresConsentLedger, type SqlPool } from '../../../src/postgres/index.ts';
import { consentLedgerConformance } from '../../../src/testing/consent-ledger-conformance.ts';
import { CANARY_NUMBER, CANARY_TEXT, expectNoCanary } from '../../support/canary.ts';
import { countingSignal } from '../../support/counting-signal.ts';
import { readAll } from '../../support/read-all.ts';
import { failureOf } from '../../support/transport.ts';

const out = { state: 'opted-out', scope: 'all', source: 'inbound-sms' } as const;
const optIn = { state: 'opted-in', scope: 'marketing', source: 'web-form' } as const;

let database: PGlite;
beforeAll(async () => {
  database = new PGlite();
  await postgresConsentLedger({ pool: database }).migrate();
});
afterAll(() => database.close());

const onDatabase = () => postgresConsentLedger({ pool: database });
/** A ledger over a pool that always returns this. */
const over = (query: SqlPool['query']) => postgresConsentLedger({ pool: { query } });
const answering = (...rows: unknown[]) => over(async () => ({ rows }));
const failing = (error: unknown) => over(() => Promise.reject(error));

describe('postgresConsentLedger on PGlite passes the conformance suite', () => {
  for (const { name, run } of consentLedgerConformance({ create: onDatabase })) {
    it(name, () => expect(run()).resolves.toBeUndefined());
  }
});

describe('postgresConsentLedger', () => {
  it('answers as the memory ledger does, whatever is done in whatever order', async () => {
    const person = fc.constantFrom('+1', '+2', '#3');
    const moment = fc.integer({ min: 0, max: 5 });
    const messageId = fc.option(fc.constantFrom('m1', 'm2'), { nil: undefined });
    const choice = fc.record({
      key: person,
      state: fc.constantFrom('opted-in' as const, 'opted-out' as const),
      scope: fc.constantFrom('all' as const, 'marketing' as const),
      source: fc.constantFrom('a', 'b'),
      at: moment,
      messageId,
      purposes: fc.option(fc.constant(['otp'] as const), { nil: undefined }),
    });
    const question = fc.record({
      key: person,
      state: fc.constant('requested' as const),
      scope: fc.constant('marketing' as const),
      source: fc.constant('double-opt-in'),
      at: moment,
      expiresAt: moment,
    });
    const append = fc.record({ changes: fc.array(fc.oneof(choice, question), { maxLength: 4 }) });
    const forget = fc.record({ pair: fc.constantFrom(['+1', '#3'] as const, ['+2', '#3'] as const) });
    const steps = fc.array(fc.oneof({ weight: 5, arbitrary: append }, { weight: 1, arbitrary: forget }));
    let run = 0;
    await fc.assert(
      fc.asyncProperty(steps, async (chosen) => {
        run += 1;
        // Different people for every run, because the database is shared.
        const of = (key: string) => `${key}-${run}`;
        const ledgers = [onDatabase(), memoryConsentLedger()] as const;
        for (const ledger of ledgers) {
          for (const step of chosen) {
            if ('pair' in step) await ledger.forget(of(step.pair[0]), of(step.pair[1]));
            else await ledger.append(step.changes.map((change) => ({ ...change, key: of(change.key) })));
          }
        }
        const keys = ['+1', '+2', '#3'].map(of);
        const [found, expected] = await Promise.all(ledgers.map((ledger) => ledger.get(keys)));
        expect(found).toEqual(expected);
        for (const key of keys) {
          const [one, other] = await Promise.all(ledgers.map((ledger) => ledger.history(key)));
          expect(one).toEqual(other);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('answers 10,000 keys in one query, and no keys in none', async () => {
    const ledger = onDatabase();
    const keys = Array.from({ length: 10_000 }, (_, index) => `+77${index}`);
    await ledger.append(keys.filter((_, index) => index % 2 === 0).map((key, at) => ({ key, ...out, at })));
    const queries: string[] = [];
    const counting = over((text, values) => {
      queries.push(text);
      return database.query(text, values);
    });
    const found = await counting.get(keys);
    expect(found.map((record) => record?.at)).toEqual(
      keys.map((_, index) => (index % 2 === 0 ? index / 2 : undefined)),
    );
    expect(queries).toHaveLength(1);
    expect(await counting.get([])).toEqual([]);
    await counting.append([]);
    expect(queries).toHaveLength(1);
  });

  it('appends a list in one query, all of it or nothing', async () => {
    const ledger = onDatabase();
    const wrong = { key: '+2-whole', ...out, at: 1, state: 'maybe' } as unknown as ConsentChange;
    expect(await failureOf(ledger.append([{ key: '+1-whole', ...out, at: 1 }, wrong]))).toMatchObject({
      code: 'store',
      message: expect.stringMatching(/append \(23514\)\. Nothing was recorded\.$/),
    });
    expect(await ledger.get(['+1-whole', '+2-whole'])).toEqual([undefined, undefined]);
  });

  it('takes values for values, never for SQL', async () => {
    const ledger = onDatabase();
    const nasty = `'); DROP TABLE sms_consent; -- "$1" \\' $$ %s \u{1f4a3}\n{"a":1}`;
    const entry = { ...out, at: 1, source: nasty, evidence: nasty, messageId: nasty, text: nasty };
    await ledger.append([{ key: nasty, ...entry }]);
    expect(await ledger.get([nasty])).toEqual([entry]);
    expect(await ledger.history(nasty)).toEqual([entry]);
    await ledger.forget(nasty, `${nasty}#`);
    expect(await ledger.history(nasty)).toEqual([]);
    expect(await ledger.get([`${nasty}#`])).toMatchObject([{ source: 'forgotten' }]);
  });

  it('keeps the characters that PostgreSQL has none for as replacement characters', async () => {
    const ledger = onDatabase();
    const odd = 'STOP\0 \ud83d';
    await ledger.append([{ key: '+1-odd', ...out, at: 1, text: `${odd}🙏`, messageId: odd }]);
    await ledger.append([{ key: '+1-odd', ...out, at: 2, messageId: odd }]);
    expect(await ledger.history('+1-odd')).toEqual([
      { ...out, at: 1, text: 'STOP\ufffd \ufffd🙏', messageId: 'STOP\ufffd \ufffd' },
    ]);
  });

  it('lists everybody in the order of arrival, page by page', async () => {
    const ledger = postgresConsentLedger({ pool: database, schema: 'listed' });
    await ledger.migrate();
    expect(await readAll(ledger.entries())).toEqual([]);
    const changes = Array.from({ length: 2_000 }, (_, index) => ({
      key: `+${10_000 - index}`,
      ...optIn,
      at: index % 7,
    }));
    for (const at of [0, 1]) await ledger.append(changes.slice(at * 1_000, at * 1_000 + 1_000));
    const listed = await readAll(ledger.entries());
    expect(listed).toHaveLength(2_000);
    const byKey = (one: ConsentChange, other: ConsentChange) => (one.key < other.key ? -1 : 1);
    expect(listed.toSorted(byKey)).toEqual(changes.toSorted(byKey));
  });

  it('migrates once, and again without effect', async () => {
    const ledger = postgresConsentLedger({ pool: database, schema: 'again', table: 'order' });
    await ledger.migrate();
    await ledger.append([{ key: '+1', ...out, at: 1 }]);
    await ledger.migrate();
    expect(await ledger.get(['+1'])).toMatchObject([out]);
    const { rows } = await database.query('SELECT version FROM again.order_version');
    expect(rows).toEqual([{ version: 1 }, { version: 2 }]);
  });
});

describe('refusals of a ledger on PostgreSQL', () => {
  const pool = { query: async () => ({ rows: [] }) };
  it.each<[string, string, object]>([
    ['no pool', 'pool', {}],
    ['a pool without query', 'pool', { pool: {} }],
    ['an unknown option', 'tabel', { pool, tabel: 'x' }],
    ['a table with a quote', 'table', { pool, table: 'a"; DROP TABLE users; --' }],
    ['a table with a schema in it', 'table', { pool, table: 'public.sms' }],
    ['a table in capitals', 'table', { pool, table: 'Consent' }],
    ['a table that begins with a digit', 'table', { pool, table: '1st' }],
    ['an empty schema', 'schema', { pool, schema: '' }],
    ['a schema of 41 characters', 'schema', { pool, schema: 'x'.repeat(41) }],
    ['a schema with a line break', 'schema', { pool, schema: 'public\n' }],
  ])('%s', (_, option, options) => {
    const make = () => postgresConsentLedger(options as never);
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(expect.objectContaining({ option }));
  });

  it('and says which option was meant', () => {
    expect(() => postgresConsentLedger({ pool, tabel: 'x' } as never)).toThrow('Did you mean "table"?');
  });
});

describe('rows that are no entries', () => {
  const entry = { ...out, at: 1 };
  it.each<[string, unknown]>([
    ['no row', null],
    ['no text', { entry: 5 }],
    ['no JSON', { entry: '{' }],
    ['another state', { entry: JSON.stringify({ ...entry, state: 'maybe' }) }],
    ['another scope', { entry: JSON.stringify({ ...entry, scope: 'some' }) }],
    ['a time that is a text', { entry: JSON.stringify({ ...entry, at: '1' }) }],
    ['no time', { entry: JSON.stringify(out) }],
    ['a purpose that is none', { entry: JSON.stringify({ ...entry, purposes: ['spam'] }) }],
    ['a choice that expires', { entry: JSON.stringify({ ...entry, expiresAt: 5 }) }],
    ['a question that does not', { entry: JSON.stringify({ ...entry, state: 'requested' }) }],
  ])('%s: neither a yes nor a no', async (_, row) => {
    const ledger = answering(row);
    for (const read of [
      () => ledger.get(['+1']),
      () => ledger.history('+1'),
      () => readAll(ledger.entries()),
    ]) {
      expect(await failureOf(read())).toBeInstanceOf(StoreError);
    }
  });

  it('an entry without its person, or its id, ends the listing', async () => {
    const text = JSON.stringify(entry);
    expect(await failureOf(readAll(answering({ entry: text, id: '1' }).entries()))).toBeInstanceOf(
      StoreError,
    );
    expect(await failureOf(readAll(answering({ entry: text, key: '+1' }).entries()))).toBeInstanceOf(
      StoreError,
    );
  });

  it('fewer rows than keys are no answer', async () => {
    const ledger = answering({ entry: null });
    expect(await ledger.get(['+1'])).toEqual([undefined]);
    expect(await failureOf(ledger.get(['+1', '+2']))).toMatchObject({
      message: expect.stringContaining('too few'),
    });
  });
});

describe('a database that fails', () => {
  const change = { key: CANARY_NUMBER, ...out, at: 1, text: CANARY_TEXT };
  function databaseError(code: unknown): Error {
    return Object.assign(new Error(`key (person)=(${CANARY_NUMBER}) ${CANARY_TEXT}`), {
      code,
      detail: CANARY_NUMBER,
      parameters: [CANARY_NUMBER],
    });
  }

  it.each<[string, unknown, RegExp]>([
    [
      'a missing table',
      '42P01',
      /\(42P01\): its table is missing; call migrate\(\) once\. Nothing was recorded\.$/,
    ],
    ['a missing schema', '3F000', /schema is missing/],
    ['a missing column', '42703', /older version/],
    ['a missing right', '42501', /lacks a privilege/],
    ['a replica', '25006', /use the primary server/],
    ['any other refusal', '53100', /append \(53100\)\. Nothing was recorded\.$/],
    ['a server that stops', '57P01', /\(57P01\)\. It is unknown whether the change was recorded/],
    ['a lost connection', 'ECONNRESET', /\(ECONNRESET\)\. It is unknown whether the change was recorded/],
    ['something without a code', undefined, /\(no code\)\. It is unknown/],
    ['something with a strange code', CANARY_NUMBER, /\(no code\)/],
  ])('%s: says what to do, and nothing of a person', async (_, code, message) => {
    const error = await failureOf(failing(databaseError(code)).append([change]));
    expect(error).toBeInstanceOf(StoreError);
    expect((error as Error).message).toMatch(message);
    expectNoCanary(error);
  });

  it('a statement that only reads is never in doubt', async () => {
    const ledger = failing(databaseError('ECONNRESET'));
    for (const read of [
      () => ledger.get([CANARY_NUMBER]),
      () => ledger.history(CANARY_NUMBER),
      () => readAll(ledger.entries()),
    ]) {
      const error = await failureOf(read());
      expect(error).toMatchObject({ code: 'store', message: expect.stringMatching(/Nothing was read\.$/) });
      expectNoCanary(error);
    }
  });

  it('a rejection that is no error at all, and a pool that throws at once, are failures like any other', async () => {
    expect(await failureOf(failing(undefined).forget('+1', '#1'))).toBeInstanceOf(StoreError);
    const throwing = over(() => {
      throw databaseError('42P01');
    });
    expect(await failureOf(throwing.migrate())).toBeInstanceOf(StoreError);
  });

  it.each(['40P01', '40001'])('%s: rolled back because of another one, so it is run again', async (code) => {
    let tries = 0;
    const ledger = over(async () => {
      tries += 1;
      if (tries < 3) throw databaseError(code);
      return { rows: [] };
    });
    await ledger.append([change]);
    expect(tries).toBe(3);
  });

  it('is not tried more than five times, and not after any other failure', async () => {
    let tries = 0;
    let code = '40P01';
    const ledger = over(async () => {
      tries += 1;
      throw databaseError(code);
    });
    await failureOf(ledger.append([change]));
    expect(tries).toBe(5);
    for (code of ['23505', '42P07', 'ECONNRESET']) {
      tries = 0;
      await failureOf(ledger.append([change]));
      expect(tries, code).toBe(1);
    }
    for (code of ['23505', '42P07', '42P06', '42710', '40001']) {
      tries = 0;
      await failureOf(ledger.migrate());
      expect(tries, code).toBe(5);
    }
  });
});

describe('a caller that does not wait any longer', () => {
  const forever = over(() => new Promise(() => {}));
  const reads = [
    (ledger: typeof forever, signal: AbortSignal) => ledger.get(['+1'], { signal }),
    (ledger: typeof forever, signal: AbortSignal) => ledger.history('+1', { signal }),
    (ledger: typeof forever, signal: AbortSignal) => readAll(ledger.entries({ signal })),
  ];

  it('gets its own reason at once', async () => {
    for (const read of reads) {
      const controller = new AbortController();
      const reading = failureOf(read(forever, controller.signal));
      controller.abort(new Error('enough'));
      expect(await reading).toMatchObject({ message: 'enough' });
    }
  });

  it('has no listener left when it was answered', async () => {
    for (const read of reads) {
      const counting = countingSignal();
      await read(onDatabase(), counting.signal);
      expect(counting.listeners).toBe(0);
    }
  });

  it('asks nothing when it had given up before', async () => {
    let asked = 0;
    const ledger = over(async () => {
      asked += 1;
      return { rows: [] };
    });
    const signal = AbortSignal.abort(new Error('enough'));
    expect(await failureOf(ledger.get(['+1'], { signal }))).toMatchObject({ message: 'enough' });
    expect(asked).toBe(0);
  });
});
