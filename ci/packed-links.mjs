// Follows every link of the documents that are in the package, as a reader of node_modules would: a relative link must
// lead to a file of the package and to a heading of it; a link to the repository, to a file that is there.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { anchorsOf, linksOf } from './markdown.mjs';
import { createReport } from './report.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path) => readFileSync(`${root}${path}`, 'utf8');
const { repository } = JSON.parse(read('package.json'));
const REPOSITORY = repository.url.replace(/^git\+/, '').replace(/\.git$/, '');
const IN_REPOSITORY = new RegExp(
  `^${REPOSITORY.replaceAll('.', '\\.')}/(?:blob|tree|raw)/main/([^#]+)(?:#(.*))?$`,
);

const [{ files }] = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root, encoding: 'utf8' }),
);
const packed = new Set(files.map(({ path }) => path));

function faultOf(target, from) {
  const repositoryFile = IN_REPOSITORY.exec(target);
  if (repositoryFile !== null) {
    const [, path, anchor] = repositoryFile;
    if (!existsSync(`${root}${path}`)) return 'the repository has no such file';
    return anchor !== undefined && !anchorsOf(read(path)).has(anchor) ? 'no such heading' : undefined;
  }
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return /^(https|mailto):/.test(target) ? undefined : 'not https';
  const [file, anchor] = target.split('#');
  const path = file === '' ? from : posix.normalize(posix.join(posix.dirname(from), file)).replace(/\/$/, '');
  const isFolder = files.some((each) => each.path.startsWith(`${path}/`));
  if (!packed.has(path) && !isFolder) return 'not in the package';
  return anchor !== undefined && !anchorsOf(read(path)).has(anchor) ? 'no such heading' : undefined;
}

const report = createReport();
for (const path of [...packed].filter((name) => name.endsWith('.md')).sort()) {
  await report.check(`${path}: links`, () => {
    const links = linksOf(read(path));
    const faults = links.flatMap((target) => {
      const fault = faultOf(target, path);
      return fault === undefined ? [] : [`${target}: ${fault}`];
    });
    if (faults.length > 0) throw new Error(faults.join('\n'));
    return `${links.length}`;
  });
}
report.finish();
