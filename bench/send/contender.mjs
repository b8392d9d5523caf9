/** The process of one contender: `node contender.mjs <name> <origin>`. Runs the slices that it is told to, one message for each. */
import { PerformanceObserver } from 'node:perf_hooks';
import { contenders } from './contenders.mjs';

const gc = { ms: 0, longestMs: 0 };
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) {
    gc.ms += duration;
    gc.longestMs = Math.max(gc.longestMs, duration);
  }
}).observe({ entryTypes: ['gc'] });

const [, , name, origin] = process.argv;
const send = await contenders[name](origin);
let sent = 0;

/** Sends until the time is up or the count is reached, that many at once. */
async function run({ atOnce, ms = Number.POSITIVE_INFINITY, count = Number.POSITIVE_INFINITY }) {
  const before = { sent, gcMs: gc.ms };
  gc.longestMs = 0;
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const isOver = () => sent - before.sent >= count || performance.now() - startedAt >= ms;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (!isOver()) {
        sent += 1;
        await send(sent);
      }
    }),
  );
  const durationMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpu);
  // Observers are told in a later turn.
  await new Promise((resolve) => setTimeout(resolve, 5));
  const sends = sent - before.sent;
  return {
    perSecond: (sends * 1000) / durationMs,
    cpuUs: (user + system) / sends,
    gcUs: ((gc.ms - before.gcMs) * 1000) / sends,
    longestGcMs: gc.longestMs,
  };
}

process.on('message', async (slice) => process.send(await run(slice)));
process.on('disconnect', () => process.exit());
process.send('ready');
