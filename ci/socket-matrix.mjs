/**
 * Counts the requests that reach a server that loses responses, on every runtime: one POST per send.
 * Run with Node 24 (it imports TypeScript). Prints a line for each runtime and scenario; exits 1 on any miscount.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { startFaultServer } from '../test/support/fault-server.ts';
import { freePort } from '../test/support/free-port.ts';
import { PROXIES, startProxy } from '../test/support/proxies.ts';
import { ALL_SCENARIOS, subAccountOf } from '../test/support/socket-scenarios.ts';
import { runtimes } from './runtimes.mjs';

const run = promisify(execFile);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'socket-matrix-'));
const failures = [];
let lines = 0;

function report(runtime, what, isGood, details) {
  lines++;
  if (!isGood) failures.push(`${runtime} ${what}`);
  console.log(`${isGood ? 'ok  ' : 'FAIL'} ${runtime.padEnd(8)} ${what.padEnd(24)} ${details}`);
}

async function bundle(name) {
  const outfile = join(folder, `${name}.mjs`);
  await build({
    entryPoints: [here(`${name}.mjs`)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2022',
    inject: [here('missing-globals.mjs')],
    logLevel: 'error',
  });
  return outfile;
}

function judge(runtime, results, server) {
  const isNode = runtime.startsWith('node');
  for (const scenario of ALL_SCENARIOS.filter(({ way }) => isNode || way === 'fetch')) {
    const subAccount = subAccountOf(scenario);
    const result = results.find((one) => one.subAccount === subAccount);
    const seen = server.seenBy(subAccount);
    const isGood =
      seen.length === 1 &&
      seen[0].method === 'POST' &&
      seen[0].warm === (scenario.connection === 'warm') &&
      (!isNode || seen[0].isFetched === (scenario.way === 'fetch')) &&
      result?.submission === scenario.submission &&
      result.attempts === 1;
    const reused = seen[0]?.warm ? ', reused connection' : '';
    report(
      runtime,
      subAccount,
      isGood,
      `${seen.length} POST, ${result?.error}, ${result?.submission}${reused}`,
    );
  }
  // workerd has one error for every broken connection, so there nothing is proved.
  const proves = runtime !== 'workerd';
  const refused = results.find(({ subAccount }) => subAccount === 'refused');
  const isGood =
    refused?.submission === (proves ? 'not-submitted' : 'unknown') && refused.attempts === (proves ? 3 : 1);
  report(
    runtime,
    'refused',
    isGood,
    `${refused?.attempts} attempts, ${refused?.error}, ${refused?.submission}`,
  );
}

async function runProgram(runtime, command) {
  const server = await startFaultServer();
  try {
    const parameters = [...command.slice(1), String(server.port), String(await freePort())];
    const { stdout } = await run(command[0], parameters, { timeout: 120_000, maxBuffer: 2 ** 24 });
    judge(runtime, JSON.parse(stdout.trim().split('\n').at(-1)), server);
  } catch (error) {
    report(runtime, 'run', false, String(error.stderr || error.message).slice(0, 2000));
  } finally {
    await server.close();
  }
}

/** Proxies of the environment that give no tunnel: each is asked once per attempt, and nothing was sent. */
async function runBehindProxies(runtime, node) {
  for (const { does, refuse } of PROXIES) {
    const proxy = await startProxy(refuse);
    const env = { ...process.env, NODE_USE_ENV_PROXY: '1', HTTPS_PROXY: proxy.url, NO_PROXY: '' };
    const { stdout } = await run(node, ['--no-warnings', proxied], { env, timeout: 60_000 });
    proxy.close();
    const { submission, attempts } = JSON.parse(stdout);
    const isGood = submission === 'not-submitted' && attempts === 3 && proxy.asked.length === 3;
    const details = `${proxy.asked.length} CONNECT, ${attempts} attempts, ${submission}`;
    report(runtime, `a proxy that ${does}`, isGood, details);
  }
}

/** Starts workerd on a free port. */
async function serveWorker(modulePath, ports) {
  const config = join(folder, 'worker.capnp');
  await writeFile(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (allow = ["private", "local", "public"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "${modulePath.split('/').at(-1)}")],
  compatibilityDate = "2024-09-01",
  bindings = [(name = "ports", text = "${ports.join(' ')}")],
);
`,
  );
  const child = spawn(runtimes.workerd, ['serve', config, '--control-fd=3'], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    output += chunk;
  });
  const port = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => reject(new Error(`workerd ended: ${output.slice(-2000)}`)));
    child.stdio[3].setEncoding('utf8').on('data', (chunk) => {
      const found = /"port":(\d+)/.exec(chunk)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  return { url: `http://127.0.0.1:${port}`, stop: () => child.kill() };
}

/**
 * Three requests of one Worker share one permit per second. The second one ends while it waits: it responds without
 * waiting, or its client hangs up. The third must still get its permit.
 */
async function overlap(worker, server, name, host) {
  const ask = (who, signal) => fetch(`${worker.url}/overlap/${host}/${who}`, { signal });
  const leaving = new AbortController();
  const first = await ask(`first-${name}`);
  const second = ask(name, leaving.signal).catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 100));
  const third = ask(`third-${name}`, AbortSignal.timeout(10_000)).then(
    ({ ok }) => ok,
    () => false,
  );
  setTimeout(() => leaving.abort(), 200);
  await second;
  const finished = await third;
  const posts = server.seenBy(`ok~third-${name}`).length;
  const dead = server.seenBy(`ok~${name}`).length;
  report(
    'workerd',
    `overlap, ${name}`,
    first.ok && finished && posts === 1,
    `the other ${finished ? 'finishes' : 'hangs'}, ${posts} POST; ${dead} of the one that ended`,
  );
}

async function runWorker() {
  const server = await startFaultServer();
  const modulePath = await bundle('socket-worker');
  const worker = await serveWorker(modulePath, [server.port, await freePort()]);
  try {
    judge('workerd', await (await fetch(`${worker.url}/scenarios`)).json(), server);
    await overlap(worker, server, 'left-behind', '127.0.3.1');
    await overlap(worker, server, 'hung-up', '127.0.3.2');
  } finally {
    worker.stop();
    await server.close();
  }
}

const program = await bundle('socket-client');
const proxied = await bundle('socket-proxied');
const only = process.argv.slice(2);
const programs = {
  node20: [runtimes.node20, program],
  node22: [runtimes.node22, program],
  node24: [runtimes.node24, program],
  node26: [runtimes.node26, program],
  bun: [runtimes.bun, program],
  deno: [runtimes.deno, 'run', '--allow-net', program],
};
const chosen = (name) => only.length === 0 || only.includes(name);
for (const [name, command] of Object.entries(programs)) {
  if (!chosen(name)) continue;
  if (existsSync(command[0])) {
    await runProgram(name, command);
    // Node 20 knows no proxy of the environment.
    if (/^node(?!20)/.test(name)) await runBehindProxies(name, command[0]);
  } else report(name, 'installed', false, 'run npm ci --prefix ci first');
}
if (chosen('workerd')) {
  await runWorker().catch((error) => report('workerd', 'run', false, String(error).slice(0, 2000)));
}
await rm(folder, { recursive: true });
console.log(`${lines - failures.length} passed, ${failures.length} failed`);
process.exit(failures.length === 0 ? 0 : 1);
