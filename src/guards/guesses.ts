import type { Call } from '../call.ts';
import type { Emit } from '../events.ts';
import type { LimitRule, TakeVerdict } from '../limits/limit-store.ts';
import type { Limiter } from '../limits/limiter.ts';
import type { Phone } from '../phone/normalise-phone.ts';
import { maskNumber } from '../redact.ts';
import { FALSE_OR_OPTIONS, type Fields, falseOr, oneOf, shape } from '../schema.ts';
import { decisionOfFinding, describeFinding, longestWait } from './finding.ts';
import { type Candidate, type Guard, type GuardMode, guardError } from './guard.ts';
import { type LimitWindow, windowField } from './recipient.ts';

/**
 * How many codes may be tried with `verifications.check` before one is right. 8x8 ends a session after 5 wrong codes;
 * this also holds for one who starts session after session, or tries stolen lists over many numbers.
 *
 * @example guesses: { perNumber: { limit: 10, windowMs: 3_600_000 }, perClientIp: false }
 */
export interface GuessesGuardOptions {
  /** @default 'enforce' */
  readonly mode?: GuardMode | undefined;
  /** @default { limit: 20, windowMs: 3_600_000 }, four sessions an hour; ours */
  readonly perNumber?: false | LimitWindow | undefined;
  /**
   * Counts only calls with `clientIp`. IPv6 addresses count per /64, which is what one connection gets.
   * @default { limit: 100, windowMs: 3_600_000 }; ours, with room for an office behind one address. Twilio Verify allows
   * 180 checks an hour (https://twilio.com/docs/verify/api/rate-limits-and-timeouts)
   */
  readonly perClientIp?: false | LimitWindow | undefined;
}

const fields: Fields<GuessesGuardOptions> = {
  mode: oneOf(['enforce', 'monitor']),
  perNumber: falseOr(windowField),
  perClientIp: falseOr(windowField),
};
export const guessesField = falseOr(shape(fields, FALSE_OR_OPTIONS));

const HOUR_MS = 3_600_000;
const DEFAULT_PER_NUMBER: LimitWindow = { limit: 20, windowMs: HOUR_MS };
const DEFAULT_PER_CLIENT_IP: LimitWindow = { limit: 100, windowMs: HOUR_MS };

/** A guess that was let through. */
export interface Guess {
  /** `keep`: it was wrong, or nobody knows. `return`: it was right, or never reached 8x8. Never throws. */
  settle(outcome: 'keep' | 'return'): Promise<void>;
}

/** Counts the codes that are tried. It stands before `verifications.check`, and looks at no message. */
export interface Guesses {
  /** The part that looks at a number alone: `guards.inspect` and `guards.release` know it as every other guard. */
  readonly guard: Guard | undefined;
  /**
   * Takes from both limits at once, or from none.
   *
   * @throws LimitError too many were tried
   * @throws StoreError the limit store failed
   */
  take(phone: Phone, clientIp: string | undefined, call: Call): Promise<Guess>;
}

export interface GuessesConfig {
  readonly options: false | GuessesGuardOptions | undefined;
  readonly limiter: Limiter;
  readonly emit: Emit;
}

/** One connection: an IPv4 address, or the first half of an IPv6 address. What is neither counts as it is written. */
export function connectionOf(clientIp: string): string {
  // Some proxies put the port behind it, which is another one for every connection.
  const given = clientIp
    .trim()
    .toLowerCase()
    .replace(/^(\d+(?:\.\d+){3}):\d+$/, '$1');
  if (!given.includes(':') || !URL.canParse(`http://[${given}]`)) return given;
  // The URL standard writes every spelling of an address in one way.
  const [head = '', tail] = new URL(`http://[${given}]`).hostname.slice(1, -1).split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...left, ...new Array<string>(8 - left.length - right.length).fill('0'), ...right];
  const isMapped = groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff';
  if (!isMapped) return `${groups.slice(0, 4).join(':')}::/64`;
  // ::ffff:203.0.113.7 is 203.0.113.7 as a socket that speaks both families sees it.
  const bytes = groups
    .slice(6)
    .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]);
  return bytes.join('.');
}

function createNumberGuard({
  mode = 'enforce',
  perNumber = DEFAULT_PER_NUMBER,
}: GuessesGuardOptions): Guard & Required<Pick<Guard, 'rules'>> {
  // A copy: what was checked is what counts, whatever becomes of the caller's object.
  const window = perNumber && { ...perNumber };
  return {
    name: 'guesses',
    mode,
    rules: ({ purpose, phone }) =>
      purpose === 'otp' && window !== false
        ? [
            {
              kind: 'window',
              id: `guesses:number:${window.windowMs}`,
              guard: 'guesses',
              key: phone.key,
              mode,
              ...window,
            },
          ]
        : [],
  };
}

export function createGuesses({ options = {}, limiter, emit }: GuessesConfig): Guesses {
  const guard = options === false ? undefined : createNumberGuard(options);
  const { mode = 'enforce', perClientIp = DEFAULT_PER_CLIENT_IP } = options || { perClientIp: false };
  const ipWindow = perClientIp && { ...perClientIp };

  function rulesOf(candidate: Candidate, clientIp: string | undefined): readonly LimitRule[] {
    const perNumber = guard?.rules(candidate) ?? [];
    if (clientIp === undefined || ipWindow === false) return perNumber;
    const id = `guesses:ip:${ipWindow.windowMs}`;
    const key = connectionOf(clientIp);
    return [...perNumber, { kind: 'window', id, guard: 'guesses', key, mode, ...ipWindow }];
  }

  return {
    guard,
    async take(phone, clientIp, call) {
      const candidate: Candidate = { index: 0, clientMessageId: crypto.randomUUID(), purpose: 'otp', phone };
      const reservation = limiter.reserve(rulesOf(candidate, clientIp));
      const [verdict] = (await limiter.take([reservation], call)) as readonly [TakeVerdict];
      const { clientMessageId, purpose } = candidate;
      const shown = { clientMessageId, purpose, destination: maskNumber(phone.e164) };
      for (const finding of verdict.observed) {
        const decision = decisionOfFinding(finding, candidate, [finding]);
        emit({ type: 'guard-observed', ...shown, decision }, call.context);
      }
      if (!verdict.granted) {
        const decisive = longestWait(verdict.refusals);
        const decision = decisionOfFinding(decisive, candidate, verdict.refusals);
        emit({ type: 'message-blocked', ...shown, decision }, call.context);
        throw guardError(decision, describeFinding(decisive));
      }
      return { settle: (outcome) => limiter.settle([{ reservation, outcome }]) };
    },
  };
}
