import { PGlite } from '@electric-sql/pglite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AbortedError } from '../../../src/errors.ts';
import { postgresConsentLedger, type SqlPool } from '../../../src/postgres/index.ts';

const SETTINGS = { read_only: 'off', encoding: 'UTF8', version: '150000' };
const failure = (code: string) => Object.assign(new Error('10.0.0.7'), { code });

/** `check()` over a database that answers the first questions like this, and all others with settings and no plan. */
function checkOver(...answers: readonly (object | Error)[]) {
  const left = [...answers];
  const query: SqlPool['query'] = async () => {
    const answer = left.shift() ?? SETTINGS;
    if (answer instanceof Error) throw answer;
    return { rows: [answer] };
  };
  return postgresConsentLedger({ pool: { query } });
}

const kindsOf = async (ledger: ReturnType<typeof checkOver>) =>
  (await ledger.check()).map(({ warning, message }) => `${warning}: ${message}`);

describe('the check of a ledger on PostgreSQL', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('works with PGlite too', async () => {
    vi.useRealTimers();
    const database = new PGlite();
    const ledger = postgresConsentLedger({ pool: database });
    expect(await ledger.check()).toMatchObject([{ warning: 'no-table' }]);
    await ledger.migrate();
    expect(await ledger.check()).toEqual([]);
    await database.close();
  });

  it.each([{ version: '100023' }, { encoding: 'LATIN1' }])('says that %j is not supported', async (more) => {
    expect(await kindsOf(checkOver({ ...SETTINGS, ...more }))).toEqual([
      'not-supported: PostgreSQL answered 0A000: the database must be encoded in UTF8, and be version 11 or later.',
    ]);
  });

  it.each([
    ['28P01', 'no-login: PostgreSQL answered 28P01: the password is wrong.'],
    ['3D000', 'no-login: PostgreSQL answered 3D000: the database does not exist.'],
    [
      'XX000',
      'not-checked: PostgreSQL answered XX000: a statement of the check failed; its meaning is in appendix A of the manual.',
    ],
  ])('says at once that it was refused with %s', async (code, expected) => {
    expect(await kindsOf(checkOver(failure(code)))).toEqual([expected]);
  });

  it.each(['ECONNREFUSED', '57P03', '53300', '08006'])(
    'waits while the database answers %s',
    async (code) => {
      const checking = checkOver(failure(code), failure(code)).check();
      await vi.advanceTimersByTimeAsync(200);
      expect(await checking).toEqual([]);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it('gives up in time, without a word about the address', async () => {
    const pool = { query: () => Promise.reject(failure('ENOTFOUND')) };
    const checking = postgresConsentLedger({ pool }).check();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await checking).toEqual([
      {
        warning: 'not-connected',
        message:
          'PostgreSQL did not answer within 5000 ms (ENOTFOUND). Check its address, its TLS options, and whether the pool has a free connection.',
      },
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('can be aborted, and hides no mistake of a pool', async () => {
    const pool = { query: () => new Promise<never>(() => {}) };
    const aborted = postgresConsentLedger({ pool }).check({ signal: AbortSignal.abort() });
    await expect(aborted).rejects.toThrow(AbortedError);
    const empty = { query: async () => ({ rows: [] }) };
    await expect(postgresConsentLedger({ pool: empty }).check()).rejects.toThrow(TypeError);
  });
});
