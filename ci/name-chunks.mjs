// Second half of the build. Replaces the hash in the name of each shared chunk with words, so that stack traces and
// bundle reports read the same from build to build: code is named after the entries that share it, a declaration and code that
// is imported lazily after a module. It also writes the exports of CommonJS as plain properties.
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import ts from 'typescript';

const root = new URL('../', import.meta.url);
const dist = new URL('dist/', root);
const { exports } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
const HASH = /-[\w-]{8}$/;
const [EXTENSION, DECLARATION] = [/\.(?:d\.)?c?[jt]s$/, /\.d\.c?ts$/];
const stemOf = (name) => name.replace(EXTENSION, '');

const names = (await readdir(dist)).sort();
const texts = new Map(
  await Promise.all(names.map(async (name) => [name, await readFile(new URL(name, dist), 'utf8')])),
);
const entries = Object.values(exports)
  .filter((target) => typeof target === 'object')
  .flatMap((target) => Object.values(target).flatMap(Object.values))
  .map((path) => path.replace('./dist/', ''));

/** The built files that a file imports; a declaration names its neighbours by their code. */
function importsOf(name) {
  const { importedFiles } = ts.preProcessFile(texts.get(name), true, true);
  const paths = importedFiles.map(({ fileName }) => fileName).filter((path) => path.startsWith('./'));
  return paths.map((path) => path.slice(2).replace(/(c?)js$/, DECLARATION.test(name) ? 'd.$1ts' : '$1js'));
}

/** By chunk, in the order of their first use: the entries that need it. */
const sharing = new Map();
function visit(name, entry, seen = new Set()) {
  for (const imported of importsOf(name)) {
    if (seen.has(imported)) continue;
    seen.add(imported);
    if (!entries.includes(imported)) {
      sharing.set(imported, [...(sharing.get(imported) ?? []), stemOf(entry)]);
    }
    visit(imported, entry, seen);
  }
}
for (const entry of entries) visit(entry, entry);

const newStems = new Map();
const taken = new Set(entries);
for (const [chunk, sharers] of sharing) {
  const [extension] = EXTENSION.exec(chunk);
  const isByAll = sharers.length === entries.length / 4;
  const shared = isByAll ? 'all' : sharers.sort().join('-');
  const isOfOneModule = DECLARATION.test(chunk) || !chunk.startsWith('chunk-');
  const base = isOfOneModule ? stemOf(chunk).replace(HASH, '') : `shared-${shared}`;
  let newStem = base;
  for (let count = 2; taken.has(`${newStem}${extension}`); count += 1) newStem = `${base}-${count}`;
  taken.add(`${newStem}${extension}`);
  newStems.set(stemOf(chunk), newStem);
}

const renameIn = (text) =>
  [...newStems].reduce((result, [stem, newStem]) => result.replaceAll(stem, newStem), text);
// Both halves of the build, esbuild and Rollup, say where the source map is.
const nameMapOnce = (text) => text.replace(/(\n\/\/# sourceMappingURL=\S+)\1\s*$/, '$1\n');
/** Jest has no `import()` in CommonJS. */
const requireLazily = (text) =>
  text.replace(/\bimport\(('\.\/[\w-]+\.cjs')\)/g, 'Promise.resolve().then(() => require($1))');
/** Jest mocks and spies on plain properties of an ES module, and on no getter. They follow all code, so no map changes. */
const exportPlainly = (text) =>
  text
    .replace(
      /^'use strict';\n/,
      "'use strict'; Object.defineProperty(exports, '__esModule', { value: true });\n",
    )
    .replace(
      /Object\.defineProperty\(exports, "(\w+)", \{\n\s+enumerable: true,\n\s+get: function \(\) \{ return ([\w.]+); \}\n\}\);/g,
      'exports.$1 = $2;',
    );
for (const [name, text] of texts) {
  const renamed = nameMapOnce(renameIn(text));
  await writeFile(
    new URL(name, dist),
    name.endsWith('.cjs') ? requireLazily(exportPlainly(renamed)) : renamed,
  );
  if (renameIn(name) !== name) await rename(new URL(name, dist), new URL(renameIn(name), dist));
}
console.log(`chunks: ${[...new Set(newStems.values())].join(', ')}`);
