// Uses the packed package through package managers that hide what was not declared, through a bundler as for AWS Lambda,
// and in frameworks. The programs are in ci/consumer.
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { installTarball, packPackage, writePrograms } from './consumer-project.mjs';
import { createReport } from './report.mjs';
import { cleanEnvironment, runProgram } from './run-program.mjs';
import { runtimes } from './runtimes.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = fileURLToPath(new URL('consumer', import.meta.url));
if (!existsSync(join(root, 'dist/index.js'))) throw new Error('dist/ is missing: run npm run build first');

const workspace = await mkdtemp(join(tmpdir(), 'sms-guard-build-tools-'));
const env = cleanEnvironment({ NO_COLOR: '1' });
const consumer = join(workspace, 'consumer');

async function expectOk(cwd, command, ...programArguments) {
  const output = await runProgram(command, programArguments, { cwd, env });
  if (!/^OK$/m.test(output)) throw new Error(`no OK in the output\n${output}`);
}

/** A project that depends on the tarball alone, with the programs main.mjs and main.cjs. */
async function createProject(name, tarball, files) {
  const folder = join(workspace, name);
  await mkdir(folder);
  const manifest = { name, private: true, dependencies: { '8x8-sms-guard': `file:${tarball}` } };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), text);
  await writePrograms(folder);
  return folder;
}

async function installWithPnpm(tarball) {
  const folder = await createProject('pnpm', tarball, {
    'pnpm-workspace.yaml': 'nodeLinker: isolated\nstrictPeerDependencies: true\n',
  });
  const flags = ['--ignore-scripts', '--prefer-offline', '--no-lockfile'];
  await runProgram(
    runtimes.node24,
    [runtimes.pnpm, 'install', ...flags, '--store-dir', join(workspace, 'pnpm-store')],
    { cwd: folder, env },
  );
  if (existsSync(join(folder, 'node_modules/libphonenumber-js')))
    throw new Error('the dependencies are not isolated');
  return folder;
}

async function installWithYarn(tarball, registry) {
  const settings = {
    nodeLinker: 'pnp',
    pnpMode: 'strict',
    enableGlobalCache: false,
    enableImmutableInstalls: false,
    enableScripts: false,
    enableTelemetry: false,
    globalFolder: join(workspace, 'yarn'),
    npmRegistryServer: registry,
  };
  const folder = await createProject('yarn', tarball, {
    '.yarnrc.yml': JSON.stringify(settings),
    // An empty file makes the folder a project of its own.
    'yarn.lock': '',
  });
  await runProgram(runtimes.node24, [runtimes.yarn, 'install'], { cwd: folder, env });
  if (existsSync(join(folder, 'node_modules'))) throw new Error('Yarn installed without PnP');
  return folder;
}

/** Makes packages that `npm ci --prefix ci` installed visible to the consumer. */
async function link(...names) {
  for (const name of names) {
    const path = join(consumer, 'node_modules', name);
    await mkdir(dirname(path), { recursive: true });
    await symlink(join(root, 'ci/node_modules', name), path, 'dir');
  }
}

async function compile(file, options) {
  const config = join(consumer, `tsconfig.${file}.json`);
  await copyFile(join(sources, file), join(consumer, file));
  await writeFile(
    config,
    JSON.stringify({
      compilerOptions: {
        module: 'nodenext',
        target: 'ES2022',
        lib: ['ES2022', 'DOM'],
        types: [],
        strict: true,
        exactOptionalPropertyTypes: true,
        ...options,
      },
      files: [file],
    }),
  );
  await runProgram(runtimes.node24, [runtimes.typescript5, '-p', config], { cwd: consumer, env });
}

async function bundleForLambda(format, minify) {
  const outfile = join(consumer, `lambda.${minify ? 'min.' : ''}${format === 'esm' ? 'mjs' : 'cjs'}`);
  await build({
    entryPoints: [join(consumer, 'lambda.ts')],
    outfile,
    bundle: true,
    minify,
    format,
    platform: 'node',
    target: 'node20',
    logLevel: 'silent',
  });
  return outfile;
}

/** Runs a bundle in a folder without node_modules, as in the archive of a function. */
async function runBundle(node, bundle) {
  const program = `import(${JSON.stringify(pathToFileURL(bundle).href)})
    .then((loaded) => (loaded.invoke ?? loaded.default.invoke)())
    .then((result) => { console.log(result); });`;
  const output = await runProgram(node, ['-e', program], { cwd: workspace, env });
  if (output.trim() !== '200 401 401 hello InvalidPhoneNumberError') throw new Error(output);
}

/** The block of docs/webhooks.md for Koa, as a module that gets the receiver and a middleware before the recipe. */
async function readKoaRecipe() {
  const page = await readFile(join(root, 'docs/webhooks.md'), 'utf8');
  const [, code] = /^### Koa\n\n```js\n([\s\S]*?)^```$/m.exec(page) ?? [];
  if (code === undefined) throw new Error('docs/webhooks.md has no recipe for Koa');
  const [imports, body] = [/^import .*$/gm, /^(?!import ).*$/gm].map((lines) => code.match(lines).join('\n'));
  const prepared = body.replace('new Koa();', 'new Koa();\napp.use(before);');
  return `${imports}\nexport function createApp(receiver, before) {\n${prepared}\nreturn app;\n}\n`;
}

const report = createReport();
try {
  let tarball = '';
  await report.check('npm pack, npm install', async () => {
    tarball = await packPackage(workspace, env);
    await installTarball(tarball, consumer, env, { type: 'module' });
  });

  for (const [label, install, ...runner] of [
    ['pnpm, isolated', () => installWithPnpm(tarball)],
    [
      'Yarn, Plug’n’Play',
      async () =>
        installWithYarn(tarball, (await runProgram('npm', ['config', 'get', 'registry'], { env })).trim()),
      runtimes.yarn,
      'node',
    ],
  ]) {
    let folder = '';
    await report.check(`${label}: install`, async () => {
      folder = await install();
    });
    await report.check(`${label}: ESM`, () => expectOk(folder, runtimes.node24, ...runner, 'main.mjs'));
    await report.check(`${label}: CommonJS`, () => expectOk(folder, runtimes.node24, ...runner, 'main.cjs'));
  }

  await copyFile(join(sources, 'lambda.ts'), join(consumer, 'lambda.ts'));
  for (const format of ['esm', 'cjs']) {
    await report.check(`esbuild for AWS Lambda, ${format}, on Node 20, 22 and 24`, async () => {
      const [plain, minified] = [await bundleForLambda(format, false), await bundleForLambda(format, true)];
      await runBundle(runtimes.node20, plain);
      await runBundle(runtimes.node22, minified);
      await runBundle(runtimes.node24, plain);
    });
  }
  await report.check('types of @types/aws-lambda', async () => {
    await link('@types/aws-lambda');
    await compile('lambda-types.ts', { noEmit: true, skipLibCheck: true });
  });

  await report.check('NestJS, injected by class', async () => {
    await link('@nestjs/common', '@nestjs/core', 'reflect-metadata', 'rxjs');
    await compile('nest.ts', {
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      skipLibCheck: true,
    });
    await expectOk(consumer, runtimes.node24, 'nest.js');
  });

  await report.check('Koa, the recipe of docs/webhooks.md', async () => {
    await link('koa');
    await writeFile(join(consumer, 'koa-recipe.mjs'), await readKoaRecipe());
    await copyFile(join(sources, 'koa.mjs'), join(consumer, 'koa.mjs'));
    await expectOk(consumer, runtimes.node24, 'koa.mjs');
  });
} finally {
  await rm(workspace, { recursive: true, force: true });
}
report.finish();
