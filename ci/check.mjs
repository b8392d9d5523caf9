// `npm run check`, before a commit: types, lint, format, the unit tests of what changed since main, documents, public
// names. `.ci/run` runs everything, on a clean checkout.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createReport } from './report.mjs';
import { runProgram } from './run-program.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const environment = { ...process.env, NO_COLOR: '1' };

function git(...programArguments) {
  return execFileSync('git', programArguments, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

/** Where this branch left main; without a main, the last commit. */
function branchPoint() {
  for (const main of ['origin/main', 'main']) {
    try {
      return git('merge-base', 'HEAD', main).trim();
    } catch {
      // A clone need not have it.
    }
  }
  return 'HEAD';
}

const base = branchPoint();
const changed = [
  git('diff', '--name-only', '--diff-filter=d', base),
  git('ls-files', '--others', '--exclude-standard'),
]
  .flatMap((list) => list.split('\n'))
  .filter((path) => path.endsWith('.ts'));

const program = (name) => `${root}node_modules/.bin/${name}`;
const run = async (command, ...programArguments) => {
  await runProgram(command, programArguments, { cwd: root, env: environment, timeoutMs: 1_200_000 });
};
const report = createReport();

async function staticChecks() {
  const buildInfo = ['--incremental', '--tsBuildInfoFile', '.cache/check.tsbuildinfo'];
  await report.check('types', () => run(program('tsc'), '-p', '.', ...buildInfo));
  await report.check('lint and format', () => run(program('biome'), 'check', '--error-on-warnings', '.'));
  await report.check('promises that nobody awaits, in changed files', () =>
    run(program('oxlint'), '--deny-warnings', '--no-error-on-unmatched-pattern', ...changed),
  );
  await report.check('build', () => run('npm', 'run', 'build'));
  await report.check('public names', () => run(process.execPath, 'ci/public-names.mjs'));
  await report.check('documents', () => run(process.execPath, 'ci/docs-samples.mjs'));
}

async function unitTests() {
  await report.check('unit tests of what changed', () =>
    run(program('vitest'), 'run', 'test/unit', '--changed', base, '--passWithNoTests', '--reporter=dot'),
  );
}

await Promise.all([staticChecks(), unitTests()]);
report.finish();
