import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('the scripts are embedded as they stand in src/redis/lua, with the parameters of src/limits/doubt', () => {
  const program = fileURLToPath(new URL('../../../ci/embed-lua.mjs', import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, [program, '--current'], { encoding: 'utf8' });
  expect(stdout).toBe('scripts.ts is up to date\n');
  expect(status).toBe(0);
});
