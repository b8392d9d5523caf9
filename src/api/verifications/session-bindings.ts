import type { Call } from '../../call.ts';
import { sha256, toHex } from '../../digest.ts';
import { SmsError, StoreError } from '../../errors.ts';
import type { Emit } from '../../events.ts';
import type { Tickets } from '../../guards/tickets.ts';
import type { LimitStore, OnceRule } from '../../limits/limit-store.ts';
import type { Phone } from '../../phone/normalise-phone.ts';
import { withTimeLimit } from '../../time-limit.ts';

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
  readonly limits: LimitStore;
  readonly tickets: Tickets;
  readonly scope: string;
  readonly emit: Emit;
}

/** The longest `codeValidity` of 8x8. */
const MAX_VALIDITY_MS = 7_200_000;
/** For a code that is entered at the last moment and clocks that differ; ours. */
const MARGIN_MS = 5 * 60 * 1000;
/** 8x8 does not say how long it answers VERIFIED; ours. */
const USED_WINDOW_MS = 24 * 60 * 60 * 1000;
/** As for a take: a store of our own answers in 150 ms. */
const STORE_TIMEOUT_MS = 5_000;

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

export function createSessionBindings({
  limits,
  tickets,
  scope,
  emit,
}: SessionBindingsConfig): SessionBindings {
  async function askStore<Answer>(call: Call, ask: () => Promise<Answer>): Promise<Answer> {
    try {
      const answer = await withTimeLimit(STORE_TIMEOUT_MS, call.signal, ask);
      if (answer.inTime) return answer.value;
    } catch {
      call.throwIfEnded();
    }
    emit({ type: 'store-failed', store: 'limits' }, call.context);
    throw new StoreError('The limit store failed, so the session could not be recognised. Nothing was sent.');
  }

  return {
    async bind(sessionId, phone, subject, validityMs, call) {
      const rules = await rulesOf(sessionId, phone, subject, Math.min(validityMs, MAX_VALIDITY_MS));
      try {
        // 8x8 may give the session of the last start again: its time begins anew.
        await askStore(call, () => limits.release(scope, rules));
        const ticket = tickets.open(rules);
        const [verdict] = await tickets.take([ticket], call);
        if (verdict?.granted === true) await tickets.settle([{ ticket, outcome: 'keep' }]);
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
      const counts = await askStore(call, async () => {
        const states = await limits.inspect(scope, rules);
        return states.map(({ count }) => count);
      });
      const [session, binding, used] = counts.map((count) => count > 0);
      return { owner: binding ? 'this' : session ? 'other' : 'unknown', isUsed: used === true };
    },

    async use(sessionId, call) {
      const ticket = tickets.open([await usedRule(sessionId)]);
      const [verdict] = await tickets.take([ticket], call);
      // A table that is full remembers nothing, and the code was right.
      if (verdict?.granted !== true) return verdict?.refusals[0]?.reason === 'capacity';
      await tickets.settle([{ ticket, outcome: 'keep' }]);
      return true;
    },
  };
}
