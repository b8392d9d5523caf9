import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median, type Row } from './row.ts';

const ROUNDS = 15;
const root = fileURLToPath(new URL('..', import.meta.url));
const measure = (imports: string) =>
  `const startedAt = performance.now(); ${imports} console.log(performance.now() - startedAt);`;
const OURS = measure("await import('./dist/index.js');");
const PARTS = measure("await Promise.all([import('ky'), import('libphonenumber-js/max')]);");

function once(program: string): number {
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd: root });
  return Number(printed.toString());
}

/** Time to import the built main entry beside its two largest parts alone, each in fresh processes, in turn. */
export async function benchImport(): Promise<Row[]> {
  const ours: number[] = [];
  const parts: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(once(OURS));
    parts.push(once(PARTS));
  }
  const ratio = median(ours.map((time, round) => time / (parts[round] as number)));
  return [
    {
      measure: 'import of the main entry',
      ours: `${median(ours).toFixed(0)} ms`,
      compared: `ky + libphonenumber-js ${median(parts).toFixed(0)} ms`,
      ratio: ratio.toFixed(2),
      target: 'at most 1.5',
      met: ratio <= 1.5,
    },
  ];
}
