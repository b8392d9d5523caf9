import { readFileSync, writeFileSync } from 'node:fs';
import { MAIN, SMALL } from './plans.ts';
import { attacksTable, chartOf, sizesTable, tableOf } from './report.ts';
import { type Summary, toJson } from './summary.ts';

const DOCS = new URL('../../docs/', import.meta.url);
const DOCUMENT = new URL('fraud-simulation.md', DOCS);

/** Replaces the part between `<!-- name -->` and `<!-- /name -->`. */
function withPart(text: string, name: string, part: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`docs/fraud-simulation.md has no part ${name}`);
  return `${text.slice(0, from + begin.length)}\n\n${part}\n\n${text.slice(to)}`;
}

/** Writes the figures of a real run: JSON, tables and the picture. The text around the tables stays as it is. */
export function writeDocuments(all: readonly Summary[]): void {
  const today = new Date().toISOString().slice(0, 10);
  const parts = [
    ['made', `Measured on ${today} with Node ${process.versions.node}.`],
    ['attacks', attacksTable()],
    ['medium', tableOf(all, 5_000, MAIN)],
    ['small', tableOf(all, 200, SMALL)],
    ['sizes', sizesTable(all)],
  ] as const;
  const before = readFileSync(DOCUMENT, 'utf8');
  writeFileSync(
    DOCUMENT,
    parts.reduce((text, [name, part]) => withPart(text, name, part), before),
  );
  writeFileSync(new URL('fraud-simulation.svg', DOCS), chartOf(all, 5_000));
  writeFileSync(new URL('fraud-simulation.json', DOCS), toJson(all));
}
