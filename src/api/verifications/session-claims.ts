import type { Call } from '../../call.ts';
import { type SmsError, StoreError } from '../../errors.ts';
import { wait } from '../../internal/wait.ts';
import type { OnceRule, RuleViolation, TakeVerdict } from '../../limits/limit-store.ts';
import { detachedCall, type Limiter, type Reservation } from '../../limits/limiter.ts';
import type { Phone } from '../../phone/normalise-phone.ts';
import { sessionError, UNCHECKED, waitError } from './session-errors.ts';
import { CHECK_WINDOW_MS, CLAIM_MS, checkRules, claimRule, usedRule } from './session-rules.ts';

/** Outcome of the check of a code. */
export type CheckOutcome =
  /** 8x8 was not asked, or refused the request: the code was not checked. */
  | 'not-asked'
  | 'wrong'
  | 'right'
  /** 8x8 may have checked the code, and the result is unknown. */
  | 'lost';

/** The claim of one check on a session. It lasts until the outcome is recorded. */
export interface SessionClaim {
  /** Whether the session may be VERIFIED because of another code. It must then be read before this code is checked. */
  readonly isInDoubt: boolean;
  /** Milliseconds left to ask 8x8. */
  remainingMs(): number;
  /**
   * Records the outcome and ends the claim, even after the call has ended. Throws when a right code must not count.
   *
   * @throws GuardError `session-used`
   * @throws LimitError `capacity`
   * @throws StoreError the limit store failed, or it took too long
   */
  settle(outcome: CheckOutcome): Promise<void>;
}

/**
 * Allows one check of a session at a time. The code is recorded before 8x8 is asked, because 8x8 returns VERIFIED for
 * every code of a verified session. Decision 8 describes the states.
 */
export interface SessionClaims {
  /**
   * Waits for earlier checks, at most 10 s.
   *
   * @throws GuardError `session-used`, `session-in-doubt`
   * @throws LimitError `session-busy`, `capacity`
   * @throws StoreError the limit store failed
   */
  take(sessionId: string, code: string, phone: Phone, call: Call): Promise<SessionClaim>;
}

export interface SessionClaimsConfig {
  readonly limiter: Limiter;
}

/** Part of a claim that is reserved for recording the outcome. */
const RECORDING_MS = 10_000;
/**
 * How long 8x8 may still work on a code after its response was lost; chosen by this package: three times the default
 * `timeoutMs`. Until then, a session in state WAITING proves nothing about that code.
 */
const LOST_MS = 30_000;
/** Maximum number of lost responses per session; chosen by this package: twice the wrong codes that 8x8 allows. */
const MAX_LOST = 10;
const FIRST_POLL_MS = 10;
const MAX_POLL_MS = 250;
const MAX_WAIT_MS = 10_000;

/** A recorded code for which 8x8's response is unknown. */
interface LostCheck {
  readonly rules: readonly OnceRule[];
  readonly isSameCode: boolean;
  /** Milliseconds until 8x8 is certainly done with it. */
  readonly unsettledMs: number;
}

/** The session is in use; `canEndSooner` distinguishes a running check from a wait that must pass. */
interface Busy {
  readonly retryAfterMs: number;
  readonly canEndSooner: boolean;
}

/** A check that holds the claim of its session. */
interface OpenCheck {
  readonly claim: Reservation;
  readonly sessionId: string;
  readonly phone: Phone;
  readonly call: Call;
}

function unrecordedError(): StoreError {
  return new StoreError(
    '8x8 says that the code is right, but the limit store failed, so nothing remembers that the session was used. The code was not accepted. Check the same code again.',
    undefined,
    'unknown',
  );
}

/** Reads the record of an earlier check. An unsettled record belongs to a process that died, and its claim is over. */
function readLost(rules: readonly OnceRule[], refusals: readonly RuleViolation[]): LostCheck {
  const [check, code] = rules.map(({ id }) => refusals.find(({ rule }) => rule.id === id));
  const ageMs = check?.retryAfterMs === undefined ? LOST_MS : CHECK_WINDOW_MS - check.retryAfterMs;
  return {
    rules,
    isSameCode: code?.reason === 'done' || code?.reason === 'in-progress',
    unsettledMs: Math.max(0, LOST_MS - ageMs),
  };
}

/** The error of a table without room; undefined when none of these refusals is for that reason. */
function capacityError(refusals: readonly RuleViolation[], phone: Phone): SmsError | undefined {
  const full = refusals.find(({ reason }) => reason === 'capacity');
  return full && waitError('capacity', phone, full.retryAfterMs);
}

export function createSessionClaims({ limiter }: SessionClaimsConfig): SessionClaims {
  function record(reservation: Reservation, result: CheckOutcome): Promise<boolean> {
    const isKept = result === 'right' || result === 'lost';
    return limiter.settle([
      isKept ? { reservation, outcome: 'keep', result } : { reservation, outcome: 'return' },
    ]);
  }

  async function release(reservation: Reservation): Promise<void> {
    await limiter.settle([{ reservation, outcome: 'return' }]);
  }

  /** A later "wrong" settles the codes whose responses were lost. A record that remains costs one request to 8x8. */
  async function forget(lost: readonly LostCheck[], call: Call): Promise<void> {
    const rules = lost.flatMap((each) => each.rules);
    try {
      await limiter.release(rules, detachedCall(call), 'an earlier check is not forgotten.');
    } catch (error) {
      if (!StoreError.isInstance(error)) throw error;
    }
  }

  /**
   * Takes the one success of a session, or returns the error that prevents it. Not bound to the call, because 8x8 has
   * already verified the session.
   */
  async function takeSuccess(sessionId: string, phone: Phone, call: Call): Promise<SmsError | undefined> {
    const reservation = limiter.reserve([await usedRule(sessionId)]);
    try {
      const [verdict] = (await limiter.take([reservation], detachedCall(call))) as readonly [TakeVerdict];
      if (!verdict.granted) {
        return capacityError(verdict.refusals, phone) ?? sessionError('session-used', phone);
      }
    } catch {
      return unrecordedError();
    }
    // It counts from the take on, even when this settlement is lost.
    await limiter.settle([{ reservation, outcome: 'keep' }]);
    return undefined;
  }

  function openClaim(
    { claim, sessionId, phone, call }: OpenCheck,
    own: Reservation,
    lost: readonly LostCheck[],
  ): SessionClaim {
    const leftMs = () => CLAIM_MS - (limiter.elapsed() - claim.takenAt);

    async function close(outcome: CheckOutcome): Promise<void> {
      const isRecorded = await record(own, outcome);
      if (outcome === 'wrong') await forget(lost, call);
      // When the lost response cannot be recorded either, the rest of the claim blocks other checks.
      if (isRecorded || outcome !== 'lost') await release(claim);
    }

    return {
      isInDoubt: lost.some(({ isSameCode }) => !isSameCode),
      remainingMs: () => leftMs() - RECORDING_MS,
      async settle(outcome) {
        if (outcome !== 'right') return close(outcome);
        // After the end of the claim, another code may have been checked, and that one may have been right.
        const refusal = leftMs() > 0 ? await takeSuccess(sessionId, phone, call) : unrecordedError();
        await close(refusal === undefined ? 'right' : 'lost');
        if (refusal !== undefined) throw refusal;
      },
    };
  }

  /** Records the code. Throws, or returns how long to wait, when an earlier check of this session blocks it. */
  async function recordCode(check: OpenCheck, code: string): Promise<SessionClaim | Busy> {
    const { sessionId, phone, call } = check;
    const lost: LostCheck[] = [];
    while (lost.length < MAX_LOST) {
      const rules = await checkRules(sessionId, lost.length, code);
      const own = limiter.reserve(rules);
      const [verdict] = (await limiter.take([own], call, UNCHECKED)) as readonly [TakeVerdict];
      if (verdict.granted) {
        const others = lost.filter(({ isSameCode }) => !isSameCode);
        const retryAfterMs = Math.max(0, ...others.map(({ unsettledMs }) => unsettledMs));
        if (retryAfterMs === 0) return openClaim(check, own, lost);
        await release(own);
        return { retryAfterMs, canEndSooner: false };
      }
      const { refusals } = verdict;
      const full = capacityError(refusals, phone);
      if (full !== undefined) throw full;
      if (refusals.some(({ result }) => result === 'right')) throw sessionError('session-used', phone);
      lost.push(readLost(rules, refusals));
    }
    throw sessionError('session-in-doubt', phone);
  }

  async function tryOnce(
    rule: OnceRule,
    sessionId: string,
    code: string,
    phone: Phone,
    call: Call,
  ): Promise<SessionClaim | Busy> {
    const claim = limiter.reserve([rule]);
    const [verdict] = (await limiter.take([claim], call, UNCHECKED)) as readonly [TakeVerdict];
    if (!verdict.granted) {
      const full = capacityError(verdict.refusals, phone);
      if (full !== undefined) throw full;
      const [violation] = verdict.refusals;
      return { retryAfterMs: violation?.retryAfterMs ?? CLAIM_MS, canEndSooner: true };
    }
    let isHeld = false;
    try {
      const recorded = await recordCode({ claim, sessionId, phone, call }, code);
      isHeld = 'settle' in recorded;
      return recorded;
    } finally {
      if (!isHeld) await release(claim);
    }
  }

  return {
    async take(sessionId, code, phone, call) {
      const rule = await claimRule(sessionId);
      let waitedMs = 0;
      for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(pollMs * 2, MAX_POLL_MS)) {
        const result = await tryOnce(rule, sessionId, code, phone, call);
        if ('settle' in result) return result;
        const { retryAfterMs, canEndSooner } = result;
        const leftMs = MAX_WAIT_MS - waitedMs;
        if (leftMs <= 0 || (!canEndSooner && retryAfterMs > leftMs)) {
          throw waitError('session-busy', phone, retryAfterMs);
        }
        await wait(pollMs, call.signal);
        waitedMs += pollMs;
      }
    },
  };
}
