/**
 * All measurements in one run, each beside what it is compared with: `npm run build && npm run bench`. With `--write` the
 * table goes to bench/RESULTS.md. A shared machine makes single times worthless: read the ratios.
 */
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { benchImport } from './import.ts';
import { benchLimits } from './limits.ts';
import { benchPacer } from './pacer.ts';
import { benchPhone } from './phone.ts';
import { benchPipeline } from './pipeline.ts';
import type { Row } from './row.ts';
import { benchThroughput } from './throughput.ts';

const loadBefore = loadavg()[0] ?? 0;
const rows: Row[] = [];
for (const bench of [benchLimits, benchPipeline, benchPhone, benchPacer, benchImport, benchThroughput]) {
  rows.push(...(await bench()));
}

const heads = ['measure', 'ours', 'compared with', 'ratio', 'target', 'met'];
const cells = rows.map(({ measure, ours, compared, ratio, target, met }) => {
  return [measure, ours, compared, ratio, target, met === undefined ? '' : met ? 'yes' : 'NO'];
});
const line = (row: readonly string[]): string => `| ${row.join(' | ')} |`;
const table = [line(heads), line(heads.map(() => '---')), ...cells.map(line)].join('\n');
const machine = `${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim()}, load ${loadBefore.toFixed(1)} before the run`;

console.log(`${machine}\n\n${table}`);
if (process.argv.includes('--write')) {
  const text = `# Bench results\n\nMade by \`npm run build && npm run bench -- --write\` on a shared machine: read the ratios.\n\n${machine}\n\n${table}\n`;
  writeFileSync(new URL('RESULTS.md', import.meta.url), text);
}
