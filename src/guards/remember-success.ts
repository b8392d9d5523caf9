import type { Emit } from '../events.ts';
import type { Limiter, StoreCall } from '../limits/limiter.ts';
import type { Phone } from '../phone/normalise-phone.ts';
import { type BackoffGuardOptions, createBackoffGuard } from './backoff.ts';
import { numberFields } from './event-fields.ts';
import type { OutgoingMessage } from './guard.ts';
import { knownRule } from './known-visitor.ts';
import { rememberAddress } from './proven-address.ts';
import type { ReportPumpingOutcome } from './pumping-outcomes.ts';

/** The visitor who succeeded, as the messages to the number named them. */
export type SuccessfulVisitor = Pick<OutgoingMessage, 'subject' | 'clientIp'>;

/**
 * The person of a number entered the one-time password: ends the waits, and remembers the subject for 90 days. What
 * strangers do to the number stays counted when a subject succeeds that was known before.
 *
 * @throws StoreError the limit store failed
 */
export type RememberSuccess = (phone: Phone, visitor: SuccessfulVisitor, call: StoreCall) => Promise<void>;

export interface RememberSuccessConfig {
  readonly backoff: false | BackoffGuardOptions;
  /** Whether the addresses of people who succeeded are remembered. */
  readonly remembersAddresses: boolean;
  readonly reportPumpingOutcome: ReportPumpingOutcome;
  readonly limiter: Limiter;
  readonly emit: Emit;
}

export function createRememberSuccess({
  backoff,
  remembersAddresses,
  reportPumpingOutcome,
  limiter,
  emit,
}: RememberSuccessConfig): RememberSuccess {
  // Another client of this scope may count even when this one has the guard switched off.
  const guard = createBackoffGuard(backoff || {});

  /** Whether the subject was known before. */
  async function remember(phone: Phone, subject: string, call: StoreCall): Promise<boolean> {
    const reservation = limiter.reserve([{ ...knownRule({ phone, subject }), activate: true }]);
    const [verdict] = await limiter.take([reservation], call, 'the success was not recorded.');
    await limiter.settle([{ reservation, outcome: 'keep' }]);
    return verdict?.noted !== undefined;
  }

  return async (phone, { subject, clientIp }, call) => {
    const wasKnown = subject !== undefined && (await remember(phone, subject, call));
    const counters = guard.counters({ index: 0, clientMessageId: '', purpose: 'otp', phone });
    const rules = counters.filter(({ id, kind }) => (wasKnown ? id === 'backoff:subject' : kind !== 'known'));
    await limiter.release(rules, call, 'the success was not recorded: the wait of this number goes on.');
    if (remembersAddresses && clientIp !== undefined) await rememberAddress(limiter, phone, clientIp, call);
    await reportPumpingOutcome(phone, { subject }, 'entered', call);
    emit({ type: 'backoff-cleared', ...numberFields(phone) }, call.context, phone);
  };
}
