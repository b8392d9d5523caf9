import type { LimitRule } from '../limits/limit-store.ts';
import { DOUBT_TAKE, RELEASE, TAKE } from './lua/scripts.ts';
import { parseTakeReply, type TakeReply } from './parse-reply.ts';
import type { RedisCommands } from './redis-commands.ts';
import { DEADLINE_INDEX, toArguments } from './rule-texts.ts';
import { createRunScript } from './run-script.ts';
import type { ScriptCalls, TakeCall } from './script-calls.ts';
import { createServerClocks } from './server-clock.ts';
import { STAMPS_PER_MS } from './stamps.ts';

/** Commands that must not run late. Each carries a deadline in server time. */
export interface DeadlineCommands {
  take(scope: string, call: TakeCall): Promise<TakeReply>;
  /** Runs all commands within one deadline: a late one would delete what was counted meanwhile. */
  release(scope: string, rules: readonly LimitRule[]): Promise<void>;
  /** Runs a command with a deadline. It replies with `late` and the server time in milliseconds when it did nothing. */
  inTime(scope: string, run: (by: string) => Promise<string>): Promise<string>;
  /** Monotonic milliseconds of this process. */
  local(): number;
}

export interface DeadlineCommandsConfig {
  readonly commands: RedisCommands;
  readonly calls: ScriptCalls;
  readonly deadlineMs: number;
  /** The server counts by a test clock, so nothing is ever late. */
  readonly isTest: boolean;
}

export function createDeadlineCommands(config: DeadlineCommandsConfig): DeadlineCommands {
  const { commands, calls, deadlineMs, isTest } = config;
  const takeScript = createRunScript(commands, TAKE);
  const doubtScript = createRunScript(commands, DOUBT_TAKE);
  const releaseScript = createRunScript(commands, RELEASE);
  const clocks = createServerClocks();
  const isPrompt = (askedAt: number) => clocks.local() - askedAt <= deadlineMs;

  /** The deadline of a command that is sent now, if the server time is known. */
  function knownDeadline(scope: string): string | undefined {
    const nowMs = clocks.now(scope);
    return nowMs === undefined ? undefined : `${Math.ceil(nowMs + deadlineMs)}`;
  }

  async function deadline(scope: string): Promise<string> {
    const first = knownDeadline(scope);
    if (first !== undefined) return first;
    const askedAt = clocks.local();
    const { keys, args } = calls.time(scope);
    const reply = parseTakeReply(await takeScript(keys, args), []);
    if (reply.kind === 'taken') clocks.record(scope, reply.stamp / STAMPS_PER_MS, askedAt);
    const learnt = knownDeadline(scope);
    // Without a deadline a late command would count.
    if (learnt === undefined) throw new TypeError('the server reported no time');
    return learnt;
  }

  return {
    local: clocks.local,
    async take(scope, { keys, args, requests, hasDoubt }) {
      const script = hasDoubt ? doubtScript : takeScript;
      for (let isFirst = true; ; isFirst = false) {
        if (!isTest) args[DEADLINE_INDEX] = knownDeadline(scope) ?? (await deadline(scope));
        const askedAt = clocks.local();
        const reply = parseTakeReply(await script(keys, args), requests);
        if (reply.kind === 'void') return reply;
        const isInTime = isPrompt(askedAt);
        if (isInTime && !(reply.kind === 'taken' && reply.isRepeated)) {
          clocks.record(scope, reply.stamp / STAMPS_PER_MS, askedAt);
        }
        // Late, although the reply was prompt: another server replied, with another clock. Nothing was counted.
        if (reply.kind === 'late' && isInTime && isFirst) continue;
        return reply;
      }
    },
    async inTime(scope, run) {
      let by = isTest ? '' : await deadline(scope);
      for (let isFirst = true; ; isFirst = false) {
        const askedAt = clocks.local();
        const reply = await run(by);
        if (!reply.startsWith('late ')) return reply;
        if (!isFirst || !isPrompt(askedAt)) throw new TypeError('too late');
        // Another server replied, with another clock.
        clocks.record(scope, Number(reply.slice('late '.length)), askedAt);
        by = knownDeadline(scope) ?? by;
      }
    },
    async release(scope, rules) {
      const startedAt = clocks.local();
      let by = isTest ? '' : await deadline(scope);
      for (const { keys, texts } of calls.releases(scope, rules)) {
        for (let isFirst = true; ; isFirst = false) {
          if (!isPrompt(startedAt)) throw new TypeError('too late');
          const askedAt = clocks.local();
          const lateMs = await releaseScript(keys, toArguments(texts, by));
          if (lateMs === null || lateMs === undefined) break;
          if (!isFirst || !isPrompt(askedAt)) throw new TypeError('too late');
          // Another server replied, with another clock.
          clocks.record(scope, Number(lateMs), askedAt);
          by = knownDeadline(scope) ?? by;
        }
      }
    },
  };
}
