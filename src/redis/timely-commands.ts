import type { LimitRule } from '../limits/limit-store.ts';
import { RELEASE, TAKE } from './lua/scripts.ts';
import { readTakeAnswer, type TakeAnswer } from './read-answer.ts';
import type { RedisCommands } from './redis-commands.ts';
import { createRunScript } from './run-script.ts';
import { DEADLINE_AT, type ScriptCalls, type TakeCall } from './script-calls.ts';
import { createServerClocks } from './server-clock.ts';
import { STAMPS_A_MS } from './stamps.ts';

/** The commands that must not be carried out late: each says by when, in the time of the server. */
export interface TimelyCommands {
  take(scope: string, call: TakeCall): Promise<TakeAnswer>;
  /** All within one deadline: a command that comes later would forget what was counted meanwhile. */
  release(scope: string, rules: readonly LimitRule[]): Promise<void>;
  /** Monotonic milliseconds of this process. */
  local(): number;
}

export interface TimelyCommandsConfig {
  readonly commands: RedisCommands;
  readonly calls: ScriptCalls;
  readonly deadlineMs: number;
  /** The server counts by the clock of a test: nothing is ever late. */
  readonly isTest: boolean;
}

export function createTimelyCommands(config: TimelyCommandsConfig): TimelyCommands {
  const { commands, calls, deadlineMs, isTest } = config;
  const takeScript = createRunScript(commands, TAKE);
  const releaseScript = createRunScript(commands, RELEASE);
  const clocks = createServerClocks();
  const isPrompt = (askedAt: number) => clocks.local() - askedAt <= deadlineMs;

  /** The deadline of a command that is sent now, when the time of the server is known. */
  function known(scope: string): string | undefined {
    const nowMs = clocks.now(scope);
    return nowMs === undefined ? undefined : `${Math.ceil(nowMs + deadlineMs)}`;
  }

  async function deadline(scope: string): Promise<string> {
    const first = known(scope);
    if (first !== undefined) return first;
    const askedAt = clocks.local();
    const { keys, args } = calls.time(scope);
    const answer = readTakeAnswer(await takeScript(keys, args), []);
    if (answer.kind === 'taken') clocks.learn(scope, answer.stamp / STAMPS_A_MS, askedAt);
    const learnt = known(scope);
    // Without one a command that comes late would count.
    if (learnt === undefined) throw new TypeError('no time');
    return learnt;
  }

  return {
    local: clocks.local,
    async take(scope, { keys, args, requests }) {
      for (let isFirst = true; ; isFirst = false) {
        if (!isTest) args[DEADLINE_AT] = known(scope) ?? (await deadline(scope));
        const askedAt = clocks.local();
        const answer = readTakeAnswer(await takeScript(keys, args), requests);
        if (answer.kind === 'void') return answer;
        const isInTime = isPrompt(askedAt);
        if (isInTime && !(answer.kind === 'taken' && answer.isRepeated)) {
          clocks.learn(scope, answer.stamp / STAMPS_A_MS, askedAt);
        }
        // Late, and yet at once: another server answers, with another clock. Nothing was counted.
        if (answer.kind === 'late' && isInTime && isFirst) continue;
        return answer;
      }
    },
    async release(scope, rules) {
      const startedAt = clocks.local();
      let by = isTest ? '' : await deadline(scope);
      for (const keys of calls.releases(scope, rules)) {
        for (let isFirst = true; ; isFirst = false) {
          if (!isPrompt(startedAt)) throw new TypeError('too late');
          const askedAt = clocks.local();
          const lateMs = await releaseScript(keys, [by]);
          if (lateMs === null || lateMs === undefined) break;
          if (!isFirst || !isPrompt(askedAt)) throw new TypeError('too late');
          // Another server answers, with another clock.
          clocks.learn(scope, Number(lateMs), askedAt);
          by = known(scope) ?? by;
        }
      }
    },
  };
}
