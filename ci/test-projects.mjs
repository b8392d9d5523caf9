// Runs the projects examples/testing-* as their readers would: the packed package is installed, and each test runner
// finds the kit for tests in it. The runners themselves are those of this repository, so that their versions stay fixed.
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installTarball, linkInstalled, packPackage } from './consumer-project.mjs';
import { createReport } from './report.mjs';
import { cleanEnvironment, runProgram } from './run-program.mjs';
import { runtimes } from './runtimes.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
if (!existsSync(join(root, 'dist/testing.js'))) throw new Error('dist/ is missing: run npm run build first');

const workspace = await mkdtemp(join(tmpdir(), 'sms-guard-tests-'));
const env = cleanEnvironment({ NO_COLOR: '1' });

/** Each with the Node versions that its runner supports. */
const PROJECTS = [
  { name: 'testing-vitest', versions: [22, 24], program: ['node_modules/vitest/vitest.mjs', 'run'], runs: 4 },
  { name: 'testing-jest', versions: [20, 24], program: ['node_modules/jest/bin/jest.js', '--ci'], runs: 3 },
  { name: 'testing-node', versions: [20, 22, 24, 26], program: ['--test'], runs: 3 },
];

async function installProject(name, tarball) {
  const folder = join(workspace, name);
  const source = join(root, 'examples', name);
  const { type, devDependencies = {} } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8'));
  await installTarball(tarball, folder, env, { type });
  await cp(source, folder, { recursive: true, filter: (path) => !path.endsWith('package.json') });
  for (const [dependency, version] of Object.entries(devDependencies)) {
    await linkInstalled(folder, dependency, version);
  }
  return folder;
}

/** A runner that finds no test must not count as one that passed. */
function expectPassed(output, runs) {
  const passed = /^(?:\s*Tests:?\s+|(?:#|ℹ) pass )(\d+)/m.exec(output)?.[1];
  if (Number(passed) !== runs) throw new Error(`${passed} of ${runs} tests passed\n${output}`);
  return `${passed} tests`;
}

const report = createReport();
try {
  let tarball = '';
  await report.check('npm pack', async () => {
    tarball = await packPackage(workspace, env);
  });
  for (const { name, versions, program, runs } of PROJECTS) {
    let folder = '';
    await report.check(`examples/${name}: npm install`, async () => {
      folder = await installProject(name, tarball);
    });
    for (const version of versions) {
      await report.check(`examples/${name}: Node ${version}`, async () =>
        expectPassed(await runProgram(runtimes[`node${version}`], program, { cwd: folder, env }), runs),
      );
    }
  }
} finally {
  await rm(workspace, { recursive: true, force: true });
}
report.finish();
