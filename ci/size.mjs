// Checks the size of the package. Raise a limit only with a reason in the commit.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { createReport } from './report.mjs';
import { cleanEnvironment, runProgram } from './run-program.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { dependencies, peerDependencies } = JSON.parse(await readFile(`${root}package.json`, 'utf8'));
const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;

/**
 * In kilobytes; `gzip` of the minified bundle. Raised in November 2026 for the words of seven more languages with their
 * misspellings and reactions, the readers of numbers, addresses and consent files, and the claims of verification sessions; and
 * again for one-time passwords of our own, records, the second look, scheduled messages, known visitors, transliteration,
 * sender IDs by country, names of other APIs in error messages, and what hides secrets in responses; and for the guards `clientIp` and
 * `human`, the limit of a day and `clientIpFrom`, with room for `pumping` and `budget`; and for these two, the presets, what `check()` of a server says, Sentinel, GLIDE, and the direct way to
 * Node's HTTP client; and for valibot, lru-cache, ipaddr.js and the code of libphonenumber-js, which are bundled without their
 * unused rest; the hours of quiet of 24 places, `links`, `policy`, `restrict`, `explain`, telemetry and the audit log; the receiver
 * applies receipts through the guards, so it has them too: the entries with their dependencies became smaller. The verifiers of captchas are an entry of their own.
 * The scripts of `pumping` on Redis are 50 KB of Lua (13 KB with gzip), which are sent to a server once; plain statements for one
 * message (decision 21) are another 15 KB. Raised for captcha, otel and testing with decision 22: all entries share one chunk, of
 * which 3 KB of top-level code stay in a bundle that has nothing else of this package. Raised by about 1 % for the plans of takes, which halve
 * the work of `presets.otp`, and for proxies that give no tunnel; and by less for the opt-out words of four more
 * languages, and for `new RegExp(…)`, which is longer than a literal (decision 22). Raised by 2 KB for opt-outs that outlive the failure of a
 * store, and for what proves that nothing left. Raised by 1 % for placeholders, links and keywords of more languages, and for errors
 * that name the argument or the option that was meant.
 */
const limits = {
  'main entry, dependencies not counted': { minified: 638, gzip: 228 },
  'main entry with its dependencies': { minified: 790, gzip: 268 },
  'audit entry, dependencies not counted': { minified: 80, gzip: 32 },
  'captcha entry, dependencies not counted': { minified: 14, gzip: 6 },
  'guards entry, dependencies not counted': { minified: 322, gzip: 115 },
  'otel entry, dependencies not counted': { minified: 28, gzip: 10 },
  'webhooks entry, dependencies not counted': { minified: 311, gzip: 111 },
  'redis entry, dependencies not counted': { minified: 306, gzip: 96 },
  'testing entry, dependencies not counted': { minified: 747, gzip: 265 },
};

async function bundle(entry, external) {
  const { outputFiles } = await build({
    entryPoints: [`${root}dist/${entry}.js`],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    mainFields: ['browser', 'module', 'main'],
    external: [...external, 'node:*'],
    logLevel: 'silent',
  });
  const { contents } = outputFiles[0];
  return { minified: contents.byteLength, gzip: gzipSync(contents).byteLength };
}

const report = createReport();
const external = Object.keys(dependencies);
for (const [name, entry, left] of [
  ['main entry, dependencies not counted', 'index', external],
  ['main entry with its dependencies', 'index', []],
  ['audit entry, dependencies not counted', 'audit', external],
  ['captcha entry, dependencies not counted', 'captcha', external],
  ['guards entry, dependencies not counted', 'guards', external],
  ['otel entry, dependencies not counted', 'otel', [...external, ...Object.keys(peerDependencies)]],
  ['webhooks entry, dependencies not counted', 'webhooks', external],
  ['redis entry, dependencies not counted', 'redis', external],
  ['testing entry, dependencies not counted', 'testing', external],
]) {
  await report.check(name, async () => {
    const size = await bundle(entry, left);
    const figures = ['minified', 'gzip'].map(
      (kind) => `${kind} ${kilobytes(size[kind])} of ${limits[name][kind]} KB`,
    );
    const over = ['minified', 'gzip'].some((kind) => size[kind] > limits[name][kind] * 1024);
    if (over) throw new Error(`too big: ${figures.join(', ')}`);
    return figures.join(', ');
  });
}

/** In kilobytes; `packed` is the gzip of all files of a group one after the other. Source maps reach no bundle. */
const groups = {
  'tarball, source maps and their sources not counted': { packed: 1400, unpacked: 4700 },
  'tarball, source maps and their sources': { packed: 1550, unpacked: 6400 },
  'tarball, sandbox and command with their sources': { packed: 320, unpacked: 1200 },
};
const listed = await runProgram('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
  cwd: root,
  env: cleanEnvironment(),
});
const paths = Array.from(listed.matchAll(/"path": "([^"]+)"/g), ([, path]) => path);
/** The sandbox and the command, which no other entry loads, have a limit of their own. */
const isOfSandbox = (path) => /^(?:dist|src)\/(?:cli|sandbox)\b/.test(path);
const isMapped = (path) => path.endsWith('.map') || path.startsWith('src/');
function groupOf(path) {
  const [code, maps, sandbox] = Object.keys(groups);
  if (isOfSandbox(path)) return sandbox;
  return isMapped(path) ? maps : code;
}

for (const [name, limit] of Object.entries(groups)) {
  await report.check(name, async () => {
    const chosen = paths.filter((path) => groupOf(path) === name);
    const content = Buffer.concat(await Promise.all(chosen.map((path) => readFile(`${root}${path}`))));
    const packedBytes = gzipSync(content).byteLength;
    const figures = `packed ${kilobytes(packedBytes)} of ${limit.packed} KB, unpacked ${kilobytes(content.byteLength)} of ${limit.unpacked} KB`;
    const isOver = packedBytes > limit.packed * 1024 || content.byteLength > limit.unpacked * 1024;
    if (isOver || chosen.length === 0) throw new Error(`${chosen.length} files, too big: ${figures}`);
    return figures;
  });
}
report.finish();
