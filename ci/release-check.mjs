// Refuses a release that is not ready: placeholders, a version without its notes, a tag that names another version.
// `--tag v1.2.3` compares the tag; `--notes` prints the release notes. With `npm publish --dry-run` placeholders are
// only listed, so that CI can try a release at any time.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path) => readFileSync(`${root}${path}`, 'utf8');

/** Stands for the owner of the repository until there is one. */
const PLACEHOLDER = /\bOWNER\b/;

function placeholders() {
  const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0');
  const shown = tracked.filter(
    (path) => path.startsWith('src/') || (/\.(md|json|ya?ml|txt)$/.test(path) && !path.startsWith('test/')),
  );
  return shown.flatMap((path) =>
    read(path)
      .split('\n')
      .flatMap((line, index) => (PLACEHOLDER.test(line) ? [`${path}:${index + 1}`] : [])),
  );
}

/** The section of one version in the changelog, without its heading. */
function notesOf(version) {
  const [, ...sections] = read('CHANGELOG.md').split(/^## /m);
  const section = sections.find((text) => text.startsWith(`[${version}]`));
  if (section === undefined) throw new Error(`CHANGELOG.md has no section [${version}]`);
  const [heading, ...lines] = section.split('\n');
  return { date: /- (\d{4}-\d{2}-\d{2})$/.exec(heading)?.[1], text: lines.join('\n').trim() };
}

const { values } = parseArgs({ options: { tag: { type: 'string' }, notes: { type: 'boolean' } } });
const { version } = JSON.parse(read('package.json'));
const { date, text } = notesOf(version);
if (values.notes) {
  console.log(text);
} else {
  const faults = [];
  if (values.tag !== undefined && values.tag !== `v${version}`) {
    faults.push(`the tag ${values.tag} is not the version ${version} of package.json`);
  }
  if (text === '') faults.push(`the section [${version}] of CHANGELOG.md is empty`);
  if (date === undefined) faults.push(`the section [${version}] of CHANGELOG.md has no date (- YYYY-MM-DD)`);
  faults.push(...placeholders().map((place) => `placeholder OWNER: ${place}`));
  for (const fault of faults) console.error(fault);
  const isDryRun = process.env.npm_config_dry_run === 'true';
  if (faults.length > 0 && !isDryRun) process.exit(1);
  console.log(
    faults.length === 0 ? `${version} is ready` : `${version} is not ready: ${faults.length} faults`,
  );
}
