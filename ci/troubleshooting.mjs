// Keeps docs/troubleshooting.md complete: every reason of a guard and every error code has an entry, in order. Error messages
// link to the anchors, `troubleshooting.md#<reason>` for errors of guards and `troubleshooting.md#<code>` for all others.
//
//   node ci/troubleshooting.mjs            sorts the entries, joins guards of equal text, adds an empty entry for each that is missing
//   node ci/troubleshooting.mjs --check    fails when an entry or an anchor is missing, or an entry is empty, misplaced or unknown
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { anchorsOf } from './markdown.mjs';

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const REASONS = path('src/guards/reasons.ts');
const ERRORS = path('src/errors.ts');
const PAGE = path('docs/troubleshooting.md');

const program = ts.createProgram([REASONS, ERRORS], {
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  target: ts.ScriptTarget.ES2022,
  allowImportingTsExtensions: true,
  noEmit: true,
  strict: true,
  types: [],
});
const checker = program.getTypeChecker();

function typeOf(file, name) {
  const source = program.getSourceFile(file);
  const symbol = checker
    .getExportsOfModule(checker.getSymbolAtLocation(source))
    .find((each) => each.name === name);
  return checker.getDeclaredTypeOfSymbol(symbol);
}
const literals = (type) => (type.isUnion() ? type.types : [type]).map(({ value }) => value);
const byName = (one, other) => (one < other ? -1 : 1);

/** Names of entries, each with the names of its lines: guards for a reason, one nameless line for a code. */
function expectedReasons() {
  const guards = new Map();
  for (const guard of checker.getPropertiesOfType(typeOf(REASONS, 'GuardReasons'))) {
    for (const reason of literals(checker.getTypeOfSymbol(guard))) {
      guards.set(reason, [...(guards.get(reason) ?? []), guard.name]);
    }
  }
  return new Map(
    [...guards].sort(([one], [other]) => byName(one, other)).map(([name, all]) => [name, all.sort(byName)]),
  );
}
const expectedCodes = () =>
  new Map(
    literals(typeOf(ERRORS, 'SmsErrorCode'))
      .sort(byName)
      .map((code) => [code, ['']]),
  );

/** The texts of a section by `entry line`. A line may name several guards. */
function textsOf(section) {
  const texts = new Map();
  for (const [, name, body] of section.matchAll(/^### `([^`]+)`\n([\s\S]*?)(?=\n###|$(?![\s\S]))/gm)) {
    for (const [, lines = '', text] of body.matchAll(/^(?:- (`[^:]+`): )?(\S.*)$/gm))
      for (const line of lines.split(', ')) texts.set(`${name} ${line.replaceAll('`', '')}`, text);
  }
  return texts;
}

function entryOf(name, lines, texts) {
  const guardsOf = Map.groupBy(lines, (line) => texts.get(`${name} ${line}`) ?? '');
  const body = Array.from(guardsOf, ([text, guards]) =>
    guards[0] === '' ? text : `- ${guards.map((guard) => `\`${guard}\``).join(', ')}: ${text}`,
  );
  return `### \`${name}\`\n\n${body.join('\n')}\n`;
}

const sectionOf = (expected, texts) =>
  Array.from(expected, ([name, lines]) => entryOf(name, lines, texts)).join('\n');

/** A second heading of the same name would get another anchor, so that links lead to the wrong one. */
function anchorFlaws(names) {
  const anchors = anchorsOf(page);
  return names.flatMap((name) => {
    if (!anchors.has(name)) return [`no anchor: ${name}`];
    return anchors.has(`${name}-1`) ? [`two headings have this anchor: ${name}`] : [];
  });
}

let page = readFileSync(PAGE, 'utf8');
const flaws = [];
const names = [];
let count = 0;
for (const [section, expected] of [
  ['reasons', expectedReasons()],
  ['codes', expectedCodes()],
]) {
  const pattern = new RegExp(`(<!-- ${section} -->\\n\\n)([\\s\\S]*?)(\\n<!-- /${section} -->)`);
  const texts = textsOf(pattern.exec(page)?.[2] ?? '');
  const keys = [...expected].flatMap(([name, lines]) => lines.map((line) => `${name} ${line}`));
  flaws.push(...keys.filter((key) => !texts.get(key)).map((key) => `no text: ${key}`));
  flaws.push(
    ...[...texts.keys()].filter((key) => !keys.includes(key)).map((key) => `nothing has this: ${key}`),
  );
  names.push(...expected.keys());
  count += keys.length;
  const sorted = page.replace(pattern, (_, start, __, end) => start + sectionOf(expected, texts) + end);
  if (sorted !== page) flaws.push(`the ${section} are out of date: run node ci/troubleshooting.mjs`);
  page = sorted;
}
flaws.push(...anchorFlaws(names));

if (process.argv.includes('--check')) {
  for (const flaw of flaws) console.log(flaw);
  if (flaws.length > 0) process.exitCode = 1;
  else console.log(`${count} reasons and codes, ${names.length} anchors`);
} else {
  writeFileSync(PAGE, page);
  for (const flaw of flaws.filter((each) => !each.includes('out of date'))) console.log(flaw);
}
