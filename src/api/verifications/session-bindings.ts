import type { Call } from '../../call.ts';
import { sha256, toHex } from '../../digest.ts';
import { SmsError } from '../../errors.ts';
import type { OnceRule } from '../../limits/limit-store.ts';
import type { Limiter } from '../../limits/limiter.ts';
import type { Phone } from '../../phone/normalise-phone.ts';

/** What is known of a session. */
export interface Binding {
  /** It was started for this number and subject, for others, or not here. */
  readonly owner: 'this' | 'other' | 'unknown';
  /** A code of it was right before. */
  readonly isUsed: boolean;
}

/**
 * Remembers for which number and subject a session was started, so that its id is of no use elsewhere, and that it was
 * used. Two records in the limit store: one of the session, one of the session with number and subject. Looking them up
 * writes nothing, so that nobody can disturb it; see decision 8.
 */
export interface SessionBindings {
  /** A store that fails is no error here: a check without a record asks 8x8, or refuses. */
  bind(
    sessionId: string,
    phone: Phone,
    subject: string | undefined,
    validityMs: number,
    call: Call,
  ): Promise<void>;
  /** @throws StoreError the limit store failed */
  find(sessionId: string, phone: Phone, subject: string | undefined, call: Call): Promise<Binding>;
  /**
   * Marks a session as used; false when it was before.
   *
   * @throws StoreError the limit store failed
   */
  use(sessionId: string, call: Call): Promise<boolean>;
}

export interface SessionBindingsConfig {
  readonly limiter: Limiter;
}

/** The longest `codeValidity` of 8x8. */
const MAX_VALIDITY_MS = 7_200_000;
/** For a code that is entered at the last moment and clocks that differ; ours. */
const MARGIN_MS = 5 * 60 * 1000;
/** 8x8 does not say how long it answers VERIFIED; ours. */
const USED_WINDOW_MS = 24 * 60 * 60 * 1000;
const CONSEQUENCE = 'the session could not be recognised. Nothing was sent.';

/** Nothing of it can be read back: a session id is a secret, and so is a number. */
async function digestOf(parts: readonly (string | number)[]): Promise<string> {
  return toHex(await sha256(JSON.stringify(parts)));
}

const RECORD = { kind: 'once', guard: 'verification', fingerprint: 'session', mode: 'enforce' } as const;

async function usedRule(sessionId: string): Promise<OnceRule> {
  return { ...RECORD, id: 'verification-used', key: await digestOf([sessionId]), windowMs: USED_WINDOW_MS };
}

async function rulesOf(
  sessionId: string,
  { key }: Phone,
  subject: string | undefined,
  validityMs: number,
): Promise<readonly [OnceRule, OnceRule]> {
  const rule = { ...RECORD, windowMs: validityMs + MARGIN_MS };
  const bound = [sessionId, key, ...(subject === undefined ? [] : [subject])];
  return [
    { ...rule, id: 'verification-session', key: await digestOf([sessionId]) },
    { ...rule, id: 'verification-binding', key: await digestOf(bound) },
  ];
}

export function createSessionBindings({ limiter }: SessionBindingsConfig): SessionBindings {
  return {
    async bind(sessionId, phone, subject, validityMs, call) {
      const rules = await rulesOf(sessionId, phone, subject, Math.min(validityMs, MAX_VALIDITY_MS));
      try {
        // 8x8 may give the session of the last start again: its time begins anew.
        await limiter.release(rules, call, CONSEQUENCE);
        const reservation = limiter.reserve(rules);
        const [verdict] = await limiter.take([reservation], call);
        if (verdict?.granted === true) await limiter.settle([{ reservation, outcome: 'keep' }]);
      } catch (error) {
        // The code is on its way, and a store that failed was told of by an event: the caller needs the session.
        if (!SmsError.isInstance(error)) throw error;
      }
    },

    async find(sessionId, phone, subject, call) {
      const rules = [
        ...(await rulesOf(sessionId, phone, subject, MAX_VALIDITY_MS)),
        await usedRule(sessionId),
      ];
      const states = await limiter.inspect(rules, call, CONSEQUENCE);
      const [session, binding, used] = states.map(({ count }) => count > 0);
      return { owner: binding ? 'this' : session ? 'other' : 'unknown', isUsed: used === true };
    },

    async use(sessionId, call) {
      const reservation = limiter.reserve([await usedRule(sessionId)]);
      const [verdict] = await limiter.take([reservation], call);
      // A table that is full remembers nothing, and the code was right.
      if (verdict?.granted !== true) return verdict?.refusals[0]?.reason === 'capacity';
      await limiter.settle([{ reservation, outcome: 'keep' }]);
      return true;
    },
  };
}
