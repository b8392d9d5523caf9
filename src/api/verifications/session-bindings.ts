import type { Call } from '../../call.ts';
import { SmsError, StoreError } from '../../errors.ts';
import { knownRule } from '../../guards/known-visitor.ts';
import type { LimitRule } from '../../limits/limit-store.ts';
import type { Limiter } from '../../limits/limiter.ts';
import type { Phone } from '../../phone/normalise-phone.ts';
import { bindingRules, knownSessionRule, silentRule, usedRule, visitorsRule } from './session-rules.ts';

/** The known facts about a session. */
export interface Binding {
  /** Whether it was started for this number and subject, for others, or is unknown. */
  readonly owner: 'this' | 'other' | 'unknown';
  /** Whether it may become VERIFIED without a code. */
  readonly isSilent: boolean;
  /** Whether one of its codes was already accepted. */
  readonly isUsed: boolean;
  /** Whether it was given to two visitors: that 8x8 verified it then tells nothing about either of them. */
  readonly isShared: boolean;
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
  /**
   * Does not throw when the store fails: a check without a record asks 8x8, or refuses.
   *
   * @throws StoreError the session is silent and its visitors could not be recorded
   */
  bind(session: BoundSession, call: Call): Promise<void>;
  /** @throws StoreError the limit store failed */
  find(sessionId: string, phone: Phone, subject: string | undefined, call: Call): Promise<Binding>;
}

export interface SessionBindingsConfig {
  readonly limiter: Limiter;
}

const CONSEQUENCE = 'the session could not be recognised. Nothing was sent.';
/** Starts of one session that race: another one took its records between the release and the take. */
const MAX_ROUNDS = 3;
const UNRECORDED = 'this session cannot be told from the session of another visitor. Use another channel.';

export function createSessionBindings({ limiter }: SessionBindingsConfig): SessionBindings {
  /** Before the session is bound: nobody holds a session of two visitors without its mark. */
  async function recordVisitor({ sessionId, subject, isSilent }: BoundSession, call: Call): Promise<void> {
    // Without a subject a second start of a silent session may be anybody's.
    const visitor = subject ?? (isSilent ? crypto.randomUUID() : '');
    const silent: LimitRule = { ...(await silentRule(sessionId)), activate: true };
    const rules = [await visitorsRule(sessionId, visitor), ...(isSilent ? [silent] : [])];
    const reservation = limiter.reserve(rules);
    const [verdict] = await limiter.take([reservation], call, UNRECORDED);
    await limiter.settle([{ reservation, outcome: 'keep' }]);
    const isFull = verdict?.observed.some(({ reason }) => reason === 'capacity') === true;
    if (isSilent && (verdict?.granted !== true || isFull)) {
      throw new StoreError(
        `The limit store has no room for a session, so ${UNRECORDED}`,
        undefined,
        'unknown',
      );
    }
  }

  async function record(session: BoundSession, call: Call): Promise<void> {
    const { sessionId, phone, subject, validityMs } = session;
    const rules = await bindingRules(sessionId, phone, subject, validityMs);
    await recordVisitor(session, call);
    const mark: LimitRule = { ...(await knownSessionRule(sessionId)), activate: true };
    const marks = subject === undefined ? [] : [knownRule({ phone, subject }), mark];
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      // 8x8 may return the session of the last start again: its time restarts.
      await limiter.release(rules, call, CONSEQUENCE);
      const reservation = limiter.reserve([...rules, ...marks]);
      const [verdict] = await limiter.take([reservation], call);
      if (verdict?.granted !== true) continue;
      await limiter.settle([{ reservation, outcome: 'keep' }]);
      return;
    }
  }

  return {
    async bind(session, call) {
      try {
        await record(session, call);
      } catch (error) {
        // The code was sent, so the caller needs the session; an event has reported the failed store.
        if (session.isSilent || !SmsError.isInstance(error)) throw error;
      }
    },

    async find(sessionId, phone, subject, call) {
      const rules = [
        ...(await bindingRules(sessionId, phone, subject)),
        await silentRule(sessionId),
        await usedRule(sessionId),
        await knownSessionRule(sessionId),
        await visitorsRule(sessionId, ''),
      ];
      const states = await limiter.inspect(rules, call, CONSEQUENCE);
      // A counter that the store omitted is not known to be 0.
      if (states.length !== rules.length)
        throw new StoreError(`The limit store omitted a counter, so ${CONSEQUENCE}`);
      const counts = states.map(({ count }) => count) as [number, number, number, number, number, number];
      const [session, binding, silent, used, known, visitors] = counts;
      const other = session > 0 ? 'other' : 'unknown';
      return {
        owner: binding > 0 ? 'this' : other,
        isSilent: silent > 0,
        isUsed: used > 0,
        isShared: visitors > 1,
        isKnown: known > 0,
      };
    },
  };
}
