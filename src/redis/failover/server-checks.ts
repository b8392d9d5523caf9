import { withTimeLimit } from '../../internal/time-limit.ts';
import { SERVER_PROBE } from '../lua/scripts.ts';
import type { RedisCommands } from '../redis-commands.ts';
import { causeOf, type LimitsWarning } from './limits-event.ts';

/** Milliseconds that the server has to describe itself; our number. No message waits for it. */
const CHECK_TIMEOUT_MS = 2_000;
/** The oldest version that the scripts are tested with. Every Valkey is newer. */
const LEAST_VERSION = 6;

const NOT_CHECKED: LimitsWarning = {
  warning: 'not-checked',
  message:
    'The server did not report its configuration: it does not answer, or this user may not run INFO. Verify that its version is 6.0 or later and its maxmemory-policy is noeviction.',
};

/** A key of its own, so that a cluster can route the probe. */
const PROBE_KEY = '8x8g:{check}:c';
/** Codes of a refusal. */
const REFUSALS: ReadonlySet<string> = new Set(['NOPERM', 'ERR']);
/** The hash of no script. */
const UNKNOWN_SHA = '0'.repeat(40);
const FORBIDDEN = /NOPERM|unknown command|can't run this command|ACL failure/i;

/** Checks whether limits can hold on a server. Never throws. In a cluster one node answers for all. */
export async function checkServer(commands: RedisCommands): Promise<readonly LimitsWarning[]> {
  const checks = await Promise.all([checkSettings(commands), checkScripts(commands)]);
  return checks.flat();
}

async function ask<Reply>(question: () => Promise<Reply>): Promise<Reply> {
  const timed = await withTimeLimit(CHECK_TIMEOUT_MS, undefined, question);
  if (timed.inTime) return timed.value;
  throw new Error('no reply');
}

async function checkSettings(commands: RedisCommands): Promise<LimitsWarning[]> {
  try {
    const reply = await ask(() => commands.call('INFO'));
    const settings = readInfo(reply instanceof Uint8Array ? new TextDecoder().decode(reply) : String(reply));
    return [...checkVersion(settings), ...checkEviction(settings)];
  } catch {
    return [NOT_CHECKED];
  }
}

function readInfo(text: string): ReadonlyMap<string, string> {
  const pairs = [...text.matchAll(/^(\w+):(.*?)\r?$/gm)];
  return new Map(pairs.map(([, name = '', value = '']) => [name, value]));
}

function checkVersion(settings: ReadonlyMap<string, string>): LimitsWarning[] {
  const version = settings.get('valkey_version') ?? settings.get('redis_version');
  if (version === undefined) return [NOT_CHECKED];
  if (Number.parseInt(version, 10) >= LEAST_VERSION) return [];
  const shown = version.replace(/[^\d.].*/, '');
  return [
    { warning: 'too-old', message: `The server is version ${shown}. Use Redis 6.0 or later, or Valkey.` },
  ];
}

/** Every counter has an expiry, so the volatile policies evict counters too; `volatile-ttl` evicts them first. */
function checkEviction(settings: ReadonlyMap<string, string>): LimitsWarning[] {
  const policy = settings.get('maxmemory_policy');
  if (policy === undefined) return [NOT_CHECKED];
  if (policy === 'noeviction') return [];
  const shown = /^[a-z-]{1,30}$/.test(policy) ? policy : 'another';
  return [
    {
      warning: 'eviction',
      message: `The server's maxmemory-policy is ${shown}: when memory is full the server evicts counters, and more is sent than the limits allow. Set it to noeviction.`,
    },
  ];
}

async function checkScripts(commands: RedisCommands): Promise<LimitsWarning[]> {
  const questions = [
    () => commands.eval(SERVER_PROBE, [PROBE_KEY], []),
    () => commands.evalsha(UNKNOWN_SHA, [PROBE_KEY], []),
  ];
  const replies = await Promise.all(questions.map(isForbidden));
  if (!replies.includes(true)) return [];
  return [
    {
      warning: 'no-scripts',
      message:
        'This user may not run the scripts. Allow EVAL, EVALSHA and the commands they call (ACL: ~8x8g:* +eval +evalsha +time +@read +@write).',
    },
  ];
}

/** Any other failure comes from the connection, which the deadline handles. */
async function isForbidden(question: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask(question);
    return false;
  } catch (error) {
    return error instanceof Error && FORBIDDEN.test(error.message);
  }
}

/** The server refused the command: nothing will be counted until somebody fixes that. */
export function isServerRefusal(error: unknown): boolean {
  return REFUSALS.has(causeOf(error).cause ?? '');
}
