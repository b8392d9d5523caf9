/**
 * Four processes send through one server, under faults at random, and every message is compared with what was counted.
 * By hand, not in `npm test`: `npm run soak -- --minutes 10 --seed 7`. Ends with 1 when something was wrong.
 */
import { parseArgs } from 'node:util';
import { startReceiver } from '../test/redis/processes/receiver.ts';
import { runLap } from './lap.ts';
import { createRandom } from './random.ts';
import { type LapKind, machineMs } from './world.ts';

const KINDS: readonly LapKind[] = ['refuse', 'refuse, server forgets', 'local'];
const LONGEST_LAP_MS = 60_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: `${Date.now() % 1e6}` },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
if (!(minutes > 0 && minutes <= 600) || !Number.isInteger(seed)) {
  throw new Error('Usage: npm run soak -- --minutes 10 --seed 7');
}

const startedMs = machineMs();
const tell = (line: string) =>
  console.log(`${((machineMs() - startedMs) / 1000).toFixed(1).padStart(6)} s  ${line}`);
const laps = Math.max(KINDS.length, Math.round((minutes * 60_000) / LONGEST_LAP_MS));
console.log(`${minutes} minutes in ${laps} laps, seed ${seed}`);

// Servers and processes end with this one, but only when it ends by itself.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

const random = createRandom(seed);
const receiver = await startReceiver();
const flaws: string[] = [];
for (let lap = 0; lap < laps; lap += 1) {
  const kind = KINDS[lap % KINDS.length] as LapKind;
  tell(`lap ${lap + 1} of ${laps}: ${kind}`);
  const result = await runLap({ kind, lap, random, receiver, tell, durationMs: (minutes * 60_000) / laps });
  tell(result.summary);
  for (const flaw of result.flaws) tell(`WRONG: ${flaw}`);
  flaws.push(...result.flaws);
}
await receiver.stop();
console.log(
  flaws.length === 0 ? `Nothing wrong, seed ${seed}` : `${flaws.length} things wrong, seed ${seed}`,
);
process.exitCode = flaws.length === 0 ? 0 : 1;
