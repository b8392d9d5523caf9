import type { Emit } from '../events.ts';
import { mapLimited } from '../internal/map-limited.ts';
import { withTimeLimit } from '../internal/time-limit.ts';
import { runUserCode } from '../internal/user-code.ts';
import { PURPOSES, purposesField } from '../purposes.ts';
import {
  anyFunction,
  FALSE_OR_OPTIONS,
  type Fields,
  falseOr,
  integer,
  objectWith,
  oneOf,
} from '../schema.ts';
import type { Purpose } from '../types.ts';
import type { Guard, GuardCall, GuardMode, OutgoingMessage, Refusal } from './guard.ts';
import { detailOf, type GuardedMessage, guardedMessage, isAction } from './guarded-message.ts';
import type { GuardAction } from './reasons.ts';

/** The answer of a policy. */
export type PolicyAnswer =
  | {
      /** Lets the message go on to the limits. */
      readonly action: 'allow';
    }
  | {
      /** `ask`: refuses too; ask the visitor to prove that they are a person, and send the message again. */
      readonly action: GuardAction;
      /** Your reason, for the log: `detail` of the decision, at most 200 characters. Numbers in it are masked. */
      readonly reason?: string | undefined;
    };

/**
 * One hook that decides about every message by everything known: visitor, device, address, origin, purpose, country, text and the
 * decisions of guards in monitor mode. Use it for the risk score of any vendor. It is called after every other check and before the
 * message is counted, and again if the message waited over a second.
 *
 * @example
 * ```ts
 * policy: {
 *   decide: async ({ device, clientIp }, { signal }) =>
 *     (await riskOf(device, clientIp, signal)) > 0.9 ? { action: 'refuse', reason: 'risk' } : { action: 'allow' },
 * }
 * ```
 */
export interface PolicyGuardOptions {
  /** `enforce` refuses; `monitor` only reports what it would have refused. @default 'enforce' */
  readonly mode?: GuardMode | undefined;
  /** Decides about one message. Anything but a `PolicyAnswer` counts as a failure. */
  decide(
    message: GuardedMessage,
    call: {
      /** Fires when `timeoutMs` has run out, or the call ends. */
      readonly signal?: AbortSignal | undefined;
      /** `context` of the call. */
      readonly context: unknown;
    },
  ): PolicyAnswer | Promise<PolicyAnswer>;
  /** Purposes for which it is called. @default all */
  readonly purposes?: readonly Purpose[] | undefined;
  /**
   * The decision when the hook throws, takes too long, or returns something else. `refuse`: the error has `outage: true`.
   * @default 'refuse'
   */
  readonly onFailure?: 'refuse' | 'allow' | undefined;
  /** Time limit of one call in milliseconds, 1 to 60,000. @default 1_000 */
  readonly timeoutMs?: number | undefined;
  /** Concurrent calls for the messages of one call, 1 to 1,000. @default 32 */
  readonly concurrency?: number | undefined;
}

const fields: Fields<PolicyGuardOptions> = {
  mode: oneOf(['enforce', 'monitor']),
  decide: anyFunction('a function that answers { action, reason }'),
  purposes: purposesField,
  onFailure: oneOf(['refuse', 'allow']),
  timeoutMs: integer({ min: 1, max: 60_000, unit: 'milliseconds' }),
  concurrency: integer({ min: 1, max: 1_000 }),
};
export const policyField = falseOr(objectWith(['decide'], fields, FALSE_OR_OPTIONS));

const FAILURES = {
  threw: 'The hook guards.policy.decide threw, and onError received the exception.',
  'timed-out': 'The hook guards.policy.decide did not respond within guards.policy.timeoutMs.',
  unreadable:
    'The hook guards.policy.decide returned something other than { action: "allow" | "ask" | "refuse" }.',
} as const;

function isAnswer(value: unknown): value is PolicyAnswer {
  const action: unknown = (value as { readonly action?: unknown } | null | undefined)?.action;
  return action === 'allow' || isAction(action);
}

/** Asks the team's policy. */
export function createPolicyGuard(
  options: PolicyGuardOptions,
  { emit }: { readonly emit: Emit },
): Guard<'policy'> {
  const { mode = 'enforce', onFailure = 'refuse', timeoutMs = 1_000, concurrency = 32 } = options;
  const purposes = new Set<Purpose>(options.purposes ?? PURPOSES);

  function failure(reason: keyof typeof FAILURES): Refusal<'policy'> | undefined {
    if (onFailure === 'allow') return undefined;
    return { reason, message: FAILURES[reason], outage: true };
  }

  function refusalFor(answer: PolicyAnswer): Refusal<'policy'> | undefined {
    if (answer.action === 'allow') return undefined;
    const detail = detailOf(answer.reason);
    if (answer.action === 'refuse') {
      return { reason: 'refused', message: 'Your policy refused this message (guards.policy).', ...detail };
    }
    const message = 'Your policy asks for proof that the visitor is a person (guards.policy).';
    return { reason: 'captcha-needed', action: 'ask', message, ...detail };
  }

  async function decide(message: OutgoingMessage, call: GuardCall): Promise<Refusal<'policy'> | undefined> {
    if (!purposes.has(message.purpose)) return undefined;
    try {
      const outcome = await withTimeLimit<unknown>(timeoutMs, call.signal, (signal) =>
        runUserCode(
          emit,
          'guards.policy.decide',
          () => options.decide(guardedMessage(message), { signal, context: call.context }),
          signal,
        ),
      );
      if (!outcome.inTime) return failure('timed-out');
      return isAnswer(outcome.value) ? refusalFor(outcome.value) : failure('unreadable');
    } catch {
      // The exception went to onError.
      return failure('threw');
    }
  }

  return {
    name: 'policy',
    mode,
    ask: (messages, call) => mapLimited(messages, concurrency, (message) => decide(message, call)),
  };
}
