import type { Call } from '../../call.ts';
import { StoreError } from '../../errors.ts';
import { digestOf } from '../../internal/digest.ts';
import { isEqual } from '../../internal/is-equal.ts';
import type { TakeVerdict, WindowRule } from '../../limits/limit-store.ts';
import type { Limiter } from '../../limits/limiter.ts';
import type { TestNumbers } from '../../one-time-passwords/test-numbers.ts';
import type { Phone } from '../../phone/normalise-phone.ts';
import type { Clock } from '../../types.ts';
import { UNCHECKED } from './session-errors.ts';
import { CHECK_WINDOW_MS, usedRule } from './session-rules.ts';
import { CHECK, START, type Verification } from './verification.ts';

/** Sessions of reserved numbers, which 8x8 never hears of. Bindings and claims hold for them as for those of 8x8. */
export interface TestSessions {
  /** Opens a session, instead of 8x8; undefined for a number that is not reserved. */
  open(phone: Phone, validityMs: number, call: Call): Promise<Verification | undefined>;
  /** Whether a session id is one of a test session of this number. */
  isOf(sessionId: string, phone: Phone): Promise<boolean>;
  /** The state of a test session; undefined for every other session. */
  read(sessionId: string, call: Call): Promise<Verification | undefined>;
  /** Counts and judges a code. Only for the holder of the claim of a session that is bound to the number. */
  check(sessionId: string, code: string, phone: Phone, call: Call): Promise<Verification>;
}

export interface TestSessionsConfig {
  readonly testNumbers: TestNumbers;
  readonly limiter: Limiter;
  readonly clock: Clock;
}

/** The wrong code that ends a session, as at 8x8. */
const MAX_WRONG = 5;
/** End of the session in epoch milliseconds, a UUID, and a digest of that and the number. The binding makes it authentic. */
const TEST_SESSION = /^test-(\d{1,15})-([\da-f-]{36})-([\da-f]{16})$/;
const CONSEQUENCE = 'the state of the session is not known. Nothing was sent.';

async function idOf(expiresAt: number, uuid: string, { key }: Phone): Promise<string> {
  return `test-${expiresAt}-${uuid}-${(await digestOf([uuid, key])).slice(0, 16)}`;
}

async function triesRule(sessionId: string): Promise<WindowRule> {
  return {
    kind: 'window',
    id: 'test-session-tries',
    guard: 'verification',
    key: await digestOf([sessionId]),
    mode: 'enforce',
    limit: MAX_WRONG,
    windowMs: CHECK_WINDOW_MS,
  };
}

export function createTestSessions({ testNumbers, limiter, clock }: TestSessionsConfig): TestSessions {
  async function isOf(sessionId: string, phone: Phone): Promise<boolean> {
    const [, expiresAt, uuid] = TEST_SESSION.exec(sessionId) ?? [];
    return uuid !== undefined && sessionId === (await idOf(Number(expiresAt), uuid, phone));
  }

  const endOf = (sessionId: string) => Number(TEST_SESSION.exec(sessionId)?.[1]);

  function sessionOf(sessionId: string, { e164 }: Phone, status: string, attempt: number): Verification {
    const expiresAt = new Date(endOf(sessionId)).toISOString();
    return { sessionId, destination: e164, status, attempt, expiresAt };
  }

  async function stateOf(sessionId: string, phone: Phone, call: Call): Promise<Verification> {
    const rules = [await usedRule(sessionId), await triesRule(sessionId)];
    const [used, tries] = await limiter.inspect(rules, call, CONSEQUENCE);
    // A counter that the store omitted is not known to be 0.
    if (used === undefined || tries === undefined) {
      throw new StoreError(`The limit store omitted a counter, so ${CONSEQUENCE}`);
    }
    const attempt = tries.count;
    if (used.count > 0) return sessionOf(sessionId, phone, 'VERIFIED', attempt);
    if (attempt >= MAX_WRONG) return sessionOf(sessionId, phone, 'FAILED', attempt);
    const isOver = clock.now() >= endOf(sessionId);
    return sessionOf(sessionId, phone, isOver ? 'EXPIRED' : 'WAITING', attempt);
  }

  return {
    isOf,

    async open(phone, validityMs, call) {
      if (testNumbers.use(phone, START.name, call) === undefined) return undefined;
      const sessionId = await idOf(Math.floor(clock.now()) + validityMs, crypto.randomUUID(), phone);
      return sessionOf(sessionId, phone, 'WAITING', 0);
    },

    async read(sessionId, call) {
      for (const phone of testNumbers.phones()) {
        if (await isOf(sessionId, phone)) return stateOf(sessionId, phone, call);
      }
      return undefined;
    },

    async check(sessionId, code, phone, call) {
      const fixed = testNumbers.use(phone, CHECK.name, call) as string;
      const state = await stateOf(sessionId, phone, call);
      if (state.status !== 'WAITING') return state;
      // Counted before it is compared, so that a call that ends in between is a try too.
      const reservation = limiter.reserve([await triesRule(sessionId)]);
      const [verdict] = (await limiter.take([reservation], call, UNCHECKED)) as readonly [TakeVerdict];
      const isRight = verdict.granted && isEqual(code, fixed);
      await limiter.settle([{ reservation, outcome: isRight ? 'return' : 'keep' }]);
      if (isRight) return sessionOf(sessionId, phone, 'VERIFIED', state.attempt);
      return stateOf(sessionId, phone, call);
    },
  };
}
