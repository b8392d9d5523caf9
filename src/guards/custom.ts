import type { Emit } from '../events.ts';
import { describeDuration } from '../internal/describe-duration.ts';
import { withTimeLimit } from '../internal/time-limit.ts';
import { runUserCode } from '../internal/user-code.ts';
import { type LimitRule, MAX_WINDOW_MS, type WindowRule } from '../limits/limit-store.ts';
import {
  anyFunction,
  FALSE_OR_OPTIONS,
  type Field,
  type Fields,
  falseOr,
  integer,
  list,
  objectWith,
  oneOf,
  pattern,
  refine,
  text,
  validate,
} from '../schema.ts';
import type { Guard, GuardCall, GuardMode, OutgoingMessage, Refusal } from './guard.ts';
import { detailOf, type GuardedMessage, guardedMessage } from './guarded-message.ts';
import type { GuardAction, GuardReasons } from './reasons.ts';

/** The refusal by your own guard. */
export interface CustomRefusal {
  /** Why, for the log: `detail` of the decision, at most 200 characters. Numbers in it are masked. */
  readonly detail: string;
  /** `ask`: a visitor who proves that they are a person may pass. @default 'refuse' */
  readonly action?: GuardAction | undefined;
}

/** Your own counter: at most `limit` messages under `key` in any `windowMs`, over all processes on one limit store. */
export interface CustomRule {
  /** Identifies the counter among those of this guard: letters, digits and `-`. */
  readonly id: string;
  /** The thing that is counted on its own, such as a tenant or a device; 1 to 200 characters. */
  readonly key: string;
  /** Maximum number of messages in a window. */
  readonly limit: number;
  /** Length of the window in milliseconds, 1 second to 31 days. */
  readonly windowMs: number;
}

/** Your own guard. Like the built-in ones, it has at least one of `check`, `ask` and `rules`. */
export interface CustomGuard {
  /** Its name in decisions (`rule` is `custom:<name>`): a letter, then letters, digits and `-`. */
  readonly name: string;
  /** Examines one message. Must be fast. */
  check?(message: GuardedMessage): CustomRefusal | undefined;
  /** Asks a store or a service about all messages of a call at once. One answer for each, in order. */
  ask?(
    messages: readonly GuardedMessage[],
    call: {
      /** Fires when `timeoutMs` has run out, or the call ends. */
      readonly signal?: AbortSignal | undefined;
      /** `context` of the call. */
      readonly context: unknown;
    },
  ): Promise<readonly (CustomRefusal | undefined)[]>;
  /** Counters for a message. They are counted together with those of this package: all of them, or none. */
  rules?(message: GuardedMessage): readonly CustomRule[];
}

/**
 * Your own guards, which can do what the built-in ones can: check, ask, count. A guard that throws, takes too long or returns something
 * else refuses, with `outage: true`.
 *
 * @example
 * ```ts
 * custom: {
 *   guards: [{ name: 'per-device', rules: ({ device }) => device ? [{ id: 'day', key: device, limit: 5, windowMs: 86_400_000 }] : [] }],
 * }
 * ```
 */
export interface CustomGuardOptions {
  /** `enforce` refuses; `monitor` only reports what it would have refused. @default 'enforce' */
  readonly mode?: GuardMode | undefined;
  /** Your guards, 1 to 20, in the order in which they run. */
  readonly guards: readonly CustomGuard[];
  /** Time limit of one `ask` in milliseconds, 1 to 60,000. @default 1_000 */
  readonly timeoutMs?: number | undefined;
}

const NAME = /^[A-Za-z][A-Za-z0-9-]{0,39}$/;
const nameField = pattern(NAME, 'a letter, then up to 39 letters, digits and "-"');
const guardFields: Fields<CustomGuard> = {
  name: nameField,
  check: anyFunction(),
  ask: anyFunction(),
  rules: anyFunction(),
};
const fields: Fields<CustomGuardOptions> = {
  mode: oneOf(['enforce', 'monitor']),
  guards: refine<readonly CustomGuard[]>(
    list(objectWith(['name'], guardFields, 'an object { name, check, ask, rules }'), { min: 1, max: 20 }),
    (guards) => new Set(guards.map(({ name }) => name)).size === guards.length,
    'must not hold the same name twice.',
  ),
  timeoutMs: integer({ min: 1, max: 60_000, unit: 'milliseconds' }),
};
export const customField = falseOr(objectWith(['guards'], fields, FALSE_OR_OPTIONS));

const ruleFields: Fields<CustomRule> = {
  id: nameField,
  key: text({ max: 200 }),
  limit: integer({ min: 1, max: 1_000_000 }),
  windowMs: integer({ min: 1_000, max: MAX_WINDOW_MS, unit: 'milliseconds, 1 second to 31 days' }),
};
const rulesField: Field = list(objectWith(['id', 'key', 'limit', 'windowMs'], ruleFields, 'a rule'), {
  max: 20,
});
const refusalFields: Fields<CustomRefusal> = {
  detail: text({ max: 10_000 }),
  action: oneOf(['ask', 'refuse']),
};
const refusalField: Field = objectWith(['detail'], refusalFields, 'an object { detail, action }');

type Failure = Extract<GuardReasons['custom'], 'threw' | 'timed-out' | 'unreadable'>;
type Found = Refusal<'custom'> | undefined;

const FAILURES: Readonly<Record<Failure, string>> = {
  threw: 'threw, and onError received the exception.',
  'timed-out': 'did not respond within guards.custom.timeoutMs.',
  unreadable: 'returned something other than { detail, action }, undefined, or rules.',
};

/** Runs the team's guards. */
export function createCustomGuard(
  options: CustomGuardOptions,
  { emit }: { readonly emit: Emit },
): Guard<'custom'> {
  const { mode = 'enforce', guards, timeoutMs = 1_000 } = options;
  /** The rules of messages that were checked, so that a guard is called once and may fail before anything is taken. */
  const known = new WeakMap<OutgoingMessage, readonly LimitRule[]>();

  const failure = ({ name }: CustomGuard, reason: Failure): Refusal<'custom'> => {
    const message = `Your guard ${name} ${FAILURES[reason]}`;
    return { reason, rule: `custom:${name}`, message, outage: true };
  };

  function read(guard: CustomGuard, answer: unknown): Found {
    if (answer === undefined) return undefined;
    if (validate(refusalField, answer) !== undefined) return failure(guard, 'unreadable');
    const { detail, action } = answer as CustomRefusal;
    const asks = action === 'ask';
    return {
      reason: asks ? 'captcha-needed' : 'refused',
      rule: `custom:${guard.name}`,
      message: `Your guard ${guard.name} ${asks ? 'asks for proof that the visitor is a person' : 'refused this message'} (guards.custom).`,
      ...(asks && { action }),
      ...detailOf(detail),
    };
  }

  /** A promise is no answer to `check` or `rules`; what it rejects with goes to `onError`. */
  function hearRejection(answer: unknown, where: 'guards.custom.check' | 'guards.custom.rules'): void {
    if (typeof answer !== 'object' || answer === null || !('then' in answer)) return;
    Promise.resolve(answer).catch((error: unknown) => emit.reportError?.(error, where));
  }

  /** Adds the rules of a guard, each counter once. False when one counter is given different limits. */
  function addRules(guard: CustomGuard, own: readonly CustomRule[], rules: WindowRule[]): boolean {
    for (const rule of own.map((each) => toRule(guard, each))) {
      const same = rules.find(({ id, key }) => id === rule.id && key === rule.key);
      if (same === undefined) rules.push(rule);
      else if (same.limit !== rule.limit || same.windowMs !== rule.windowMs) return false;
    }
    return true;
  }

  function toRule(guard: CustomGuard, { id, key, limit, windowMs }: CustomRule): WindowRule {
    return { kind: 'window', id: `custom:${guard.name}:${id}`, guard: 'custom', key, mode, limit, windowMs };
  }

  /** The rules of all guards, or the refusal of the first that failed. */
  function countersOf(message: OutgoingMessage): {
    readonly rules: readonly LimitRule[];
    readonly refusal?: Found;
  } {
    const rules: WindowRule[] = [];
    for (const guard of guards) {
      try {
        const own: unknown = guard.rules?.(guardedMessage(message)) ?? [];
        hearRejection(own, 'guards.custom.rules');
        // The input of one visitor may make two keys equal, and must not fail the messages of others.
        const isReadable = validate(rulesField, own) === undefined;
        if (!isReadable || !addRules(guard, own as readonly CustomRule[], rules)) {
          return { rules: [], refusal: failure(guard, 'unreadable') };
        }
      } catch (error) {
        emit.reportError?.(error, 'guards.custom.rules');
        return { rules: [], refusal: failure(guard, 'threw') };
      }
    }
    return { rules };
  }

  function checkWith(guard: CustomGuard, message: OutgoingMessage): Found {
    try {
      const answer: unknown = guard.check?.(guardedMessage(message));
      hearRejection(answer, 'guards.custom.check');
      return read(guard, answer);
    } catch (error) {
      emit.reportError?.(error, 'guards.custom.check');
      return failure(guard, 'threw');
    }
  }

  async function askWith(
    guard: CustomGuard,
    messages: readonly OutgoingMessage[],
    call: GuardCall,
  ): Promise<Found[]> {
    const all = (reason: Failure) => messages.map(() => failure(guard, reason));
    try {
      const outcome = await withTimeLimit<unknown>(timeoutMs, call.signal, (signal) =>
        runUserCode(
          emit,
          'guards.custom.ask',
          () => guard.ask?.(messages.map(guardedMessage), { signal, context: call.context }),
          signal,
        ),
      );
      if (!outcome.inTime) return all('timed-out');
      // An answer that cannot be matched to its question is no yes.
      const answers = outcome.value;
      if (!Array.isArray(answers) || answers.length !== messages.length) return all('unreadable');
      return messages.map((_, index) => read(guard, answers[index]));
    } catch {
      return all('threw');
    }
  }

  const asking = guards.filter(({ ask }) => ask !== undefined);
  return {
    name: 'custom',
    mode,
    check(message) {
      for (const guard of guards) {
        const refusal = checkWith(guard, message);
        if (refusal !== undefined) return refusal;
      }
      const { rules, refusal } = countersOf(message);
      known.set(message, rules);
      return refusal;
    },
    ...(asking.length > 0 && {
      async ask(messages: readonly OutgoingMessage[], call: GuardCall) {
        const found: Found[] = messages.map(() => undefined);
        for (const guard of asking) {
          const answers = await askWith(guard, messages, call);
          for (const [index, answer] of answers.entries()) found[index] ??= answer;
        }
        return found;
      },
    }),
    rules: (message) => known.get(message) ?? countersOf(message).rules,
    // The keys are the team's own, and no counter belongs to a number.
    counters: () => [],
  };
}

export function describeCustomRule(rule: LimitRule, observed: number): string {
  const { id, limit, windowMs } = rule as WindowRule;
  const [, name] = id.split(':');
  return `Your guard ${name} counted ${observed} of ${limit} messages allowed in ${describeDuration(windowMs)} (guards.custom).`;
}
