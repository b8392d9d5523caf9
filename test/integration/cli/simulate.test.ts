import { afterAll, expect, test } from 'vitest';
import { runCli } from '../../../src/cli/run-cli.ts';
import { createCliFolder } from '../../support/cli-folder.ts';
import { createFakeTerminal } from '../../support/fake-terminal.ts';

const folder = createCliFolder();
afterAll(() => folder.remove());

test('simulate plays an hour of attack without guards, with the defaults, with two options, and with one’s own', async () => {
  const config = folder.config(
    "{ apiKey: 'sandbox_key', subAccountId: 'shop', guards: { backoff: false, countries: { allow: ['SG', 'ID', 'PH'] } } }",
  );
  const { exitCode, output } = await folder.run('simulate', '--config', config);
  expect(exitCode).toBe(0);
  expect(output).toMatch(/ {2}no guards {3}the defaults {2}\+ two options {4}your guards\n/);
  // The figures of `npm run demo`.
  expect(output).toMatch(/messages sent +1,326 +1,033 +371 +\d+\n/);
  expect(output).toMatch(/refused by backoff +0 +293 +293 +0\n/);
  expect(output).toMatch(/refused by countries +0 +0 +300 +300\n/);
  expect(output).toMatch(/reached the robots +1,000 +707 +46 +\d+\n/);
  expect(output).toMatch(/people without a code +0 +0 +1 +0\n/);
  expect(output).not.toContain('\u001b');
});

test('simulate draws the table over itself on a terminal, until Ctrl+C', async () => {
  const { terminal, until, stop } = createFakeTerminal({}, { isTTY: true, folder: folder.path });
  const running = runCli(['simulate', '--seconds', '1'], terminal);
  await until(/Minute 1 of 60\n/);
  stop();
  expect(await running).toBe(130);
  await until(/\u001b\[\d+A\u001b\[K {2}Stopped\n/);
});

test('simulate prints one document of JSON', async () => {
  const { terminal, output, stop } = createFakeTerminal({}, { isTTY: true, folder: folder.path });
  stop();
  await runCli(['simulate', '--json'], terminal);
  const columns = JSON.parse(output()) as { name: string; tally: { sent: number } }[];
  expect(columns.map(({ name, tally }) => [name, tally.sent])).toEqual([
    ['no guards', 0],
    ['the defaults', 0],
    ['+ two options', 0],
  ]);
});
