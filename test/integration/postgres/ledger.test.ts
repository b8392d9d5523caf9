import type pg from 'pg';
import { expect, it } from 'vitest';
import type { ConsentChange } from '../../../src/consent/consent-ledger.ts';
import { consentLedgerSql, postgresConsentLedger } from '../../../src/postgres/index.ts';
import { consentLedgerConformance } from '../../../src/testing/consent-ledger-conformance.ts';
import { describePostgres } from '../../support/postgres.ts';
import { readAll } from '../../support/read-all.ts';
import { failureOf } from '../../support/transport.ts';

const out = { state: 'opted-out', scope: 'all', source: 'inbound-sms' } as const;
const optIn = { state: 'opted-in', scope: 'marketing', source: 'web-form' } as const;

await describePostgres('postgresConsentLedger on a server', ({ connect, schema }) => {
  const pool = connect();
  const of = (table: string, other: pg.Pool = pool) => postgresConsentLedger({ pool: other, schema, table });

  async function migrated(table: string): Promise<ReturnType<typeof of>> {
    const ledger = of(table);
    await ledger.migrate();
    return ledger;
  }

  /** A connection with an open transaction until `end`. */
  async function openTransaction(text: string, values: unknown[] = []) {
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query(text, values);
    return {
      async end(how: 'COMMIT' | 'ROLLBACK') {
        await client.query(how);
        client.release();
      },
    };
  }

  /** The server process that waits for a lock with this statement. */
  async function waitingProcess(statement: string): Promise<number> {
    for (;;) {
      const { rows } = await pool.query(
        "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1",
        [`${statement}%`],
      );
      if (rows.length > 0) return (rows[0] as { pid: number }).pid;
    }
  }

  async function isGone(pid: number): Promise<void> {
    for (;;) {
      const { rows } = await pool.query('SELECT 1 FROM pg_stat_activity WHERE pid = $1', [pid]);
      if (rows.length === 0) return;
    }
  }

  for (const { name, run } of consentLedgerConformance({ create: () => migrated('conformance') })) {
    it(name, () => expect(run()).resolves.toBeUndefined());
  }

  it.each(['read committed', 'repeatable read', 'serializable'])(
    'ten processes that start at once migrate once (%s)',
    async (isolation) => {
      const table = `together_${isolation.replace(' ', '_')}`;
      const options = `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}`;
      const pools = Array.from({ length: 10 }, () => connect({ max: 1, options }));
      await Promise.all(pools.map((each) => of(table, each).migrate()));
      const { rows } = await pool.query(`SELECT version FROM "${schema}".${table}_version`);
      expect(rows).toEqual([{ version: 1 }, { version: 2 }]);
      const ledger = of(table, pools[0]);
      await ledger.append([{ key: '+1', ...out, at: 1 }]);
      expect(await ledger.get(['+1'])).toEqual([{ ...out, at: 1 }]);
    },
  );

  it('a role that may only read and write can start when the tables are there', async () => {
    await migrated('narrow');
    const role = `${schema}_role`;
    await pool.query(`CREATE ROLE ${role} LOGIN`);
    await pool.query(`GRANT USAGE ON SCHEMA "${schema}" TO ${role}`);
    await pool.query(`GRANT SELECT ON "${schema}".narrow_version TO ${role}`);
    await pool.query(`GRANT SELECT, INSERT, DELETE ON "${schema}".narrow TO ${role}`);
    const client = await pool.connect();
    try {
      await client.query(`SET ROLE ${role}`);
      const ledger = postgresConsentLedger({ pool: client, schema, table: 'narrow' });
      await ledger.migrate();
      await ledger.append([{ key: '+1', ...out, at: 1, messageId: 'm' }]);
      await ledger.forget('+1', '#1');
      expect(await ledger.get(['+1', '#1'])).toMatchObject([undefined, { source: 'forgotten' }]);
      const other = postgresConsentLedger({ pool: client, schema, table: 'forbidden' });
      expect(await failureOf(other.migrate())).toMatchObject({
        message: expect.stringContaining('(42501): the role lacks a privilege'),
      });
    } finally {
      await client.query('RESET ROLE');
      client.release();
      await pool.query(`DROP OWNED BY ${role}`);
      await pool.query(`DROP ROLE ${role}`);
    }
  });

  it('a check finds nothing wrong after migrate(), and names a table that is missing or old before', async () => {
    const ledger = of('checked');
    expect(await ledger.check()).toEqual([
      {
        warning: 'no-table',
        message: 'PostgreSQL answered 42P01: its table is missing; call migrate() once.',
      },
    ]);
    await ledger.migrate();
    expect(await ledger.check()).toEqual([]);
    expect(await ledger.get(['+1', ''])).toEqual([undefined, undefined]);
    await pool.query(`DROP INDEX "${schema}".checked_message`);
    expect(await ledger.check()).toMatchObject([
      { warning: 'old-table', message: expect.stringContaining('42P10') },
    ]);
    await pool.query(`ALTER TABLE "${schema}".checked DROP COLUMN sender`);
    expect(await ledger.check()).toMatchObject([
      { warning: 'old-table', message: expect.stringContaining('42703') },
    ]);
  });

  it.each(['SELECT', 'INSERT', 'DELETE'])('a check names the missing right to %s', async (right) => {
    await migrated('rights');
    const role = `${schema}_${right.toLowerCase()}`;
    await pool.query(`CREATE ROLE ${role} LOGIN`);
    const client = await pool.connect();
    try {
      const ledger = postgresConsentLedger({ pool: client, schema, table: 'rights' });
      await client.query(`SET ROLE ${role}`);
      // Not even the schema may be used.
      expect(await ledger.check()).toMatchObject([{ warning: 'no-rights' }]);
      await pool.query(`GRANT USAGE ON SCHEMA "${schema}" TO ${role}`);
      await pool.query(`GRANT SELECT, INSERT, DELETE ON "${schema}".rights TO ${role}`);
      expect(await ledger.check()).toEqual([]);
      await pool.query(`REVOKE ${right} ON "${schema}".rights FROM ${role}`);
      expect(await ledger.check()).toEqual([
        {
          warning: 'no-rights',
          message:
            'PostgreSQL answered 42501: the role lacks a privilege: SELECT, INSERT and DELETE on the table, for migrate() also CREATE.',
        },
      ]);
    } finally {
      await client.query('RESET ROLE');
      client.release();
      await pool.query(`DROP OWNED BY ${role}`);
      await pool.query(`DROP ROLE ${role}`);
    }
  });

  it('a check says that the connection may only read, that the database does not exist, and that nobody answers', async () => {
    await migrated('reading');
    const readOnly = of('reading', connect({ options: '-c default_transaction_read_only=on' }));
    expect(await readOnly.check()).toEqual([
      {
        warning: 'read-only',
        message: 'PostgreSQL answered 25006: the connection is read-only; use the primary server.',
      },
    ]);
    const nowhere = of('reading', connect({ connectionString: 'postgres://postgres@127.0.0.1:1/postgres' }));
    expect(await nowhere.check({ timeoutMs: 300 })).toMatchObject([
      {
        warning: 'not-connected',
        message: expect.stringContaining('did not answer within 300 ms (ECONNREFUSED)'),
      },
    ]);
    const controller = new AbortController();
    const aborted = failureOf(nowhere.check({ signal: controller.signal }));
    controller.abort();
    expect(await aborted).toMatchObject({ code: 'aborted' });
    expect(await failureOf(nowhere.check({ timeoutMS: 1 } as object))).toMatchObject({
      code: 'configuration',
    });
  });

  it('a table that is missing is an error that names migrate()', async () => {
    expect(await failureOf(of('nothing').get(['+1']))).toMatchObject({
      message: expect.stringMatching(/\(42P01\): its table is missing; call migrate\(\)/),
    });
    expect(await failureOf(of('nothing').append([{ key: '+1', ...out, at: 1 }]))).toMatchObject({
      message: expect.stringMatching(/Nothing was recorded\.$/),
    });
  });

  it('the SQL as text makes the same tables', async () => {
    await pool.query(`${consentLedgerSql({ schema, table: 'by_hand' })};`);
    const ledger = of('by_hand');
    await ledger.append([{ key: '+1', ...out, at: 1 }]);
    expect(await ledger.history('+1')).toEqual([{ ...out, at: 1 }]);
  });

  it('and may be run by ten migration tools at once', async () => {
    const sql = consentLedgerSql({ schema, table: 'by_hands' });
    const pools = Array.from({ length: 10 }, () => connect({ max: 1 }));
    await Promise.all(pools.map((each) => each.query(sql)));
    expect(await of('by_hands').get(['+1'])).toEqual([undefined]);
  });

  it('one message counts once when fifty appends of twelve connections race', async () => {
    const ledger = await migrated('race');
    const change = (key: string, at: number) => ({ key, ...out, at, messageId: 'umid-1' });
    await Promise.all(
      Array.from({ length: 50 }, (_, at) =>
        ledger.append(
          at % 2 === 0 ? [change('+1', at), change('+2', at)] : [change('+2', at), change('+1', at)],
        ),
      ),
    );
    expect(await ledger.history('+1')).toHaveLength(1);
    expect(await ledger.history('+2')).toHaveLength(1);
  });

  it.each(['repeatable read', 'serializable'])('also where transactions are %s', async (isolation) => {
    const table = `race_${isolation.replace(' ', '_')}`;
    await migrated(table);
    const options = `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}`;
    const ledger = of(table, connect({ max: 4, options }));
    const change = { key: '+1', ...out, at: 1, messageId: 'umid-1' };
    await Promise.all(Array.from({ length: 4 }, () => ledger.append([change])));
    expect(await ledger.history('+1')).toHaveLength(1);
  });

  it('two calls with the same messages in opposite order do not fail each other', async () => {
    const ledger = await migrated('deadlock');
    const pair: readonly ConsentChange[] = [
      { key: '+1', ...out, at: 1, messageId: 'a' },
      { key: '+1', ...optIn, at: 2, messageId: 'b' },
    ];
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => ledger.append(index % 2 === 0 ? pair : pair.toReversed())),
    );
    expect(await ledger.history('+1')).toHaveLength(2);
    expect(await ledger.get(['+1'])).toMatchObject([optIn]);
  });

  it('a message is recorded by the second when the first one is rolled back', async () => {
    const ledger = await migrated('rollback');
    const first = await openTransaction(
      `INSERT INTO "${schema}".rollback (person, state, scope, source, at_ms, message_id) VALUES ('+1', 'opted-in', 'all', 'x', 1, 'umid')`,
    );
    const appending = ledger.append([{ key: '+1', ...out, at: 2, messageId: 'umid' }]);
    await waitingProcess(`INSERT INTO "${schema}"."rollback"`);
    await first.end('ROLLBACK');
    await appending;
    expect(await ledger.history('+1')).toEqual([{ ...out, at: 2, messageId: 'umid' }]);
  });

  const many = Array.from({ length: 100 }, (_, index) => ({
    key: `+${index}`,
    ...out,
    at: 5,
    messageId: 'm',
  }));
  const keys = many.map(({ key }) => key);

  /** The record of each person: from `get`, and the last entry of the history. */
  async function bothViews(ledger: ReturnType<typeof of>) {
    const histories = await Promise.all(keys.map((key) => ledger.history(key)));
    return { state: await ledger.get(keys), history: histories.map((history) => history.at(-1)) };
  }

  it('a connection that is killed in the middle of an append leaves nothing of it', async () => {
    const ledger = await migrated('killed');
    await ledger.append(keys.map((key) => ({ key, ...optIn, at: 1 })));
    // The statement stops at the last person, with all others inserted and not yet committed.
    const blocker = await openTransaction(
      `INSERT INTO "${schema}".killed (person, state, scope, source, at_ms, message_id) VALUES ('+99', 'opted-in', 'all', 'x', 1, 'm')`,
    );
    const appending = failureOf(ledger.append(many));
    const pid = await waitingProcess(`INSERT INTO "${schema}"."killed"`);
    await pool.query('SELECT pg_terminate_backend($1)', [pid]);
    expect(await appending).toMatchObject({
      code: 'store',
      message: expect.stringMatching(/It is unknown whether the change was recorded/),
    });
    await isGone(pid);
    await blocker.end('ROLLBACK');
    const { state, history } = await bothViews(ledger);
    expect(state).toEqual(history);
    expect(state.every((record) => record?.state === 'opted-in')).toBe(true);
    await ledger.append(many);
    expect((await ledger.get(keys)).every((record) => record?.state === 'opted-out')).toBe(true);
  });

  it('a client that dies in the middle of an append leaves all of it or nothing', async () => {
    const ledger = await migrated('died');
    const own = connect({ max: 1 });
    const client = (await own.connect()) as pg.PoolClient & {
      readonly connection: { readonly stream: { destroy(): void } };
    };
    client.on('error', () => {});
    const dying = postgresConsentLedger({ pool: client, schema, table: 'died' });
    const blocker = await openTransaction(
      `INSERT INTO "${schema}".died (person, state, scope, source, at_ms, message_id) VALUES ('+99', 'opted-in', 'all', 'x', 1, 'm')`,
    );
    const appending = failureOf(dying.append(many));
    const pid = await waitingProcess(`INSERT INTO "${schema}"."died"`);
    client.connection.stream.destroy();
    expect(await appending).toMatchObject({ message: expect.stringContaining('It is unknown') });
    client.release(true);
    await blocker.end('ROLLBACK');
    await isGone(pid);
    const { state, history } = await bothViews(ledger);
    expect(state).toEqual(history);
    expect([0, many.length]).toContain(state.filter((record) => record !== undefined).length);
    await ledger.append(many);
    expect(await readAll(ledger.entries())).toHaveLength(many.length);
  });

  it('a STOP that arrives while a person is forgotten is not lost', async () => {
    const ledger = await migrated('forgotten');
    await ledger.append([{ key: '+1', ...optIn, at: 1 }]);
    await Promise.all([
      ledger.forget('+1', '#1'),
      ledger.append([{ key: '+1', ...out, at: 2, messageId: 'stop' }]),
      ledger.forget('+1', '#1'),
    ]);
    const found = (await ledger.get(['+1', '#1'])).filter((record) => record !== undefined);
    expect(found).toHaveLength(1);
    expect(found).toMatchObject([{ state: 'opted-out', at: 2 }]);
  });

  it('forgetting twenty times at once keeps one opt-out', async () => {
    const ledger = await migrated('forgotten_often');
    await ledger.append([{ key: '+1', ...out, at: 3 }]);
    await Promise.all(Array.from({ length: 20 }, () => ledger.forget('+1', '#1')));
    expect(await readAll(ledger.entries())).toEqual([
      { key: '#1', state: 'opted-out', scope: 'all', source: 'forgotten', at: 3 },
    ]);
  });

  it('reads the same with a driver whose types a team has changed', async () => {
    await migrated('typed');
    const types = { getTypeParser: () => (value: string) => BigInt(value.length) };
    const text = { getTypeParser: () => (value: string) => value };
    const entry = { ...out, at: 1_763_802_000_000, purposes: ['otp' as const], expiresAt: undefined };
    const change = { key: '+1', state: entry.state, scope: entry.scope, source: 'x', at: entry.at };
    await of('typed', connect({ types: text as never })).append([change]);
    expect(await of('typed', connect({ types: text as never })).history('+1')).toEqual([
      { state: 'opted-out', scope: 'all', source: 'x', at: 1_763_802_000_000 },
    ]);
    // A driver that no longer returns text as text is detected, and never a yes.
    expect(await failureOf(of('typed', connect({ types: types as never })).get(['+1']))).toMatchObject({
      message: expect.stringContaining('not an entry'),
    });
  });

  it('answers 10,000 keys of a table that holds more, by index', async () => {
    const ledger = await migrated('large');
    const people = Array.from({ length: 20_000 }, (_, index) => `+${index}`);
    await ledger.append(people.map((key, at) => ({ key, ...optIn, at })));
    await ledger.append(people.map((key, at) => ({ key, ...out, at: at + 1 })));
    const asked = people.filter((_, index) => index % 2 === 1);
    const found = await ledger.get(asked);
    expect(found.map((record) => record?.at)).toEqual(asked.map((key) => Number(key) + 1));
    await pool.query(`ANALYZE "${schema}".large`);
    const { rows } = await pool.query(
      `EXPLAIN SELECT 1 FROM "${schema}".large WHERE person = '+5' AND state <> 'requested' ORDER BY at_ms DESC, id DESC LIMIT 1`,
    );
    expect(JSON.stringify(rows)).toContain('Index Scan Backward using large_history');
  });
});
