import { execFileSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { defineConfig } from 'tsup';

/**
 * Bundled, with their licences: what Jest cannot require because it is ESM only (ky, p-throttle, jose, @noble/hashes), and what is
 * loaded faster without its unused rest: most of an import's time is V8 reading code. Of libphonenumber-js only the code; its
 * numbering plans stay a dependency, so that users get new ones without waiting for a release of this package.
 */
const bundled = [
  'ky',
  'p-throttle',
  'jose',
  '@noble/hashes',
  'ipaddr.js',
  'libphonenumber-js',
  'lru-cache',
  'valibot',
];

/** Imported lazily, and only by the client, whose files are there already when one of these comes. */
const loadedLater = ['parts/codes', 'parts/endpoints', 'parts/inbound'];

/**
 * Small files that most entries need. Every entry gets all of them, so that they become one chunk: else there are a dozen, because
 * esbuild makes a chunk for every set of entries that share a file, and each chunk costs an import about a millisecond.
 */
const inEveryEntry = [
  'errors',
  'purposes',
  'schema',
  'internal/aes-gcm',
  'internal/builtin-module',
  'internal/cache',
  'internal/concat-bytes',
  'internal/digest',
  'internal/environment',
  'internal/is-equal',
  'internal/lazily',
  'internal/on-abort',
  'internal/redact',
  'internal/store-reason',
  'internal/time-limit',
  'internal/user-code',
  'internal/wait',
  'phone/canonical-key',
  'transport/read-body',
];

/**
 * `\u00df` for each character beyond ASCII: esbuild leaves those of regular expressions as they are, and one of them makes V8 keep
 * and read the whole file with two bytes a character.
 */
function escapeBeyondAscii(text: string): string {
  return text.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

// The Lua scripts of src/redis/lua become a TypeScript module.
execFileSync(process.execPath, ['ci/embed-lua.mjs']);

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    audit: 'src/audit/index.ts',
    captcha: 'src/captcha/index.ts',
    guards: 'src/standalone/index.ts',
    otel: 'src/otel/index.ts',
    postgres: 'src/postgres/index.ts',
    redis: 'src/redis/index.ts',
    sandbox: 'src/sandbox/index.ts',
    testing: 'src/testing/index.ts',
    webhooks: 'src/webhooks/index.ts',
  },
  format: ['esm', 'cjs'],
  // `Symbol.asyncDispose` stands in our types, and not every consumer's `lib` or `types` has it.
  dts: { banner: '/// <reference lib="esnext.disposable" />' },
  tsconfig: 'tsconfig.build.json',
  target: 'es2022',
  platform: 'neutral',
  // Shared code goes into chunks, so that both entries of one format have the same classes.
  splitting: true,
  treeshake: true,
  clean: true,
  // Without the sources, which the package holds once (`src`): inlined they would come twice, for each format.
  sourcemap: true,
  esbuildOptions(options) {
    options.sourcesContent = false;
    // Half of the bytes. Names stay, for stack traces and bundle reports, and lines stay short.
    options.minifyWhitespace = true;
    options.minifySyntax = true;
    // `new RegExp(…)` for literals with the flag u: V8 checks every literal when it reads a file, and each one with `\p{…}` takes as
    // long as a hundred lines of code. See internal/lazily.ts.
    options.supported = { 'regexp-sticky-and-unicode-flags': false };
    options.lineLimit = 160;
    // Those of `inEveryEntry`.
    options.logOverride = { 'ignored-bare-import': 'silent' };
  },
  esbuildPlugins: [
    {
      // It has no ES module, and esbuild would wrap this one so that every file runs its globals lazily.
      name: 'ipaddr.js as an ES module',
      setup({ onLoad }) {
        onLoad({ filter: /ipaddr\.js$/ }, async ({ path }) => {
          const text = await readFile(path, 'utf8');
          return { contents: `const module = { exports: {} };${text}export default module.exports;` };
        });
      },
    },
    {
      name: 'few chunks, of ASCII',
      setup({ onLoad, initialOptions }) {
        const entries = Object.values(initialOptions.entryPoints as Record<string, string>).map((path) =>
          relative('src', path).slice(0, -3),
        );
        onLoad({ filter: /\.[cm]?[jt]s$/ }, async ({ path }) => {
          const contents = escapeBeyondAscii(await readFile(path, 'utf8'));
          const isNamed = (names: readonly string[]) => names.includes(relative('src', path).slice(0, -3));
          const imported: string[] = [];
          if (isNamed([...entries, ...loadedLater, 'transport/ky'])) imported.push(...inEveryEntry);
          if (isNamed(['standalone/index']))
            imported.push('internal/client-address', 'webhooks/inbound-port');
          if (isNamed([...loadedLater, 'sandbox/index', 'testing/index'])) imported.push('index');
          const imports = imported.map((name) => `\nimport ${JSON.stringify(resolve('src', `${name}.ts`))};`);
          return { contents: contents + imports.join(''), loader: /ts$/.test(path) ? 'ts' : 'js' };
        });
      },
    },
  ],
  noExternal: bundled.map((name) => new RegExp(`^${name}(?!/max/metadata$)`)),
  // Node's own modules are loaded lazily; ci/check-dist.mjs refuses a static import of one.
  external: ['libphonenumber-js/max/metadata', /^node:/],
  // Deno and Workers know Node's modules by their prefix only.
  removeNodeProtocol: false,
  // p-throttle makes a FinalizationRegistry at import, which older Workers lack.
  inject: ['ci/missing-globals.mjs'],
  // The licences of what is bundled ask to be passed on.
  onSuccess: async () => {
    const texts = await Promise.all(
      bundled.map(async (name) => {
        const file = (await readdir(`node_modules/${name}`)).find((each) =>
          /^licen[cs]e(\.md|\.txt)?$/i.test(each),
        );
        if (file === undefined) throw new Error(`${name} has no licence file`);
        return `${name}\n\n${await readFile(`node_modules/${name}/${file}`, 'utf8')}`;
      }),
    );
    await writeFile('dist/third-party-licenses.txt', texts.join('\n\n'));
  },
});
