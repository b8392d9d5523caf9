import type { Clock } from '../types.ts';
import { forgetOldest } from './forget-oldest.ts';
import type { IdSource } from './ids.ts';

/** How a code reaches a person. */
export type EmulatedChannel = 'sms' | 'call' | 'whatsapp' | 'viber' | 'sma';

/** A session of the Verification API, readable by tests and demos. */
export interface EmulatedVerification {
  readonly sessionId: string;
  readonly subAccountId: string;
  /** E.164 with a plus. */
  readonly destination: string;
  readonly channel: EmulatedChannel;
  /** What the person has to enter. The same in every run when the emulator has a `seed`. */
  readonly code: string;
  readonly status: 'WAITING' | 'VERIFIED' | 'FAILED' | 'EXPIRED';
  /** Wrong codes so far. */
  readonly attempt: number;
  /** How often a code was handed over. */
  readonly sends: number;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  /** Epoch milliseconds: sooner, another start is answered 403, code 1400. */
  readonly retryAfter: number;
  readonly brand?: string;
  readonly language?: string;
  readonly callbackUrl?: string;
  readonly clientIp?: string;
  /** Channel `sms`: the message with the code. */
  readonly umid?: string;
}

/** Everything one emulator remembers about sessions. */
export interface VerificationStore {
  /** In order of their start. */
  all(): readonly EmulatedVerification[];
  find(subAccountId: string, sessionId: string): EmulatedVerification | undefined;
  /** The session that waits for a code from this number. */
  findOpen(subAccountId: string, destination: string): EmulatedVerification | undefined;
  put(verification: EmulatedVerification): EmulatedVerification;
  newSessionId(): string;
  newCode(length: number, type: string): string;
  clear(): void;
}

const LETTERS = 'ABCDEFGHJKMNPQRSTUVWXYZ';
/** Of which characters a code is made. `ALPHANUMERIC_EASY` leaves out what looks like something else. */
const ALPHABETS: Readonly<Record<string, string>> = {
  ALPHANUMERIC: `0123456789${LETTERS}ILO${LETTERS.toLowerCase()}ilo`,
  ALPHANUMERIC_CAPITALS: `0123456789${LETTERS}ILO`,
  ALPHANUMERIC_EASY: `23456789${LETTERS}`,
};

export function createVerificationStore({
  clock,
  ids,
  maxKept,
}: {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly maxKept: number;
}): VerificationStore {
  const sessions = new Map<string, EmulatedVerification>();

  /** Nobody waits for the end of a session, so it is looked at when it is read. */
  function current(verification: EmulatedVerification): EmulatedVerification {
    const isOver = verification.status === 'WAITING' && verification.expiresAt <= clock.now();
    return isOver ? { ...verification, status: 'EXPIRED' } : verification;
  }

  const all = () => [...sessions.values()].map(current);
  return {
    all,
    find(subAccountId, sessionId) {
      const found = sessions.get(sessionId);
      return found?.subAccountId === subAccountId ? current(found) : undefined;
    },
    findOpen: (subAccountId, destination) =>
      all().findLast(
        (one) =>
          one.subAccountId === subAccountId && one.destination === destination && one.status === 'WAITING',
      ),
    put(verification) {
      sessions.set(verification.sessionId, verification);
      forgetOldest(sessions, maxKept);
      return verification;
    },
    newSessionId: () => ids.token(32),
    newCode(length, type) {
      const alphabet = ALPHABETS[type] ?? '0123456789';
      const characters = Array.from({ length }, () => {
        const drawn = Number.parseInt(ids.uuid().slice(0, 8), 16);
        return alphabet[drawn % alphabet.length];
      });
      if (type === 'NUMERIC_WITH_DASH') characters.splice(Math.floor(length / 2), 0, '-');
      return characters.join('');
    },
    clear: () => sessions.clear(),
  };
}
