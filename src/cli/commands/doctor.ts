import { type ClientArguments, withClientOptions } from '../client-options.ts';
import type { AddCommand } from '../command.ts';
import type { Finding, Level } from '../doctor/finding.ts';
import { EXIT } from '../exit-codes.ts';
import { plural } from '../plural.ts';
import { webAddress } from '../read-argument.ts';
import type { Terminal } from '../terminal.ts';
import { wrap } from '../wrap.ts';

interface DoctorArguments extends ClientArguments {
  readonly receiver?: string;
  readonly strict?: boolean;
}

const COLOURS = { ok: 'green', warning: 'yellow', problem: 'red' } as const;
/** Columns of level and check. */
const INDENT = 2 + 'problem'.length + 2 + 'environment'.length + 2;

function printFinding({ check, level, text, advice }: Finding, terminal: Terminal): void {
  const { print, paint, columns } = terminal;
  const width = Math.max(40, columns - INDENT);
  const [first = '', ...more] = wrap(text, width);
  print(`  ${paint(COLOURS[level], level.padEnd(9))}${check.padEnd(13)}${first}`);
  for (const line of more) print(' '.repeat(INDENT) + line);
  if (advice === undefined) return;
  const [what = '', ...others] = wrap(advice, width - 3);
  print(`${' '.repeat(INDENT)}${paint('dim', '→')}  ${what}`);
  for (const line of others) print(' '.repeat(INDENT + 3) + line);
}

const count = (findings: readonly Finding[], level: Level) =>
  findings.filter((finding) => finding.level === level).length;

function printSum(problems: number, warnings: number, { print, paint }: Terminal): void {
  print();
  if (problems + warnings === 0) print(`  ${paint('green', 'All is well. Nothing was sent.')}`);
  else print(`  ${plural(problems, 'problem')}, ${plural(warnings, 'warning')}. Nothing was sent.`);
}

/** `doctor`: examines a setup before it costs money. */
export const addDoctorCommand: AddCommand = (program, terminal, finish) => {
  withClientOptions(
    program
      .command('doctor')
      .description('Examine key, account, network, webhooks, store and guards. Sends no message.'),
  )
    .option('--receiver <url>', 'address of your webhook receiver, to which 8x8 must post', webAddress)
    .option('--strict', 'end with 1 after warnings too')
    .action(async (given: DoctorArguments) => {
      const { examine } = await import('../doctor/examine.ts');
      const findings: Finding[] = [];
      for await (const finding of examine(given, terminal)) {
        findings.push(finding);
        if (!given.json) printFinding(finding, terminal);
      }
      const problems = count(findings, 'problem');
      const warnings = count(findings, 'warning');
      const isFine = problems === 0 && (warnings === 0 || !given.strict);
      if (given.json) terminal.print(JSON.stringify({ ok: isFine, problems, warnings, findings }));
      else printSum(problems, warnings, terminal);
      if (!isFine) finish(EXIT.failed);
    });
};
