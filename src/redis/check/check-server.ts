import { AbortedError } from '../../errors.ts';
import type { ServerCheckOptions } from '../../internal/check-options.ts';
import { withTimeLimit } from '../../internal/time-limit.ts';
import { wait } from '../../internal/wait.ts';
import { causeOf, isServerCode } from '../failover/limits-event.ts';
import { SERVER_PROBE } from '../lua/scripts.ts';
import type { RedisCommands } from '../redis-commands.ts';
import { type ClusterNodes, findClusterNodes } from './cluster-nodes.ts';
import { type Info, infoWarnings, readInfo, toText } from './read-info.ts';
import type { ServerNeeds } from './server-needs.ts';
import { refusalWarning, type ServerWarning } from './server-warnings.ts';

/** Milliseconds that a server has to describe itself, the time to connect included. Our number. */
const CHECK_TIMEOUT_MS = 5_000;
/** Milliseconds between two questions to a client that is not connected. Our number. */
const RETRY_MS = 50;
/** Tries of one command after the first reply: one second. Our number. */
const MAX_TRIES = 20;
/** Refusals that pass while a server starts. */
const STARTING: ReadonlySet<string> = new Set(['LOADING']);
/** The hash of no script. */
const UNKNOWN_SHA = '0'.repeat(40);
/** Texts of Redis 6 to 8 and Valkey for a command or key that is denied, renamed or unknown. */
const FORBIDDEN =
  /NOPERM|unknown (?:redis |server )?command|can't run this command|ACL failure|no permissions|not allowed from script|find scripting engine/i;
/** A denial that is about the keys, not about the command. */
const FORBIDDEN_KEY = /permissions? to access/i;

/**
 * Checks whether a store can work on a server. Waits until the client is connected, and reports one that is not.
 *
 * @throws AbortedError the signal fired
 */
export async function checkServer(
  commands: RedisCommands,
  needs: ServerNeeds,
  { timeoutMs = CHECK_TIMEOUT_MS, signal }: ServerCheckOptions = {},
): Promise<readonly ServerWarning[]> {
  let lastCode: string | undefined;
  try {
    const timed = await withTimeLimit(timeoutMs, signal, (within) =>
      check(commands, needs, within, (code) => {
        lastCode = code;
      }),
    );
    if (timed.inTime) return timed.value;
  } catch (error) {
    // Failures of the server are warnings.
    if (signal?.aborted !== true) throw error;
    throw new AbortedError({ message: 'The check was aborted.', submission: 'not-submitted' });
  }
  return [refusalWarning(lastCode, needs.effect) ?? notConnected(timeoutMs, lastCode)];
}

function notConnected(timeoutMs: number, code: string | undefined): ServerWarning {
  const shown = code === undefined ? '' : ` (${code})`;
  return {
    warning: 'not-connected',
    message: `The server did not answer within ${timeoutMs} ms${shown}. Check that the client is connected, its address, its TLS options and its password; a client of a cluster also waits until the cluster is up.`,
  };
}

async function check(
  commands: RedisCommands,
  needs: ServerNeeds,
  signal: AbortSignal,
  onFailure: (code: string | undefined) => void,
): Promise<readonly ServerWarning[]> {
  let info: Info | undefined;
  try {
    info = readInfo(await untilAnswered(() => commands.call('INFO'), signal, onFailure));
  } catch (error) {
    signal.throwIfAborted();
    const refusal = refusalWarning(causeOf(error).cause, needs.effect);
    // Without the right to run INFO the rest is checked all the same.
    if (refusal !== undefined && refusal.warning !== 'no-rights') return [refusal];
  }
  const patient = withTries(commands, signal);
  const nodes = await findNodes(patient, needs, info);
  // A client may wait for a cluster that is down until its own time-out ends.
  if (nodes.isDown) return [refusalWarning('CLUSTERDOWN', needs.effect) as ServerWarning];
  const [probes, others, scripts] = await Promise.all([
    Promise.all(nodes.keys.map((key) => probe(patient, needs, key))),
    Promise.all(needs.keys.slice(1).map((key) => checkKey(patient, key))),
    checkEvalsha(patient, needs),
  ]);
  const perNode = probes.map((each) => {
    const described = nodes.isCluster ? each.info : info;
    // A node that did not run the script did not describe itself either.
    if (nodes.isCluster && each.info === undefined) return each.warnings;
    const kinds = new Set(each.warnings.map(({ warning }) => warning));
    return [...each.warnings, ...infoWarnings(described, needs).filter(({ warning }) => !kinds.has(warning))];
  });
  const warnings = mergeNodes(perNode, [...others.flat(), ...scripts]);
  return nodes.unserved === 0 ? warnings : [unserved(nodes.unserved), ...warnings];
}

/** Asks until the server replies, so that a client may connect meanwhile. */
async function untilAnswered<Reply>(
  ask: () => Promise<Reply>,
  signal: AbortSignal,
  onFailure: (code: string | undefined) => void = () => {},
  maxTries = Number.POSITIVE_INFINITY,
): Promise<Reply> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      const { cause } = causeOf(error);
      if (tries >= maxTries || (isServerCode(cause) && !STARTING.has(cause))) throw error;
      onFailure(cause);
    }
    await wait(RETRY_MS, signal);
  }
}

/** A client may run `INFO` before it is ready for scripts; but one dead node of a cluster must not hide the others. */
function withTries(commands: RedisCommands, signal: AbortSignal): RedisCommands {
  const tried = <Reply>(ask: () => Promise<Reply>) => untilAnswered(ask, signal, undefined, MAX_TRIES);
  return {
    evalsha: (sha, keys, args) => tried(() => commands.evalsha(sha, keys, args)),
    eval: (script, keys, args) => tried(() => commands.eval(script, keys, args)),
    call: (name, ...args) => tried(() => commands.call(name, ...args)),
  };
}

interface Nodes extends ClusterNodes {
  readonly isCluster: boolean;
}

async function findNodes(
  commands: RedisCommands,
  needs: ServerNeeds,
  info: Info | undefined,
): Promise<Nodes> {
  const single: Nodes = { isCluster: false, keys: [needs.keys[0]], unserved: 0, isDown: false };
  if (info?.get('cluster_enabled') !== '1' || !needs.isSpread) return single;
  try {
    return { isCluster: true, ...(await findClusterNodes(commands)) };
  } catch {
    // Without the right to run CLUSTER SLOTS and CLUSTER INFO one node answers for all.
    return single;
  }
}

/** A cluster may be configured to go on with the slots that are left. */
function unserved(count: number): ServerWarning {
  const message = `No node of the cluster serves ${count} of its 16384 slots, so some scopes and numbers cannot be counted. Bring the failed nodes back.`;
  return { warning: 'cluster-down', message };
}

interface Probe {
  /** Undefined when the script did not run; empty when it may not run `INFO`. */
  readonly info: Info | undefined;
  readonly warnings: readonly ServerWarning[];
}

async function probe(commands: RedisCommands, needs: ServerNeeds, key: string): Promise<Probe> {
  let reply: unknown;
  try {
    reply = await commands.eval(SERVER_PROBE, [key], needs.commands);
  } catch (error) {
    return { info: undefined, warnings: evalFailure(error, needs) };
  }
  const [info = '', ...failures] = Array.isArray(reply) ? reply.map(toText) : [];
  const denied = new Set<string>();
  const warnings: ServerWarning[] = [];
  for (const failure of failures) {
    if (FORBIDDEN.test(failure)) denied.add(failure.split(' ', 1)[0] as string);
    else warnings.push(...withoutUndefined(refusalWarning(causeOf(new Error(failure)).cause, needs.effect)));
  }
  if (denied.size > 0) {
    const message = `The scripts may not run ${[...denied].join(', ')} for this user, so ${needs.effect}. Allow them (ACL: ${needs.rights}).`;
    warnings.push({ warning: 'no-rights', message });
  }
  return { info: readInfo(info), warnings };
}

const withoutUndefined = <Value>(value: Value | undefined): Value[] => (value === undefined ? [] : [value]);

function evalFailure(error: unknown, needs: ServerNeeds): readonly ServerWarning[] {
  const text = error instanceof Error ? error.message : '';
  if (FORBIDDEN_KEY.test(text)) return [forbiddenKeys()];
  if (FORBIDDEN.test(text)) return [noScripts(needs)];
  const { cause } = causeOf(error);
  const refusal = refusalWarning(cause, needs.effect);
  if (refusal !== undefined) return [refusal];
  const shown = cause === undefined ? '' : ` (${cause})`;
  if (!isServerCode(cause)) {
    return [{ warning: 'not-connected', message: `A node did not answer the script of the check${shown}.` }];
  }
  return [{ warning: 'not-checked', message: `The script of the check failed${shown}. Check again.` }];
}

function forbiddenKeys(): ServerWarning {
  return {
    warning: 'no-rights',
    message: 'This user may not read and write all keys that begin with 8x8g:. Allow them (ACL: ~8x8g:*).',
  };
}

function noScripts({ effect, rights }: ServerNeeds): ServerWarning {
  return {
    warning: 'no-scripts',
    message: `The server does not run EVAL and EVALSHA for this user, so ${effect}. Allow them (ACL: ${rights}), and disable neither.`,
  };
}

/** Keys of another kind, which a narrow pattern may not include. */
async function checkKey(commands: RedisCommands, key: string): Promise<readonly ServerWarning[]> {
  try {
    await commands.eval(SERVER_PROBE, [key], []);
    return [];
  } catch (error) {
    return error instanceof Error && FORBIDDEN_KEY.test(error.message) ? [forbiddenKeys()] : [];
  }
}

async function checkEvalsha(commands: RedisCommands, needs: ServerNeeds): Promise<readonly ServerWarning[]> {
  try {
    await commands.evalsha(UNKNOWN_SHA, [needs.keys[0]], []);
  } catch (error) {
    const text = error instanceof Error ? error.message : '';
    if (FORBIDDEN.test(text) && !FORBIDDEN_KEY.test(text)) return [noScripts(needs)];
  }
  return [];
}

/** Reports a problem once, and how many nodes of a cluster have it. */
function mergeNodes(
  nodes: readonly (readonly ServerWarning[])[],
  shared: readonly ServerWarning[],
): readonly ServerWarning[] {
  const counts = new Map<string, number>();
  const merged = new Map<string, ServerWarning>();
  for (const warnings of nodes) {
    const once = new Map(warnings.map((warning) => [warning.message, warning]));
    for (const [message, warning] of once) {
      merged.set(message, warning);
      counts.set(message, (counts.get(message) ?? 0) + 1);
    }
  }
  const found = [...merged.values()].map(({ warning, message }) => {
    const count = counts.get(message) as number;
    const isShared = count === nodes.length || warning === 'not-cluster-client';
    const where = isShared ? '' : ` This holds for ${count} of ${nodes.length} nodes.`;
    return { warning, message: `${message}${where}` };
  });
  const rest = new Map(
    shared.filter(({ message }) => !merged.has(message)).map((each) => [each.message, each]),
  );
  return [...found, ...rest.values()];
}
