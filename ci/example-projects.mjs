// Runs the projects under examples/ as their readers would: the packed package is installed, and `npm start` or `npm run
// try` must end with code 0. Their other dependencies are those of this repository, so that versions stay fixed. What they
// need beside that (Redis, PostgreSQL, the sandbox) is started here. Projects for a test runner are in test-projects.mjs.
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { startRedis } from '../test/support/redis-server.ts';
import { installTarball, linkInstalled, packPackage } from './consumer-project.mjs';
import { checkHonoExample, checkNextExample, checkWorkersRedisExample } from './example-servers.mjs';
import { createReport } from './report.mjs';
import { cleanEnvironment, runProgram } from './run-program.mjs';
import { runtimes } from './runtimes.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
if (!existsSync(join(root, 'dist/sandbox.js'))) throw new Error('dist/ is missing: run npm run build first');

/** Each with its script, and what its output must hold: an example that does nothing must not count as one that runs. */
const PROJECTS = [
  { name: 'quick-start', script: 'start', prints: /^\S{8,} 1$/m, needs: ['sandbox'] },
  { name: 'consent-hook', script: 'start', prints: /refused/ },
  { name: 'consent-postgres', script: 'start', prints: /refused: opted-out/ },
  { name: 'double-opt-in', script: 'start', prints: /opted-out/ },
  { name: 'campaign', script: 'start', prints: /All rows are done\./ },
  { name: 'campaign-bullmq', script: 'start', prints: /Nobody got two messages/, needs: ['redis'] },
  { name: 'express', script: 'start', prints: /was delivered/ },
  { name: 'sign-up-service', script: 'try', prints: /the account is there/, needs: ['redis', 'postgres'] },
  { name: 'lambda', script: 'try', prints: /the next message was refused/ },
  { name: 'guards-for-twilio', script: 'try', prints: /Four requests reached Twilio/ },
  { name: 'mcp-agent', script: 'try', prints: /Ten abuses, ten refused/ },
  { name: 'nestjs', script: 'start', prints: /refused phone/ },
  { name: 'restrict', script: 'start', prints: /Each part did its work, and no more/ },
];
/** `node ci/example-projects.mjs lambda nestjs` runs these two. */
const asked = process.argv.slice(2);
const isAsked = ({ name }) => asked.length === 0 || asked.includes(name);
const VERSIONS = ['node20', 'node24'];

const workspace = await mkdtemp(join(tmpdir(), 'sms-guard-examples-'));
const env = cleanEnvironment({ NO_COLOR: '1' });

async function installProject(name, tarball) {
  const folder = join(workspace, name);
  const source = join(root, 'examples', name);
  const manifest = JSON.parse(await readFile(join(source, 'package.json'), 'utf8'));
  const { '8x8-sms-guard': _, ...dependencies } = { ...manifest.dependencies, ...manifest.devDependencies };
  await installTarball(tarball, folder, env, { type: manifest.type });
  await cp(source, folder, { recursive: true });
  for (const [dependency, version] of Object.entries(dependencies)) {
    await linkInstalled(folder, dependency, version);
  }
  return folder;
}

/** The environment of an example: the servers that it needs. */
async function startServers(needs, tarballFolder) {
  const servers = { env: {}, stop: [] };
  if (needs.includes('redis')) {
    const redis = await startRedis();
    servers.env.REDIS_URL = redis.url;
    servers.stop.push(() => redis.stop());
  }
  if (needs.includes('postgres')) {
    servers.env.DATABASE_URL = process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';
  }
  if (needs.includes('sandbox')) {
    const entry = join(tarballFolder, 'node_modules/8x8-sms-guard/dist/sandbox.js');
    const { startSandbox } = await import(pathToFileURL(entry).href);
    const sandbox = await startSandbox({ port: 0 });
    Object.assign(servers.env, sandbox.environment);
    servers.stop.push(() => sandbox.close());
  }
  return servers;
}

async function runProject({ script, prints, needs = [] }, folder, version) {
  const servers = await startServers(needs, folder);
  try {
    const path = `${dirname(runtimes[version])}:${process.env.PATH}`;
    const output = await runProgram('npm', ['run', '--silent', script], {
      cwd: folder,
      env: { ...env, PATH: path, ...servers.env },
    });
    if (!prints.test(output)) throw new Error(`it did not print ${prints}\n${output}`);
  } finally {
    for (const stop of servers.stop) await stop();
  }
}

const report = createReport();
try {
  let tarball = '';
  await report.check('npm pack', async () => {
    tarball = await packPackage(workspace, env);
  });
  for (const project of PROJECTS.filter(isAsked)) {
    let folder = '';
    await report.check(`examples/${project.name}: npm install`, async () => {
      folder = await installProject(project.name, tarball);
    });
    for (const version of VERSIONS) {
      await report.check(`examples/${project.name}: ${version}`, () => runProject(project, folder, version));
    }
  }
} finally {
  await rm(workspace, { recursive: true, force: true });
}
for (const [name, check] of [
  ['hono-workerd', checkHonoExample],
  ['nextjs', checkNextExample],
  ['workers-redis', checkWorkersRedisExample],
]) {
  if (isAsked({ name })) await report.check(`examples/${name}`, check);
}
report.finish();
