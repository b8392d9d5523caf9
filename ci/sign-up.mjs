// Runs examples/sign-up-turnstile as its readers would, with the packed package: in a real Chromium, against the sandbox as
// 8x8 and a stand-in for Cloudflare.
//
//   node ci/sign-up.mjs                        every check
//   node ci/sign-up.mjs --screenshots FOLDER   also writes pictures of the form
import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { installTarball, packPackage } from './consumer-project.mjs';
import { createReport } from './report.mjs';
import { cleanEnvironment } from './run-program.mjs';
import { runtimes } from './runtimes.mjs';
import { startTurnstile } from './turnstile-stand-in.mjs';

const { chromium } = await import(pathToFileURL(runtimes.playwright).href);
const axe = await readFile(runtimes.axe, 'utf8');

const root = fileURLToPath(new URL('..', import.meta.url));
const workspace = await mkdtemp(join(tmpdir(), 'sign-up-'));
const folder = join(workspace, 'sign-up-turnstile');
const pictures = process.argv.includes('--screenshots') ? process.argv.at(-1) : undefined;
const SITE_KEY = '0x4AAAAAAA-site-key';
const SECRET = '0x4AAAAAAA-secret-of-the-checks';
const START_MS = 30_000;

function expect(isGood, what) {
  if (!isGood) throw new Error(what);
}

async function installExample() {
  const tarball = await packPackage(workspace, cleanEnvironment());
  const { type, dependencies } = JSON.parse(
    await readFile(join(root, 'examples/sign-up-turnstile/package.json'), 'utf8'),
  );
  await installTarball(tarball, folder, cleanEnvironment(), { type });
  const express = JSON.parse(await readFile(join(root, 'node_modules/express/package.json'), 'utf8'));
  expect(express.version === dependencies.express, `express ${express.version} is installed`);
  await mkdir(join(folder, 'node_modules'), { recursive: true });
  await symlink(join(root, 'node_modules/express'), join(folder, 'node_modules/express'), 'dir');
  await cp(join(root, 'examples/sign-up-turnstile'), folder, {
    recursive: true,
    filter: (path) => !path.endsWith('package.json'),
  });
}

/** Starts the example as `npm start` does, and reads the address that it prints. */
async function startExample(more) {
  const env = cleanEnvironment({ ...more, PORT: '0', NO_COLOR: '1' });
  const child = spawn(runtimes.node20, ['server.mjs'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const url = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`it did not start\n${output}`)), START_MS);
    child.on('close', () => reject(new Error(`it ended\n${output}`)));
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk) => {
        output += chunk;
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0];
        if (found === undefined) return;
        clearTimeout(timer);
        resolve(found);
      });
    }
  });
  return { url, output: () => output, stop: () => child.kill('SIGTERM') };
}

/** A visitor in a browser of his own. Collects what must not happen. */
async function openForm(options = {}) {
  const context = await browser.newContext({ viewport: { width: 900, height: 700 }, ...options });
  const page = await context.newPage();
  const faults = [];
  page.on('console', (message) => {
    // A refused code is an answer with status 403, which Chromium prints.
    const isRefusal = /status of 4\d\d|status of 503/.test(message.text());
    if (['error', 'warning'].includes(message.type()) && !isRefusal) faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  await page.goto(example.url);
  return { page, faults };
}

/** The code of the newest message. */
function newestCode(destination) {
  const message = sandbox.emulator.messages.findLast((each) => each.destination === destination);
  return /\b\d{4}\b/.exec(message?.text ?? '')?.[0] ?? 'no message';
}

async function checkState(page, name) {
  const found = await page.evaluate(
    `(() => { ${axe}; return axe.run(document, { resultTypes: ['violations'], iframes: false }); })()`,
  );
  expect(
    found.violations.length === 0,
    `${name}: ${found.violations.map(({ id, nodes }) => `${id} ${nodes.map(({ html }) => html)}`).join('\n')}`,
  );
  const edge = await page.evaluate(
    `Math.max(...[...document.querySelectorAll('main *')].map((each) => each.getBoundingClientRect().right))`,
  );
  const right = await page.evaluate(`document.querySelector('main').getBoundingClientRect().right`);
  expect(edge < right, `${name}: ${edge - right} pixels too wide`);
  if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${name}.png`) });
}

const typeNumber = (page, number) => page.getByLabel('Mobile number').fill(number);
const pressSend = (page) => page.getByRole('button', { name: 'Send me a code' }).click();
const widgetIn = (page) => page.frameLocator('iframe[title="Captcha"]').getByLabel('I am a person');

async function enterCode(page, destination) {
  await page.getByLabel('Code', { exact: true }).waitFor();
  await page.getByLabel('Code', { exact: true }).fill(newestCode(destination));
  await page.getByRole('button', { name: 'Create my account' }).click();
  await page.getByRole('heading', { name: 'Your account is there' }).waitFor();
}

/** A request of a script, without a browser. */
async function ask(number, token) {
  const response = await fetch(`${example.url}/codes`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ number, token }),
  });
  return `${response.status} ${(await response.json()).step}`;
}

async function signUpInPeace() {
  const { page, faults } = await openForm();
  await checkState(page, 'number');
  await typeNumber(page, '9123 4567');
  await pressSend(page);
  await page.getByText('We sent an SMS to 9123 4567.').waitFor();
  await checkState(page, 'code');
  await page.getByLabel('Code', { exact: true }).fill(newestCode('+6591234567') === '0000' ? '1111' : '0000');
  await page.getByRole('button', { name: 'Create my account' }).click();
  await page.getByText('That is not the code.').waitFor();
  await enterCode(page, '+6591234567');
  await checkState(page, 'done');
  expect(turnstile.requests.length === 0, `Cloudflare was asked: ${turnstile.requests}`);
  expect(faults.length === 0, faults.join('\n'));
  await page.context().close();
}

async function meetRobot() {
  const before = sandbox.emulator.messages.length;
  for (let index = 1; index <= 5; index += 1) {
    expect((await ask(`8123 400${index}`)) === '200 code', `neighbour ${index}`);
  }
  expect((await ask('8123 4006')) === '403 captcha', 'the sixth neighbour is asked');
  expect((await ask('8123 4006', 'a-token-of-its-own')) === '403 captcha', 'a bad token');
  expect((await ask('8123 4006', 'x'.repeat(5_000))) !== '200 code', 'a long token');
  expect(turnstile.verdicts.at(0)?.success === false, 'Cloudflare was asked about the token');
  expect(sandbox.emulator.messages.length === before + 5, 'nothing more was sent');
  return '5 sent, then nothing';
}

/** Ben's number is in the run of the robot. */
async function signUpUnderSuspicion() {
  const before = turnstile.requests.length;
  const { page, faults } = await openForm({ colorScheme: 'dark' });
  const tokens = [];
  page.on('request', (request) => {
    const token = request.method() === 'POST' ? request.postDataJSON()?.token : undefined;
    if (token !== undefined) tokens.push(token);
  });
  await typeNumber(page, '8123 4077');
  await pressSend(page);
  await page.getByRole('heading', { name: 'One more step' }).waitFor();
  expect(await page.getByRole('button', { name: 'Send me a code' }).isDisabled(), 'first the captcha');
  expect(newestCode('+6581234077') === 'no message', 'nothing was sent yet');
  await widgetIn(page).waitFor();
  await checkState(page, 'captcha-dark');
  await widgetIn(page).check();
  await enterCode(page, '+6581234077');
  await checkState(page, 'done-dark');
  const loaded = turnstile.requests.slice(before).filter((request) => request.includes('api.js'));
  expect(loaded.length === 1, `the script was loaded ${loaded.length} times`);

  const sent = sandbox.emulator.messages.length;
  expect(tokens.length === 1, `${tokens.length} tokens`);
  expect((await ask('8123 4078', tokens[0])) === '403 captcha', 'the token was used');
  expect(sandbox.emulator.messages.length === sent, 'a used token sends nothing');
  expect(faults.length === 0, faults.join('\n'));
  await page.context().close();
}

/** Without a mouse, on the width of a small phone, and at first with a token that Cloudflare refuses. */
async function signUpByKeyboard() {
  const { page, faults } = await openForm({ viewport: { width: 320, height: 640 }, colorScheme: 'light' });
  await page.keyboard.press('Tab');
  await page.keyboard.type('8123 4088');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'One more step' }).waitFor();
  await widgetIn(page).waitFor();
  await checkState(page, 'captcha-narrow');
  const isSolved = page.waitForRequest((request) => request.url().endsWith('/codes'));
  await page.route('**/solve', async (route) => {
    const response = await route.fetch();
    turnstile.spend(await response.text());
    await route.fulfill({ response });
  });
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await isSolved;
  await page.getByText('That did not work. Try once more.').waitFor();
  expect(newestCode('+6581234088') === 'no message', 'a refused token sends nothing');
  await checkState(page, 'captcha-failed-narrow');

  await page.unroute('**/solve');
  await widgetIn(page).waitFor();
  expect((await widgetIn(page).isChecked()) === false, 'a new puzzle');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await page.getByRole('button', { name: 'Send me a code' }).and(page.locator(':focus')).waitFor();
  await page.keyboard.press('Enter');
  await page.getByText('We sent an SMS to 8123 4088.').waitFor();
  await checkState(page, 'code-narrow');
  await page.keyboard.type(newestCode('+6581234088'));
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Your account is there' }).waitFor();
  await checkState(page, 'done-narrow');
  expect(faults.length === 0, faults.join('\n'));
  await page.context().close();
}

async function meetOutage() {
  turnstile.fault = 500;
  const sent = sandbox.emulator.messages.length;
  expect((await ask('8123 4079', 'solved.somehow')) === '503 again', 'an outage is told apart');
  expect(sandbox.emulator.messages.length === sent, 'nothing was sent');
  turnstile.fault = undefined;
}

let [sandbox, turnstile, example, browser] = [];
const report = createReport();
try {
  await report.check('npm pack, install', installExample);
  const { startSandbox } = await import(
    pathToFileURL(join(folder, 'node_modules/8x8-sms-guard/dist/sandbox.js')).href
  );
  sandbox = await startSandbox({ port: 0 });
  turnstile = await startTurnstile({ siteKey: SITE_KEY, secret: SECRET });
  example = await startExample({
    EIGHTBYEIGHT_BASE_URL: sandbox.url,
    EIGHTBYEIGHT_API_KEY: sandbox.apiKey,
    EIGHTBYEIGHT_SUB_ACCOUNT_ID: 'tea_club',
    COOKIE_SECRET: 'a-secret-of-the-checks',
    TURNSTILE_SITE_KEY: SITE_KEY,
    TURNSTILE_SECRET: SECRET,
    TURNSTILE_HOSTNAMES: '127.0.0.1',
    TURNSTILE_SCRIPT_URL: `${turnstile.origin}/turnstile/v0/api.js`,
    TURNSTILE_VERIFY_URL: `${turnstile.origin}/turnstile/v0/siteverify`,
  });
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-dev-shm-usage',
    ],
  });
  await report.check('in peace: a code without a captcha, a wrong code, an account', signUpInPeace);
  await report.check('a robot: neighbouring numbers, bad tokens', meetRobot);
  await report.check(
    'under suspicion: the captcha, a code, an account; its token again',
    signUpUnderSuspicion,
  );
  await report.check('by keyboard, 320 pixels wide, after a refused token', signUpByKeyboard);
  await report.check('Cloudflare is down', meetOutage);
} finally {
  await browser?.close();
  example?.stop();
  turnstile?.close();
  await sandbox?.close();
  await rm(workspace, { recursive: true });
}
report.finish();
