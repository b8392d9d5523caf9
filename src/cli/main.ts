#!/usr/bin/env node
import { runCli } from './run-cli.ts';
import { createTerminal } from './terminal.ts';

const controller = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => controller.abort(name));
}
const { stdout, stderr, env } = process;
const terminal = createTerminal({ stdout, stderr, env, signal: controller.signal });
process.exitCode = await runCli(process.argv.slice(2), terminal);
