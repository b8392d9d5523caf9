import type { Audit } from '../audit/audit.ts';
import type { Call } from '../call.ts';
import type { Emit } from '../events.ts';
import type { Exemption, Guard, OutgoingMessage } from '../guards/guard.ts';
import { countersOf } from '../guards/guards-api.ts';
import { knownRule } from '../guards/known-visitor.ts';
import { forgetDoubt } from '../guards/pumping-outcomes.ts';
import { countsRange } from '../guards/registry.ts';
import { maskNumber } from '../internal/redact.ts';
import type { Limiter } from '../limits/limiter.ts';
import type { StoredCodes } from '../one-time-passwords/stored-code.ts';
import { forgetPhone, type Phone } from '../phone/normalise-phone.ts';
import { PURPOSES } from '../purposes.ts';
import type { ScheduledMessages } from '../sending/scheduled/scheduled-messages.ts';
import type { LedgerClient } from './ledger-client.ts';

export interface ForgetPersonConfig {
  readonly ledger: LedgerClient;
  readonly guards: readonly Guard[];
  readonly limiter: Limiter;
  readonly storedCodes: StoredCodes;
  readonly emit: Emit;
  readonly scheduledMessages: Pick<ScheduledMessages, 'forget'>;
  readonly audit: Pick<Audit, 'forget'> | undefined;
}

/** Removes everything that this package stores under a person's number. */
export type ForgetPerson = (phone: Phone, call: Call) => Promise<void>;

/** Messages whose rules count under the number itself. */
function candidatesOf(phone: Phone): readonly OutgoingMessage[] {
  const plain = { index: 0, clientMessageId: '', phone };
  const own = (['opt-in-request', 'help-reply'] as const).map((kind): OutgoingMessage => {
    const exemption: Exemption = { kind, key: phone.key, windowMs: 1 };
    return { ...plain, purpose: 'transactional', exemption };
  });
  return [...PURPOSES.map((purpose): OutgoingMessage => ({ ...plain, purpose })), ...own];
}

const NOT_FORGOTTEN = 'the limits have not forgotten this person; the ledger has. Call consent.forget again.';

export function createForgetPerson({
  ledger,
  guards,
  limiter,
  storedCodes,
  emit,
  scheduledMessages,
  audit,
}: ForgetPersonConfig): ForgetPerson {
  const counting = guards.filter((guard) => !countsRange(guard));
  return async (phone, call) => {
    await ledger.forget(phone, call);
    const counters = countersOf(counting, candidatesOf(phone)).filter(({ kind }) => kind !== 'known');
    // A range is not one person, and is left alone unless it holds the number for a day.
    const message: OutgoingMessage = { index: 0, clientMessageId: '', phone, purpose: 'otp' };
    const ofRanges = guards.flatMap((guard) => guard.personal?.(message) ?? []);
    // The visitors who are known with the number are remembered whichever guards are on.
    const rules = [...counters, ...ofRanges, knownRule({ phone })];
    await limiter.release(rules, call, NOT_FORGOTTEN);
    await forgetDoubt(limiter, phone, call, NOT_FORGOTTEN);
    await storedCodes.forget(phone, call);
    await scheduledMessages.forget(phone, call);
    forgetPhone(phone.e164);
    emit({ type: 'consent-forgotten', destination: maskNumber(phone.e164) }, call.context, phone);
    // Last: the record above is about the person, too.
    await audit?.forget(phone, call);
  };
}
