import { Cluster, Redis } from 'ioredis';
import { SmsClient } from '../../../src/client.ts';
import { LimitError, SmsError } from '../../../src/errors.ts';
import type { LimitsEvent } from '../../../src/redis/failover/limits-event.ts';
import { type RedisLimitStore, redisLimits } from '../../../src/redis/redis-limits.ts';
import { SECRET } from '../store-under-test.ts';
import type { Reply, WorkerCommand, WorkerReport, WorkerSetup } from './commands.ts';

/** One process of a service, as a program: it receives commands as messages and reports its results. */

const name = process.argv[2] ?? 'worker';
/** The clock of the machine: the same in every process, whatever its date. */
const machineMs = () => Number(process.hrtime.bigint() / 1000n) / 1000;

interface Service {
  readonly setup: WorkerSetup;
  readonly sms: SmsClient;
  readonly limits: RedisLimitStore;
  readonly redis: Redis | Cluster;
}

let service: Service | undefined;
let tally = newTally();
let sent = 0;
let running: Promise<unknown> | undefined;
let isResting = false;

function newTally() {
  return {
    accepted: 0,
    limited: 0,
    storeErrors: 0,
    others: {} as Record<string, number>,
    open: 0,
    slowestDecisionMs: 0,
    events: [] as LimitsEvent[],
    retryAfterMs: undefined as number | undefined,
  };
}

function connect({ redisPort: port, isCluster }: WorkerSetup): Redis | Cluster {
  return isCluster === true ? new Cluster([{ port }]) : new Redis({ port, retryStrategy: () => 50 });
}

async function setUp(setup: WorkerSetup): Promise<void> {
  await service?.limits.close();
  service?.redis.disconnect();
  tally = newTally();
  const redis = connect(setup);
  // Reported as an event instead of on the console.
  redis.on('error', () => {});
  const { events } = tally;
  const limits = redisLimits({
    client: redis,
    secret: SECRET,
    onStoreError: setup.onStoreError,
    timeoutMs: setup.timeoutMs,
    onEvent: (event) => void events.push(event),
  });
  await limits.check();
  const sms = new SmsClient({
    apiKey: 'a-key-of-the-tests',
    subAccountId: 'team_otp',
    baseUrl: setup.receiverUrl,
    scope: setup.scope,
    guards: { recipient: setup.windows },
    retry: false,
    // Thousands of failures are provoked here, and each would be printed.
    onError: () => {},
    limits,
    fetch: (input, init) => {
      const headers = new Headers(init?.headers);
      headers.set('x-written-ms', `${machineMs()}`);
      return fetch(input, { ...init, headers });
    },
    onEvent: (event) => {
      if (event.type === 'message-admitted') decided(event.clientMessageId);
    },
  });
  service = { setup, sms, limits, redis };
}

/** Start times of messages that are not decided yet. */
const askedAt = new Map<string, number>();

function decided(id: string): void {
  const from = askedAt.get(id);
  if (from === undefined) return;
  askedAt.delete(id);
  tally.slowestDecisionMs = Math.max(tally.slowestDecisionMs, machineMs() - from);
}

async function sendOne(sms: SmsClient, destination: string): Promise<void> {
  sent += 1;
  const asked = machineMs();
  const clientMessageId = `${name}-${sent}-${asked}`;
  askedAt.set(clientMessageId, asked);
  tally.open += 1;
  try {
    await sms.messages.send({ destination, text: 'Hello', clientMessageId });
    tally.accepted += 1;
  } catch (error) {
    decided(clientMessageId);
    note(error);
  } finally {
    tally.open -= 1;
  }
}

function note(error: unknown): void {
  if (LimitError.isInstance(error)) {
    tally.limited += 1;
    tally.retryAfterMs = error.retryAfterMs;
    return;
  }
  const code = SmsError.isInstance(error) ? error.code : `${error}`;
  if (code === 'store') tally.storeErrors += 1;
  else tally.others[code] = (tally.others[code] ?? 0) + 1;
}

/** Sends in parallel lanes as long as there is a next number. */
async function inLanes(next: () => string | undefined): Promise<void> {
  if (service === undefined) throw new Error('There was no setup.');
  const { sms, setup } = service;
  async function lane(): Promise<void> {
    for (let number = next(); number !== undefined; number = next()) {
      await sendOne(sms, number);
      await new Promise((resolve) => setTimeout(resolve, setup.restMs ?? 0));
    }
  }
  await Promise.all(Array.from({ length: setup.lanes }, lane));
}

async function burst(numbers: readonly string[], times: number): Promise<void> {
  let index = 0;
  await inLanes(() => (index < times * numbers.length ? numbers[index++ % numbers.length] : undefined));
}

function run(numbers: readonly string[]): void {
  let index = 0;
  isResting = false;
  running = inLanes(() => (isResting ? undefined : numbers[index++ % numbers.length]));
}

async function execute(command: WorkerCommand): Promise<void> {
  switch (command.type) {
    case 'setup':
      return setUp(command.setup);
    case 'burst':
      return burst(command.numbers, command.times);
    case 'run':
      return run(command.numbers);
    case 'rest':
      isResting = true;
      await running;
      return;
    case 'report':
  }
}

function report(): WorkerReport {
  return { ...tally, now: Date.now() };
}

process.on('message', (command: WorkerCommand) => {
  void execute(command).then(() => {
    const reply: Reply = { id: command.id, report: report() };
    process.send?.(reply);
  });
});
// The tests are over, or crashed.
process.on('disconnect', () => process.exit());
