import { AbortedError, StoreError } from '../errors.ts';
import type {
  LimitRule,
  LimitStore,
  RuleState,
  Settlement,
  TakeRequest,
  TakeVerdict,
} from '../limits/limit-store.ts';
import { checkId, checkSettlement } from '../limits/rule-validation.ts';
import { redactText } from '../redact.ts';
import { createGatherTakes } from './gather-takes.ts';
import { createLostTakes } from './lost-takes.ts';
import { INSPECT, RECALL, RELEASE, SETTLE, TAKE } from './lua/scripts.ts';
import { createOpenTakes, type OpenTake } from './open-takes.ts';
import { readRecall, readStates, readTakeAnswer, type TakeAnswer } from './read-answer.ts';
import type { RedisCommands } from './redis-commands.ts';
import type { Names } from './rule-arguments.ts';
import { createRuleChecks } from './rule-checks.ts';
import { createRunScript } from './run-script.ts';
import { createScriptCalls, DEADLINE_AT, type ScriptSettlement, type TakeCall } from './script-calls.ts';
import { scriptSettlement } from './script-settlement.ts';
import { createServerClocks } from './server-clock.ts';
import { STAMPS_A_MS } from './stamps.ts';
import { takeInParts } from './take-in-parts.ts';
import { createTakeOnce } from './take-once.ts';

export interface RedisStoreConfig {
  readonly commands: RedisCommands;
  readonly names: Names;
  /** Milliseconds of server time after which a take that is still on its way counts nothing. */
  readonly deadlineMs: number;
  /** Microseconds by the clock of a test, instead of the server's. */
  readonly testClock?: (() => number) | undefined;
}

const NONE: readonly LimitRule[] = [];

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
  const clocks = createServerClocks();
  const open = createOpenTakes();
  const lost = createLostTakes();

  /** The deadline of a command that is sent now, when the time of the server is known. */
  function deadline(scope: string): string | undefined {
    const nowMs = clocks.now(scope);
    return nowMs === undefined ? undefined : `${Math.ceil(nowMs + deadlineMs)}`;
  }

  async function firstDeadline(scope: string): Promise<string> {
    const askedAt = clocks.local();
    const { keys, args } = calls.time(scope);
    const answer = readTakeAnswer(await scripts.take(keys, args), []);
    if (answer.kind === 'taken') clocks.learn(scope, answer.stamp / STAMPS_A_MS, askedAt);
    const first = deadline(scope);
    // Without one a command that comes late would count.
    if (first === undefined) throw new TypeError('no time');
    return first;
  }

  async function ask({ keys, args, requests }: TakeCall, scope: string): Promise<TakeAnswer> {
    for (let isFirst = true; ; isFirst = false) {
      if (testClock === undefined) args[DEADLINE_AT] = deadline(scope) ?? (await firstDeadline(scope));
      const askedAt = clocks.local();
      const answer = readTakeAnswer(await scripts.take(keys, args), requests);
      if (answer.kind === 'void') return answer;
      const isPrompt = clocks.local() - askedAt <= deadlineMs;
      if (isPrompt && !(answer.kind === 'taken' && answer.isRepeated)) {
        clocks.learn(scope, answer.stamp / STAMPS_A_MS, askedAt);
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
      throw storeError(error, 'Nothing was sent.');
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
    const openedAt = clocks.local();
    requests.forEach(({ reservation, rules }, at) => {
      const verdict = answer.verdicts[at] as TakeVerdict;
      if (!verdict.granted) return;
      const skipped = verdict.observed.length === 0 ? NONE : verdict.observed.map(({ rule }) => rule);
      open.open(scope, reservation, { stamp: answer.stamp, rules, skipped, openedAt, verdict });
    });
  }

  async function settle(scope: string, settlements: readonly Settlement[]): Promise<void> {
    const wanted: ScriptSettlement[] = [];
    const closed: [reservation: string, OpenTake][] = [];
    try {
      for (const settlement of settlements) {
        const { reservation, outcome } = settlement;
        await takeOnce.whenAnswered(scope, reservation);
        const call = outcome === 'return' ? lost.callOf(scope, reservation) : undefined;
        if (call !== undefined) await recall(scope, call);
        const take = open.close(scope, reservation, clocks.local());
        if (take === undefined) continue;
        const wish = scriptSettlement(settlement, take);
        if (wish === undefined) continue;
        closed.push([reservation, take]);
        wanted.push(wish);
      }
      for (const { keys, args } of calls.settles(scope, wanted)) await scripts.settle(keys, args);
    } catch (error) {
      // Sent again, each is known by its mark.
      for (const [reservation, take] of closed) open.open(scope, reservation, take);
      throw storeError(error, 'What was not settled stays as it was taken.');
    }
  }

  /** Asks what became of a take whose answer was lost; it is open then, or it counts nothing when it comes. */
  async function recall(scope: string, call: TakeCall): Promise<void> {
    const { keys, args } = calls.recall(call);
    const answer = readRecall(await scripts.recall(keys, args), call.requests);
    lost.found(scope, call);
    if (answer?.kind === 'taken') remember(scope, call, answer);
  }

  /** All within one deadline: a command that comes later would forget what was counted meanwhile. */
  async function forget(scope: string, rules: readonly LimitRule[]): Promise<void> {
    const startedAt = clocks.local();
    let by = testClock === undefined ? (deadline(scope) ?? (await firstDeadline(scope))) : '';
    for (const keys of calls.releases(scope, rules)) {
      for (let isFirst = true; ; isFirst = false) {
        if (clocks.local() - startedAt > deadlineMs) throw new TypeError('too late');
        const askedAt = clocks.local();
        const lateMs = await scripts.release(keys, [by]);
        if (lateMs === null || lateMs === undefined) break;
        if (!isFirst || clocks.local() - askedAt > deadlineMs) throw new TypeError('too late');
        // Another server answers, with another clock.
        clocks.learn(scope, Number(lateMs), askedAt);
        by = deadline(scope) ?? by;
      }
    }
  }

  /** What other parts took belongs to a call that throws. */
  async function returnGranted(scope: string, granted: readonly TakeRequest[]): Promise<void> {
    try {
      await settle(scope, granted.map(toReturn));
    } catch {
      // They stay counted until they leave their windows: too high, never too low.
    }
  }

  const takeOnce = createTakeOnce({
    open,
    lost,
    takeCall,
    take: createGatherTakes({ calls: calls.takes, take: takeCall }),
  });

  return {
    async take(scope, requests, options) {
      throwIfAborted(options?.signal);
      checks.checkRequests(scope, requests);
      const [request] = requests;
      if (requests.length === 1) return [await takeOnce.take(scope, request as TakeRequest)];
      return await takeInParts(calls.takes(scope, requests), {
        take: (call) => takeCall(scope, call),
        giveBack: (granted) => returnGranted(scope, granted),
        check: () => throwIfAborted(options?.signal),
      });
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
      const states: RuleState[] = [];
      try {
        for (const { keys, args, rules: part } of calls.inspects(scope, rules)) {
          states.push(...readStates(await scripts.inspect(keys, args), part));
        }
      } catch (error) {
        throw storeError(error, 'Nothing was read.');
      }
      return states;
    },
    async release(scope, rules) {
      checks.checkRules(scope, rules);
      open.release(scope, rules);
      try {
        await forget(scope, rules);
      } catch (error) {
        throw storeError(error, 'Not everything was released. Release it again.');
      }
    },
  };
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new AbortedError({
    message: 'The call was aborted. Nothing was sent.',
    submission: 'not-submitted',
  });
}

function toReturn({ reservation, rules }: TakeRequest): Settlement {
  return { reservation, rules, outcome: 'return' };
}

/** Only its text, masked: what a client library hangs on an error has keys and numbers in it. */
function storeError(error: unknown, consequence: string): StoreError {
  const said = error instanceof Error ? ` It said: ${redactText(error.message)}` : '';
  return new StoreError(`The limit store on Redis failed. ${consequence}${said}`);
}
