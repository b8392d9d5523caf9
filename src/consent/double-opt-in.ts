import type { SendSms } from '../api/messages.ts';
import type { Call } from '../call.ts';
import { ConsentError, type GuardDecision, SmsError } from '../errors.ts';
import type { Emit } from '../events.ts';
import type { ConsentGuardOptions } from '../guards/consent-options.ts';
import { maskedNumber, numberFields } from '../guards/event-fields.ts';
import { guardError } from '../guards/registry.ts';
import { withTimeLimit } from '../internal/time-limit.ts';
import type { Phone } from '../phone/normalise-phone.ts';
import { PURPOSES, purposesField } from '../purposes.ts';
import { countryCode, type Fields, integer, objectWith, oneOf, text } from '../schema.ts';
import type { AcceptedResult } from '../sending/results.ts';
import { chooseSource, type Source, sourceField } from '../sending/source.ts';
import type { Clock, Purpose } from '../types.ts';
import type { ConsentRecord, PendingOptIn } from './consent-ledger.ts';
import { MAX_KEPT_CHARACTERS } from './handle-inbound.ts';
import type { ConsentProfile, LedgerClient } from './ledger-client.ts';
import { findPendingOptIn, lastPendingOptIn } from './pending-opt-in.ts';
import { isStale } from './reconfirm.ts';

/** An opt-in request: a message that asks a person to agree to further messages. */
export interface OptInRequest {
  /** Text of the request: your name, the messages that you would send, and that YES agrees. */
  readonly text: string;
  /**
   * Sender ID, or `{ default, byCountry }`. People can only reply to a number. @default `source` of the client, else the
   * sub-account's sender ID
   */
  readonly source?: Source | undefined;
  /** Purposes that a yes covers. @default everything in `scope` */
  readonly purposes?: readonly Purpose[] | undefined;
  /** Messages that a yes allows. @default 'marketing' */
  readonly scope?: 'all' | 'marketing' | undefined;
  /**
   * Time in milliseconds within which a yes is accepted, 1 minute to 31 days. @default 86_400_000, one day (chosen by
   * this package)
   */
  readonly expiresAfterMs?: number | undefined;
  /**
   * Shortest time between two requests, in milliseconds, 1 minute to 31 days. @default 604_800_000, 7 days (chosen by
   * this package)
   */
  readonly askAgainAfterMs?: number | undefined;
  /** Your ID of the message. @default a generated UUID */
  readonly clientMessageId?: string | undefined;
  /** ISO 3166-1 alpha-2 code of a national number. @default `defaultCountry` of the client */
  readonly country?: string | undefined;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const LONGEST_MS = 31 * DAY_MS;
/** The result of the send is known by then, and a ledger that hangs must not delay it. */
const WITHDRAW_TIMEOUT_MS = 2_000;

const duration = integer({ min: 60_000, max: LONGEST_MS, unit: 'milliseconds' });
const fields: Fields<OptInRequest> = {
  text: text({ max: MAX_KEPT_CHARACTERS }),
  source: sourceField,
  purposes: purposesField,
  scope: oneOf(['all', 'marketing']),
  expiresAfterMs: duration,
  askAgainAfterMs: duration,
  clientMessageId: text({ max: 350 }),
  country: countryCode(),
};
export const optInRequestSchema = objectWith(['text'], fields, 'an object { text, … }');

const REFUSALS = {
  'already-opted-in': 'This person has already opted in to these messages.',
  'requested-recently': 'An opt-in was requested from this person within `askAgainAfterMs`.',
  'not-requested':
    'No opt-in is pending: none was requested, or the person has made a choice since. Call consent.requestOptIn first.',
  expired: 'The opt-in request has expired. Call consent.requestOptIn again.',
} as const;

/** Reasons for not sending a request, or for not accepting a reply, besides those of the guard. */
type OptInReason = keyof typeof REFUSALS;

export interface DoubleOptInConfig {
  readonly guard: false | ConsentGuardOptions;
  readonly ledger: LedgerClient;
  readonly send: SendSms;
  /** The sender ID of messages that name none. */
  readonly source: Source | undefined;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** The two halves of a double opt-in. */
export interface DoubleOptIn {
  request(phone: Phone, request: OptInRequest, call: Call): Promise<AcceptedResult>;
  confirm(
    phone: Phone,
    answer: Pick<ConsentRecord, 'source' | 'at' | 'evidence'>,
    call: Call,
  ): Promise<ConsentRecord>;
}

function isCovered({ latest }: ConsentProfile, wanted: readonly Purpose[]): boolean {
  if (latest?.state !== 'opted-in') return false;
  const { purposes } = latest;
  return purposes === undefined || wanted.every((purpose) => purposes.includes(purpose));
}

export function createDoubleOptIn({
  guard,
  ledger,
  send,
  source: clientSource,
  clock,
  emit,
}: DoubleOptInConfig): DoubleOptIn {
  const reconfirm = guard === false ? {} : guard;

  function decide(reason: OptInReason, { phone }: ConsentProfile, retryAfterMs?: number): GuardDecision {
    const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
    const explanation = REFUSALS[reason];
    return { guard: 'consent', reason, mode: 'enforce', ...maskedNumber(phone), explanation, ...wait };
  }

  function refuseRequest(
    reason: OptInReason,
    profile: ConsentProfile,
    { clientMessageId = crypto.randomUUID() }: OptInRequest,
    call: Call,
    retryAfterMs?: number,
  ): never {
    const decision = decide(reason, profile, retryAfterMs);
    const fields = {
      clientMessageId,
      ...numberFields(profile.phone),
      purpose: 'transactional',
    } as const;
    emit({ type: 'message-blocked', ...fields, decision }, call.context, profile.phone);
    throw guardError(decision, REFUSALS[reason], clientMessageId);
  }

  /** Marks a request that never left as expired. Independent of the call, which may have ended. */
  async function withdraw(phone: Phone, pending: PendingOptIn, call: Call): Promise<void> {
    const withdrawal = { ...pending, expiresAt: pending.at };
    try {
      await withTimeLimit(WITHDRAW_TIMEOUT_MS, undefined, (signal) =>
        ledger.append(phone, withdrawal, { ...call, signal, throwIfEnded: () => {} }),
      );
    } catch (error) {
      // The ledger client has reported it as an event. The caller needs the error of the send.
      if (!SmsError.isInstance(error)) throw error;
    }
  }

  return {
    async request(phone, request, call) {
      const { text: asked, scope = 'marketing', purposes, clientMessageId } = request;
      const source = chooseSource([request.source, clientSource], phone.country);
      const { expiresAfterMs = DAY_MS, askAgainAfterMs = 7 * DAY_MS } = request;
      const profile = await ledger.read(phone, call);
      const now = clock.now();
      const isFresh = profile.latest !== undefined && !isStale(profile.latest.at, now, reconfirm);
      if (isFresh && isCovered(profile, purposes ?? PURPOSES)) {
        refuseRequest('already-opted-in', profile, request, call);
      }
      // The ledger remembers longer than the limits of a process; the limits decide between two calls at the same time.
      const waitMs = (lastPendingOptIn(profile)?.at ?? Number.NEGATIVE_INFINITY) + askAgainAfterMs - now;
      // The guard refuses people who opted out, with a reason that does not suggest waiting.
      if (waitMs > 0 && profile.latest?.state !== 'opted-out')
        refuseRequest('requested-recently', profile, request, call, waitMs);

      let pending: PendingOptIn | undefined;
      const exemption = { kind: 'opt-in-request', key: phone.key, windowMs: askAgainAfterMs } as const;
      const message = { destination: phone.e164, text: asked, source, clientMessageId };
      async function beforeWrite(): Promise<void> {
        const at = clock.now();
        const entry: PendingOptIn = {
          state: 'requested',
          scope,
          source: 'double-opt-in',
          at,
          expiresAt: at + expiresAfterMs,
          text: asked,
          ...(source !== undefined && { sender: source }),
          ...(purposes !== undefined && { purposes }),
        };
        // Set first: a ledger that is no longer waited for may still record the entry.
        pending = entry;
        await ledger.append(phone, entry, call);
      }
      try {
        return await send(message, call, { exemption, beforeWrite });
      } catch (error) {
        const mayHaveLeft = !SmsError.isInstance(error) || error.submission === 'unknown';
        if (pending !== undefined && !mayHaveLeft) await withdraw(phone, pending, call);
        throw error;
      }
    },

    async confirm(phone, answer, call) {
      const profile = await ledger.read(phone, call);
      const found = findPendingOptIn(profile, answer.at);
      if (found.kind !== 'open') {
        const message = `${REFUSALS[found.kind]} Nothing was recorded.`;
        throw new ConsentError({ message, decision: decide(found.kind, profile) });
      }
      const { scope, purposes, at } = found.pending;
      const record: ConsentRecord = {
        state: 'opted-in',
        scope,
        ...answer,
        at: Math.max(answer.at, at),
        ...(purposes !== undefined && { purposes }),
      };
      await ledger.append(phone, record, call);
      await ledger.notify(phone, record, call);
      return record;
    },
  };
}
