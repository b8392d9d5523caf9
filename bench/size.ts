// The size of this package beside SDKs of other providers: bundled for Node with its dependencies, and on disk.
//
//   npm run build && node bench/size.ts
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const CONTENDERS = ['8x8-sms-guard', 'twilio', 'telnyx', 'resend'];
const kilobytes = (bytes: number) => `${Math.round(bytes / 1024).toLocaleString('en')} KB`;

/** Bytes of the bundle of a program that imports the package, minified and gzipped. */
async function bundledBytes(name: string): Promise<number> {
  const path = name === '8x8-sms-guard' ? join(root, 'dist/index.js') : name;
  const { outputFiles } = await build({
    stdin: { contents: `import * as sdk from '${path}'; console.log(sdk);`, resolveDir: root },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
  });
  return gzipSync(outputFiles[0]?.contents ?? '').byteLength;
}

function bytesOf(path: string): number {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.size;
  const entries = readdirSync(path).filter((entry) => entry !== 'node_modules');
  return entries.reduce((sum, entry) => sum + bytesOf(join(path, entry)), 0);
}

function folderOf(name: string, from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name);
    if (existsSync(found)) return found;
    if (folder === dirname(folder)) throw new Error(`${name} is not installed`);
  }
}

/** The folders of a package's dependencies, with theirs. */
function dependencyFolders(folder: string, seen = new Set<string>()): ReadonlySet<string> {
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) {
    const found = folderOf(name, folder);
    if (seen.has(found)) continue;
    seen.add(found);
    dependencyFolders(found, seen);
  }
  return seen;
}

/** Everything that npm puts on the disk: the files of the package, and its dependencies. */
function installed(name: string): { bytes: number; packages: number } {
  const isThis = name === '8x8-sms-guard';
  const folder = isThis ? root : folderOf(name, root);
  const own = isThis
    ? ['dist', 'src', 'docs', 'llms.txt', 'package.json', 'README.md', 'CHANGELOG.md'].map((file) =>
        join(root, file),
      )
    : [folder];
  const dependencies = [...dependencyFolders(folder)];
  const bytes = [...own, ...dependencies].reduce((sum, path) => sum + bytesOf(path), 0);
  return { bytes, packages: dependencies.length + 1 };
}

console.log('| package | bundled with dependencies, gzip | installed | packages |');
console.log('|---|---|---|---|');
for (const name of CONTENDERS) {
  const { bytes, packages } = installed(name);
  console.log(`| \`${name}\` | ${kilobytes(await bundledBytes(name))} | ${kilobytes(bytes)} | ${packages} |`);
}
