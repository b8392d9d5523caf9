// Keeps docs/troubleshooting.md complete: every reason of a guard and every error code has its entry, in order.
//
//   node ci/troubleshooting.mjs            sorts the entries, and adds an empty one for each that is missing
//   node ci/troubleshooting.mjs --check    fails when an entry is missing, empty, out of order or of nothing that exists
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

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

/** The texts of a section by `entry line`. */
function textsOf(section) {
  const texts = new Map();
  for (const [, name, body] of section.matchAll(/^### `([^`]+)`\n([\s\S]*?)(?=\n###|$(?![\s\S]))/gm)) {
    for (const [, line = '', text] of body.matchAll(/^(?:- `([^`]+)`: )?(\S.*)$/gm))
      texts.set(`${name} ${line}`, text);
  }
  return texts;
}

function sectionOf(expected, texts) {
  return [...expected]
    .map(([name, lines]) => {
      const body = lines.map(
        (line) => `${line === '' ? '' : `- \`${line}\`: `}${texts.get(`${name} ${line}`) ?? ''}`,
      );
      return `### \`${name}\`\n\n${body.join('\n')}\n`;
    })
    .join('\n');
}

let page = readFileSync(PAGE, 'utf8');
const flaws = [];
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
  count += keys.length;
  const sorted = page.replace(pattern, (_, start, __, end) => start + sectionOf(expected, texts) + end);
  if (sorted !== page) flaws.push(`the ${section} are out of date: run node ci/troubleshooting.mjs`);
  page = sorted;
}

if (process.argv.includes('--check')) {
  for (const flaw of flaws) console.log(flaw);
  if (flaws.length > 0) process.exitCode = 1;
  else console.log(`${count} reasons and codes`);
} else {
  writeFileSync(PAGE, page);
  for (const flaw of flaws.filter((each) => !each.includes('out of date'))) console.log(flaw);
}
