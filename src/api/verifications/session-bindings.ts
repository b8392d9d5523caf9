import type { Call } from '../../call.ts';
import { SmsError, StoreError } from '../../errors.ts';
import { knownRule } from '../../guards/known-visitor.ts';
import type { LimitRule } from '../../limits/limit-store.ts';
import type { Limiter } from '../../limits/limiter.ts';
import type { Phone } from '../../phone/normalise-phone.ts';
import { bindingRules, knownSessionRule, silentRule, usedRule } from './session-rules.ts';

/** The known facts about a session. */
export interface Binding {
  /** Whether it was started for this number and subject, for others, or is unknown. */
  readonly owner: 'this' | 'other' | 'unknown';
  /** Whether it may become VERIFIED without a code. */
  readonly isSilent: boolean;
  /** Whether one of its codes was already accepted. */
  readonly isUsed: boolean;
  /** It was also given to a visitor who is known with the number. */
  readonly isKnown: boolean;
}

/** A session that 8x8 started. */
export interface BoundSession {
  readonly sessionId: string;
  readonly phone: Phone;
  readonly subject: string | undefined;
  readonly validityMs: number;
  /** Whether it was started with channel `sma`. */
  readonly isSilent: boolean;
}

/**
 * Remembers the number and subject of each session, so that its ID is useless elsewhere. A lookup writes nothing, so
 * that strangers cannot disturb a session; see decision 8.
 */
export interface SessionBindings {
  /** Does not throw when the store fails: a check without a record asks 8x8, or refuses. */
  bind(session: BoundSession, call: Call): Promise<void>;
  /** @throws StoreError the limit store failed */
  find(sessionId: string, phone: Phone, subject: string | undefined, call: Call): Promise<Binding>;
}

export interface SessionBindingsConfig {
  readonly limiter: Limiter;
}

const CONSEQUENCE = 'the session could not be recognised. Nothing was sent.';

export function createSessionBindings({ limiter }: SessionBindingsConfig): SessionBindings {
  return {
    async bind({ sessionId, phone, subject, validityMs, isSilent }, call) {
      const bound = await bindingRules(sessionId, phone, subject, validityMs);
      const rules = isSilent ? [...bound, await silentRule(sessionId)] : bound;
      try {
        // 8x8 may return the session of the last start again: its time restarts.
        await limiter.release(rules, call, CONSEQUENCE);
        const mark: LimitRule = { ...(await knownSessionRule(sessionId)), activate: true };
        const marks = subject === undefined ? [] : [knownRule({ phone, subject }), mark];
        const reservation = limiter.reserve([...rules, ...marks]);
        const [verdict] = await limiter.take([reservation], call);
        if (verdict?.granted === true) await limiter.settle([{ reservation, outcome: 'keep' }]);
      } catch (error) {
        // The code was sent, so the caller needs the session; an event has reported the failed store.
        if (!SmsError.isInstance(error)) throw error;
      }
    },

    async find(sessionId, phone, subject, call) {
      const rules = [
        ...(await bindingRules(sessionId, phone, subject)),
        await silentRule(sessionId),
        await usedRule(sessionId),
        await knownSessionRule(sessionId),
      ];
      const states = await limiter.inspect(rules, call, CONSEQUENCE);
      // A counter that the store omitted is not known to be 0.
      if (states.length !== rules.length)
        throw new StoreError(`The limit store omitted a counter, so ${CONSEQUENCE}`);
      const [session, binding, isSilent, isUsed, isKnown] = states.map(({ count }) => count > 0);
      const owner = binding === true ? 'this' : session === true ? 'other' : 'unknown';
      return { owner, isSilent: isSilent === true, isUsed: isUsed === true, isKnown: isKnown === true };
    },
  };
}
