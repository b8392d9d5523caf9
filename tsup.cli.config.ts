import { readFile, writeFile } from 'node:fs/promises';
import { defineConfig } from 'tsup';

/** The command uses the entries of the package as they were built, so that it holds no second copy of them. */
const ENTRY = /\/(?:(audit|postgres|redis|sandbox|testing|webhooks)\/)?index\.ts$/;

export default defineConfig({
  entry: { cli: 'src/cli/main.ts' },
  format: ['esm'],
  tsconfig: 'tsconfig.build.json',
  target: 'es2022',
  platform: 'node',
  splitting: false,
  treeshake: true,
  clean: false,
  sourcemap: true,
  removeNodeProtocol: false,
  // Bundled: commander 15 declares Node 22, and its other users need not install it.
  noExternal: ['commander'],
  esbuildOptions(options) {
    options.sourcesContent = false;
  },
  esbuildPlugins: [
    {
      name: 'built entries',
      setup({ onResolve }) {
        onResolve({ filter: ENTRY }, ({ path }) => {
          const entry = ENTRY.exec(path)?.[1] ?? 'index';
          return { path: `./${entry}.js`, external: true };
        });
      },
    },
  ],
  onSuccess: async () => {
    const path = 'dist/third-party-licenses.txt';
    const licence = `commander\n\n${await readFile('node_modules/commander/LICENSE', 'utf8')}`;
    await writeFile(path, `${(await readFile(path, 'utf8')).trimEnd()}\n\n\n${licence}`);
  },
});
