import { execFileSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
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
    options.lineLimit = 160;
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
