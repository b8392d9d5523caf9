import type { LimitStore, WindowRule } from '../../index.ts';
import type { RedisLimitStore } from '../../redis/index.ts';
import { type Examined, type Finding, messageOf, ok, problem, warning } from './finding.ts';

const ROUNDS = 9;
/** A message waits for the store once; our number. */
const SLOW_MS = 50;

/** A counter that no message has. */
const RULE: WindowRule = {
  kind: 'window',
  id: 'doctor',
  guard: 'doctor',
  key: 'doctor',
  limit: 1,
  windowMs: 1_000,
  mode: 'enforce',
};

async function medianMs(limits: LimitStore, scope: string): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const from = performance.now();
    await limits.inspect(scope, [RULE]);
    times.push(performance.now() - from);
  }
  return times.sort((one, other) => one - other)[Math.floor(ROUNDS / 2)] as number;
}

async function checkLatency({ settings }: Examined): Promise<Finding> {
  try {
    const ms = await medianMs(settings.limits, settings.scope);
    const text = `answers in ${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
    return ms < SLOW_MS
      ? ok('store', text)
      : warning('store', text, 'Every message waits for it once: put the store near the service.');
  } catch (error) {
    return problem('store', messageOf(error), 'Start the store, and check its address and password.');
  }
}

/** The limit store: whether it is shared, answers, and keeps what it counts. */
export async function checkStore(examined: Examined): Promise<readonly Finding[]> {
  const { settings, configFile } = examined;
  if (configFile === undefined) return [];
  if (!settings.hasOwnLimits) {
    return [
      warning(
        'store',
        'Limits are counted in the memory of each process: each of several processes allows the full limit, and a restart forgets the counts.',
        'With more than one process set limits: redisLimits(…), as in docs/scaling.md.',
      ),
    ];
  }
  const { check } = settings.limits as Partial<RedisLimitStore>;
  const warnings = typeof check === 'function' ? await check() : [];
  const found = warnings.map(({ warning: name, message }) =>
    (name === 'not-checked' ? warning : problem)(
      'store',
      message,
      `Look up ${name} in docs/scaling-outages.md.`,
    ),
  );
  return warnings.some(({ warning: name }) => name === 'not-connected')
    ? found
    : [await checkLatency(examined), ...found];
}
