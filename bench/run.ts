/**
 * All measurements in one run, each beside what it is compared with: `npm run build && npm run bench`, five to nine minutes; with the
 * names of parts, only those. With `--write` the table of a whole run goes to bench/RESULTS.md. A shared machine makes single times
 * worthless: read the ratios.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { benchAudit } from './audit.ts';
import { benchCold } from './cold.ts';
import { benchGrowth } from './growth.ts';
import { benchLimits } from './limits.ts';
import { benchMemory } from './memory.ts';
import { benchPacer } from './pacer.ts';
import { benchPhone } from './phone.ts';
import { benchPipeline } from './pipeline.ts';
import { benchPumping } from './pumping.ts';
import { benchRedis } from './redis.ts';
import type { Row } from './row.ts';
import { benchSend } from './send.ts';
import { benchTurns } from './turns.ts';

const benches: Readonly<Record<string, () => Promise<Row[]>>> = {
  send: benchSend,
  cold: benchCold,
  limits: benchLimits,
  growth: benchGrowth,
  pipeline: benchPipeline,
  audit: benchAudit,
  pumping: benchPumping,
  memory: benchMemory,
  turns: benchTurns,
  phone: benchPhone,
  pacer: benchPacer,
  redis: benchRedis,
};

/** In a process of its own, so that no bench works in the heap that another one has filled. */
function runApart(name: string): Row[] {
  const self = fileURLToPath(import.meta.url);
  const startedAt = performance.now();
  const rows = execFileSync(process.execPath, ['--expose-gc', self, '--rows', name], { encoding: 'utf8' });
  console.error(`${name}: ${Math.round((performance.now() - startedAt) / 1_000)} s`);
  return JSON.parse(rows);
}

function toTable(rows: readonly Row[]): string {
  const heads = ['measure', 'ours', 'compared with', 'ratio', 'target', 'met'];
  const cells = rows.map(({ measure, ours, compared, ratio, target, met }) => {
    return [measure, ours, compared, ratio, target, met === undefined ? '' : met ? 'yes' : '**no**'];
  });
  return [heads, heads.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

// An option that it does not know throws.
const { values, positionals: names } = parseArgs({
  allowPositionals: true,
  options: { rows: { type: 'boolean' }, write: { type: 'boolean' } },
});
if (values.write && names.length > 0) throw new Error('--write takes a whole run');
const unknown = names.find((name) => benches[name] === undefined);
if (unknown !== undefined)
  throw new Error(`there is no part "${unknown}", only ${Object.keys(benches).join(', ')}`);

if (values.rows) {
  for (const name of names) console.log(JSON.stringify(await benches[name]?.()));
} else {
  const load = (loadavg()[0] ?? 0).toFixed(1);
  const startedAt = performance.now();
  const rows = (names.length > 0 ? names : Object.keys(benches)).flatMap(runApart);
  const goals = rows.filter(({ met }) => met !== undefined);
  const met = goals.filter((row) => row.met).length;
  const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
  const machine = `${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim()}, load ${load} before the run, ${minutes} minutes. Goals: ${met} of ${goals.length} met.`;
  const table = `${machine}\n\n${toTable(rows)}`;
  console.log(table);
  if (values.write) {
    const text = `# Bench results\n\nMade by \`npm run build && npm run bench -- --write\`: read the ratios, which are those of one run.\n\n${table}\n`;
    writeFileSync(new URL('RESULTS.md', import.meta.url), text);
  }
}
