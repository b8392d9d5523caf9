import { type Fixture, machineMs, pause } from './fixture.ts';

/** Injects one fault and recovers from it. */
type Fault = (fixture: Fixture) => Promise<void>;

const freezeServer: Fault = async ({ random, server, tell }) => {
  const ms = random.pick([random.between(20, 200), random.between(200, 4_000)]);
  tell(`kill -STOP of the server for ${ms} ms`);
  server.process.kill('SIGSTOP');
  await pause(ms);
  server.process.kill('SIGCONT');
};

const killServer: Fault = async ({ kind, random, server, losses, tell }) => {
  const ms = random.between(0, 3_000);
  tell(`kill -KILL of the server, gone for ${ms} ms`);
  const fromMs = machineMs();
  await server.kill();
  await pause(ms);
  await server.restart();
  if (kind === 'refuse, server forgets') losses.push({ fromMs, toMs: machineMs() });
};

const cutConnections: Fault = async ({ random, proxies, tell }) => {
  const chosen = random.between(0, proxies.length);
  const cut = chosen === proxies.length ? proxies : proxies.slice(chosen, chosen + 1);
  const times = random.between(1, 5);
  tell(
    `connections of ${cut === proxies ? 'all' : 'half of the'} processes cut in mid-command, ${times} times`,
  );
  for (let index = 0; index < times; index += 1) {
    for (const each of cut) each.swallowAnswers();
    await pause(random.between(5, 800));
    for (const each of cut) each.cut();
    await pause(random.between(5, 500));
  }
};

const slowServer: Fault = async ({ random, server, tell }) => {
  const times = random.between(2, 20);
  tell(`the server answers late, ${times} times`);
  for (let index = 0; index < times; index += 1) {
    server.cli('CLIENT', 'PAUSE', `${random.between(10, 300)}`, 'ALL');
    await pause(random.between(10, 300));
  }
};

const flushScripts: Fault = async ({ random, server, tell }) => {
  const times = random.between(5, 50);
  tell(`SCRIPT FLUSH, ${times} times`);
  for (let index = 0; index < times; index += 1) {
    server.cli('SCRIPT', 'FLUSH');
    await pause(random.between(1, 50));
  }
};

const killConnections: Fault = async ({ server, tell }) => {
  tell('CLIENT KILL of all connections');
  server.cli('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
};

const freezeWorker: Fault = async ({ random, workers, tell }) => {
  const worker = random.pick(workers);
  const ms = random.between(50, 2_000);
  tell(`kill -STOP of the process ${worker.name} for ${ms} ms`);
  worker.signal('SIGSTOP');
  await pause(ms);
  worker.signal('SIGCONT');
};

const killWorker: Fault = async (fixture) => {
  fixture.tell(`kill -KILL of the process ${await fixture.killWorker()}, another takes its place`);
};

const killWorkerWhileFrozen: Fault = async (fixture) => {
  fixture.tell('kill -STOP of the server, and meanwhile');
  fixture.server.process.kill('SIGSTOP');
  await pause(fixture.random.between(0, 500));
  await killWorker(fixture);
  fixture.server.process.kill('SIGCONT');
};

const ALWAYS = [
  freezeServer,
  killServer,
  cutConnections,
  slowServer,
  flushScripts,
  killConnections,
  freezeWorker,
];
/** Includes killed processes. A process that is killed cannot report its own grants, so totals would not be exact. */
const WITHOUT_SHARES = [...ALWAYS, killWorker, killWorkerWhileFrozen];

/** Injects one fault after the other until the time is over. Returns how many. */
export async function injectFaults(fixture: Fixture, untilMs: number): Promise<number> {
  const { random } = fixture;
  const faults = fixture.kind === 'local' ? ALWAYS : WITHOUT_SHARES;
  let count = 0;
  while (machineMs() < untilMs) {
    await pause(random.between(100, 2_500));
    const fault = random.pick(faults);
    await fault(fixture);
    count += 1;
  }
  return count;
}
