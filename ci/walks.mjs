// The walks of docs/walks.md: files and commands as the pages print them, with the packed package, against the sandbox, on
// Node 20 and 24. Other dependencies are those of this repository. The walk of the fresh clone is the first steps of
// `.ci/run`. What a walk needs (Redis, a database, ports of its own) is made here.
//
//   node ci/walks.mjs                   every walk
//   node ci/walks.mjs sign-up nestjs    these
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transform } from 'esbuild';
import pg from 'pg';
import { freePort } from '../test/support/free-port.ts';
import { startRedis } from '../test/support/redis-server.ts';
import { installTarball, linkInstalled, packPackage } from './consumer-project.mjs';
import { filesOf, splitFences } from './markdown.mjs';
import { createReport } from './report.mjs';
import { cleanEnvironment, runProgram } from './run-program.mjs';
import { runtimes } from './runtimes.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
if (!existsSync(join(root, 'dist/sandbox.js'))) throw new Error('dist/ is missing: run npm run build first');
const read = (path) => readFileSync(join(root, path), 'utf8');

const VERSIONS = ['node20', 'node24'];
const AUTHORIZATION = 'Bearer a-secret-of-16-characters';
const CUSTOMERS = 3_000;
/** CI runs at night too, when the preset refuses adverts, and on machines where Redis may take longer than 150 ms. */
const forCi = (code) =>
  code
    .replace('presets.marketing({', 'presets.marketing({ quietHours: false,')
    .replace("onStoreError: 'refuse'", "onStoreError: 'refuse', timeoutMs: 4_000");
const START_MS = 30_000;
/** The packages that the pages install, and those that Nest and TypeScript need beside them. */
const DEPENDENCIES = ['express', 'ioredis', 'pg', 'twilio', 'typescript', '@types/node', '@types/express'];
const OF_NEST = ['@nestjs/common', '@nestjs/core', '@nestjs/platform-express', 'reflect-metadata', 'rxjs'];

const workspace = await mkdtemp(join(tmpdir(), 'sms-guard-walks-'));
const database = `walks_${process.pid}`;
const databaseServer = process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';
const databaseUrl = Object.assign(new URL(databaseServer), { pathname: `/${database}` }).href;

function expect(isGood, what) {
  if (!isGood) throw new Error(what);
}

function expectSame(actual, expected, what) {
  expect(actual === expected, `${what}: expected "${expected}", got "${actual}"`);
}

/** Code without empty lines and comments. */
const countLines = (code) => code.split('\n').filter((line) => !/^\s*(\/\/|\/\*\*|$)/.test(line)).length;

/** The page's named files below a folder, such as `src/`. */
function pageFiles(page, below = '') {
  return [...filesOf(read(page))].filter(([name]) => name.startsWith(below) && name.split('/').length <= 2);
}

const pageBlocks = (page, info) =>
  splitFences(read(page))
    .blocks.filter((block) => block.info === info)
    .map(({ code }) => code);

/** Node 20 runs no TypeScript: there the files are what `tsx` makes of them. */
async function writeProgram(folder, name, code, version) {
  const isPlain = version === 'node24' || !name.endsWith('.ts');
  const given = forCi(code);
  const { code: script } = isPlain ? { code: given } : await transform(given, { loader: 'ts' });
  const path = join(folder, forVersion(name, version));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, forVersion(script, version));
}

const forVersion = (text, version) =>
  version === 'node24' ? text : text.replaceAll(/\b([\w-]+)\.ts\b/g, '$1.js');

/** A command of the page that goes on running; `stop` ends everything that it started. */
async function start(command, { cwd, env, until }) {
  const child = spawn('bash', ['-c', command], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  let output = '';
  const waiting = new Set();
  const look = () => {
    for (const each of waiting) each();
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => {
      output += chunk;
      look();
    });
  }
  const seen = (pattern) =>
    new Promise((resolve, reject) => {
      const fail = (why) =>
        reject(new Error(`${command}\n${why} before ${pattern}\n${output.slice(-4_000)}`));
      const timer = setTimeout(() => fail(`${START_MS} ms passed`), START_MS);
      const isThere = () => {
        const found = pattern.exec(output);
        if (found === null) return;
        clearTimeout(timer);
        waiting.delete(isThere);
        resolve(found);
      };
      waiting.add(isThere);
      void closed.then(() => fail('it ended'));
      isThere();
    });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGKILL');
    await closed;
  };
  const program = { output: () => output, seen, stop };
  try {
    if (until !== undefined) await seen(until);
    return program;
  } catch (error) {
    await stop();
    throw error;
  }
}

async function answers(url) {
  for (const deadline = Date.now() + START_MS; Date.now() < deadline; ) {
    const response = await fetch(url).catch(() => undefined);
    if (response !== undefined) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url} does not answer`);
}

/** A walk in a folder of its own: its environment, a sandbox in this process, and what to end afterwards. */
async function setOut(name, version, { redis }) {
  const folder = join(workspace, `${name}-${version}`);
  await mkdir(folder);
  const port = await freePort();
  const { startSandbox } = await import(
    pathToFileURL(join(workspace, 'node_modules/8x8-sms-guard/dist/sandbox.js')).href
  );
  const webhook = { url: `http://localhost:${port}/webhooks/8x8`, authorization: AUTHORIZATION };
  const sandbox = await startSandbox({ port: 0, speed: 100, webhook });
  const env = cleanEnvironment({
    ...sandbox.environment,
    PATH: `${dirname(runtimes[version])}:${join(workspace, 'node_modules/.bin')}:${process.env.PATH}`,
    NO_COLOR: '1',
    PORT: String(port),
    DATABASE_URL: databaseUrl,
    REDIS_URL: redis.url,
    WEBHOOK_AUTHORIZATION: AUTHORIZATION,
  });
  return { folder, port, sandbox, env, version, run: runIn(folder, env, version) };
}

const runIn = (folder, env, version) => (command) =>
  runProgram('bash', ['-e', '-c', forVersion(command, version)], { cwd: folder, env });

/** docs/phone-sign-up.md: four files, then the commands of "Try it". */
async function signUp({ folder, port, env, version, run }) {
  const page = 'docs/phone-sign-up.md';
  for (const [name, { code }] of pageFiles(page)) await writeProgram(folder, name, code, version);
  const [, sandboxCommand, serviceCommand, curls] = pageBlocks(page, 'sh').map((code) =>
    forVersion(code.replaceAll('localhost:3000', `localhost:${port}`), version)
      .replace('guard sandbox', 'guard sandbox --port 0 --speed 100')
      .replace(/DATABASE_URL=\S+/, `DATABASE_URL=${databaseUrl}`),
  );
  const sandbox = await start(sandboxCommand, { cwd: folder, env, until: /Ctrl\+C stops it/ });
  const variables = [...sandbox.output().matchAll(/export (\w+)=(\S+)/g)].map(([, name, value]) => [
    name,
    value,
  ]);
  const ofSandbox = Object.fromEntries(variables);
  const service = await start(serviceCommand, { cwd: folder, env: { ...env, ...ofSandbox } });
  try {
    await answers(`http://localhost:${port}/`);
    await playVisitor(run, curls.trim().split('\n'), ofSandbox.EIGHTBYEIGHT_BASE_URL);
    await service.seen(/reply \S+ opt-out/);
  } catch (error) {
    throw new Error(`${error.message}\n${service.output().slice(-4_000)}`);
  } finally {
    await service.stop();
    await sandbox.stop();
  }
}

async function playVisitor(run, [ask, check], sandboxUrl) {
  const statusOf = async (command) => JSON.parse(await run(command.replace('curl ', 'curl -sS '))).status;
  const phone = `${sandboxUrl}/_sandbox/phones/${encodeURIComponent('+6591234567')}`;
  expectSame(await statusOf(ask), 200, 'the first code');
  expectSame(await statusOf(ask.replace('-c jar', '-b jar')), 429, 'a second one at once');
  const [code = 'none'] = /\b\d{6}\b/.exec(await (await fetch(phone)).text()) ?? [];
  const wrong = code === '000000' ? '111111' : '000000';
  expectSame(await statusOf(check.replace('471100', wrong)), 400, 'a wrong code');
  expectSame(await statusOf(check.replace('-b jar', '').replace('471100', code)), 400, 'another browser');
  expectSame(await statusOf(check.replace('471100', code)), 201, 'the right code');
  expectSame(await statusOf(ask.replace('9123 4567', '+12025550143')), 403, 'another country');
  expectSame(await statusOf(ask.replace(/\{.*\}/, '{}')), 400, 'an empty form');
  const reply = await fetch(`${sandboxUrl}/_sandbox/replies`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ from: '+6591234567', text: 'STOP' }),
  });
  expectSame((await reply.json()).status, 200, 'the webhook of a STOP');
  expectSame(await statusOf(ask), 403, 'after a STOP');
}

/** docs/marketing.md: people agree, one writes STOP, the campaign dies and goes on, a list by hand. */
async function campaign({ folder, port, sandbox, env, version, run }) {
  const page = 'docs/marketing.md';
  const people = Array.from({ length: CUSTOMERS }, (_, row) => `+659${1_000_000 + row}`);
  for (const [name, { code }] of pageFiles(page)) await writeProgram(folder, name, code, version);
  await writeProgram(folder, 'agree.ts', agreeProgram(page), version);
  await writeFile(join(folder, 'customers.txt'), `${people.join('\n')}\n`);
  await writeFile(join(folder, 'opted-in.csv'), `destination\n${people.slice(1).join('\n')}\n`);
  await writeFile(join(folder, 'opted-out.csv'), 'Phone\n91000001\n');
  await writeFile(join(folder, 'customers.csv'), 'destination\n+6591000001\n+6591000003\n');

  await run('npx 8x8-sms-guard import-consent opted-in.csv --state opted-in --source web-form --at now');
  await run('node agree.ts');
  await hearStop({ folder, port, sandbox, env, version }, people[2]);
  const texts = await killAndGoOn({ folder, env, version, run, sandbox });
  expect(!texts.has(people[0]), 'somebody without an opt-in got a message');
  expect(!texts.has(people[2]), 'somebody who wrote STOP got a message');

  const [byHand] = pageBlocks(page, 'sh').filter((code) => code.includes('import-consent'));
  const output = await run(`${byHand.trim().replaceAll('\n', ' && ')} || [ $? = 1 ]`);
  expect(/1 row recorded/.test(output) && /accepted +1\n +blocked +1/.test(output), output);
}

const agreeProgram = (page) =>
  `import { sms } from './sms.ts';\n${pageBlocks(page, 'ts')
    .filter((code) => code.startsWith('await sms.consent.'))
    .join('')}`;

async function hearStop({ folder, port, sandbox, env, version }, person) {
  const server = await start(`exec node ${forVersion('server.ts', version)}`, { cwd: folder, env });
  try {
    await answers(`http://localhost:${port}/`);
    const { status } = await sandbox.emulator.reply(person, 'Stop. Thank you', { to: '6512345678' });
    expectSame(status, 200, 'the webhook of a STOP');
    await server.seen(/reply \S+ opt-out/);
  } finally {
    await server.stop();
  }
}

/** Returns how many messages of the campaign each person got. */
async function killAndGoOn({ folder, env, version, run, sandbox }) {
  const first = await start(`exec node ${forVersion('campaign.ts', version)}`, { cwd: folder, env });
  while (!existsSync(join(folder, 'token'))) await new Promise((resolve) => setTimeout(resolve, 5));
  await first.stop();
  await run('node campaign.ts');
  const rows = (await readFile(join(folder, 'results.csv'), 'utf8')).trim().split('\n');
  expectSame(new Set(rows.map((row) => row.split(',', 1)[0])).size, CUSTOMERS, 'rows with a result');
  const texts = new Map();
  for (const { destination, text } of sandbox.emulator.messages) {
    if (text.startsWith('Two for one')) texts.set(destination, (texts.get(destination) ?? 0) + 1);
  }
  expect(Math.max(...texts.values()) === 1, 'somebody got two messages');
  return texts;
}

/** docs/frameworks.md, NestJS: the module, and an application that sends and hears. */
async function nestjs({ folder, sandbox, env, port }) {
  const built = join(workspace, 'nestjs-built');
  if (!existsSync(built)) await buildNest(built);
  await cp(join(built, 'dist'), join(folder, 'dist'), { recursive: true });
  const app = await start('exec node dist/main.js', { cwd: folder, env, until: /^sent \S{8,}$/m });
  try {
    const stranger = await fetch(`http://localhost:${port}/webhooks/8x8`, { method: 'POST', body: '{}' });
    expectSame(stranger.status, 401, 'a webhook of a stranger');
    const { status } = await sandbox.emulator.reply('+6591234567', 'STOP', { to: '6512345678' });
    expectSame(status, 200, 'the webhook of a STOP');
    await app.seen(/reply \S+ opt-out/);
  } finally {
    await app.stop();
  }
}

async function buildNest(folder) {
  for (const [name, { code }] of pageFiles('docs/frameworks.md', 'src/')) {
    await writeProgram(folder, name, code, 'node24');
  }
  const { compilerOptions, include } = JSON.parse(read('examples/nestjs/tsconfig.json'));
  const config = { compilerOptions: { ...compilerOptions, types: ['node'] }, include };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
  await runProgram(join(workspace, 'node_modules/.bin/tsc'), [], { cwd: folder, env: cleanEnvironment() });
}

/** docs/migrating.md: programs before and after, and every sample of the page. */
async function migration({ folder, sandbox, version, run }) {
  await cp(join(root, 'ci/walks'), folder, { recursive: true });
  await writeFile(join(folder, 'opted-out.csv'), 'Phone\n+6591234568\n');
  const outcomes = (output) => output.match(/^\S+ (?:\S+-|SM|was not sent)/gm)?.length;
  for (const command of [
    'node plain-before.mjs',
    'node plain-after.mjs',
    'TWILIO_ACCOUNT_SID=AC1 TWILIO_AUTH_TOKEN=x node --import ./twilio-stand-in.mjs twilio-before.mjs',
    'node twilio-after.mjs',
  ]) {
    const output = await run(command);
    expectSame(outcomes(output), 3, `${command}\n${output}`);
  }
  const samples = pageBlocks('docs/migrating.md', 'ts');
  for (const [index, code] of samples.entries()) {
    await writeProgram(folder, `sample-${index}.ts`, code, version);
    await run(`node --import ./reader.mjs sample-${index}.ts`);
  }
  expect(sandbox.emulator.messages.length >= 6, `${sandbox.emulator.messages.length} messages`);
  return `${samples.length} samples`;
}

const linesIn = (page, below) =>
  pageFiles(page, below).reduce((sum, [, { code }]) => sum + countLines(code), 0);

/** How many lines of a program are new after its migration. */
function addedLines(name) {
  const [before, after] = ['before', 'after'].map((when) => read(`ci/walks/${name}-${when}.mjs`).split('\n'));
  return after.filter((line) => line.trim() !== '' && !before.includes(line)).length;
}

/** Each with the row of the table in docs/walks.md, and the lines that a reader writes. */
const WALKS = [
  { name: 'sign-up', row: 'Phone sign-up', play: signUp, lines: () => linesIn('docs/phone-sign-up.md') },
  {
    name: 'campaign',
    row: 'Campaign',
    play: campaign,
    lines: () => linesIn('docs/marketing.md') + countLines(agreeProgram('docs/marketing.md')),
  },
  { name: 'nestjs', row: 'NestJS', play: nestjs, lines: () => linesIn('docs/frameworks.md', 'src/') },
  {
    name: 'migration',
    row: 'Migration',
    play: migration,
    lines: () => addedLines('plain') + addedLines('twilio'),
  },
];

async function install() {
  const env = cleanEnvironment();
  await installTarball(await packPackage(workspace, env), workspace, env, { type: 'module' });
  for (const name of [...DEPENDENCIES, ...OF_NEST]) await linkInstalled(workspace, name);
}

async function onServer(statement) {
  const client = new pg.Client({ connectionString: databaseServer });
  await client.connect();
  await client.query(statement);
  await client.end();
}

const asked = process.argv.slice(2);
const report = createReport();
const redis = await startRedis();
try {
  await report.check('npm pack, npm install', install);
  for (const { name, row, play, lines } of WALKS.filter(
    (walk) => asked.length === 0 || asked.includes(walk.name),
  )) {
    for (const version of VERSIONS) {
      await report.check(`${name}: ${version}`, async () => {
        await onServer(`CREATE DATABASE ${database}`);
        const walk = await setOut(name, version, { redis });
        try {
          return await play(walk);
        } finally {
          await walk.sandbox.close();
          await onServer(`DROP DATABASE ${database} WITH (FORCE)`);
        }
      });
    }
    await report.check(`docs/walks.md: lines of ${name}`, () => {
      const cells =
        read('docs/walks.md')
          .match(new RegExp(`^\\| \\[?${row}.*$`, 'm'))?.[0]
          .split(' | ') ?? [];
      expectSame(cells[1], String(lines()), 'lines');
    });
  }
} finally {
  await redis.stop();
  await rm(workspace, { recursive: true, force: true });
}
report.finish();
