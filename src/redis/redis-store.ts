import { AbortedError, StoreError } from '../errors.ts';
import type { LimitRule, LimitStore, Settlement, TakeRequest, TakeVerdict } from '../limits/limit-store.ts';
import { LEASE_MS } from '../limits/rule-table.ts';
import { checkId, checkSettlement } from '../limits/rule-validation.ts';
import { redactText } from '../redact.ts';
import { createLostTakes } from './lost-takes.ts';
import { INSPECT, RECALL, RELEASE, SETTLE, TAKE } from './lua/scripts.ts';
import { createOpenTakes, type OpenTake } from './open-takes.ts';
import { readStates, readTakeAnswer, type TakeAnswer } from './read-answer.ts';
import type { RedisCommands } from './redis-commands.ts';
import type { Names } from './rule-arguments.ts';
import { createRuleChecks } from './rule-checks.ts';
import { createRunScript, type RunScript } from './run-script.ts';
import { createScriptCalls, DEADLINE_AT, type ScriptSettlement, type TakeCall } from './script-calls.ts';
import { createServerClock } from './server-clock.ts';

export interface RedisStoreConfig {
  readonly commands: RedisCommands;
  readonly names: Names;
  /** Milliseconds of server time after which a take that is still on its way counts nothing. */
  readonly deadlineMs: number;
  /** Microseconds by the clock of a test, instead of the server's. */
  readonly testClock?: (() => number) | undefined;
}

/** Stamps a millisecond has. */
const STAMPS_A_MS = 50;
const NONE: readonly LimitRule[] = [];
/** A delay that a store may ignore. */
const IGNORED_DELAY_MS = 250;
/**
 * Counts on a Redis or Valkey server, by the server's clock. It throws when the server does not answer; what happens
 * then is decided around it. A take counts as written when it is taken.
 */
export function createRedisStore(config: RedisStoreConfig): LimitStore {
  const { commands, names, deadlineMs, testClock } = config;
  const calls = createScriptCalls(names, testClock);
  const scripts = {
    take: createRunScript(commands, TAKE),
    settle: createRunScript(commands, SETTLE),
    inspect: createRunScript(commands, INSPECT),
    release: createRunScript(commands, RELEASE),
    recall: createRunScript(commands, RECALL),
  };
  const checks = createRuleChecks();
  const clock = createServerClock();
  const open = createOpenTakes();
  const lost = createLostTakes();

  /** The deadline of a command that is sent now; the first asks the server for its time. */
  async function deadline(scope: string): Promise<string> {
    if (testClock !== undefined) return '';
    if (clock.now() === undefined) {
      const askedAt = clock.local();
      const { keys, args } = calls.time(scope);
      const answer = readTakeAnswer(await scripts.take(keys, args), []);
      if (answer.kind === 'taken') clock.learn(answer.stamp / STAMPS_A_MS, askedAt);
    }
    return `${Math.ceil((clock.now() as number) + deadlineMs)}`;
  }

  async function ask({ keys, args, requests }: TakeCall, scope: string): Promise<TakeAnswer> {
    for (let isFirst = true; ; isFirst = false) {
      args[DEADLINE_AT] = await deadline(scope);
      const askedAt = clock.local();
      const answer = readTakeAnswer(await scripts.take(keys, args), requests);
      if (answer.kind === 'void') return answer;
      const isPrompt = clock.local() - askedAt <= deadlineMs;
      if (isPrompt && !(answer.kind === 'taken' && answer.isRepeated)) {
        clock.learn(answer.stamp / STAMPS_A_MS, askedAt);
      }
      // Late, and yet at once: another server answers, with another clock. Nothing was counted.
      if (answer.kind === 'late' && isPrompt && isFirst) continue;
      return answer;
    }
  }

  async function takeCall(scope: string, call: TakeCall): Promise<readonly TakeVerdict[]> {
    let answer: TakeAnswer;
    // One that is asked again is not given up.
    lost.found(scope, call);
    try {
      answer = await ask(call, scope);
    } catch (error) {
      // It may have been counted: who gives it back has it looked up.
      lost.lose(scope, call);
      throw storeError(error);
    }
    if (answer.kind !== 'taken') {
      throw new StoreError(
        'The limit store got the question too late, and counted nothing. Nothing was sent.',
      );
    }
    remember(scope, call, answer);
    return answer.verdicts;
  }

  function remember(scope: string, { requests }: TakeCall, answer: TakeAnswer & { kind: 'taken' }): void {
    const openedAt = clock.local();
    requests.forEach(({ reservation, rules }, at) => {
      const verdict = answer.verdicts[at] as TakeVerdict;
      if (!verdict.granted) return;
      const skipped = verdict.observed.length === 0 ? NONE : verdict.observed.map(({ rule }) => rule);
      open.open(scope, reservation, { stamp: answer.stamp, rules, skipped, openedAt });
    });
  }

  async function settle(scope: string, settlements: readonly Settlement[]): Promise<void> {
    const wanted: ScriptSettlement[] = [];
    const closed: [reservation: string, OpenTake][] = [];
    try {
      for (const settlement of settlements) {
        const { reservation, outcome } = settlement;
        const call = outcome === 'return' ? lost.callOf(scope, reservation) : undefined;
        if (call !== undefined) await recall(scope, call);
        const take = open.close(scope, reservation);
        if (take === undefined) continue;
        const wish = scriptSettlement(settlement, take);
        if (wish === undefined) continue;
        closed.push([reservation, take]);
        wanted.push(wish);
      }
      for (const { keys, args } of calls.settles(scope, wanted)) await scripts.settle(keys, args);
    } catch (error) {
      // Sent again, the same call is known by its mark.
      for (const [reservation, take] of closed) open.open(scope, reservation, take);
      throw storeError(error);
    }
  }

  /** Asks what became of a take whose answer was lost; it is open then, or it counts nothing when it comes. */
  async function recall(scope: string, call: TakeCall): Promise<void> {
    const { keys, args } = calls.recall(call);
    const text = await scripts.recall(keys, args);
    lost.found(scope, call);
    if (text === null || text === '') return;
    const answer = readTakeAnswer(text, call.requests);
    if (answer.kind === 'taken') remember(scope, call, answer);
  }

  return {
    async take(scope, requests, options) {
      if (options?.signal?.aborted) {
        throw new AbortedError({
          message: 'The call was aborted before anything was counted.',
          submission: 'not-submitted',
        });
      }
      checks.checkRequests(scope, requests);
      const verdicts: TakeVerdict[] = [];
      const commands = calls.takes(scope, requests);
      for (let next = commands.next(); next.done !== true; ) {
        const taking = takeCall(scope, next.value);
        // Made while the server works on the one before.
        next = commands.next();
        try {
          verdicts.push(...(await taking));
        } catch (error) {
          await returnGranted(scope, requests, verdicts);
          throw error;
        }
      }
      return verdicts;
    },
    async settle(scope, settlements) {
      checkId(scope, 'scope', '');
      settlements.forEach((settlement, at) => {
        checkSettlement(settlement, `settlements[${at}]`);
      });
      await settle(scope, settlements);
    },
    async inspect(scope, rules) {
      checks.checkRules(scope, rules);
      const states = [];
      for (const { keys, args, rules: part } of calls.inspects(scope, rules)) {
        states.push(...readStates(await asked(scripts.inspect, keys, args), part));
      }
      return states;
    },
    async release(scope, rules) {
      checks.checkRules(scope, rules);
      open.release(scope, rules);
      for (const { keys, args } of calls.releases(scope, rules)) await asked(scripts.release, keys, args);
    },
  };

  /** What the parts before a failed one took belongs to a call that throws. */
  async function returnGranted(
    scope: string,
    requests: readonly TakeRequest[],
    verdicts: readonly TakeVerdict[],
  ): Promise<void> {
    const granted = requests.filter((_, at) => verdicts[at]?.granted);
    try {
      await settle(scope, granted.map(toReturn));
    } catch {
      // They stay counted until they leave their windows: too high, never too low.
    }
  }
}

function toReturn({ reservation, rules }: TakeRequest): Settlement {
  return { reservation, rules, outcome: 'return' };
}

/** What is to be done, with only the rules that it concerns; nothing when what was taken may stand as it is. */
function scriptSettlement(
  { reservation, outcome, delayMs = 0, result }: Settlement,
  { stamp, rules, skipped }: OpenTake,
): ScriptSettlement | undefined {
  const isReturned = outcome === 'return';
  const isMoved = delayMs > IGNORED_DELAY_MS;
  const concerns = (rule: LimitRule): boolean => {
    if (skipped.includes(rule)) return false;
    if (isReturned) return rule.kind !== 'bar' || rule.raise === true;
    return rule.kind === 'once' || (isMoved && (rule.kind === 'window' || rule.kind === 'distinct'));
  };
  if (!rules.some(concerns)) return undefined;
  const movedTo = isMoved ? stamp + Math.min(Math.ceil(delayMs), LEASE_MS) * STAMPS_A_MS : undefined;
  return { reservation, outcome, stamp, movedTo, result, rules: rules.filter(concerns) };
}

async function asked(script: RunScript, keys: readonly string[], args: readonly string[]): Promise<unknown> {
  try {
    return await script(keys, args);
  } catch (error) {
    throw storeError(error);
  }
}

function storeError(error: unknown): StoreError {
  const said = error instanceof Error ? ` It said: ${redactText(error.message)}` : '';
  return new StoreError(`The limit store on Redis failed. Nothing was sent.${said}`);
}
