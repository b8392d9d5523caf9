import type { Emit } from '../events.ts';
import { maskNumber } from '../internal/redact.ts';
import type { Limiter, StoreCall } from '../limits/limiter.ts';
import type { Phone } from '../phone/normalise-phone.ts';
import { type BackoffGuardOptions, createBackoffGuard } from './backoff.ts';

/**
 * Clears the wait of a number, because its person entered the one-time password.
 *
 * @throws StoreError the limit store failed
 */
export type ClearBackoff = (phone: Phone, call: StoreCall) => Promise<void>;

export interface ClearBackoffConfig {
  readonly backoff: false | BackoffGuardOptions;
  readonly limiter: Limiter;
  readonly emit: Emit;
}

export function createClearBackoff({ backoff, limiter, emit }: ClearBackoffConfig): ClearBackoff {
  // Another client of this scope may count even when this one has the guard switched off.
  const guard = createBackoffGuard(backoff || {});
  return async (phone, call) => {
    const rules = guard.rules({ index: 0, clientMessageId: '', purpose: 'otp', phone });
    await limiter.release(rules, call, 'the wait of this number was not cleared.');
    emit({ type: 'backoff-cleared', destination: maskNumber(phone.e164) }, call.context);
  };
}
