// Runs the webhook examples that need a server, Hono on workerd and Next.js, and posts webhooks to them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { startSandbox } from '../dist/sandbox.js';
import { startRedis } from '../test/support/redis-server.ts';
import { cleanEnvironment, runProgram } from './run-program.mjs';
import { runtimes } from './runtimes.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const AUTHORIZATION = 'Bearer a-long-random-value-of-the-checks';
const SETTINGS = {
  EIGHTBYEIGHT_API_KEY: 'any-key-of-the-checks',
  EIGHTBYEIGHT_SUB_ACCOUNT_ID: 'shop',
  WEBHOOK_AUTHORIZATION: AUTHORIZATION,
};
const START_MS = 60_000;
const ANSWER_MS = 10_000;

const receipt = (umid) => ({
  namespace: 'SMS',
  eventType: 'outbound_message_status_changed',
  payload: {
    umid,
    subAccountId: 'shop',
    source: 'SHOP',
    destination: '+6591234567',
    status: { state: 'delivered', timestamp: '2026-11-22T09:00:00Z' },
  },
});
const stop = {
  namespace: 'SMS',
  eventType: 'inbound_message_received',
  payload: {
    umid: 'in-1',
    subAccountId: 'shop',
    timestamp: '2026-11-22T09:05:00Z',
    source: '+6591234567',
    destination: '+6580000000',
    body: 'STOP',
    encoding: 'GSM7',
    smsCount: 1,
  },
};

/** Starts a server and waits until its output (or its control file) names the port. */
async function startServer(command, programArguments, { cwd = root, env = cleanEnvironment(), port }) {
  const child = spawn(command, programArguments, { cwd, env, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  let output = '';
  const stopServer = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  };
  const found = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`it did not start\n${output.slice(-4000)}`)), START_MS);
    child.on('close', () => reject(new Error(`it ended\n${output.slice(-4000)}`)));
    for (const stream of child.stdio.slice(1)) {
      stream.setEncoding('utf8').on('data', (chunk) => {
        output += chunk;
        const number = port.exec(output)?.[1];
        if (number === undefined) return;
        clearTimeout(timer);
        resolve(number);
      });
    }
  });
  try {
    return { url: `http://127.0.0.1:${await found}/webhooks/8x8`, output: () => output, stop: stopServer };
  } catch (error) {
    await stopServer();
    throw error;
  }
}

async function post(url, event, authorization = AUTHORIZATION) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: typeof event === 'string' ? event : JSON.stringify(event),
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  return `${response.status} ${await response.text()}`;
}

function expectSame(actual, expected, what) {
  if (actual !== expected) throw new Error(`${what}: expected "${expected}", got "${actual}"`);
}

/** Starts a delivery with half of its body: its request stays open in the server. */
async function beginDelivery(url) {
  const open = request(url, {
    method: 'POST',
    headers: { authorization: AUTHORIZATION, 'content-type': 'application/json' },
  });
  const answer = new Promise((resolve, reject) => {
    open.on('response', (response) => resolve(response.resume().statusCode));
    open.on('error', reject);
    open.setTimeout(ANSWER_MS, () => open.destroy(new Error('no answer')));
  });
  const text = JSON.stringify(receipt('halves'));
  open.write(text.slice(0, 40));
  return {
    finish() {
      open.end(text.slice(40));
      return answer;
    },
    async hangUp() {
      open.destroy();
      await answer.catch(() => {});
    },
  };
}

/** The required reactions of every example to 8x8's webhooks. */
async function play8x8({ url, output }) {
  expectSame(await post(url, receipt('out-1'), 'Bearer somebody-else-entirely'), '401 ', 'somebody else');
  expectSame(await post(url, receipt('out-1')), '200 ', 'a receipt');
  expectSame(await post(url, receipt('out-1')), '200 ', 'the same receipt again');
  expectSame(await post(url, stop), '200 ', 'STOP');
  expectSame(await post(url, '{"no":'), '400 ', 'no JSON');
  expectSame(await post(url, `{"a":"${'x'.repeat(70_000)}"}`), '413 ', 'too much');
  expectSame((await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) })).status, 405, 'a GET');
  expectSame(output().match(/receipt out-1 delivered/g)?.length, 1, 'what the handler printed');
  expectSame(output().match(/inbound in-1 opt-out/g)?.length, 1, 'what the handler printed');
}

/**
 * A request that is open, or whose sender hung up, must not block another one: Workers end everything that belongs to
 * a request.
 */
async function overlap({ url }) {
  const left = await beginDelivery(url);
  const open = await beginDelivery(url);
  expectSame(await post(url, receipt('meanwhile-1')), '200 ', 'a receipt meanwhile');
  await left.hangUp();
  const both = await Promise.all([post(url, receipt('meanwhile-2')), post(url, receipt('meanwhile-3'))]);
  expectSame(both.join(), '200 ,200 ', 'two at a time');
  expectSame(await open.finish(), 200, 'the one that was open');
}

async function serve(start, ...plays) {
  const server = await start();
  try {
    for (const play of plays) await play(server);
  } catch (error) {
    throw new Error(`${error.message}\n${server.output().slice(-4000)}`);
  } finally {
    await server.stop();
  }
}

/** An empty folder inside `ci`, from where Node finds what is installed there. Not under version control. */
async function emptyFolder(name) {
  const folder = fileURLToPath(new URL(`.cache/${name}`, import.meta.url));
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return folder;
}

/** A worker, bundled with the built package as it is published, and its configuration for workerd. */
async function bundleWorker(name, bindings, { external = [], banner = '', flags = [] } = {}) {
  const folder = await emptyFolder(name);
  const entries = ['webhooks', 'redis'].map((entry) => [`8x8-sms-guard/${entry}`, `${root}dist/${entry}.js`]);
  await build({
    entryPoints: [`${root}examples/${name}/worker.mjs`],
    outfile: `${folder}/worker.mjs`,
    alias: { ...Object.fromEntries(entries), '8x8-sms-guard': `${root}dist/index.js` },
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    mainFields: ['browser', 'module', 'main'],
    conditions: ['workerd', 'worker', 'browser'],
    external,
    banner: { js: banner },
    logLevel: 'error',
  });
  const texts = Object.entries(bindings).map(([key, text]) => `(name = "${key}", text = "${text}")`);
  await writeFile(
    `${folder}/config.capnp`,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.mjs")],
  compatibilityDate = "2026-10-01",
  compatibilityFlags = [${flags.map((flag) => `"${flag}"`).join(', ')}],
  bindings = [${texts.join(', ')}],
);
`,
  );
  const command = ['serve', `${folder}/config.capnp`, '--control-fd=3'];
  return () => startServer(runtimes.workerd, command, { port: /"port":(\d+)/ });
}

/** `examples/hono-workerd` on Cloudflare's workerd. */
export async function checkHonoExample() {
  await serve(await bundleWorker('hono-workerd', SETTINGS), play8x8, overlap);
}

/** `examples/workers-redis` on workerd, which counts on a real Redis over TCP. */
export async function checkWorkersRedisExample() {
  const [redis, sandbox] = await Promise.all([startRedis(), startSandbox({ port: 0 })]);
  try {
    const start = await bundleWorker(
      'workers-redis',
      { ...sandbox.environment, REDIS_URL: redis.url, LIMITS_SECRET: 'a secret of 32 characters or more' },
      {
        external: [...builtinModules, 'node:*'],
        // ioredis is CommonJS and requires Node's modules; an ES module has no `require` of its own.
        banner: "import { createRequire } from 'node:module'; const require = createRequire('/');",
        flags: ['nodejs_compat'],
      },
    );
    await serve(start, async ({ url }) => {
      const message = { destination: '+6591234567', text: 'Your parcel arrives today.' };
      const statuses = [];
      for (let count = 0; count < 8; count += 1) statuses.push(await post(url, message));
      // The default of ten messages in 30 minutes keeps the last three for one-time passwords.
      expectSame(
        statuses.slice(0, 7).every((status) => status.startsWith('202 ')),
        true,
        statuses.join(),
      );
      expectSame(statuses[7]?.slice(0, 3), '429', 'the eighth');
      expectSame(sandbox.emulator.messages.length, 7, 'messages');
    });
  } finally {
    await sandbox.close();
    await redis.stop();
  }
}

/** `examples/nextjs`, with the built package as it is published, built and started by Next.js itself. */
export async function checkNextExample() {
  const folder = await emptyFolder('nextjs');
  await cp(`${root}examples/nextjs`, folder, { recursive: true });
  const installed = `${folder}/node_modules/8x8-sms-guard`;
  await cp(`${root}dist`, `${installed}/dist`, { recursive: true });
  await cp(`${root}package.json`, `${installed}/package.json`);
  const env = cleanEnvironment({ CI: 'true', NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' });
  const options = { cwd: folder, env };
  await runProgram(process.execPath, [runtimes.next, 'build'], options);
  const command = [runtimes.next, 'start', '--hostname', '127.0.0.1', '--port', '0'];
  const start = () =>
    startServer(process.execPath, command, {
      cwd: folder,
      env: { ...env, ...SETTINGS },
      port: /http:\/\/127\.0\.0\.1:(\d+)/,
    });
  await serve(start, play8x8, overlap);
}
