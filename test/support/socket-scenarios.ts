import { createCalls } from '../../src/call.ts';
import { createCredentials } from '../../src/config/credentials.ts';
import { SmsError } from '../../src/errors.ts';
import { createTransport } from '../../src/transport/create-transport.ts';
import type { Operation } from '../../src/transport/operation.ts';
import type { Transport } from '../../src/transport/transport.ts';
import type { Fault } from './fault-server.ts';

/** A situation of a send and its expected outcome: one POST each. */
export interface Scenario {
  readonly fault: Exclude<Fault, 'ok'>;
  readonly connection: 'fresh' | 'warm';
  /** Option `transport` of the client. */
  readonly way: 'auto' | 'fetch';
  /** The expected error. */
  readonly submission: 'unknown' | 'rejected';
}

const UNKNOWN: readonly Scenario['fault'][] = [
  'reset',
  'close',
  'half-closed',
  'half-head',
  'half-body',
  'half-chunk',
  'none',
  'none-after-head',
  'garbage',
  'html',
  'empty',
  '302',
  '307',
  '308',
  '408',
  '409',
  '500',
  '503',
  '503-closed',
];

function scenariosOf(way: Scenario['way']): readonly Scenario[] {
  return (['fresh', 'warm'] as const).flatMap((connection) => [
    ...UNKNOWN.map((fault) => ({ fault, connection, submission: 'unknown', way }) as const),
    { fault: '421', connection, submission: 'rejected', way } as const,
  ]);
}

/** Whether this runtime has another way than `fetch`. */
const hasDirectWay = !('Deno' in globalThis) && !('Bun' in globalThis) && 'process' in globalThis;

/** Every fault on a fresh connection and on one that was used before, both ways. */
export const ALL_SCENARIOS: readonly Scenario[] = [...scenariosOf('auto'), ...scenariosOf('fetch')];
/** Those in which this runtime differs. */
export const SCENARIOS: readonly Scenario[] = hasDirectWay ? ALL_SCENARIOS : scenariosOf('fetch');

/** The sub-account of a scenario: it selects the fault of the server, and identifies the requests of the scenario. */
export const subAccountOf = ({ fault, connection, way }: Scenario) => `${fault}~${connection}-${way}`;

/** The result of a scenario on a runtime. */
export interface ScenarioResult {
  readonly subAccount: string;
  readonly error: string;
  readonly submission: string;
  readonly attempts: number;
}

const SEND: Operation = {
  name: 'messages.send',
  operationId: 'send',
  product: 'sms',
  method: 'POST',
  path: '/api/v1/subaccounts/{subAccountId}/messages',
  repeat: 'never',
  responseBody: 'json',
};

/** Creates the transport of a client for the server at `url`. */
export function transportTo(url: string, requestsPerSecond = 1710, way: Scenario['way'] = 'auto'): Transport {
  const clock = { now: () => Date.now() };
  const emit = () => {};
  return createTransport({
    hosts: { sms: url, verification: url, lookup: url, contacts: url },
    credentials: createCredentials(
      { kind: 'value', key: 'socket-test-key', from: 'option' },
      { clock, emit },
    ),
    subAccountId: 'sockets',
    retry: { maxAttempts: 3, baseMs: 1, maxMs: 2 },
    pace: { requestsPerSecond, maxQueued: 100 },
    timeoutMs: 500,
    transport: way,
    emit,
    clock,
    sharedState: true,
  });
}

/** Sends one message to a sub-account. */
export const send = (transport: Transport, subAccountId: string, signal?: AbortSignal) =>
  createCalls(undefined).run({ signal }, (call) =>
    transport.request(
      {
        operation: SEND,
        segments: { subAccountId },
        body: { destination: '+6591234567', text: 'x'.repeat(200) },
        clientMessageId: 'cm-1',
      },
      call,
    ),
  );

/**
 * Runs one scenario and returns the outcome of the send. Each has its own address, and therefore its own connections.
 */
export async function runScenario(port: number, scenario: Scenario): Promise<ScenarioResult> {
  const host = `127.0.1.${SCENARIOS.indexOf(scenario) + 1}`;
  const transport = transportTo(`http://${host}:${port}`, undefined, scenario.way);
  const subAccount = subAccountOf(scenario);
  if (scenario.connection === 'warm') await warmUp(transport);
  return outcomeOf(subAccount, send(transport, subAccount));
}

/** Sends until a response arrived on a kept connection: Node opens another when the first is not free again yet. */
async function warmUp(transport: Transport): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    const { body } = await send(transport, 'ok~before');
    if ((body as { warm?: boolean }).warm) return;
  }
}

/** The outcome of a send, as plain data. */
export async function outcomeOf(subAccount: string, sending: Promise<unknown>): Promise<ScenarioResult> {
  try {
    await sending;
  } catch (error) {
    const { attempts } = error as { attempts?: number };
    const { name, submission } = SmsError.isInstance(error)
      ? error
      : { name: String(error), submission: 'none' };
    return { subAccount, error: name, submission, attempts: attempts ?? 0 };
  }
  return { subAccount, error: 'none', submission: 'accepted', attempts: 0 };
}

/** All scenarios one after another, and a refused connection, which only some runtimes can prove. */
export async function runScenarios(port: number, closedPort: number): Promise<ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  for (const scenario of SCENARIOS) results.push(await runScenario(port, scenario));
  const closed = transportTo(`http://127.0.0.1:${closedPort}`);
  results.push(await outcomeOf('refused', send(closed, 'refused')));
  return results;
}
