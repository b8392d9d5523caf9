import { AbortedError } from '../errors.ts';
import type { ServerCheckOptions } from '../internal/check-options.ts';
import { withTimeLimit } from '../internal/time-limit.ts';
import { wait } from '../internal/wait.ts';
import type { ConsentStatements } from './consent-statements.ts';
import { ADVICE, codeOf, type SqlPool } from './run-statement.ts';

/** The kinds of problems that a database can have. */
export type DatabaseProblem =
  | 'no-login'
  | 'no-rights'
  | 'no-table'
  | 'not-checked'
  | 'not-connected'
  | 'not-supported'
  | 'old-table'
  | 'read-only';

/** A problem of a database; docs/postgres.md lists them all. */
export interface DatabaseWarning {
  /** The kind of problem. */
  readonly warning: DatabaseProblem;
  /** The fault, and the change that mends it. Holds no address and nothing of a person. */
  readonly message: string;
}

/** Milliseconds that a database has to answer, the time to connect included. Our number. */
const CHECK_TIMEOUT_MS = 5_000;
/** Milliseconds between two tries to connect. Our number. */
const RETRY_MS = 100;
const LEAST_VERSION = 110_000;

const PROBLEMS: ReadonlyMap<string, DatabaseProblem> = new Map([
  ['0A000', 'not-supported'],
  ['25006', 'read-only'],
  ['28000', 'no-login'],
  ['28P01', 'no-login'],
  ['3D000', 'no-login'],
  ['3F000', 'no-table'],
  ['42501', 'no-rights'],
  ['42703', 'old-table'],
  ['42P01', 'no-table'],
  ['42P10', 'old-table'],
]);

/** `off` on a primary server; `on` on a replica, and for a role or database that is set to read only. */
const SETTINGS = `SELECT current_setting('transaction_read_only') AS read_only,
  current_setting('server_encoding') AS encoding, current_setting('server_version_num') AS version`;

function warningOf(code: string): DatabaseWarning {
  const warning = PROBLEMS.get(code) ?? 'not-checked';
  const advice =
    ADVICE[code] ?? 'a statement of the check failed; its meaning is in appendix A of the manual';
  return { warning, message: `PostgreSQL answered ${code}: ${advice}.` };
}

/** The database was not reached, is starting, or has no connection left: it may answer soon. */
function isPassing(code: string): boolean {
  return !/^[0-9A-Z]{5}$/.test(code) || /^(08|53300$|57P03$)/.test(code);
}

/**
 * Checks whether the ledger can work. Every statement is planned and not run, which needs the same tables, columns,
 * indexes and rights.
 *
 * @throws AbortedError the signal fired
 */
export async function checkLedger(
  pool: SqlPool,
  statements: ConsentStatements,
  { timeoutMs = CHECK_TIMEOUT_MS, signal }: ServerCheckOptions,
): Promise<readonly DatabaseWarning[]> {
  let lastCode = 'no code';
  try {
    const timed = await withTimeLimit(timeoutMs, signal, (within) =>
      check(pool, statements, within, (code) => {
        lastCode = code;
      }),
    );
    if (timed.inTime) return timed.value;
  } catch (error) {
    // Failures of the database are warnings.
    if (signal?.aborted !== true) throw error;
    throw new AbortedError({ message: 'The check was aborted.', submission: 'not-submitted' });
  }
  const message = `PostgreSQL did not answer within ${timeoutMs} ms (${lastCode}). Check its address, its TLS options, and whether the pool has a free connection.`;
  return [{ warning: 'not-connected', message }];
}

interface Settings {
  readonly read_only: string;
  readonly encoding: string;
  readonly version: string;
}

async function check(
  pool: SqlPool,
  statements: ConsentStatements,
  signal: AbortSignal,
  onFailure: (code: string) => void,
): Promise<readonly DatabaseWarning[]> {
  let settings: Settings;
  for (;;) {
    try {
      settings = (await pool.query(SETTINGS, [])).rows[0] as Settings;
      break;
    } catch (error) {
      const code = codeOf(error);
      if (!isPassing(code)) return [warningOf(code)];
      onFailure(code);
    }
    await wait(RETRY_MS, signal);
  }
  const codes = new Set<string>();
  if (settings.read_only === 'on') codes.add('25006');
  if (settings.encoding !== 'UTF8' || Number(settings.version) < LEAST_VERSION) codes.add('0A000');
  const { latest, append, history, forget, page } = statements;
  const samples: readonly (readonly [text: string, values: string[]])[] = [
    [latest, ['[]']],
    [append, ['[]']],
    [history, ['']],
    [forget, ['', '']],
    [page, ['0', '1']],
  ];
  for (const [text, values] of samples) {
    try {
      await pool.query(`EXPLAIN ${text}`, values);
    } catch (error) {
      codes.add(codeOf(error));
    }
  }
  return [...codes].map(warningOf);
}
