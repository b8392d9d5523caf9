// Every public name, of each entry, as built: the same in both formats, accepted, and with a text that editors show.
// `node ci/public-names.mjs --update` accepts the current names.
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { findMissingTexts } from './hover-texts.mjs';
import { createReport } from './report.mjs';

const root = new URL('../', import.meta.url);
const snapshot = new URL('test/package/public-names.json', root);
const require = createRequire(import.meta.url);
const { exports } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
const path = (target) => fileURLToPath(new URL(target, root));
const entries = Object.entries(exports).filter(([, target]) => typeof target === 'object');

/** Names that a declaration file exports, values and types. */
function declaredNames(file) {
  const program = ts.createProgram([file], {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
    types: [],
    noEmit: true,
  });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const symbols = checker.getExportsOfModule(checker.getSymbolAtLocation(source));
  const isValue = (symbol) => {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    return (target.flags & ts.SymbolFlags.Value) !== 0;
  };
  const names = (kept) => kept.map((symbol) => symbol.name).sort();
  return {
    values: names(symbols.filter(isValue)),
    types: names(symbols.filter((symbol) => !isValue(symbol))),
  };
}

const runtimeNames = (module) =>
  Object.keys(module)
    .filter((name) => name !== '__esModule')
    .sort();

function same(left, right, what) {
  const only = (these, those) => these.filter((name) => !those.includes(name)).join(', ') || 'none';
  if (JSON.stringify(left) === JSON.stringify(right)) return;
  throw new Error(
    `${what}\nonly in the first: ${only(left, right)}\nonly in the second: ${only(right, left)}`,
  );
}

const built = {};
for (const [entry, target] of entries) {
  const esm = runtimeNames(await import(new URL(target.import.default, root).href));
  const cjs = runtimeNames(require(path(target.require.default)));
  built[entry] = {
    esm,
    cjs,
    dts: declaredNames(path(target.import.types)),
    dcts: declaredNames(path(target.require.types)),
  };
}
const names = Object.fromEntries(
  Object.entries(built).map(([entry, { esm, dts }]) => [entry, { values: esm, types: dts.types }]),
);

if (process.argv.includes('--update')) {
  await writeFile(snapshot, `${JSON.stringify(names, null, 2)}\n`);
}
const accepted = JSON.parse(await readFile(snapshot, 'utf8').catch(() => '{}'));

const report = createReport();
for (const [entry, { esm, cjs, dts, dcts }] of Object.entries(built)) {
  await report.check(`${entry}: both formats and their types export the same`, () => {
    same(esm, cjs, 'ESM and CommonJS');
    same(esm, dts.values, 'ESM and its types');
    same(cjs, dcts.values, 'CommonJS and its types');
    same(dts.types, dcts.types, 'types of ESM and types of CommonJS');
  });
  await report.check(`${entry}: the public names are the accepted ones`, () => {
    same(
      names[entry].values,
      accepted[entry]?.values ?? [],
      'values: built and accepted (node ci/public-names.mjs --update)',
    );
    same(
      names[entry].types,
      accepted[entry]?.types ?? [],
      'types: built and accepted (node ci/public-names.mjs --update)',
    );
    return `${esm.length} values, ${dts.types.length} types`;
  });
  await report.check(`${entry}: editors show a text for every public name, method and option`, () => {
    const { asked, missing } = findMissingTexts(path(exports[entry].import.types));
    if (missing.length > 0)
      throw new Error(`${missing.length} of ${asked} without a text:\n${missing.join('\n')}`);
    return `${asked}`;
  });
}
await report.check('no accepted entry is gone', () => {
  same(Object.keys(names).sort(), Object.keys(accepted).sort(), 'built and accepted');
});
report.finish();
