/**
 * Four processes send through one server under random faults, and every message is compared with the counts. Run by
 * hand, not by `npm test`: `npm run soak -- --minutes 10 --seed 7`. Exits with 1 when something was wrong.
 */
import { parseArgs } from 'node:util';
import { startReceiver } from '../test/redis/processes/receiver.ts';
import { machineMs, type RunKind } from './fixture.ts';
import { createRandom } from './random.ts';
import { runOnce } from './run-once.ts';

const KINDS: readonly RunKind[] = ['refuse', 'refuse, server forgets', 'local'];
const MAX_RUN_MS = 60_000;

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
const runs = Math.max(KINDS.length, Math.round((minutes * 60_000) / MAX_RUN_MS));
console.log(`${minutes} minutes in ${runs} runs, seed ${seed}`);

// Servers and processes end with this one, but only when it exits by itself.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

const random = createRandom(seed);
const receiver = await startReceiver();
const flaws: string[] = [];
for (let run = 0; run < runs; run += 1) {
  const kind = KINDS[run % KINDS.length] as RunKind;
  tell(`run ${run + 1} of ${runs}: ${kind}`);
  const result = await runOnce({
    kind,
    runIndex: run,
    random,
    receiver,
    tell,
    durationMs: (minutes * 60_000) / runs,
  });
  tell(result.summary);
  for (const flaw of result.flaws) tell(`WRONG: ${flaw}`);
  flaws.push(...result.flaws);
}
await receiver.stop();
console.log(
  flaws.length === 0 ? `Nothing wrong, seed ${seed}` : `${flaws.length} things wrong, seed ${seed}`,
);
process.exitCode = flaws.length === 0 ? 0 : 1;
