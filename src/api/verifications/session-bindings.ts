import type { Call } from '../../call.ts';
import { SmsError, StoreError } from '../../errors.ts';
import type { Limiter } from '../../limits/limiter.ts';
import type { Phone } from '../../phone/normalise-phone.ts';
import { bindingRules, silentRule, usedRule } from './session-rules.ts';

/** What is known of a session. */
export interface Binding {
  /** It was started for this number and subject, for others, or not here. */
  readonly owner: 'this' | 'other' | 'unknown';
  /** It may become VERIFIED without a code. */
  readonly isSilent: boolean;
  /** A code of it was right before. */
  readonly isUsed: boolean;
}

/** The session that a start was answered with. */
export interface BoundSession {
  readonly sessionId: string;
  readonly phone: Phone;
  readonly subject: string | undefined;
  readonly validityMs: number;
  /** Started with channel `sma`. */
  readonly isSilent: boolean;
}

/**
 * Remembers for which number and subject a session was started, so that its id is useless elsewhere. Looking it up
 * writes nothing, so that nobody can disturb it; see decision 8.
 */
export interface SessionBindings {
  /** A store that fails is no error here: a check without a record asks 8x8, or refuses. */
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
        // 8x8 may give the session of the last start again: its time begins anew.
        await limiter.release(rules, call, CONSEQUENCE);
        const reservation = limiter.reserve(rules);
        const [verdict] = await limiter.take([reservation], call);
        if (verdict?.granted === true) await limiter.settle([{ reservation, outcome: 'keep' }]);
      } catch (error) {
        // The code is on its way, and an event told that the store failed: the caller needs the session.
        if (!SmsError.isInstance(error)) throw error;
      }
    },

    async find(sessionId, phone, subject, call) {
      const rules = [
        ...(await bindingRules(sessionId, phone, subject)),
        await silentRule(sessionId),
        await usedRule(sessionId),
      ];
      const states = await limiter.inspect(rules, call, CONSEQUENCE);
      // A store that leaves a counter out has not said that it is 0.
      if (states.length !== rules.length)
        throw new StoreError(`The limit store left a counter out, so ${CONSEQUENCE}`);
      const [session, binding, isSilent = false, isUsed = false] = states.map(({ count }) => count > 0);
      return { owner: binding ? 'this' : session ? 'other' : 'unknown', isSilent, isUsed };
    },
  };
}
