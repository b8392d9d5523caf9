import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Code that `--help` may load: the command itself, with the parser of its arguments, and nothing of the client. */
const MAX_HELP_KB = 260;

/** The size of the files that a process has loaded, by the coverage that V8 wrote for it. */
async function loadedKb(folder) {
  const reports = await Promise.all(
    (await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')),
  );
  const urls = reports.flatMap((text) => JSON.parse(text).result.map(({ url }) => url));
  const files = [...new Set(urls)].filter((url) => url.startsWith('file:'));
  const sizes = await Promise.all(files.map(async (url) => (await stat(new URL(url))).size));
  return Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1_000);
}

function collect(stream) {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  return () => text;
}

function must(holds, what, output) {
  if (!holds) throw new Error(`${what}\n${output}`);
}

/**
 * Uses the installed command as a person would: help, a sandbox, doctor, send, status, a mistake, a broken set-up, Ctrl+C.
 *
 * @param node the program that runs it
 * @param folder where the package is installed
 */
export async function checkCommand(node, folder, env) {
  const program = join(folder, 'node_modules/.bin/8x8-sms-guard');
  const start = (given, more = {}) => {
    const child = spawn(node, [program, ...given], { cwd: folder, env: { ...env, ...more } });
    return {
      child,
      output: collect(child.stdout),
      errors: collect(child.stderr),
      ended: once(child, 'close'),
    };
  };
  async function run(exitCode, given, more) {
    const { output, errors, ended } = start(given, more);
    const [found] = await ended;
    must(found === exitCode, `${given.join(' ')}: exit code ${found}, not ${exitCode}`, output() + errors());
    return { output: output(), errors: errors() };
  }

  const coverage = await mkdtemp(join(folder, 'loaded-'));
  const help = await run(0, ['--help'], { NODE_V8_COVERAGE: coverage });
  const kb = await loadedKb(coverage);
  must(kb > 0 && kb <= MAX_HELP_KB, `--help loads ${kb} KB of code, more than ${MAX_HELP_KB}`, help.output);
  for (const name of ['sandbox', 'doctor', 'send', 'campaign', 'export']) {
    must(help.output.includes(`  ${name} `), `--help does not name ${name}`, help.output);
  }
  await run(2, ['sned']);
  await run(2, ['send', '--api-key', 'x']);
  await run(3, ['status', 'x']);

  const sandbox = start(['sandbox', '--port', '0', '--json']);
  while (!sandbox.output().includes('\n')) await once(sandbox.child.stdout, 'data');
  try {
    const { environment } = JSON.parse(sandbox.output());
    const doctor = await run(0, ['doctor', '--json'], environment);
    must(JSON.parse(doctor.output).problems === 0, 'doctor finds a problem', doctor.output);
    const broken = await run(1, ['doctor'], { ...environment, EIGHTBYEIGHT_API_KEY: 'a-key-of-8x8' });
    must(
      broken.output.includes('8x8 refuses the key (HTTP 401)'),
      'doctor misses the wrong key',
      broken.output,
    );
    await writeFile(
      join(folder, 'sms.config.mjs'),
      "import { SmsClient } from '8x8-sms-guard';\nexport default () => new SmsClient({ defaultCountry: 'SG' });\n",
    );
    const sent = await run(
      0,
      ['send', '91234567', 'Hello', '--json', '--config', 'sms.config.mjs'],
      environment,
    );
    const { umid } = JSON.parse(sent.output);
    must((await run(0, ['status', umid], environment)).output.includes('GSM7'), 'no status', umid);
    await writeFile(join(folder, 'people.csv'), 'destination,text\n+6591234568,Hello\n');
    await run(
      0,
      ['campaign', 'people.csv', '--purpose', 'otp', '--checkpoint', `people-${umid}`],
      environment,
    );
  } finally {
    sandbox.child.kill('SIGINT');
  }
  const [exitCode] = await sandbox.ended;
  must(exitCode === 0, `sandbox: exit code ${exitCode} after Ctrl+C`, sandbox.errors());
  return `--help loads ${kb} KB`;
}
