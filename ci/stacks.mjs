// Every error that a public method of the built package throws leads to the line that called it: each kind of error by each
// method, in both formats. A method or a class of errors that ci/stack-driver.mjs does not know fails, too.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createReport } from './report.mjs';
import { cleanEnvironment, runProgram } from './run-program.mjs';
import { runtimes } from './runtimes.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const driver = fileURLToPath(new URL('stack-driver.mjs', import.meta.url));
if (!existsSync(`${root}dist/index.js`)) throw new Error('dist/ is missing: run npm run build first');

const list = (names, what) => (names.length === 0 ? [] : [`${what}: ${names.join(', ')}`]);
const describe = ({ method, kind, thrown, stack }) =>
  thrown === kind
    ? `${method}, ${kind}: not the caller's line\n${stack}`
    : `${method}: ${thrown} instead of ${kind}`;

const report = createReport();
for (const version of [20, 24]) {
  for (const format of ['esm', 'cjs']) {
    await report.check(`Node ${version}, ${format}: each error leads to its caller`, async () => {
      // The default `onError` writes to stderr.
      const options = { cwd: root, env: cleanEnvironment(), stdoutOnly: true };
      const output = await runProgram(runtimes[`node${version}`], [driver, format], options);
      const { seen, unknownMethods, unknownFunctions, classes } = JSON.parse(output);
      const faults = [
        ...list(unknownMethods, 'methods that are not driven'),
        ...list(unknownFunctions, 'functions that are not driven'),
        ...list(
          classes.filter((name) => !seen.some(({ thrown }) => thrown === name)),
          'classes that nothing throws',
        ),
        ...seen.filter(({ kind, thrown, leadsHere }) => thrown !== kind || !leadsHere).map(describe),
      ];
      if (faults.length > 0) throw new Error(`${faults.length} faults\n${faults.join('\n')}`);
      return `${seen.length} errors of ${classes.length} classes`;
    });
  }
}
report.finish();
