import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from './run-program.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

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
