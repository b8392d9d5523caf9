// Plants faults that the linters must find, each of a kind that has passed a linter before. A linter that finds none
// of them would also be green.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createReport } from './report.mjs';
import { cleanEnvironment, runProgram } from './run-program.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const program = (name) => join(root, 'node_modules/.bin', name);
const run = (name, ...programArguments) =>
  runProgram(program(name), programArguments, { cwd: root, env: cleanEnvironment({ NO_COLOR: '1' }) });

const later = "import { later } from './other.ts';\n";
const floating = {
  'an async function of another file': `${later}export function run(): void { later(); }\n`,
  "a method of the library's own interface":
    "import type { LimitStore } from '../../src/limits/limit-store.ts';\nexport function run(store: LimitStore): void { store.settle('scope', []); }\n",
  "a method of the platform's types": 'export function run(response: Response): void { response.text(); }\n',
  'a value that may be a promise':
    'export function run(hook: () => boolean | Promise<boolean>): void { hook(); }\n',
  'an async callback where nobody waits': `${later}export function run(items: string[]): void { items.forEach(async () => { await later(); }); }\n`,
  'a promise as a condition': `${later}export function run(): boolean { return later() ? true : false; }\n`,
};

const folder = await mkdtemp(join(root, 'test/lint-canary-'));
const path = (name) => relative(root, join(folder, name));
const plant = (name, text) => writeFile(join(folder, name), text);

/** The output of a linter about planted files; a linter that finds something exits with an error. */
async function findings(name, ...programArguments) {
  return run(name, ...programArguments).catch((error) => error.message);
}

const report = createReport();
try {
  await plant('other.ts', "export async function later(): Promise<string> { return 'later'; }\n");
  for (const [index, text] of Object.values(floating).entries()) await plant(`floating-${index}.ts`, text);
  const output = await findings('oxlint', '--format=unix', path('.'));
  const lines = output.split('\n').filter((line) => /floating-\d+\.ts:\d+:/.test(line));
  for (const [index, name] of Object.keys(floating).entries()) {
    await report.check(`oxlint finds ${name}`, () => {
      const line = lines.find((each) => each.includes(`floating-${index}.ts:`)) ?? '';
      if (!/no-(floating|misused)-promises/.test(line)) throw new Error(`not found\n${output}`);
    });
  }
  await report.check('oxlint is silent where nothing is wrong', () => {
    if (lines.length !== Object.keys(floating).length || /other\.ts:/.test(output)) throw new Error(output);
  });
  await report.check('biome finds an import cycle', async () => {
    await plant(
      'left.ts',
      "import { right } from './right.ts';\nexport const left = (): number => right() + 1;\n",
    );
    await plant(
      'right.ts',
      "import { left } from './left.ts';\nexport const right = (): number => left() + 1;\n",
    );
    const found = await findings('biome', 'lint', path('left.ts'), path('right.ts'));
    if (!/noImportCycles/.test(found)) throw new Error(`not found\n${found}`);
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}
report.finish();
