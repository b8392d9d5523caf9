// Runs every example like a reader: `examples/<name>.ts` and `examples/<name>/<name>.ts`, with no argument and no
// environment. An example that does not end with exit code 0 is a failure. Those that need a server of their own follow.
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { checkHonoExample, checkNextExample } from './example-servers.mjs';
import { createReport } from './report.mjs';
import { cleanEnvironment, runProgram } from './run-program.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const entries = (await readdir(`${root}examples`, { withFileTypes: true })).flatMap((entry) => {
  if (entry.isFile()) return /\.(ts|mjs|cjs)$/.test(entry.name) ? [`examples/${entry.name}`] : [];
  const program = `examples/${entry.name}/${entry.name}.ts`;
  return existsSync(`${root}${program}`) ? [program] : [];
});

const report = createReport();
for (const entry of entries.sort()) {
  await report.check(entry, async () => {
    await runProgram(process.execPath, [entry], { cwd: root, env: cleanEnvironment() });
  });
}
await report.check('examples/hono-workerd', checkHonoExample);
await report.check('examples/nextjs', checkNextExample);
report.finish();
