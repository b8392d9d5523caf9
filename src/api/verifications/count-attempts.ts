import type { Call } from '../../call.ts';
import type { Emit } from '../../events.ts';
import { messageFields } from '../../guards/event-fields.ts';
import type { Guard, OutgoingMessage } from '../../guards/guard.ts';
import { withKnownVisitor } from '../../guards/known-visitor.ts';
import { guardError } from '../../guards/registry.ts';
import { decisionOfViolation, describeViolation, longestWait } from '../../guards/violation.ts';
import type { TakeVerdict } from '../../limits/limit-store.ts';
import type { Limiter } from '../../limits/limiter.ts';
import { UNCHECKED } from './session-errors.ts';

/** An admitted attempt. */
export interface CountedAttempt {
  /**
   * `keep`: the code was wrong, or the result is unknown. `return`: it was right, or never reached 8x8. Never throws.
   */
  settle(outcome: 'keep' | 'return'): Promise<void>;
}

/** A code that is to be tried. */
export type Attempt = Required<Pick<OutgoingMessage, 'phone' | 'subject' | 'clientIp' | 'session'>>;

/** Counts an attempt in every limit of the guards before `verifications.check`, or in none. */
export interface AttemptCounter {
  /**
   * @throws LimitError too many codes were tried
   * @throws StoreError the limit store failed
   */
  take(attempt: Attempt, call: Call): Promise<CountedAttempt>;
}

export interface AttemptCounterConfig {
  readonly guards: readonly Guard[];
  readonly limiter: Limiter;
  readonly emit: Emit;
}

export function createAttemptCounter({ guards, limiter, emit }: AttemptCounterConfig): AttemptCounter {
  return {
    async take(attempt, call) {
      const message: OutgoingMessage = {
        ...attempt,
        index: 0,
        clientMessageId: crypto.randomUUID(),
        purpose: 'otp',
      };
      const rules = guards.flatMap((guard) => guard.rules?.(message) ?? []);
      const reservation = limiter.reserve(withKnownVisitor(rules, message));
      const [verdict] = (await limiter.takeForGuards([reservation], call, UNCHECKED)) as readonly [
        TakeVerdict,
      ];
      const shown = messageFields(message);
      for (const violation of verdict.observed) {
        const decision = decisionOfViolation(violation, message, [violation]);
        emit({ type: 'guard-observed', ...shown, decision }, call.context, attempt.phone);
      }
      if (!verdict.granted) {
        const decisive = longestWait(verdict.refusals);
        const decision = decisionOfViolation(decisive, message, verdict.refusals);
        emit({ type: 'message-blocked', ...shown, decision }, call.context, attempt.phone);
        throw guardError(decision, describeViolation(decisive));
      }
      return {
        async settle(outcome) {
          await limiter.settle([{ reservation, outcome }]);
        },
      };
    },
  };
}
