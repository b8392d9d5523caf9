import type { Emit } from '../events.ts';
import { createCache } from '../internal/cache.ts';
import { digestOf } from '../internal/digest.ts';
import { mapLimited } from '../internal/map-limited.ts';
import { withTimeLimit } from '../internal/time-limit.ts';
import { runUserCode } from '../internal/user-code.ts';
import { raceAbort } from '../internal/wait.ts';
import type { LimitRule, WindowRule } from '../limits/limit-store.ts';
import type { HookOperation } from '../telemetry/operations.ts';
import type { Clock } from '../types.ts';
import { messageFields } from './event-fields.ts';
import type { Guard, GuardCall, OutgoingMessage, Refusal } from './guard.ts';
import type { HumanGuardOptions, HumanVerification, HumanVerifier } from './human-options.ts';
import { IF_STRANGER } from './known-visitor.ts';

/** How long a puzzle is remembered as used: a day, and captchas end within minutes. */
const USED_MS = 24 * 60 * 60 * 1000;
/** How long a result is kept for a repeat of the message: the tokens of reCAPTCHA and hCaptcha are as old at most. */
const RESULT_MS = 2 * 60 * 1000;
const MAX_RESULTS = 1_000;
/** Verifications of one call at a time. */
const CONCURRENCY = 16;
const TOKEN_RULE_ID = 'human:token';

/** The result of one token, or `undefined` when nobody could tell. */
interface Checked {
  readonly verification: HumanVerification | undefined;
  readonly puzzle: string;
}

export interface HumanNeeds {
  readonly emit: Emit;
  readonly clock: Clock;
}

function isVerification(value: unknown): value is HumanVerification {
  const { passed, score, id } = (value ?? {}) as Partial<Record<keyof HumanVerification, unknown>>;
  return (
    typeof passed === 'boolean' &&
    (score === undefined || (typeof score === 'number' && score >= 0 && score <= 1)) &&
    (id === undefined || typeof id === 'string')
  );
}

/** Refuses messages whose visitor had to prove that they are a person and did not, and verifies tokens for all other guards. */
export function createHumanGuard(options: HumanGuardOptions, needs: HumanNeeds): Guard<'human'> {
  const { mode = 'enforce', verify, required = 'when-asked', minScore = 0.5 } = options;
  const { onUnavailable = 'refuse' } = options;
  const purposes = new Set(options.purposes ?? ['otp']);
  const check = verify && createTokenCheck(verify, options, needs);
  /** The puzzles behind the tokens of messages on their way. */
  const puzzles = new WeakMap<OutgoingMessage, string>();

  const isConcerned = ({ purpose }: OutgoingMessage) => required !== 'when-asked' && purposes.has(purpose);

  /** Whether this message needs a person, as far as the message itself tells. */
  function isRequired(message: OutgoingMessage): boolean {
    if (!isConcerned(message)) return false;
    return required === 'always' || (message.subject === undefined && message.isReturning !== true);
  }

  function askForMore(): Refusal<'human'> {
    return {
      reason: 'captcha-needed',
      action: 'ask',
      message:
        'The visitor must prove that they are a person (guards.human.required). Show a captcha, and send the message again with human: { token } or { passed: true }.',
    };
  }

  function judge(
    message: OutgoingMessage,
    { verification, puzzle }: Checked,
    call: GuardCall,
  ): Refusal<'human'> | undefined {
    if (verification === undefined) {
      message.isHuman = onUnavailable === 'allow';
      report(message, call, 'unavailable');
      if (message.isHuman) return undefined;
      return {
        reason: 'captcha-unavailable',
        action: 'ask',
        outage: true,
        message:
          'The token of the captcha could not be verified: guards.human.verify threw, gave no verdict, or took longer than timeoutMs. Its exception is in onError.',
      };
    }
    const { passed, score, reason } = verification;
    message.isHuman = passed && (score === undefined || score >= minScore);
    message.humanScore = score;
    puzzles.set(message, puzzle);
    const shown = reason !== undefined && /^[\w-]{1,60}$/.test(reason) ? reason : undefined;
    report(
      message,
      call,
      message.isHuman ? 'passed' : 'failed',
      passed && !message.isHuman ? 'low-score' : shown,
    );
    if (message.isHuman || !isRequired(message)) return undefined;
    return {
      reason: 'captcha-failed',
      action: 'ask',
      message:
        'The visitor did not pass the captcha. Show another one, and send the message again with its token.',
    };
  }

  function report(
    message: OutgoingMessage,
    { context }: GuardCall,
    outcome: 'passed' | 'failed' | 'unavailable',
    reason?: string,
  ): void {
    const { humanScore: score } = message;
    const details = { ...(reason !== undefined && { reason }), ...(score !== undefined && { score }) };
    needs.emit(
      { type: 'human-checked', ...messageFields(message), outcome, ...details },
      context,
      message.phone,
    );
  }

  return {
    name: 'human',
    mode,
    action: 'ask',
    check(message) {
      const { humanToken, humanScore } = message;
      if (humanToken === undefined) {
        if (humanScore !== undefined && humanScore < minScore) message.isHuman = false;
        return message.isHuman !== true && isRequired(message) ? askForMore() : undefined;
      }
      if (check !== undefined) return undefined;
      return {
        reason: 'no-verifier',
        always: true,
        message:
          'The message carries a captcha token, but guards.human.verify is not set. Set it, for example to turnstile({ secret }) of 8x8-sms-guard/captcha, or verify the token yourself and pass human: { passed }.',
      };
    },
    ...(check && {
      async ask(messages: readonly OutgoingMessage[], call: GuardCall) {
        const open = messages.filter(({ humanToken }) => humanToken !== undefined);
        if (open.length === 0) return [];
        const refusals = new Map<OutgoingMessage, Refusal<'human'> | undefined>();
        await mapLimited(open, CONCURRENCY, async (message) => {
          // A second look finds what the first one has found.
          if (message.isHuman === undefined && message.isDryRun !== true)
            refusals.set(message, judge(message, await check(message, call), call));
        });
        return messages.map((message) => refusals.get(message));
      },
    }),
    rules(message) {
      const rules: LimitRule[] = [];
      const { isHuman, isReturning, subject, phone } = message;
      const puzzle = puzzles.get(message);
      if (puzzle !== undefined && isHuman === true) {
        const window = { limit: 1, windowMs: USED_MS } as const;
        rules.push({ kind: 'window', id: TOKEN_RULE_ID, guard: 'human', key: puzzle, mode, ...window });
      }
      const mayBeKnown = required === 'strangers' && subject !== undefined && isReturning !== true;
      if (isHuman !== true && mayBeKnown && isConcerned(message)) rules.push(strangersRule(phone.key, mode));
      return rules;
    },
    // A token belongs to no number.
    counters: () => [],
  };
}

/**
 * Refuses every stranger, and counts nothing: an amount of 2 never fits into 1. The window is long, because what was taken from a
 * short one is soon too old to be sent on.
 */
function strangersRule(key: number, mode: WindowRule['mode']): WindowRule {
  const never = { weighted: true, weight: 2, limit: 1, windowMs: 60 * 60 * 1000 } as const;
  return { kind: 'window', id: 'human:required', guard: 'human', key, mode, ...never, when: IF_STRANGER };
}

const unknownOf = (puzzle: string): Checked => ({ verification: undefined, puzzle });

/** Verifies each token once, and remembers the results for a while: the provider takes a token once, too. */
function createTokenCheck(
  verify: HumanVerifier,
  { timeoutMs = 3_000 }: HumanGuardOptions,
  { emit, clock }: HumanNeeds,
): (message: OutgoingMessage, call: GuardCall) => Promise<Checked> {
  const results = createCache<string, { readonly until: number; readonly checked: Checked }>(MAX_RESULTS);
  const running = new Map<string, Promise<Checked>>();

  /** The verdict; undefined after the time limit. An operation where somebody follows them. */
  function verifyInTime(work: (signal: AbortSignal) => Promise<unknown>): Promise<unknown> {
    const operation: HookOperation = { kind: 'hook', name: 'guards.human.verify' };
    const ask = async () => {
      const outcome = await withTimeLimit<unknown>(timeoutMs, undefined, work);
      if (!outcome.inTime) operation.errorType = 'timeout';
      return outcome.inTime ? outcome.value : undefined;
    };
    return emit.trace?.(operation, ask) ?? ask();
  }

  /** Under its own time limit: the signal of a call must not end what another one waits for. */
  async function verifyOnce(
    token: string,
    digest: string,
    key: string,
    clientIp: string | undefined,
    context: unknown,
  ): Promise<Checked> {
    const work = (limited: AbortSignal) =>
      runUserCode(
        emit,
        'guards.human.verify',
        () => verify({ token, clientIp, signal: limited, context }),
        limited,
      );
    try {
      const value = await verifyInTime(work);
      if (isVerification(value)) {
        const { id } = value;
        const puzzle = id === undefined ? digest : await digestOf(['id', id]);
        const checked = { verification: value, puzzle };
        results.set(key, { until: clock.now() + RESULT_MS, checked });
        return checked;
      }
    } catch {
      // The exception went to onError.
    } finally {
      running.delete(key);
    }
    return unknownOf(digest);
  }

  return async ({ humanToken = '', clientIp }, { signal, context }) => {
    const digest = await digestOf(['token', humanToken]);
    // The verdict may depend on the address.
    const key = await digestOf([digest, clientIp ?? '']);
    const known = results.get(key);
    if (known !== undefined && known.until > clock.now()) return known.checked;
    let started = running.get(key);
    if (started === undefined) {
      started = verifyOnce(humanToken, digest, key, clientIp, context);
      running.set(key, started);
    }
    // A call that has ended says so itself.
    return signal === undefined ? started : raceAbort(started, signal).catch(() => unknownOf(digest));
  };
}

export function describeHumanRule({ id }: LimitRule): string {
  return id === TOKEN_RULE_ID
    ? 'The token of the captcha was used for another message.'
    : 'The visitor must prove that they are a person (guards.human.required).';
}
