import type { Call } from '../call.ts';
import type { GuardDecision, SmsError } from '../errors.ts';
import { maskedNumber } from '../guards/event-fields.ts';
import {
  type Content,
  decisionOf,
  type Guard,
  type GuardMode,
  isGuardError,
  type OutgoingMessage,
} from '../guards/guard.ts';
import { withKnownVisitor } from '../guards/known-visitor.ts';
import type { GuardName } from '../guards/reasons.ts';
import { adviceOf, decisionOfViolation, decisiveRefusals, longestWait } from '../guards/violation.ts';
import { describeDuration } from '../internal/describe-duration.ts';
import type { LimitRule, RuleViolation, WindowRule } from '../limits/limit-store.ts';
import type { Limiter } from '../limits/limiter.ts';
import type { Clock, Purpose } from '../types.ts';
import { type MessageReader, type PrepareConfig, prepareInputs } from './prepare.ts';
import type { SmsMessage } from './sms-message.ts';

/** One count of a guard, before the message. */
export interface ExplainedCount {
  /** The rule of the guard, for example `recipient:all`. */
  readonly rule: string;
  /** The current count, in the unit of `limit`. Money is in micro-units. */
  readonly observed: number;
  /** Most that is allowed in `windowMs`. */
  readonly limit?: number;
  /** Length of the window, in milliseconds. */
  readonly windowMs?: number;
  /** True when the count may be too high, because the table was full and the entry was folded. */
  readonly approximate?: boolean;
}

/** The verdict of one guard on a message that is not sent. */
export interface GuardExplanation {
  readonly guard: GuardName;
  readonly mode: GuardMode;
  /**
   * `pass`: no objection. `refuse`: it refuses. `ask`: it refuses, and a visitor who proves that they are a person passes. `observe`: it
   * would refuse, and is in monitor mode. `not-asked`: the token of a captcha would be used up, so it counts as passed.
   */
  readonly verdict: 'pass' | 'refuse' | 'ask' | 'observe' | 'not-asked';
  /** The record that the error or the event would carry; absent for `pass` and `not-asked`. */
  readonly decision?: GuardDecision;
  /** Every count because of which the guard refuses this message. */
  readonly counted: readonly ExplainedCount[];
  /** How the message gets through, in one sentence; absent for `pass`. */
  readonly change?: string;
}

/** The verdicts of all guards on a message that is not sent. */
export interface MessageExplanation {
  /** The outcome that `messages.send` would have: `admit`, `refuse`, or `ask` for a proof that the visitor is a person. */
  readonly verdict: 'admit' | 'refuse' | 'ask';
  readonly purpose: Purpose;
  /** Masked. Absent when the number cannot be read. */
  readonly destination?: string;
  /** ISO 3166-1 alpha-2. Absent when the number cannot be read or belongs to no country. */
  readonly country?: string;
  /** Epoch milliseconds for which `guards.quietHours` would schedule the message; absent when it would go out at its own time. */
  readonly postponedTo?: number;
  /** Every guard that is on, in the order in which they run. */
  readonly guards: readonly GuardExplanation[];
}

/** Runs all guards over a message, without taking or sending anything. */
export type Explain = (message: unknown, call: Call) => Promise<MessageExplanation>;

export interface ExplainConfig {
  readonly guards: readonly Guard[];
  readonly limiter: Limiter;
  readonly clock: Clock;
  readonly reader: MessageReader<SmsMessage>;
  readonly prepare: PrepareConfig;
}

const CONSEQUENCE = 'nothing was explained. Nothing was sent.';

/**
 * Refuses every take, and counts nothing: an amount of 2 never fits into 1. A store that refuses a take has recorded none of
 * its rules, and has told about each of them, with visitors, amounts and members as in a send.
 */
function neverRule(key: number): WindowRule {
  const amount = { weighted: true, weight: 2, limit: 1, windowMs: 60 * 60 * 1000 } as const;
  return { kind: 'window', id: 'explain', guard: 'explain', key, mode: 'enforce', ...amount };
}

/** One counter may be held against several limits. */
const nameOf = (rule: LimitRule) => `${rule.guard} ${rule.id} ${'limit' in rule ? rule.limit : ''}`;

/** The next step for somebody who wants the message sent. */
function changeOf(decision: GuardDecision): string {
  const { guard, reason, action, retryAfterMs, outage } = decision;
  const option = guard === 'allowedRecipients' ? guard : `guards.${guard}`;
  if (outage === true) return `Repair the store or hook behind ${option}; its exception is in onError.`;
  const advice = adviceOf(reason, action);
  if (advice !== undefined) return advice;
  if (retryAfterMs === undefined) return `Change the message, or ${option}: ${decision.explanation}`;
  return `Wait ${describeDuration(retryAfterMs)}, change ${option}, or lift the limit of this number with guards.release.`;
}

function refused(
  mode: GuardMode,
  decision: GuardDecision,
  isFinal: boolean,
): Omit<GuardExplanation, 'guard' | 'counted'> {
  const verdict = isFinal ? (decision.action ?? 'refuse') : 'observe';
  return { mode, verdict, decision, change: changeOf(decision) };
}

function verdictOf(guards: readonly GuardExplanation[]): MessageExplanation['verdict'] {
  if (guards.some(({ verdict }) => verdict === 'refuse')) return 'refuse';
  return guards.some(({ verdict }) => verdict === 'ask') ? 'ask' : 'admit';
}

export function createExplain({ guards, limiter, clock, reader, prepare }: ExplainConfig): Explain {
  /** The refusal of every guard that looks at messages or asks somebody. */
  async function runChecks(message: OutgoingMessage, call: Call) {
    const found = new Map<Guard, Omit<GuardExplanation, 'guard' | 'counted'>>();
    const now = clock.now();
    for (const guard of guards) {
      const refusal = guard.check?.(message, now) ?? (await ask(guard, message, now, call));
      if (refusal === undefined) continue;
      const decision = decisionOf(guard, message, refusal);
      if (refusal.postponeTo !== undefined && guard.mode === 'enforce') {
        message.content = { ...(message.content as Content), scheduledAt: refusal.postponeTo };
        message.postponedTo = refusal.postponeTo;
        continue;
      }
      const isFinal = guard.mode === 'enforce' || refusal.always === true;
      if (!isFinal) message.decisions = [...(message.decisions ?? []), decision];
      found.set(guard, refused(guard.mode, decision, isFinal));
    }
    return found;
  }

  async function ask(guard: Guard, message: OutgoingMessage, now: number, call: Call) {
    const refusals = await guard.ask?.([message], { now, signal: call.signal, context: call.context });
    call.throwIfEnded();
    return refusals?.[0];
  }

  async function violationsOf(rules: readonly LimitRule[], message: OutgoingMessage, call: Call) {
    const never = neverRule(message.phone.key);
    const reservation = limiter.reserve([...withKnownVisitor(rules, message), never]);
    const [verdict] = await limiter.take([reservation], call, CONSEQUENCE);
    // A store that grants what can never be granted has counted it.
    if (verdict?.granted !== false) await limiter.settle([{ reservation, outcome: 'return' }]);
    const refusals = verdict?.granted === false ? verdict.refusals : [];
    return {
      refusals: refusals.filter(({ rule }) => rule.id !== never.id),
      observed: verdict?.observed ?? [],
    };
  }

  async function countsOf(rules: readonly LimitRule[], call: Call): Promise<Map<string, ExplainedCount[]>> {
    // The count is the same for every visitor, so conditions are ignored.
    const counted = rules
      .filter(({ kind }) => kind !== 'once')
      .map(({ when: _, ...rule }) => rule as LimitRule);
    const states = await limiter.inspect(counted, call, CONSEQUENCE);
    const byGuard = new Map<string, ExplainedCount[]>();
    const shown = new Set<string>();
    for (const { rule, count: observed, approximate } of states) {
      const name = nameOf(rule);
      if (shown.has(name)) continue;
      shown.add(name);
      const counts = byGuard.get(rule.guard) ?? [];
      byGuard.set(rule.guard, counts);
      counts.push({
        rule: rule.id,
        observed,
        ...('limit' in rule && { limit: rule.limit }),
        ...('windowMs' in rule && { windowMs: rule.windowMs }),
        ...(approximate === true && { approximate }),
      });
    }
    return byGuard;
  }

  /** The verdict of a guard's limits; the refusal that lasts longest decides, as in a send. */
  function limitVerdict(
    guard: Guard,
    message: OutgoingMessage,
    {
      refusals,
      observed,
    }: { readonly refusals: readonly RuleViolation[]; readonly observed: readonly RuleViolation[] },
  ): Omit<GuardExplanation, 'guard' | 'counted'> | undefined {
    const own = refusals.filter(({ rule }) => rule.guard === guard.name);
    if (own.length > 0) {
      const { refusals: deciding, action } = decisiveRefusals(own, [guard]);
      return refused(guard.mode, decisionOfViolation(longestWait(deciding), message, deciding, action), true);
    }
    const seen = observed.find(({ rule }) => rule.guard === guard.name);
    return seen && refused(guard.mode, decisionOfViolation(seen, message, [seen]), false);
  }

  return async (input, call) => {
    const [prepared] = await prepareInputs(
      [{ index: 0, list: '', input }],
      reader,
      { ...prepare, segments: {} },
      call,
    );
    if (prepared === undefined || 'status' in prepared) {
      const error = prepared?.error as SmsError;
      if (!isGuardError(error)) throw error;
      const { decision } = error;
      const { purpose = 'transactional' } = input as Partial<SmsMessage>;
      const found = { guard: decision.guard, counted: [], ...refused('enforce', decision, true) };
      return { verdict: 'refuse', purpose, guards: [found] };
    }
    const message: OutgoingMessage = { ...prepared, isDryRun: true };
    const hasToken = message.humanToken !== undefined;
    if (hasToken) message.isHuman = true;
    const found = await runChecks(message, call);
    const rules = guards.flatMap((guard) => guard.rules?.(message) ?? []);
    const violations = await violationsOf(rules, message, call);
    const counts = await countsOf(rules, call);
    const explained = guards.map((guard): GuardExplanation => {
      const { name, mode } = guard;
      const counted = counts.get(name) ?? [];
      const objection = found.get(guard) ?? limitVerdict(guard, message, violations);
      if (objection !== undefined) return { guard: name, counted, ...objection };
      const isUnverified = name === 'human' && hasToken;
      const change = 'Send the message: its token is verified then, and is valid for one message.';
      return isUnverified
        ? { guard: name, mode, verdict: 'not-asked', counted, change }
        : { guard: name, mode, verdict: 'pass', counted };
    });
    const { purpose, phone, postponedTo } = message;
    return {
      verdict: verdictOf(explained),
      purpose,
      ...maskedNumber(phone),
      ...(postponedTo !== undefined && { postponedTo }),
      guards: explained,
    };
  };
}
