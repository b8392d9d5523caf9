import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { runCli } from '../../../src/cli/run-cli.ts';
import { resolveOptions } from '../../../src/config/resolve-options.ts';
import { resolveSandboxOptions } from '../../../src/sandbox/options.ts';
import { createFakeTerminal } from '../../support/fake-terminal.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const dockerfile = read('examples/sandbox-docker/Dockerfile');
const compose = read('examples/sandbox-docker/compose.yaml');
const manifest = JSON.parse(read('package.json'));
const found = (text: string, pattern: RegExp): string => pattern.exec(text)?.[1] ?? '';

const entrypoint: string[] = JSON.parse(found(dockerfile, /^ENTRYPOINT (.+)$/m));
const command: string[] = JSON.parse(found(compose, /^ +command: (.+)$/m));

// No Docker runs here: these tests hold the files to the names that the package really has.
describe('the example with Docker', () => {
  test('starts a command of the package, from the tarball that npm pack writes', () => {
    const [program, name] = entrypoint;
    expect(program).toBe(`node_modules/.bin/${Object.keys(manifest.bin)[0]}`);
    expect(name).toBe('sandbox');
    const pattern = found(dockerfile, /^COPY (\S+) /m);
    expect(`${manifest.name}-${manifest.version}.tgz`).toMatch(new RegExp(`^${pattern.replace('*', '.+')}$`));
    expect(dockerfile).toContain(`npm install --omit=dev ./${pattern}`);
  });

  test('passes only arguments that the command knows', async () => {
    const { terminal, output } = createFakeTerminal();
    await runCli(['sandbox', '--help'], terminal);
    const flags = [...entrypoint, ...command].filter((argument) => argument.startsWith('--'));
    expect(flags.length).toBeGreaterThan(4);
    for (const flag of flags) expect(output()).toContain(`${flag} <`);
    expect(output()).toContain(found(compose, /^ +(SANDBOX_WEBHOOK_AUTHORIZATION):/m));
  });

  test('opens the default port, to this machine alone', () => {
    const port = found(dockerfile, /^EXPOSE (\d+)$/m);
    expect(resolveSandboxOptions({}).port).toBe(Number(port));
    expect(compose).toContain(`ports: ["127.0.0.1:${port}:${port}"]`);
  });

  test('gives the service an address and a key that its client takes', () => {
    const baseUrl = found(compose, /EIGHTBYEIGHT_BASE_URL: (\S+)/);
    const apiKey = found(compose, /EIGHTBYEIGHT_API_KEY: (\S+)/);
    const subAccountId = found(compose, /EIGHTBYEIGHT_SUB_ACCOUNT_ID: (\S+)/);
    const resolved = resolveOptions({ baseUrl, apiKey, subAccountId, allowInsecureBaseUrl: true });
    expect(resolved.hosts.sms).toBe(baseUrl);
    expect(apiKey).toMatch(/^sandbox_/);
    expect(entrypoint.join(' ')).toContain(`--allow-host ${new URL(baseUrl).hostname}`);
    expect(command.join(' ')).toContain(`--allow-host ${new URL(command[3] ?? '').hostname}`);
  });

  test('keeps its state where the user of the container may write', () => {
    const folder = found(dockerfile, /^VOLUME (\S+)$/m);
    expect(command.at(-1)).toMatch(new RegExp(`^${folder}/`));
    expect(dockerfile).toContain(`chown node ${folder}`);
    expect(compose).toContain(`volumes: ["sandbox:${folder}"]`);
  });
});
