import { existsSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import { runProgram } from './run-program.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = fileURLToPath(new URL('consumer', import.meta.url));

/** Packs the built package into a folder; gives the tarball's path. */
export async function packPackage(folder, env) {
  const packed = await runProgram(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
    { cwd: root, env },
  );
  return join(folder, /"filename": "([^"]+)"/.exec(packed)?.[1] ?? '');
}

/** Installs the tarball, with its dependencies and nothing else, as a consumer would. */
export async function installTarball(tarball, folder, env, manifest = {}) {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), `${JSON.stringify({ private: true, ...manifest })}\n`);
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  await runProgram('npm', ['install', ...flags, tarball], { cwd: folder, env });
}

/** Links a dependency from where `npm ci` or `npm ci --prefix ci` put it; `version` is the one that the project wants. */
export async function linkInstalled(folder, name, version) {
  const installed = ['node_modules', 'ci/node_modules']
    .map((place) => join(root, place, name))
    .find((place) => existsSync(place));
  if (installed === undefined) throw new Error(`${name} is not installed: npm ci, npm ci --prefix ci`);
  const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
  if (version !== undefined && manifest.version !== version) {
    throw new Error(`the project wants ${name} ${version}, but ${manifest.version} is installed`);
  }
  const link = join(folder, 'node_modules', name);
  await mkdir(dirname(link), { recursive: true });
  await symlink(installed, link, 'dir');
  if (name === 'typescript') {
    await mkdir(join(folder, 'node_modules/.bin'), { recursive: true });
    await symlink(join(installed, 'bin/tsc'), join(folder, 'node_modules/.bin/tsc'));
  }
}

/** Writes the program that uses every entry, in TypeScript and JavaScript, as an ES module and as CommonJS. */
export async function writePrograms(folder) {
  for (const name of ['exercise', 'main']) {
    const source = await readFile(join(sources, `${name}.ts`), 'utf8');
    const named = (extension) => source.replace('EXTENSION', extension);
    for (const extension of ['mts', 'cts']) {
      await writeFile(join(folder, `${name}.${extension}`), named(extension));
    }
    for (const [extension, format] of [
      ['mjs', 'esm'],
      ['cjs', 'cjs'],
    ]) {
      const { code } = await transform(named(extension), { loader: 'ts', format });
      await writeFile(join(folder, `${name}.${extension}`), code);
    }
  }
}
