import type { Clock } from '../types.ts';
import { forgetOldest } from './forget-oldest.ts';
import type { IdSource } from './ids.ts';
import type { CreateTable } from './table.ts';

/** The channel through which a code reaches a person. */
export type EmulatedChannel = 'sms' | 'call' | 'whatsapp' | 'viber' | 'sma';

/** A session of the Verification API, as tests and demos see it. */
export interface EmulatedVerification {
  /** 8x8's id of the session. */
  readonly sessionId: string;
  /** The sub-account that started the session. */
  readonly subAccountId: string;
  /** The number to verify, in E.164 with a plus. */
  readonly destination: string;
  /** The channel through which the code was sent. */
  readonly channel: EmulatedChannel;
  /** The code that the person has to enter; the same in every run when the emulator has a `seed`. */
  readonly code: string;
  /** The current status. */
  readonly status: 'WAITING' | 'VERIFIED' | 'FAILED' | 'EXPIRED';
  /** Number of wrong codes so far; the fifth ends the session. */
  readonly attempt: number;
  /** Number of times that a code was sent. */
  readonly sends: number;
  /** When the code expires, in epoch milliseconds. */
  readonly expiresAt: number;
  /** When the next start is allowed, in epoch milliseconds; an earlier one gets 403, code 1400. */
  readonly retryAfter: number;
  /** The brand, as given in the request. */
  readonly brand?: string;
  /** The language, as given in the request. */
  readonly language?: string;
  /** The address for status changes, as given in the request. */
  readonly callbackUrl?: string;
  /** The end user's IP address, as given in the request. */
  readonly clientIp?: string;
  /** For channel `sms`: the id of the message with the code. */
  readonly umid?: string;
}

/** The verification sessions of one emulator. */
export interface VerificationStore {
  /** All sessions in order of their start. */
  all(): readonly EmulatedVerification[];
  find(subAccountId: string, sessionId: string): EmulatedVerification | undefined;
  /** The session of a number that is waiting for a code. */
  findOpen(subAccountId: string, destination: string): EmulatedVerification | undefined;
  put(verification: EmulatedVerification): EmulatedVerification;
  newSessionId(): string;
  newCode(length: number, type: string): string;
  clear(): void;
}

const DIGITS = '0123456789';
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** The characters of a code by type. `ALPHANUMERIC_EASY` is 8x8's `^((?![IOQSZ])[A-Z0-9]){3,10}$`. */
const ALPHABETS: Readonly<Record<string, string>> = {
  ALPHANUMERIC: DIGITS + LETTERS + LETTERS.toLowerCase(),
  ALPHANUMERIC_CAPITALS: DIGITS + LETTERS,
  ALPHANUMERIC_EASY: DIGITS + LETTERS.replace(/[IOQSZ]/g, ''),
};
/** A code of this length has no dash. */
const UNDIVIDED_LENGTH = 3;

export function createVerificationStore({
  clock,
  ids,
  maxKept,
  createTable,
}: {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly maxKept: number;
  readonly createTable: CreateTable;
}): VerificationStore {
  const sessions = createTable<string, EmulatedVerification>('verifications');

  /** Marks a session as expired. No timer runs, so this happens on every read. */
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
      const alphabet = ALPHABETS[type] ?? DIGITS;
      const characters = Array.from({ length }, () => {
        const drawn = Number.parseInt(ids.uuid().slice(0, 8), 16);
        return alphabet[drawn % alphabet.length];
      });
      if (type === 'NUMERIC_WITH_DASH' && length > UNDIVIDED_LENGTH) {
        characters.splice(Math.floor(length / 2), 0, '-');
      }
      return characters.join('');
    },
    clear: () => sessions.clear(),
  };
}
