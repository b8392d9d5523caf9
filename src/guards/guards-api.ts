import type { Call, Calls } from '../call.ts';
import { ValidationError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { maskNumber } from '../internal/redact.ts';
import type { LimitRule } from '../limits/limit-store.ts';
import type { Limiter } from '../limits/limiter.ts';
import type { Phone, PhoneDefaults } from '../phone/normalise-phone.ts';
import { readPhone } from '../phone/read-phone.ts';
import { PURPOSES } from '../purposes.ts';
import { type Fields, object, oneOf, text, validate } from '../schema.ts';
import type { Explain, MessageExplanation } from '../sending/explain.ts';
import type { SmsMessage } from '../sending/sms-message.ts';
import type { CallOptions, Clock, Purpose } from '../types.ts';
import type { Guard, OutgoingMessage } from './guard.ts';
import { knownRule } from './known-visitor.ts';
import { createPumpingDesk, type PumpingDesk } from './pumping-desk.ts';
import { forgetDoubt, type ReportPumpingOutcome } from './pumping-outcomes.ts';
import type { GuardName, GuardReason } from './reasons.ts';
import { type ConfigurableGuard, countsRange, GUARD_NAMES } from './registry.ts';
import type { RememberSuccess } from './remember-success.ts';
import { describeViolation } from './violation.ts';

/** Options that select the number and the guard. */
export interface GuardsQuery {
  /** ISO 3166-1 alpha-2 code of a national number. @default `defaultCountry` of the client */
  readonly country?: string | undefined;
  /** Only this guard. @default all; `release` leaves `prefix` alone unless it is named, since a range is not one person */
  readonly guard?: ConfigurableGuard | undefined;
}

/** The current state of one counter. */
export interface GuardCounter {
  readonly guard: GuardName;
  readonly rule: string;
  /** Messages, different numbers, or one-time passwords without success; 1 for a blocked number. */
  readonly count: number;
  readonly limit?: number;
  readonly windowMs?: number;
  /** True when the count may be too high, because the table was full and the entry was folded. */
  readonly approximate?: boolean;
}

/** A refusal that a message would meet now. */
export interface GuardRefusal {
  readonly guard: GuardName;
  readonly purpose: Purpose;
  readonly reason: GuardReason;
  readonly message: string;
  /** Milliseconds until the refusal ends; absent when waiting does not help. */
  readonly retryAfterMs?: number;
}

/** The counters of a number, and the refusals that a message to it would meet now. */
export interface GuardsInspection {
  /** The number, masked. */
  readonly destination: string;
  readonly counters: readonly GuardCounter[];
  readonly refusals: readonly GuardRefusal[];
}

/** Tools for support staff: find out why a person receives no SMS, and lift the limits. */
export interface GuardsApi extends PumpingDesk {
  /**
   * Shows the counters of a number, the refusals that a message of an unknown visitor would meet now, and how long they
   * last. Changes nothing.
   *
   * @throws InvalidPhoneNumberError, ValidationError, StoreError
   * @example (await sms.guards.inspect('+6591234567')).refusals
   */
  inspect(destination: string, query?: GuardsQuery, options?: CallOptions): Promise<GuardsInspection>;
  /**
   * Runs a message through all guards without sending it, and returns the decision of each, its counts, and the change that would
   * help. Nothing is counted, no event is raised, and a captcha token is not used up. The consent hooks and stores are asked, as
   * before a send. An `idempotencyKey` is not looked up.
   *
   * @throws ValidationError, StoreError
   * @example
   * ```ts
   * const { verdict, guards } = await sms.guards.explain({ destination: '+6591234567', text: 'Hello' });
   * for (const { guard, change } of guards) if (change !== undefined) console.log(guard, change);
   * ```
   */
  explain(message: SmsMessage, options?: CallOptions): Promise<MessageExplanation>;
  /**
   * Clears the counters of a number and raises a `limits-released` event. Without a `guard` it also forgets the visitors
   * who are known with the number. Does not change consent.
   *
   * @throws InvalidPhoneNumberError, ValidationError, StoreError
   * @example await sms.guards.release('+6591234567', { guard: 'backoff' })
   */
  release(destination: string, query?: GuardsQuery, options?: CallOptions): Promise<void>;
}

export interface GuardsApiConfig {
  readonly calls: Calls;
  readonly guards: readonly Guard[];
  readonly limiter: Limiter;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly phoneDefaults: PhoneDefaults;
  readonly rememberSuccess: RememberSuccess;
  readonly reportPumpingOutcome: ReportPumpingOutcome;
  readonly explain: Explain;
}

/** Reasons of rules that refuse for something other than their limit. */
const REASONS: Readonly<Partial<Record<LimitRule['kind'], 'too-soon' | 'blocked-number'>>> = {
  backoff: 'too-soon',
  block: 'blocked-number',
};

function reasonOf(rule: LimitRule) {
  if (rule.kind !== 'doubt') return REASONS[rule.kind] ?? 'over-limit';
  return rule.action === 'ask' ? 'captcha-needed' : 'suspended';
}

const queryFields: Fields<GuardsQuery> = {
  country: text({ min: 2, max: 2 }),
  guard: oneOf(GUARD_NAMES),
};
const querySchema = object(queryFields, 'an object { country, guard }');

/** Everything that the guards count under the number of these messages, each counter once with its largest limit. */
export function countersOf(
  chosen: readonly Guard[],
  messages: readonly OutgoingMessage[],
): readonly LimitRule[] {
  const counters = new Map<string, LimitRule>();
  for (const message of messages) {
    for (const guard of chosen) {
      for (const rule of (guard.counters ?? guard.rules)?.call(guard, message) ?? []) {
        const before = counters.get(rule.id);
        if (before === undefined || limitOf(rule) > limitOf(before)) counters.set(rule.id, rule);
      }
    }
  }
  return [...counters.values()];
}

/** One counter may be held against several limits. */
function nameOf(rule: LimitRule): string {
  return `${rule.id} ${limitOf(rule)}`;
}

/** Counters that most numbers do not have; they are shown when there is something in them. */
function isAboutVisitors({ kind, mode }: LimitRule): boolean {
  return kind === 'visitor-backoff' || mode === 'note';
}

function limitOf(rule: LimitRule): number {
  return 'limit' in rule ? rule.limit : 0;
}

export function createGuardsApi(config: GuardsApiConfig): GuardsApi {
  const { calls, guards, limiter, clock, emit, phoneDefaults } = config;

  function readQuery(destination: unknown, query: GuardsQuery): { phone: Phone; chosen: readonly Guard[] } {
    const flaw = validate(querySchema, query, 'query');
    if (flaw !== undefined) throw new ValidationError(flaw.message, flaw.path);
    const phone = readPhone(destination, query.country, phoneDefaults);
    const { guard } = query;
    return { phone, chosen: guard === undefined ? guards : guards.filter(({ name }) => name === guard) };
  }

  async function runChecks(chosen: readonly Guard[], messages: readonly OutgoingMessage[], call: Call) {
    const refusals: GuardRefusal[] = [];
    const now = clock.now();
    for (const guard of chosen) {
      const asked = await guard.ask?.(messages, { now, signal: call.signal, context: call.context });
      call.throwIfEnded();
      for (const [index, outgoing] of messages.entries()) {
        const refusal = guard.check?.(outgoing, now) ?? asked?.[index];
        if (refusal === undefined || (guard.mode === 'monitor' && !refusal.always)) continue;
        const { reason, message } = refusal;
        refusals.push({ guard: guard.name, purpose: outgoing.purpose, reason, message });
      }
    }
    return refusals;
  }

  async function countersAndRefusals(
    chosen: readonly Guard[],
    messages: readonly OutgoingMessage[],
    call: Call,
  ) {
    const counted = countersOf(chosen, messages);
    const asked = messages.flatMap((message) =>
      chosen.flatMap((guard) =>
        (guard.rules?.(message) ?? []).map((rule) => ({ rule, purpose: message.purpose })),
      ),
    );
    const rules = [...counted, ...asked.map(({ rule }) => rule)];
    const states = await limiter.inspect(rules, call, 'nothing was read.');
    // A team's own store may leave some out, and hand back copies.
    const byRule = new Map(states.map((state) => [nameOf(state.rule), state]));
    const counters = counted.flatMap((rule): GuardCounter[] => {
      const state = byRule.get(nameOf(rule));
      if (state === undefined || (state.count === 0 && isAboutVisitors(rule))) return [];
      const { count, approximate } = state;
      return [
        {
          guard: rule.guard as GuardName,
          rule: rule.id,
          count,
          ...('limit' in rule && { limit: rule.limit }),
          ...('windowMs' in rule && { windowMs: rule.windowMs }),
          ...(approximate === true && { approximate }),
        },
      ];
    });
    const refusals = asked.flatMap(({ rule, purpose }): GuardRefusal[] => {
      const state = byRule.get(nameOf(rule)) ?? states.find((other) => other.rule.id === rule.id);
      if (state === undefined || rule.mode !== 'enforce' || state.retryAfterMs === 0) return [];
      const { count: observed, retryAfterMs } = state;
      const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
      const reason = reasonOf(rule);
      const message = describeViolation({ rule: state.rule, reason, observed, ...wait });
      return [{ guard: rule.guard as GuardName, purpose, reason, message, ...wait }];
    });
    return { counters, refusals };
  }

  return {
    ...createPumpingDesk({ ...config, isOn: guards.some(({ name }) => name === 'pumping') }),

    inspect: (destination, query = {}, options = undefined) =>
      calls.run(options, async (call) => {
        const { phone, chosen } = readQuery(destination, query);
        const messages = PURPOSES.map((purpose): OutgoingMessage => {
          return { index: 0, clientMessageId: crypto.randomUUID(), phone, purpose, isDryRun: true };
        });
        const refused = await runChecks(chosen, messages, call);
        const { counters, refusals } = await countersAndRefusals(chosen, messages, call);
        return { destination: maskNumber(phone.e164), counters, refusals: [...refused, ...refusals] };
      }),

    explain: (message, options) => calls.run(options, (call) => config.explain(message, call)),

    release: (destination, query = {}, options = undefined) =>
      calls.run(options, async (call) => {
        const { phone, chosen } = readQuery(destination, query);
        const released = chosen.filter((guard) => query.guard !== undefined || !countsRange(guard));
        const messages = PURPOSES.map(
          (purpose): OutgoingMessage => ({ index: 0, clientMessageId: '', phone, purpose }),
        );
        const counters = countersOf(released, messages).filter(({ kind }) => kind !== 'known');
        // Visitors are remembered whichever guards are on. A guard that is named forgets its counts, and not the visitors.
        const rules = query.guard === undefined ? [...counters, knownRule({ phone })] : counters;
        await limiter.release(rules, call, 'nothing was released.');
        if (query.guard === undefined) await forgetDoubt(limiter, phone, call, 'only a part was released.');
        const names = [...new Set(counters.map(({ guard }) => guard))];
        emit(
          { type: 'limits-released', destination: maskNumber(phone.e164), guards: names },
          call.context,
          phone,
        );
      }),
  };
}
