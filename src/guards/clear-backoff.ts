import { StoreError } from '../errors.ts';
import type { Emit } from '../events.ts';
import type { LimitStore } from '../limits/limit-store.ts';
import type { Phone } from '../phone/normalise-phone.ts';
import { maskNumber } from '../redact.ts';
import { type BackoffGuardOptions, createBackoffGuard } from './backoff.ts';

/** Forgets the waits of a number: its person entered the one-time password. */
export type ClearBackoff = (phone: Phone, context: unknown) => Promise<void>;

export interface ClearBackoffConfig {
  readonly backoff: false | BackoffGuardOptions | undefined;
  readonly limits: LimitStore;
  readonly scope: string;
  readonly emit: Emit;
}

/** @throws StoreError from what it makes, when the limit store fails */
export function createClearBackoff({ backoff, limits, scope, emit }: ClearBackoffConfig): ClearBackoff {
  // Another client of this scope may count even when this one has the guard switched off.
  const guard = createBackoffGuard(backoff || {});
  return async (phone, context) => {
    const rules = guard.rules({ index: 0, clientMessageId: '', purpose: 'otp', phone });
    try {
      await limits.release(scope, rules);
    } catch {
      emit({ type: 'store-failed', store: 'limits' }, context);
      throw new StoreError('The limit store failed, so the wait of this number was not cleared.');
    }
    emit({ type: 'backoff-cleared', destination: maskNumber(phone.e164) }, context);
  };
}
