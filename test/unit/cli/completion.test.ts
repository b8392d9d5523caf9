import { spawnSync } from 'node:child_process';
import { Argument, Command, Option } from 'commander';
import { describe, expect, test } from 'vitest';
import { completionScript, SHELL_NAMES } from '../../../src/cli/completion.ts';
import { runCli } from '../../../src/cli/run-cli.ts';
import { createFakeTerminal } from '../../support/fake-terminal.ts';

async function scriptOf(shell: string): Promise<string> {
  const { terminal, output } = createFakeTerminal();
  expect(await runCli(['completion', shell], terminal)).toBe(0);
  return output();
}

/** The words that bash offers after these. */
async function complete(...words: string[]): Promise<string[]> {
  const script = `${await scriptOf('bash')}
    COMP_WORDS=(8x8-sms-guard "$@"); COMP_CWORD=$#; _8x8_sms_guard; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((word) => word !== '');
}

describe('in bash', () => {
  test('offers the commands', async () => {
    expect(await complete('')).toEqual(
      expect.arrayContaining(['sandbox', 'doctor', 'campaign', 'completion']),
    );
    expect(await complete('do')).toEqual(['doctor']);
  });

  test('offers options, choices and values', async () => {
    expect(await complete('send', '--p')).toEqual(['--purpose']);
    expect(await complete('send', '+6591234567', '--purpose', '')).toEqual([
      'transactional',
      'otp',
      'marketing',
    ]);
    expect(await complete('consent', '+6591234567', 're')).toEqual(['revoke']);
    expect(await complete('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });

  test('leaves the names of files to the shell', async () => {
    expect(await complete('doctor', '--config', '')).toEqual([]);
  });
});

test('names every command and option in every shell', async () => {
  for (const shell of SHELL_NAMES) {
    const script = await scriptOf(shell);
    for (const word of ['doctor', 'import-consent', 'dry-run', 'purpose', 'transactional otp marketing']) {
      expect(script).toContain(word);
    }
  }
});

test('quotes descriptions as each shell wants it', () => {
  const program = new Command();
  program
    .command('show')
    .description("8x8's [own] words: \\ all")
    .addArgument(new Argument('[what]').choices(['one', 'two']))
    .addOption(new Option('--how <way>', "8x8's [own]: \\ way"));
  expect(completionScript('zsh', program)).toContain(
    `show) _arguments '*--how[8x8'\\''s \\[own\\]\\: \\\\ way]:value:_files' '*:value:(one two)' ;;`,
  );
  expect(completionScript('fish', program)).toContain(`-a show -d '8x8\\'s [own] words: \\\\ all'`);
  expect(completionScript('fish', program)).toContain(`-a 'one two'`);
  expect(completionScript('fish', program)).toContain(`-l how -d '8x8\\'s [own]: \\\\ way' -r`);
});
