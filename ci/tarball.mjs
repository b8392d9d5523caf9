// Packs the built package, installs the tarball like a consumer, and uses it on every supported platform.
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { hasRedisServer, startRedis } from '../test/support/redis-server.ts';
import { checkCommand } from './command.mjs';
import { installTarball, packPackage, writePrograms } from './consumer-project.mjs';
import { createReport } from './report.mjs';
import { cleanEnvironment, runProgram } from './run-program.mjs';
import { runtimes } from './runtimes.mjs';
import { askWorkerd } from './workerd.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = fileURLToPath(new URL('consumer', import.meta.url));
if (!existsSync(join(root, 'dist/index.js'))) throw new Error('dist/ is missing: run npm run build first');

const workspace = await mkdtemp(join(tmpdir(), 'sms-guard-consumer-'));
const consumer = join(workspace, 'consumer');
const env = cleanEnvironment({ DENO_DIR: join(workspace, 'deno'), DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' });

async function installConsumer() {
  await installTarball(await packPackage(workspace, env), consumer, env);
  // Deno resolves bare names by package.json and knows no path to a tarball there.
  await writeFile(
    join(consumer, 'package.json'),
    `${JSON.stringify({ private: true, dependencies: { '8x8-sms-guard': '*' } })}\n`,
  );
}

const OTHER_PROGRAMS = [
  'automock.test.cjs',
  'interop.mjs',
  'jest.test.cjs',
  'jsdom.test.cjs',
  'mapped.mjs',
  'redis.mjs',
  'worker.mjs',
];

const run = (command, ...programArguments) => runProgram(command, programArguments, { cwd: consumer, env });

async function expectOk(command, ...programArguments) {
  const output = await run(command, ...programArguments);
  if (!/^OK$/m.test(output)) throw new Error(`no OK in the output\n${output}`);
}

async function typecheck(compiler, name, module, moduleResolution, lib, files) {
  const path = join(consumer, `tsconfig.${name}.json`);
  // One half of the consumers has the browser's types, the other Node's: neither may be needed.
  const platform =
    lib === 'dom' ? { lib: ['ES2022', 'DOM'], types: [] } : { lib: ['ES2022'], types: ['node'] };
  await writeFile(
    path,
    JSON.stringify({
      compilerOptions: {
        module,
        moduleResolution,
        target: 'ES2022',
        ...platform,
        typeRoots: [join(root, 'node_modules/@types')],
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
        allowImportingTsExtensions: true,
        skipLibCheck: false,
      },
      files,
    }),
  );
  await run(runtimes.node24, compiler, '-p', path);
}

const report = createReport();
try {
  await report.check('npm pack, npm install', installConsumer);
  await writePrograms(consumer);
  for (const name of OTHER_PROGRAMS) await copyFile(join(sources, name), join(consumer, name));

  for (const version of [20, 22, 24, 26]) {
    const node = runtimes[`node${version}`];
    await report.check(`Node ${version}, ESM`, () => expectOk(node, 'main.mjs'));
    await report.check(`Node ${version}, CommonJS`, () => expectOk(node, 'main.cjs'));
    await report.check(`Node ${version}, both formats in one process`, () => expectOk(node, 'interop.mjs'));
    await report.check(`Node ${version}, source maps lead to the sources in the package`, () =>
      expectOk(node, '--enable-source-maps', 'mapped.mjs'),
    );
    await report.check(`Node ${version}, the command`, () => checkCommand(node, consumer, env));
  }

  if (hasRedisServer()) {
    // One file without dependencies, which every runtime finds.
    await build({
      entryPoints: [join(root, 'node_modules/ioredis/built/index.js')],
      outfile: join(consumer, 'ioredis.cjs'),
      bundle: true,
      format: 'cjs',
      platform: 'node',
      logLevel: 'silent',
    });
    const server = await startRedis();
    try {
      for (const [label, command, ...flags] of [
        ...[20, 22, 24, 26].map((version) => [`Node ${version}`, runtimes[`node${version}`]]),
        ['Bun', runtimes.bun, '--no-install'],
        ['Deno', runtimes.deno, 'run', '-A', '--no-remote', '--node-modules-dir=manual'],
      ]) {
        await report.check(`${label}, two clients on one Redis`, () =>
          expectOk(command, ...flags, 'redis.mjs', `${server.port}`),
        );
      }
    } finally {
      await server.stop();
    }
  }

  const jest = (version, config) =>
    run(
      runtimes[`node${version}`],
      runtimes.jest,
      '--config',
      JSON.stringify({ rootDir: consumer, transform: {}, ...config }),
      '--cache=false',
    );
  for (const version of [20, 24]) {
    await report.check(`Jest in CommonJS on Node ${version}`, async () => {
      await jest(version, { testMatch: ['**/jest.test.cjs'] });
    });
    await report.check(`jest.mock of the package on Node ${version}`, async () => {
      await jest(version, { testMatch: ['**/automock.test.cjs'] });
    });
    await report.check(`import in Jest's jsdom on Node ${version}`, async () => {
      await jest(version, { testMatch: ['**/jsdom.test.cjs'], testEnvironment: runtimes.jestJsdom });
    });
  }

  for (const [label, compiler] of [
    ['TypeScript 5', runtimes.typescript5],
    ['TypeScript 6', runtimes.typescript6],
  ]) {
    for (const [module, moduleResolution, lib, files] of [
      ['node16', 'node16', 'node', ['main.mts', 'main.cts']],
      ['node16', 'node16', 'dom', ['main.mts', 'main.cts']],
      ['nodenext', 'nodenext', 'node', ['main.mts', 'main.cts']],
      ['nodenext', 'nodenext', 'dom', ['main.mts', 'main.cts']],
      ['esnext', 'bundler', 'node', ['main.mts']],
      ['preserve', 'bundler', 'dom', ['main.mts', 'main.cts']],
      // TypeScript 6 calls it deprecated.
      ...(compiler === runtimes.typescript5 ? [['commonjs', 'node10', 'node', ['main.cts']]] : []),
    ]) {
      const name = `${module}-${moduleResolution}-${lib}`;
      await report.check(`${label}, module ${module}, ${moduleResolution}, ${lib} types`, () =>
        typecheck(compiler, name, module, moduleResolution, lib, files),
      );
    }
  }

  await report.check('Bun, TypeScript', () => expectOk(runtimes.bun, '--no-install', 'main.mts'));
  await report.check('Bun, CommonJS', () => expectOk(runtimes.bun, '--no-install', 'main.cjs'));

  const denoFlags = ['--no-remote', '--node-modules-dir=manual'];
  await report.check('Deno, no permission at all', () =>
    expectOk(runtimes.deno, 'run', '--no-prompt', ...denoFlags, 'main.mts'),
  );
  await report.check('Deno, all permissions', () =>
    expectOk(runtimes.deno, 'run', '-A', ...denoFlags, 'main.mts'),
  );
  await report.check('deno check', async () => {
    await run(runtimes.deno, 'check', ...denoFlags, 'main.mts');
  });

  await report.check('esbuild bundles it for a Worker', async () => {
    await build({
      entryPoints: [join(consumer, 'worker.mjs')],
      outfile: join(consumer, 'worker.bundle.mjs'),
      bundle: true,
      format: 'esm',
      platform: 'neutral',
      target: 'es2022',
      mainFields: ['browser', 'module', 'main'],
      conditions: ['workerd', 'worker', 'browser'],
      logLevel: 'silent',
    });
  });
  // The second date is from before Workers had FinalizationRegistry.
  for (const date of ['2026-10-01', '2024-01-01']) {
    await report.check(`Cloudflare workerd of ${date}, client in the global scope`, async () => {
      const config = join(consumer, `worker-${date}.capnp`);
      const template = await readFile(join(sources, 'worker.capnp'), 'utf8');
      await writeFile(config, template.replace('COMPATIBILITY_DATE', date));
      const answer = await askWorkerd(config);
      if (answer !== 'OK') throw new Error(answer);
    });
  }
} finally {
  await rm(workspace, { recursive: true, force: true });
}
report.finish();
