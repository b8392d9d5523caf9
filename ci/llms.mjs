// Makes llms.txt (https://llmstxt.org), the map of the documents for language models, from the index of the documents,
// docs/README.md; `--check` fails when it is out of date. `--full <file>` writes all documents into one file.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path) => readFileSync(join(root, path), 'utf8');
const { repository, description } = JSON.parse(read('package.json'));
const RAW = `${repository.url.replace(/^git\+/, '').replace(/\.git$/, '')}/raw/main`;

/** The sections of the index, each with its rows: title, file, what it is about. */
function readIndex() {
  const sections = [];
  for (const line of read('docs/README.md').split('\n')) {
    const heading = /^## (.+)$/.exec(line);
    const entry = /^- \[([^\]]+)\]\(([^)#]+\.md)\): (.+)$/.exec(line);
    if (heading) sections.push({ title: heading[1], entries: [] });
    else if (entry) sections.at(-1).entries.push({ title: entry[1], file: entry[2], about: entry[3] });
  }
  return sections.filter(({ entries }) => entries.length > 0);
}

function map() {
  const sections = readIndex().map(({ title, entries }) => {
    const lines = entries.map(({ title, file, about }) => `- [${title}](${RAW}/docs/${file}): ${about}`);
    return `## ${title}\n\n${lines.join('\n')}\n`;
  });
  return `# 8x8-sms-guard\n\n> ${description}\n\n${sections.join('\n')}`;
}

function full() {
  const files = readIndex().flatMap(({ entries }) => entries.map(({ file }) => `docs/${file}`));
  return ['README.md', ...files].map((path) => `<!-- ${path} -->\n\n${read(path)}`).join('\n');
}

const { values } = parseArgs({ options: { check: { type: 'boolean' }, full: { type: 'string' } } });
if (values.full !== undefined) writeFileSync(values.full, full());
else if (!values.check) writeFileSync(join(root, 'llms.txt'), map());
else if (read('llms.txt') !== map()) throw new Error('llms.txt is out of date: run node ci/llms.mjs');
