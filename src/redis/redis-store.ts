import { AbortedError, StoreError } from '../errors.ts';
import { unmetRules } from '../limits/conditions.ts';
import type {
  DoubtRule,
  LimitRule,
  LimitStore,
  RuleState,
  Settlement,
  TakeRequest,
  TakeVerdict,
} from '../limits/limit-store.ts';
import { checkId, checkSettlement } from '../limits/rule-validation.ts';
import { takeInChunks } from './chunked-take.ts';
import { createDeadlineCommands } from './deadline-commands.ts';
import { createDedupeTakes } from './dedupe-takes.ts';
import { INSPECT, RECALL, SETTLE } from './lua/scripts.ts';
import { createMicroBatch } from './micro-batch.ts';
import { createOpenReservations, type OpenReservation } from './open-reservations.ts';
import { parseInspectReply, parseRecallReply, type TakeReply } from './parse-reply.ts';
import type { RedisCommands } from './redis-commands.ts';
import { createRedisDoubts } from './redis-doubts.ts';
import { createRedisRecords } from './redis-records.ts';
import type { KeyNameVersions } from './rule-arguments.ts';
import { createRuleChecks } from './rule-checks.ts';
import { createRunScript } from './run-script.ts';
import { createScriptCalls, type ScriptSettlement, type TakeCall } from './script-calls.ts';
import { toScriptSettlement } from './script-settlement.ts';
import { storeError } from './store-error.ts';
import { createUnansweredTakes } from './unanswered-takes.ts';

export interface RedisStoreConfig {
  readonly commands: RedisCommands;
  readonly names: KeyNameVersions;
  /** Milliseconds of server time after which a take in flight counts nothing. */
  readonly deadlineMs: number;
  /** Microseconds of a test clock, used instead of the server's. */
  readonly testClock?: (() => number) | undefined;
}

/**
 * Counts on a Redis or Valkey server, by the server's clock. Throws when the server does not answer; the failover store
 * decides then. A take counts as written when it is taken.
 */
export function createRedisStore(config: RedisStoreConfig): LimitStore {
  const { commands, names, deadlineMs, testClock } = config;
  const calls = createScriptCalls(names, testClock);
  const scripts = {
    settle: createRunScript(commands, SETTLE),
    inspect: createRunScript(commands, INSPECT),
    recall: createRunScript(commands, RECALL),
  };
  const checks = createRuleChecks();
  const deadlineCommands = createDeadlineCommands({
    commands,
    calls,
    deadlineMs,
    isTest: testClock !== undefined,
  });
  const doubts = createRedisDoubts({
    commands,
    names,
    clockTexts: calls.clockTexts,
    deadlineCommands,
  });
  const openReservations = createOpenReservations();
  const unanswered = createUnansweredTakes();

  async function takeCall(scope: string, call: TakeCall): Promise<readonly TakeVerdict[]> {
    let reply: TakeReply;
    // A command that is sent again is no longer lost.
    unanswered.remove(scope, call);
    try {
      reply = await deadlineCommands.take(scope, call);
    } catch (error) {
      // The command may have been counted. Settling it recalls it first.
      unanswered.add(scope, call);
      throw storeError(error, 'Nothing was sent.');
    }
    if (reply.kind !== 'taken') {
      throw new StoreError(
        'The take reached the limit store too late and counted nothing. Nothing was sent.',
      );
    }
    remember(scope, call, reply);
    return reply.verdicts;
  }

  function remember(scope: string, { requests }: TakeCall, reply: TakeReply & { kind: 'taken' }): void {
    const openedAt = deadlineCommands.local();
    requests.forEach(({ reservation, rules }, at) => {
      const verdict = reply.verdicts[at] as TakeVerdict;
      if (!verdict.granted) return;
      const take = {
        stamp: reply.stamp,
        rules,
        skipped: skippedBy(rules, verdict),
        doubtHold: reply.doubtHolds[at],
        openedAt,
        verdict: withoutNotices(verdict),
      };
      openReservations.add(scope, reservation, take);
    });
  }

  async function settle(scope: string, settlements: readonly Settlement[]): Promise<void> {
    const wanted: ScriptSettlement[] = [];
    const closed: [reservation: string, OpenReservation][] = [];
    try {
      for (const settlement of settlements) {
        const { reservation, outcome } = settlement;
        const answering = dedupe.whenAnswered(scope, reservation);
        if (answering !== undefined) await answering;
        const call = outcome === 'return' ? unanswered.callOf(scope, reservation) : undefined;
        if (call !== undefined) await recall(scope, call);
        const take = openReservations.remove(scope, reservation, deadlineCommands.local());
        if (take === undefined) continue;
        const wish = toScriptSettlement(settlement, take);
        if (wish === undefined) continue;
        closed.push([reservation, take]);
        wanted.push(wish);
      }
      for (const { keys, args } of calls.settles(scope, wanted)) await scripts.settle(keys, args);
    } catch (error) {
      // A settlement that is sent again is recognised by its mark.
      for (const [reservation, take] of closed) openReservations.add(scope, reservation, take);
      throw storeError(error, 'Unsettled takes stay counted.');
    }
  }

  /** Looks up a take without a reply. Afterwards it is open, or it will count nothing when it arrives. */
  async function recall(scope: string, call: TakeCall): Promise<void> {
    const { keys, args } = calls.recall(call);
    const reply = parseRecallReply(await scripts.recall(keys, args), call.requests);
    unanswered.remove(scope, call);
    if (reply?.kind === 'taken') remember(scope, call, reply);
  }

  /** Gives back what other chunks took, for a call that throws. */
  async function returnGranted(scope: string, granted: readonly TakeRequest[]): Promise<void> {
    try {
      await settle(scope, granted.map(toReturn));
    } catch {
      // They stay counted until they leave their windows: too high, never too low.
    }
  }

  const dedupe = createDedupeTakes({
    openReservations,
    unanswered,
    takeCall,
    take: createMicroBatch({ calls: calls.takes, take: takeCall }),
  });

  return {
    async take(scope, requests, options) {
      throwIfAborted(options?.signal);
      checks.checkRequests(scope, requests);
      const [request] = requests;
      if (requests.length === 1) return [await dedupe.take(scope, request as TakeRequest)];
      return await takeInChunks(calls.takes(scope, requests), {
        take: (call) => takeCall(scope, call),
        giveBack: (granted) => returnGranted(scope, granted),
        throwIfAborted: () => throwIfAborted(options?.signal),
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
      const states = new Map<LimitRule, RuleState>();
      try {
        for (const { keys, args, rules: part } of calls.inspects(scope, rules.filter(isCounter))) {
          for (const state of parseInspectReply(await scripts.inspect(keys, args), part))
            states.set(state.rule, state);
        }
        for (const rule of rules) if (!isCounter(rule)) states.set(rule, await doubts.inspect(scope, rule));
      } catch (error) {
        throw storeError(error, 'Nothing was read.');
      }
      return rules.map((rule) => states.get(rule) as RuleState);
    },
    async release(scope, rules) {
      checks.checkRules(scope, rules);
      openReservations.release(scope, rules);
      try {
        await deadlineCommands.release(scope, rules.filter(isCounter));
        for (const rule of rules) if (!isCounter(rule)) await doubts.release(scope, rule);
      } catch (error) {
        throw storeError(error, 'Some counters were not released. Release them again.');
      }
    },
    records: createRedisRecords({ commands, names, clock: calls.clock }),
    doubts,
  };
}

/** The rules of a granted take that wrote nothing. */
function skippedBy(rules: readonly LimitRule[], { observed, noted }: TakeVerdict): readonly LimitRule[] {
  const unmet = unmetRules(rules, noted);
  if (observed.length === 0 && noted === undefined) return unmet;
  return [...observed, ...(noted ?? [])].map(({ rule }) => rule).concat(unmet);
}

/** Noticed once, however often the reservation is taken. */
function withoutNotices(verdict: TakeVerdict): TakeVerdict {
  if (verdict.notices === undefined) return verdict;
  const { notices: _told, ...lasting } = verdict;
  return lasting;
}

/** Whether a rule has one counter. A rule of doubt has several, with scripts of their own off the way of a message. */
function isCounter(rule: LimitRule): rule is Exclude<LimitRule, DoubtRule> {
  return rule.kind !== 'doubt';
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
