// Checks the contents of the built files.
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import ts from 'typescript';
import { createReport } from './report.mjs';

const root = new URL('../', import.meta.url);
const dist = new URL('dist/', root);
const manifest = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
const { dependencies, peerDependencies = {} } = manifest;
const allowed = Object.keys({ ...dependencies, ...peerDependencies });
const entries = Object.values(manifest.exports).filter((target) => typeof target === 'object');

const names = (await readdir(dist)).sort();
const files = await Promise.all(
  names.map(async (name) => ({ name, text: await readFile(new URL(name, dist), 'utf8') })),
);
const code = files.filter(({ name }) => /\.c?js$/.test(name));
const declarations = files.filter(({ name }) => /\.d\.c?ts$/.test(name));

function refuse(group, pattern, why) {
  const found = group.flatMap(({ name, text }) =>
    [...text.matchAll(pattern)].map(([hit]) => `${name}: ${hit}`),
  );
  if (found.length > 0) throw new Error(`${why}\n${found.join('\n')}`);
}

/** The imports of a file, with their kind: `import-statement`, `require-call`, `dynamic-import`, or `type`. */
async function importsOf({ name, text }) {
  if (/\.d\.c?ts$/.test(name)) {
    return ts
      .preProcessFile(text)
      .importedFiles.map(({ fileName }) => ({ name, path: fileName, kind: 'type' }));
  }
  const { metafile } = await build({
    stdin: { contents: text },
    bundle: true,
    write: false,
    metafile: true,
    platform: 'neutral',
    external: ['*'],
  });
  return metafile.inputs['<stdin>'].imports.map(({ path, kind }) => ({ name, path, kind }));
}

async function refuseImports(group, isRefused, why) {
  const imports = (await Promise.all(group.map(importsOf))).flat();
  const found = imports.filter(isRefused).map(({ name, path, kind }) => `${name}: ${path} (${kind})`);
  if (found.length > 0) throw new Error(`${why}\n${found.join('\n')}`);
}

/** The sandbox and the command need Node, and no other entry loads them. */
const NODE_ONLY = /^(?:cli|sandbox)\.c?js$/;

const isForeign = ({ path }) =>
  !/^(\.|node:)/.test(path) && !allowed.some((name) => path === name || path.startsWith(`${name}/`));
const isStaticNode = ({ name, path, kind }) =>
  path.startsWith('node:') && kind !== 'dynamic-import' && !NODE_ONLY.test(name);

const report = createReport();
await report.check('dist has both formats and both kinds of types of every entry', () => {
  const paths = entries.flatMap((target) => Object.values(target).flatMap(Object.values));
  const missing = paths.filter((path) => !names.includes(path.replace('./dist/', '')));
  if (paths.length !== 4 * entries.length || missing.length > 0) throw new Error(`missing: ${missing}`);
});
await report.check('typesVersions, for moduleResolution node10, names every entry', () => {
  const wanted = Object.entries(manifest.exports)
    .filter(([entry, target]) => entry !== '.' && typeof target === 'object')
    .map(([entry, target]) => [entry.replace('./', ''), [target.import.types]]);
  const found = JSON.stringify(manifest.typesVersions);
  if (found !== JSON.stringify({ '*': Object.fromEntries(wanted) })) throw new Error(found);
});
await report.check('names of files hold words, and no hash', () => {
  const odd = names.filter((name) => !/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z]+)+$/.test(name));
  if (odd.length > 0) throw new Error(odd.join(', '));
  return `${names.length}`;
});
await report.check('commander, ky, p-throttle and jose are bundled, everything else is a dependency', () =>
  refuseImports(code, isForeign, 'imported, but not a dependency of the package'),
);
await report.check('types import nothing but dependencies, and mention nothing that is bundled', async () => {
  await refuseImports(declarations, isForeign, 'imported, but not a dependency of the package');
  refuse(
    declarations,
    /.*\b(?:KyInstance|KyResponse|KyRequest|pThrottle|p-throttle|JWTVerify\w*|JWTPayload|JOSEError|'ky'|'jose')\b.*/g,
    'bundled, so not in types',
  );
});
await report.check("types need neither Node's types nor a reference to other ones", () => {
  refuse(declarations, /\/\/\/ <reference (?!lib="esnext\.disposable").*/g, 'reaches every consumer');
  refuse(declarations, /.*\b(?:NodeJS\.|Buffer\b|from ['"]node:).*/g, "Node's types would be needed");
});
await report.check('no module of Node is imported statically, but by the sandbox and the command', () =>
  refuseImports(code, isStaticNode, 'Workers and browsers have none'),
);
await report.check('no other file loads the sandbox or the command', () =>
  refuseImports(
    code,
    ({ name, path }) => !NODE_ONLY.test(name) && NODE_ONLY.test(path.replace('./', '')),
    'they need Node',
  ),
);
await report.check('an import of the main entry reads six files at most', async () => {
  const read = new Set(['index.js']);
  for (const name of read) {
    const imports = await importsOf(files.find((file) => file.name === name));
    const own = imports.filter(({ path, kind }) => kind === 'import-statement' && path.startsWith('./'));
    for (const { path } of own) read.add(path.slice(2));
  }
  if (read.size > 6) throw new Error(`${[...read].join(', ')}: see inEveryEntry in tsup.config.ts`);
  return `${read.size}`;
});
await report.check('no import makes a regular expression with \\p{…}: see lazily.ts', async () => {
  const isRead = ({ name }) => !NODE_ONLY.test(name);
  refuse(code.filter(isRead), /(?<!\\)\\p\{.{0,40}/g, 'V8 makes a literal when it reads the file');
  const made = [];
  const original = globalThis.RegExp;
  globalThis.RegExp = new Proxy(original, {
    construct(target, inputs) {
      if (`${inputs[0]}`.includes('\\p{')) made.push(inputs[0]);
      return Reflect.construct(target, inputs);
    },
  });
  for (const target of entries) await import(new URL(target.import.default, root).href);
  globalThis.RegExp = original;
  if (made.length > 0) throw new Error(made.join('\n'));
});
await report.check('every built file has a source map, whose sources are in the tarball or bundled', () => {
  const faults = code.flatMap(({ name, text }) => {
    const [url, ...others] = [...text.matchAll(/^\/\/# sourceMappingURL=(\S+)$/gm)].map(([, found]) => found);
    const map = files.find((file) => file.name === url);
    if (url !== `${name}.map` || others.length > 0 || map === undefined) return `${name}: no map, or two`;
    const isKnown = (source) =>
      source === '../ci/missing-globals.mjs' ||
      source.startsWith('../node_modules/') ||
      (source.startsWith('../src/') && existsSync(new URL(source, dist)));
    return JSON.parse(map.text)
      .sources.filter((source) => !isKnown(source))
      .map((source) => `${name}: ${source}`);
  });
  if (faults.length > 0) throw new Error(faults.join('\n'));
  if (!manifest.files.includes('src')) throw new Error('the tarball does not hold src');
});
await report.check('every exported class is called by its public name', async () => {
  const require = createRequire(dist);
  const modules = await Promise.all(
    entries.flatMap((target) => [
      import(new URL(target.import.default, root).href),
      require(fileURLToPath(new URL(target.require.default, root))),
    ]),
  );
  const classes = modules
    .flatMap((module) => Object.entries(module))
    .filter(([, value]) => typeof value === 'function' && /^class\b/.test(`${value}`));
  const wrong = classes.filter(([name, value]) => value.name !== name);
  if (wrong.length > 0) throw new Error(wrong.map(([name, value]) => `${name}: ${value.name}`).join('\n'));
  if (classes.length === 0) throw new Error('no class is exported');
  return `${classes.length}`;
});
await report.check('CommonJS exports plain properties of an ES module, which Jest can mock', () => {
  const require = createRequire(dist);
  const odd = entries.flatMap((target) => {
    const exported = require(fileURLToPath(new URL(target.require.default, root)));
    const names = Object.keys(exported).filter(
      (name) => Object.getOwnPropertyDescriptor(exported, name).get !== undefined,
    );
    return exported.__esModule === true ? names : [...names, `${target.require.default}: no __esModule`];
  });
  if (odd.length > 0) throw new Error(odd.join('\n'));
});
await report.check('no path of this machine', () => {
  const found = files.filter(({ text }) => text.includes(fileURLToPath(root))).map(({ name }) => name);
  if (found.length > 0) throw new Error(found.join('\n'));
});
report.finish();
