import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Argument } from 'commander';
import type { AuditHead, AuditReport } from '../../audit/index.ts';
import type { AddCommand } from '../command.ts';
import { configurationError } from '../configuration-error.ts';
import { EXIT } from '../exit-codes.ts';
import { plural } from '../plural.ts';
import { printRows, showTime } from '../rows.ts';
import type { Terminal } from '../terminal.ts';

interface AuditArguments {
  readonly publicKey?: readonly string[];
  readonly expect?: string;
  readonly partial?: boolean;
  readonly json?: boolean;
}

const SECRET = 'EIGHTBYEIGHT_AUDIT_SECRET';

async function readText(name: string, option: string, { folder }: Terminal): Promise<string> {
  try {
    return await readFile(resolve(folder, name), 'utf8');
  } catch (error) {
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    throw await configurationError(`The file of --${option} cannot be read (${code}).`, option);
  }
}

async function parseJson(text: string, what: string, option: string): Promise<unknown> {
  try {
    return JSON.parse(text);
  } catch {
    throw await configurationError(`${what} is not JSON.`, option);
  }
}

/** One secret, which has the key ID 1, or a JSON object of secrets by key ID. */
async function readSecrets({ env }: Terminal): Promise<Record<string, string> | undefined> {
  const text = env[SECRET]?.trim();
  if (text === undefined || text === '') return undefined;
  if (!text.startsWith('{')) return { 1: text };
  return (await parseJson(text, SECRET, 'secrets')) as Record<string, string>;
}

/** `ID=FILE`; a file without an ID has the ID 1. */
async function readPublicKeys(
  given: readonly string[],
  terminal: Terminal,
): Promise<Record<string, string | Record<string, unknown>> | undefined> {
  if (given.length === 0) return undefined;
  const keys = given.map(async (each) => {
    const [, keyId = '1', file = each] = /^([\w.-]{1,32})=(.+)$/.exec(each) ?? [];
    const text = await readText(file, 'public-key', terminal);
    const isJson = text.trimStart().startsWith('{');
    return [keyId, isJson ? await parseJson(text, file, 'public-key') : text] as const;
  });
  return Object.fromEntries(await Promise.all(keys)) as Record<string, string | Record<string, unknown>>;
}

/** The result of `head()`, a list of such results, or the report of an earlier run. */
async function readExpected(file: string | undefined, terminal: Terminal): Promise<readonly AuditHead[]> {
  if (file === undefined) return [];
  const parsed = await parseJson(await readText(file, 'expect', terminal), file, 'expect');
  if (Array.isArray(parsed)) return parsed as readonly AuditHead[];
  const { chains } = parsed as Partial<AuditReport>;
  return Array.isArray(chains)
    ? (chains as AuditReport['chains']).map(({ head }) => head)
    : [parsed as AuditHead];
}

function printReport(report: AuditReport, terminal: Terminal): void {
  const { ok, problems, chains, records, lost, torn, absent } = report;
  const { print, paint } = terminal;
  for (const { source, line, kind, message, chain } of problems) {
    print(
      `${paint('red', kind)}  ${source}:${line}  ${message}${chain === undefined ? '' : ` (chain ${chain})`}`,
    );
  }
  if (!ok) print();
  printRows(
    [
      ['verified', `${plural(records, 'record')} in ${plural(chains.length, 'chain')}`],
      [
        'signed',
        chains.some(({ signed }) => signed > 0)
          ? plural(
              chains.reduce((sum, { signed }) => sum + signed, 0),
              'record',
            )
          : undefined,
      ],
      ['from', chains[0] && showTime(chains[0].from)],
      ['to', chains[0] && showTime(Math.max(...chains.map(({ to }) => to)))],
      [
        'not closed',
        chains.some(({ isClosed }) => !isClosed)
          ? plural(chains.filter(({ isClosed }) => !isClosed).length, 'chain')
          : undefined,
      ],
      ['lost', lost > 0 ? `${plural(lost, 'record')}, according to the log itself` : undefined],
      ['torn', torn > 0 ? `${plural(torn, 'line')} of a crash, recorded by a later start` : undefined],
      ['absent', absent.length > 0 ? plural(absent.length, 'chain') : undefined],
    ],
    terminal,
  );
  print();
  print(ok ? paint('green', 'Nothing was altered.') : paint('red', 'This log was altered.'));
}

/** `audit`: verifies an audit log. */
export const addAuditCommand: AddCommand = (program, terminal, finish) => {
  program
    .command('audit')
    .description(
      `Verify the files of an audit log. Reads the secret from ${SECRET}: one, or JSON of secrets by key ID. The exit code is 1 if there is a problem.`,
    )
    .addArgument(new Argument('<action>', 'action').choices(['verify']))
    .argument('<file...>', 'files, or the path that was given to auditLog')
    .option(
      '--public-key <id=file>',
      'public key of signed heads (PEM or JWK); may be repeated',
      (value: string, before: readonly string[]) => [...before, value],
      [] as readonly string[],
    )
    .option('--expect <file>', 'JSON of heads that must be there: the result of head(), or an earlier report')
    .option('--partial', 'chains that others name may be absent')
    .option('--json', 'print JSON')
    .action(async (_action: string, names: readonly string[], given: AuditArguments) => {
      const { verifyAudit } = await import('../../audit/index.ts');
      const secrets = await readSecrets(terminal);
      const publicKeys = await readPublicKeys(given.publicKey ?? [], terminal);
      if (secrets === undefined && publicKeys === undefined) {
        throw await configurationError(`Set ${SECRET}, or give --public-key.`, 'secrets');
      }
      const report = await verifyAudit({
        files: names.map((name) => resolve(terminal.folder, name)),
        secrets,
        publicKeys,
        expect: await readExpected(given.expect, terminal),
        partial: given.partial,
        signal: terminal.signal,
      });
      if (given.json) terminal.print(JSON.stringify(report));
      else printReport(report, terminal);
      if (!report.ok) finish(EXIT.failed);
    });
};
