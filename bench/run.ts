/**
 * All measurements in one run, each beside what it is compared with: `npm run build && npm run bench`. With `--write` the
 * table goes to bench/RESULTS.md. A shared machine makes single times worthless: read the ratios.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { benchImport } from './import.ts';
import { benchLimits } from './limits.ts';
import { benchMemory } from './memory.ts';
import { benchPacer } from './pacer.ts';
import { benchPhone } from './phone.ts';
import { benchPipeline } from './pipeline.ts';
import { benchPumping } from './pumping.ts';
import { benchRedis } from './redis.ts';
import type { Row } from './row.ts';
import { benchThroughput } from './throughput.ts';
import { benchTurns } from './turns.ts';

const benches: Readonly<Record<string, () => Promise<Row[]>>> = {
  limits: benchLimits,
  pipeline: benchPipeline,
  pumping: benchPumping,
  memory: benchMemory,
  turns: benchTurns,
  phone: benchPhone,
  pacer: benchPacer,
  import: benchImport,
  throughput: benchThroughput,
  redis: benchRedis,
};

/** In a process of its own, so that no bench works in the heap that another one has filled. */
function runApart(name: string): Row[] {
  const self = fileURLToPath(import.meta.url);
  return JSON.parse(execFileSync(process.execPath, ['--expose-gc', self, name], { encoding: 'utf8' }));
}

function toTable(rows: readonly Row[]): string {
  const heads = ['measure', 'ours', 'compared with', 'ratio', 'target', 'met'];
  const cells = rows.map(({ measure, ours, compared, ratio, target, met }) => {
    return [measure, ours, compared, ratio, target, met === undefined ? '' : met ? 'yes' : 'no'];
  });
  return [heads, heads.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

const one = benches[process.argv[2] ?? ''];
if (one !== undefined) {
  console.log(JSON.stringify(await one()));
} else {
  const load = (loadavg()[0] ?? 0).toFixed(1);
  const table = toTable(Object.keys(benches).flatMap(runApart));
  const machine = `${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim()}, load ${load} before the run`;
  console.log(`${machine}\n\n${table}`);
  if (process.argv.includes('--write')) {
    const text = `# Bench results\n\nMade by \`npm run build && npm run bench -- --write\` on a shared machine: read the ratios.\n\n${machine}\n\n${table}\n`;
    writeFileSync(new URL('RESULTS.md', import.meta.url), text);
  }
}
